"""Requests authorization server metadata (RFC 8414). Atlassian documents none, so it is only a hint."""

from __future__ import annotations

from typing import Any

from rollout.compatibility.observation import Metadata
from rollout.http_client.redaction import clean, safe_url
from rollout.http_client.reply import Reply

from .json_body import read_json
from .probe_session import ProbeSession

PATH = "/rest/oauth2/latest/.well-known/oauth-authorization-server"


async def probe_metadata(session: ProbeSession, base_url: str) -> Metadata:
    """Request the metadata below the base URL."""
    return read_metadata(await session.request("GET", base_url + PATH, headers={"Accept": "application/json"}))


def read_metadata(reply: Reply) -> Metadata:
    """Read the metadata; it is ``offered`` if the response is a JSON object with an issuer or an endpoint."""
    if reply.status != 200:
        return Metadata(reply.answer)
    try:
        data, _oddities = read_json(reply)
    except ValueError:
        return Metadata(reply.answer)
    if not isinstance(data, dict):
        return Metadata(reply.answer)
    issuer, authorize, token = (_url(data.get(name)) for name in ("issuer", "authorization_endpoint", "token_endpoint"))
    methods = data.get("code_challenge_methods_supported")
    return Metadata(
        reply.answer,
        offered=bool(issuer or authorize or token),
        issuer=issuer,
        authorization_endpoint=authorize,
        token_endpoint=token,
        code_challenge_methods=tuple(clean(method, 40) for method in methods[:10] if isinstance(method, str))
        if isinstance(methods, list)
        else (),
    )


def _url(value: Any) -> str | None:
    return safe_url(value.strip(), 500) or None if isinstance(value, str) else None
