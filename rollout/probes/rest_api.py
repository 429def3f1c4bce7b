"""Requests the REST API with an invalid access token, as the app does with a valid one after the sign-in.

A proxy that lets the sign-in pass may still redirect this request: phones would sign in and then show nothing. The
token is random text that no server ever issued; the request is sent once per check and never repeated.
"""

from __future__ import annotations

import secrets

from rollout.compatibility.observation import RestApi
from rollout.compatibility.refusals import RefusalKind, is_product
from rollout.http_client.reply import Reply

from .imitated_clients import Client
from .info_login import APP_HEADERS
from .json_body import read_json
from .probe_session import ProbeSession, is_unreachable

PATHS = {"confluence": "/rest/api/user/current", "jira": "/rest/api/2/myself"}
# Fields that occur together in errors of Confluence and Jira, and in the person of an anonymous request. A single
# ``message`` occurs in those of many gateways.
_SHAPES = ({"message", "status-code"}, {"message", "statusCode"}, {"errorMessages"}, {"type", "displayName"})


async def probe_rest_api(session: ProbeSession, base_url: str, *, product: str) -> RestApi:
    """Request the signed-in person with a token that does not exist."""
    headers = {"Accept": "application/json", "Authorization": f"Bearer {secrets.token_urlsafe(32)}", **APP_HEADERS}
    url = base_url + PATHS.get(product, PATHS["confluence"])
    return read_rest_api(await session.request("GET", url, client=Client.APP, headers=headers, repeat=False))


def read_rest_api(reply: Reply) -> RestApi:
    """Classify a response by the kinds of ``observation.RestApi``, whatever its status."""
    return RestApi(reply.answer, _kind(reply))


def _kind(reply: Reply) -> str:
    if reply.status is None:
        return "unreachable" if is_unreachable(reply) else "error"
    if reply.location is None and (is_product(reply.headers) or _has_shape_of_product(reply)):
        return "answers"
    refusal = reply.answer.refusal
    if refusal in (RefusalKind.SIGN_IN, RefusalKind.OTHER_PAGE):
        return "intercepted"
    if refusal:
        return "refused"
    return "missing" if reply.status == 404 else "error"


def _has_shape_of_product(reply: Reply) -> bool:
    try:
        data, _oddities = read_json(reply)
    except ValueError:
        return False
    return isinstance(data, dict) and any(shape <= data.keys() for shape in _SHAPES)
