"""Credentials of resource servers, which may introspect tokens (RFC 7662 section 2.1)."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote_plus

from oauth_provider.tokens.token_format import digest

from .models import ResourceServer


@dataclass(frozen=True)
class Credential:
    """Client ID and secret of a resource server. The repr omits the secret, to keep it out of logs."""

    client_id: str
    secret: str

    def __repr__(self) -> str:
        return f"Credential({self.client_id!r})"


def create_resource_server(*, name: str, issuer: str) -> tuple[ResourceServer, Credential]:
    """Create a resource server for the realm of ``issuer``. Only a digest of the returned secret is stored."""
    credential = Credential(secrets.token_urlsafe(24), secrets.token_urlsafe(32))
    server = ResourceServer.objects.create(
        name=name[:120], issuer=issuer, client_id=credential.client_id, secret_checksum=digest(credential.secret)
    )
    return server, credential


def rotate_secret(server: ResourceServer) -> Credential:
    """Replace the secret of a resource server, which keeps its client ID."""
    credential = Credential(server.client_id, secrets.token_urlsafe(32))
    ResourceServer.objects.filter(pk=server.pk).update(secret_checksum=digest(credential.secret))
    return credential


def remove_resource_server(server: ResourceServer) -> bool:
    """Delete a resource server and its credential; return False if it was already deleted."""
    removed, _by_model = ResourceServer.objects.filter(pk=server.pk).delete()
    return bool(removed)


def is_resource_server(client_id: str) -> bool:
    """Return whether a resource server has this client ID."""
    return ResourceServer.objects.filter(client_id=client_id).exists()


def is_secret(secret: str, checksum: str) -> bool:
    """Return whether the checksum is that of this secret, compared in constant time."""
    return hmac.compare_digest(digest(secret), checksum)


def credential_of(meta: Mapping[str, str], parameters: Mapping[str, str]) -> Credential | None:
    """Return the credential of a request: HTTP Basic, or ``client_id`` and ``client_secret`` in the body (RFC 6749
    section 2.3.1). None if it has neither or both, or is malformed.
    """
    header = meta.get("HTTP_AUTHORIZATION", "")
    if header:
        return None if "client_secret" in parameters else _basic(header)
    if "client_id" in parameters and "client_secret" in parameters:
        return Credential(parameters["client_id"], parameters["client_secret"])
    return None


def _basic(header: str) -> Credential | None:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic" or len(encoded) > 1024:
        return None
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode()
        client_id, colon, secret = text.partition(":")
        credential = Credential(unquote_plus(client_id, errors="strict"), unquote_plus(secret, errors="strict"))
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    return credential if colon and credential.client_id and "\x00" not in text + credential.client_id else None
