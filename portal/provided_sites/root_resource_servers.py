"""Resource servers of the root realm: APIs that accept the tokens of Gatepass's own clients and introspect them.

The OAuth provider stores the credential and the domain writes the audit log, so both are written in one transaction.
Only commands call these functions, so the actor is Gatepass.
"""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet

from oauth_provider import resource_servers
from oauth_provider.models import ResourceServer
from oauth_provider.resource_servers import Credential
from rollout.models.text import no_nulls
from rollout.services import audit


def create_root_server(name: str) -> Credential:
    """Create a resource server. Its secret is only in the returned value. Raises ValidationError."""
    name = " ".join(name.split())
    no_nulls(name)
    longest = ResourceServer._meta.get_field("name").max_length or 0
    if not 0 < len(name) <= longest:
        raise ValidationError(f"The name must have 1 to {longest} characters.")
    with transaction.atomic():
        if _servers().filter(name=name).exists():
            raise ValidationError(
                f"A resource server {name} exists already. Rotate its secret, or choose another name."
            )
        server, credential = resource_servers.create_resource_server(name=name, issuer=settings.PUBLIC_URL)
        audit.record(actor=None, action="resource_server.created", target=server)
    return credential


def rotate_root_server(name: str) -> Credential:
    """Replace the secret of a resource server; the earlier one ends at once. Raises ValidationError."""
    server = _find(name)
    with transaction.atomic():
        credential = resource_servers.rotate_secret(server)
        audit.record(actor=None, action="resource_server.rotated", target=server)
    return credential


def remove_root_server(name: str) -> None:
    """Remove a resource server and its credential. Raises ValidationError."""
    server = _find(name)
    with transaction.atomic():
        audit.record(actor=None, action="resource_server.removed", target=server)
        resource_servers.remove_resource_server(server)


def root_servers() -> list[ResourceServer]:
    """Return the resource servers of the root realm by name."""
    return list(_servers().order_by("name", "pk"))


def _servers() -> QuerySet[ResourceServer]:
    return ResourceServer.objects.filter(issuer=settings.PUBLIC_URL)


def _find(name: str) -> ResourceServer:
    server = _servers().filter(name=name).first()
    if server is None:
        raise ValidationError(f"No resource server of the root realm has the name {name}.")
    return server
