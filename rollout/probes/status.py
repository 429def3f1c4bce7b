"""Requests ``/status``, the state that the server reports to load balancers."""

from __future__ import annotations

from rollout.compatibility.observation import ServerStatus
from rollout.http_client.redaction import clean
from rollout.http_client.reply import Reply

from .json_body import read_json
from .probe_session import ProbeSession

PATH = "/status"


async def probe_status(session: ProbeSession, base_url: str) -> ServerStatus:
    """Request the state of the server."""
    return read_status(await session.request("GET", base_url + PATH, headers={"Accept": "application/json"}))


def read_status(reply: Reply) -> ServerStatus:
    """Read the state, in capitals, for any status code: a server in maintenance reports it with a 503."""
    if reply.status is None or reply.location is not None:
        return ServerStatus(reply.answer)
    try:
        data, _oddities = read_json(reply)
    except ValueError:
        return ServerStatus(reply.answer)
    state = data.get("state") if isinstance(data, dict) else None
    return ServerStatus(reply.answer, clean(state, 40).upper() or None if isinstance(state, str) else None)
