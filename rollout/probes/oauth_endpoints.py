"""Requests the authorize and token endpoints: does the provider respond, or a proxy in front of it?

The requests leave no trace on the site: no authorization is completed, and the code to redeem does not exist.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit

from rollout.compatibility.observation import Endpoint
from rollout.compatibility.refusals import RefusalKind
from rollout.http_client.redaction import clean, safe_url
from rollout.http_client.reply import Reply

from .imitated_clients import Client
from .info_login import APP_HEADERS, host_of
from .json_body import read_json
from .probe_session import ProbeSession, is_unreachable
from .web_page import absolute_action, is_html, read_page

AUTHORIZE = "/rest/oauth2/latest/authorize"
TOKEN = "/rest/oauth2/latest/token"  # noqa: S105 - a path
REDIRECT_URIS = {"confluence": "confluence-server://oauth-callback", "jira": "jira-server://oauth-callback"}
# RFC 6749 section 5.2: firewalls and gateways have an ``error`` in their JSON, too.
OAUTH_ERRORS = frozenset(
    {
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
    }
)
UNKNOWN_CLIENT = "gatepass-compatibility-check"


def redirect_uri_of(product: str) -> str:
    """Return the fixed redirect URI of the product's app; Confluence's for an unknown product."""
    return REDIRECT_URIS.get(product, REDIRECT_URIS["confluence"])


@dataclass(frozen=True)
class Authorizations:
    """Responses of the authorization endpoint: to the browser sheet, and to compare with it.

    ``plain``: with Gatepass's own User-Agent, requested if the browser's was refused. ``unknown``: with a client ID
    that does not exist, requested if the site has one.
    """

    browser: Endpoint
    plain: Endpoint | None = None
    unknown: Endpoint | None = None


async def probe_authorize(
    session: ProbeSession, base_url: str, *, product: str, client_id: str | None
) -> Authorizations:
    """Start an authorization as the app does, in a browser; then again to compare, if there is something to compare."""
    browser = await _authorize(session, base_url, product, client_id, Client.BROWSER)
    is_refused = browser.kind not in ("answers", "missing") and not session.is_stopped
    plain = await _authorize(session, base_url, product, client_id, Client.GATEPASS) if is_refused else None
    unknown = None
    if client_id and browser.kind == "answers":
        unknown = await _authorize(session, base_url, product, None, Client.BROWSER)
    return Authorizations(browser, plain, unknown)


async def _authorize(
    session: ProbeSession, base_url: str, product: str, client_id: str | None, client: Client
) -> Endpoint:
    """Send an authorization request (RFC 6749 §4.1.1, RFC 7636 §4.3) without following redirects."""
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
    url = f"{base_url}{AUTHORIZE}?{urlencode(query)}"
    reply = await session.request("GET", url, client=client, headers={"Accept": "text/html"})
    kind = authorize_kind(reply, base_url)
    return Endpoint(reply.answer, kind, _error_in(reply.location), leads_to=_leads_to(reply))


async def probe_token(session: ProbeSession, base_url: str, *, product: str, client_id: str | None) -> Endpoint:
    """Redeem a code that was never issued: a provider rejects it with an OAuth error (RFC 6749 §5.2).

    The app sends this request itself, so it has the app's User-Agent.
    """
    form = {
        "grant_type": "authorization_code",
        "code": secrets.token_urlsafe(24),
        "client_id": client_id or UNKNOWN_CLIENT,
        "redirect_uri": redirect_uri_of(product),
        "code_verifier": secrets.token_urlsafe(48),
    }
    headers = {"Accept": "application/json", **APP_HEADERS}
    reply = await session.request("POST", base_url + TOKEN, client=Client.APP, form=form, headers=headers)
    return Endpoint(reply.answer, token_kind(reply), oauth_error(reply))


def authorize_kind(reply: Reply, base_url: str) -> str:
    """Classify a response of the authorization endpoint by the kinds of ``observation.Endpoint``."""
    if reply.status is None:
        return _no_response(reply)
    refusal = reply.answer.refusal
    if refusal and refusal not in (RefusalKind.SIGN_IN, RefusalKind.OTHER_PAGE):
        return "refused"
    if reply.location is not None:
        return "answers" if _stays_on_site(reply.location, base_url) else "intercepted"
    if reply.status in (401, 403):
        return "refused"
    if reply.status in (200, 400):  # a login or consent page, or the provider's own error page
        return "answers"
    return "missing" if reply.status == 404 else "error"


def token_kind(reply: Reply) -> str:
    """Classify a response of the token endpoint by the kinds of ``observation.Endpoint``."""
    if reply.status is None:
        return _no_response(reply)
    if reply.status in (400, 401) and oauth_error(reply) in OAUTH_ERRORS:
        return "answers"
    refusal = reply.answer.refusal
    if refusal == RefusalKind.SIGN_IN:  # a provider never redirects a token request
        return "intercepted"
    if refusal and refusal != RefusalKind.OTHER_PAGE:
        return "refused"
    return "missing" if reply.status == 404 else "error"


def _leads_to(reply: Reply) -> str | None:
    """Where the response sends the browser: a redirect's target, or that of the form of its page."""
    if reply.location is not None:
        return safe_url(reply.location)
    return absolute_action(reply, read_page(reply.text())) if reply.status == 200 and is_html(reply) else None


def _stays_on_site(location: str, base_url: str) -> bool:
    """Whether a redirect leads to the site's own login or back to the app, as a provider's does."""
    scheme = location.partition(":")[0].lower()
    return scheme not in ("http", "https") or host_of(location) == host_of(base_url)


def oauth_error(reply: Reply) -> str | None:
    """Return the error code of the provider, such as ``invalid_client``; None without one."""
    if reply.status is None or reply.location is not None:
        return None
    try:
        data, _oddities = read_json(reply)
    except ValueError:
        return None
    error = data.get("error") if isinstance(data, dict) else None
    return clean(error, 60) or None if isinstance(error, str) else None


def _error_in(location: str | None) -> str | None:
    """The error in a redirect back to the app (RFC 6749 §4.1.2.1)."""
    if not location or location.lower().startswith(("http:", "https:")):
        return None
    try:
        errors = parse_qs(urlsplit(location).query, max_num_fields=50).get("error")
    except ValueError:
        return None
    return clean(errors[0], 60) if errors else None


def _no_response(reply: Reply) -> str:
    return "unreachable" if is_unreachable(reply) else "error"
