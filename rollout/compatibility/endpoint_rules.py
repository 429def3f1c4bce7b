"""Rules about the provider's endpoints: authorize, opened in a browser, and token, requested by the app itself."""

from __future__ import annotations

from urllib.parse import urlsplit

from rollout.http_url import DEFAULT_PORTS
from rollout.message_ids import gettext_noop as _

from .barriers import CHECK_LOGS, barrier_values, is_blocked_alone, request_barrier
from .base_urls import is_internal, is_same
from .evidence import printable, product_name, redirected_host, without_query
from .matrix import Matrix
from .observation import Answer, Observation
from .refusals import RefusalKind
from .verdict import Finding, Outcome

CHECK_PROVIDER = _(
    "Check that the base URL includes the context path, and that the OAuth 2.0 provider plugin is enabled."
)
_AUTHORIZE = {
    "answers": (Outcome.PASS, _("The authorization endpoint responds."), ""),
    "intercepted": (
        Outcome.WARNING,
        _("People sign in at %(host)s before they reach the authorization endpoint."),
        _(
            "Test the sign-in on one phone: after sign-in, %(host)s must redirect to the original address with "
            "all parameters."
        ),
    ),
    "missing": (Outcome.ACTION_NEEDED, _("There is no authorization endpoint at this base URL."), CHECK_PROVIDER),
    "error": (Outcome.UNKNOWN, _("The authorization endpoint returned an error (%(result)s)."), CHECK_LOGS),
}
ALLOW_TOKEN = _(
    "Allow rest/oauth2/latest/token through the reverse proxy without sign-in. The app sends this request"
    " itself, outside the browser, where it is not signed in."
)
_TOKEN = {
    "answers": (Outcome.PASS, _("The token endpoint responds."), ""),
    "intercepted": (
        Outcome.ACTION_NEEDED,
        _("The reverse proxy redirects the app's token request to %(host)s."),
        ALLOW_TOKEN,
    ),
    "missing": (Outcome.ACTION_NEEDED, _("There is no token endpoint at this base URL."), CHECK_PROVIDER),
    "error": (Outcome.UNKNOWN, _("The token endpoint returned an error (%(result)s)."), CHECK_LOGS),
}
_TOKEN_INTERCEPTED = (
    Outcome.ACTION_NEEDED,
    _("The app's token request is intercepted by a redirect or a login page."),
    ALLOW_TOKEN,
)
_TOKEN_BLOCKED = (
    Outcome.ACTION_NEEDED,
    _("A proxy or firewall blocks the app's token request (%(result)s)."),
    ALLOW_TOKEN,
)
_AUTHORIZE_SIGN_IN = (
    Outcome.UNKNOWN,
    _("The authorization endpoint requires a sign-in by the browser itself (%(result)s), not on a page."),
    _(
        "Let rest/oauth2/latest/authorize pass without this sign-in. If phones can do it, as with a Kerberos "
        "extension of the MDM, try the app on one phone and record the result."
    ),
)

CORRECT_CONNECTOR = _(
    "On the Tomcat connector behind the reverse proxy, set proxyName and proxyPort to the address that people use, and "
    'scheme="https" and secure="true".'
)
_TARGETS = {
    "http": _("The sign-in leads from HTTPS to plain HTTP: %(found)s. The app's browser sheet and OAuth reject it."),
    "port": _("The sign-in leads to another port of the site, %(found)s, which phones may not reach."),
    "internal": _("The sign-in leads to an internal address, %(found)s, which phones cannot reach."),
}
# Paths of the product's own pages: at another address, they show that the product does not know its address.
_OWN_PATHS = ("/login.action", "/dologin.action", "/login.jsp", "/rest/oauth2/", "/plugins/servlet/", "/secure/")

ALLOW_REST_API = _(
    "Let requests below rest/ that have an Authorization: Bearer header pass the reverse proxy without a redirect or "
    "a sign-in page. The app sends them after the sign-in."
)
_REST_API = {
    "answers": (Outcome.PASS, _("The REST API rejects an invalid access token itself, as the app expects."), ""),
    "missing": (
        Outcome.UNKNOWN,
        _("The REST API did not respond as %(product)s does to a request with an access token (%(result)s)."),
        _("Check that the reverse proxy forwards all paths below rest/, then check again."),
    ),
    "error": (
        Outcome.UNKNOWN,
        _("The REST API returned an unexpected response to a request with an access token (%(result)s)."),
        CHECK_LOGS,
    ),
}
_REST_API_REDIRECTED = (
    Outcome.ACTION_NEEDED,
    _("After the sign-in, the reverse proxy redirects the app's requests with an access token to %(host)s."),
    ALLOW_REST_API,
)
_REST_API_REPLACED = (
    Outcome.ACTION_NEEDED,
    _(
        "After the sign-in, a proxy responds to the app's requests with an access token instead of the site "
        "(%(result)s)."
    ),
    ALLOW_REST_API,
)

CORRECT_ISSUER = _(
    "Correct the base URL on the site, then check again. This may not affect the app, which "
    "does not have to read the metadata."
)


