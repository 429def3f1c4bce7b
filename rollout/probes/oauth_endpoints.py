"""The provider's authorize and token endpoints: who answers there, the provider or something in front of it.

Nothing is left behind on the site: no authorization is completed and the code that is redeemed never existed.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from urllib.parse import parse_qs, urlencode, urlsplit

from rollout.compatibility.observation import Endpoint
from rollout.http_client.redaction import clean
from rollout.http_client.reply import Reply

from .info_login import APP_USER_AGENT, host_of
from .json_body import read_json
from .probe_session import ProbeSession, is_unreachable
from .web_page import is_login_page

AUTHORIZE = "/rest/oauth2/latest/authorize"
TOKEN = "/rest/oauth2/latest/token"  # noqa: S105 - a path
REDIRECT_URIS = {"confluence": "confluence-server://oauth-callback", "jira": "jira-server://oauth-callback"}
UNKNOWN_CLIENT = "gatepass-compatibility-check"


def redirect_uri_of(product: str) -> str:
    """The redirect URI the product's app is fixed to; Confluence's for a product nobody knows."""
    return REDIRECT_URIS.get(product, REDIRECT_URIS["confluence"])


async def probe_authorize(session: ProbeSession, base_url: str, *, product: str, client_id: str | None) -> Endpoint:
    """Starts an authorization as the app would (RFC 6749 §4.1.1, RFC 7636 §4.3) and follows it nowhere."""
    digest = hashlib.sha256(secrets.token_urlsafe(48).encode()).digest()
    query = {
        "response_type": "code",
        "client_id": client_id or UNKNOWN_CLIENT,
        "redirect_uri": redirect_uri_of(product),
        "scope": "WRITE",
        "state": secrets.token_urlsafe(24),
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    reply = await session.request("GET", f"{base_url}{AUTHORIZE}?{urlencode(query)}", headers={"Accept": "text/html"})
    return Endpoint(reply.answer, authorize_kind(reply, base_url), _error_in(reply.location))


async def probe_token(session: ProbeSession, base_url: str, *, product: str, client_id: str | None) -> Endpoint:
    """Redeems a code that was never issued: a provider refuses it in OAuth's own words (RFC 6749 §5.2).

    It is the app itself that asks here, so it is asked by the app's name.
    """
    form = {
        "grant_type": "authorization_code",
        "code": secrets.token_urlsafe(24),
        "client_id": client_id or UNKNOWN_CLIENT,
        "redirect_uri": redirect_uri_of(product),
        "code_verifier": secrets.token_urlsafe(48),
    }
    headers = {"Accept": "application/json", "User-Agent": APP_USER_AGENT}
    reply = await session.request("POST", base_url + TOKEN, form=form, headers=headers)
    return Endpoint(reply.answer, token_kind(reply), oauth_error(reply))


def authorize_kind(reply: Reply, base_url: str) -> str:
    if reply.status is None:
        return _no_answer(reply)
    if reply.location is not None:
        return "answers" if _stays(reply.location, base_url) else "intercepted"
    if reply.status in (200, 400):  # a login or consent page, or the provider's own error page
        return "answers"
    return "missing" if reply.status == 404 else "error"


def token_kind(reply: Reply) -> str:
    if reply.status is None:
        return _no_answer(reply)
    if reply.location is not None:  # a provider never redirects a token request
        return "intercepted"
    if reply.status in (400, 401) and oauth_error(reply):
        return "answers"
    if reply.status == 404:
        return "missing"
    return "intercepted" if reply.status == 200 and is_login_page(reply) else "error"


def _stays(location: str, base_url: str) -> bool:
    """A redirect to the site's own login, or back to the app, is the provider's own."""
    scheme = location.partition(":")[0].lower()
    return scheme not in ("http", "https") or host_of(location) == host_of(base_url)


def oauth_error(reply: Reply) -> str | None:
    """The provider's own word for what is wrong, as ``invalid_client``; None when it used none."""
    if reply.status is None or reply.location is not None:
        return None
    try:
        data, _odd = read_json(reply)
    except ValueError:
        return None
    found = data.get("error") if isinstance(data, dict) else None
    return clean(found, 60) or None if isinstance(found, str) else None


def _error_in(location: str | None) -> str | None:
    """The error that a redirect back to the app carries (RFC 6749 §4.1.2.1)."""
    if not location or location.lower().startswith(("http:", "https:")):
        return None
    try:
        found = parse_qs(urlsplit(location).query, max_num_fields=50).get("error")
    except ValueError:
        return None
    return clean(found[0], 60) if found else None


def _no_answer(reply: Reply) -> str:
    return "unreachable" if is_unreachable(reply) else "error"
