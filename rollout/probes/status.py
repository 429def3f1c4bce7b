"""``/status``: what the server says of itself to a load balancer."""

from __future__ import annotations

from rollout.compatibility.observation import ServerStatus
from rollout.http_client.redaction import clean
from rollout.http_client.reply import Reply

from .json_body import read_json
from .probe_session import ProbeSession

PATH = "/status"


async def probe_status(session: ProbeSession, base_url: str) -> ServerStatus:
    return read_status(await session.request("GET", base_url + PATH, headers={"Accept": "application/json"}))


def read_status(reply: Reply) -> ServerStatus:
    """The state in capitals, whatever the status code: a server in maintenance says so with a 503."""
    if reply.status is None or reply.location is not None:
        return ServerStatus(reply.answer)
    try:
        data, _odd = read_json(reply)
    except ValueError:
        return ServerStatus(reply.answer)
    state = data.get("state") if isinstance(data, dict) else None
    return ServerStatus(reply.answer, clean(state, 40).upper() or None if isinstance(state, str) else None)