def authorize_reachable(observation: Observation, matrix: Matrix) -> Finding | None:
    """Check the authorization endpoint. It opens in a browser, so single sign-on in front of it is only a warning."""
    endpoint = observation.authorize
    row = _AUTHORIZE.get(endpoint.kind)
    if row is None and endpoint.answer.refusal == RefusalKind.SIGN_IN:
        row = _AUTHORIZE_SIGN_IN
    return _finding("AUTHORIZE-REACHABLE", observation, endpoint.answer, row)


def authorize_target(observation: Observation, matrix: Matrix) -> Finding | None:
    """Check where the authorization endpoint sends the browser; None if it sends it nowhere.

    A site that does not know its own address (TLS that ends at a proxy) sends phones to plain http, to another port or
    to an internal name.
    """
    page = observation.login_page
    targets = (observation.authorize.leads_to, page.form_action if page and page.kind == "page" else None)
    problem, found = "", ""
    for target in targets:
        if target and not problem:
            problem, found = _problem_of(target, observation.base_url), without_query(target)
    if problem:
        values = {"found": printable(found, 200)}
        answer = observation.authorize.answer
        return Finding("AUTHORIZE-TARGET", Outcome.ACTION_NEEDED, _TARGETS[problem], CORRECT_CONNECTOR, values, answer)
    if not any(targets):
        return None
    message = _("The sign-in stays on HTTPS and on addresses that phones can use.")
    return Finding("AUTHORIZE-TARGET", Outcome.PASS, message, "", {}, observation.authorize.answer)


def token_reachable(observation: Observation, matrix: Matrix) -> Finding | None:
    """Check the token endpoint. The app requests it without a browser, so single sign-on in front of it breaks it."""
    endpoint = observation.token
    row = _TOKEN.get(endpoint.kind)
    if endpoint.kind == "intercepted" and not redirected_host(endpoint.answer):
        row = _TOKEN_INTERCEPTED
    elif is_blocked_alone(observation, endpoint.answer) or (
        endpoint.kind == "error" and endpoint.answer.status in (401, 403)  # stored before refusals were told apart
    ):
        row = _TOKEN_BLOCKED
    return _finding("TOKEN-REACHABLE", observation, endpoint.answer, row)


def rest_api(observation: Observation, matrix: Matrix) -> Finding | None:
    """Check that requests with an access token reach the product; None if that was not requested.

    A proxy that redirects them, or returns a page of its own, keeps signed-in phones out.
    """
    api = observation.rest_api
    if api is None:
        return None
    if observation.plugins.source == "gatepass":
        message = _("Gatepass hosts this site, which has no REST API.")
        return Finding("REST-API", Outcome.PASS, message, "", {}, api.answer)
    row = _REST_API.get(api.kind)
    if api.kind == "intercepted":
        row = _REST_API_REDIRECTED if redirected_host(api.answer) else _REST_API_REPLACED
    elif api.kind == "refused" and is_blocked_alone(observation, api.answer):
        row = _REST_API_REPLACED
    return _finding("REST-API", observation, api.answer, row)


def metadata(observation: Observation, matrix: Matrix) -> Finding | None:
    """Check that the OAuth metadata matches the site; None without any. A warning only: Atlassian documents none."""
    offered = observation.metadata
    if offered is None or not offered.offered:
        return None
    if offered.issuer and not is_same(offered.issuer, observation.base_url):
        message = _("The provider's metadata contains an issuer that differs from the base URL.")
        return Finding("METADATA", Outcome.WARNING, message, CORRECT_ISSUER, {}, offered.answer)
    if offered.code_challenge_methods and "S256" not in offered.code_challenge_methods:
        message = _("The provider's metadata does not include S256, the PKCE method that the app uses.")
        remedy = _("Check the version of the OAuth 2.0 provider plugin, and run a sign-in test.")
        return Finding("METADATA", Outcome.WARNING, message, remedy, {}, offered.answer)
    return Finding("METADATA", Outcome.PASS, _("The provider's metadata matches the site."), "", {}, offered.answer)


def _finding(rule: str, observation: Observation, answer: Answer, row: tuple[Outcome, str, str] | None) -> Finding:
    """The finding of an endpoint: ``row`` or, without one, what kept the request from it."""
    if row is None:
        row = request_barrier(observation, answer)
    outcome, message, remedy = row
    if outcome is Outcome.PASS:
        return Finding(rule, outcome, message, remedy, {}, answer)
    values = {**barrier_values(observation, answer), "product": product_name(observation.product)}
    return Finding(rule, outcome, message, remedy, values, answer)


def _problem_of(target: str, base_url: str) -> str:
    """The key of ``_TARGETS`` for an address that phones cannot use in the sign-in; empty for any other."""
    try:
        to, base = urlsplit(target), urlsplit(base_url)
        ports = to.port or DEFAULT_PORTS.get(to.scheme), base.port or DEFAULT_PORTS.get(base.scheme)
    except ValueError:
        return ""
    if to.scheme not in ("http", "https"):
        return ""
    if to.scheme == "http" and base.scheme == "https":
        return "http"
    is_own = any(path in to.path for path in _OWN_PATHS)
    if is_own and to.hostname == base.hostname and ports[0] != ports[1]:
        return "port"
    is_other = to.hostname != base.hostname
    return "internal" if is_other and is_internal(to.hostname or "") and not is_internal(base.hostname or "") else ""
