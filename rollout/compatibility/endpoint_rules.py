"""Rules about the provider's endpoints: authorize, opened in a browser, and token, requested by the app itself."""

from __future__ import annotations

from rollout.message_ids import gettext_noop as _

from .base_urls import is_same
from .evidence import host_of, redirected_host, result_of
from .matrix import Matrix
from .observation import Endpoint, Observation
from .site_rules import CHECK_LOGS, CHECK_NETWORK
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
# A provider rejects a request with an OAuth error; without one, the response is not the provider's.
_TOKEN_BLOCKED = (
    Outcome.ACTION_NEEDED,
    _("A proxy or firewall blocks the app's token request (%(result)s)."),
    ALLOW_TOKEN,
)
_AUTHORIZE_UNREACHABLE = (
    Outcome.UNKNOWN,
    _("The authorization endpoint is unreachable: %(result)s."),
    CHECK_NETWORK,
)
_TOKEN_UNREACHABLE = (Outcome.UNKNOWN, _("The token endpoint is unreachable: %(result)s."), CHECK_NETWORK)

CORRECT_ISSUER = _(
    "Correct the base URL on the site, then check again. This may not affect the app, which "
    "does not have to read the metadata."
)


def authorize_reachable(observation: Observation, matrix: Matrix) -> Finding | None:
    """Check the authorization endpoint. It opens in a browser, so single sign-on in front of it is only a warning."""
    endpoint = observation.authorize
    return _endpoint("AUTHORIZE-REACHABLE", endpoint, _AUTHORIZE.get(endpoint.kind, _AUTHORIZE_UNREACHABLE))


def token_reachable(observation: Observation, matrix: Matrix) -> Finding | None:
    """Check the token endpoint. The app requests it without a browser, so single sign-on in front of it breaks it."""
    endpoint = observation.token
    row = _TOKEN.get(endpoint.kind, _TOKEN_UNREACHABLE)
    if endpoint.kind == "error" and endpoint.answer.status in (401, 403):
        row = _TOKEN_BLOCKED
    elif endpoint.kind == "intercepted" and not redirected_host(endpoint.answer):
        row = _TOKEN_INTERCEPTED
    return _endpoint("TOKEN-REACHABLE", endpoint, row)


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


def _endpoint(rule: str, endpoint: Endpoint, row: tuple[Outcome, str, str]) -> Finding:
    outcome, message, remedy = row
    if outcome is Outcome.PASS:
        return Finding(rule, outcome, message, remedy, {}, endpoint.answer)
    host = redirected_host(endpoint.answer) or host_of(endpoint.answer.url)
    values = {"host": host, "result": result_of(endpoint.answer)}
    return Finding(rule, outcome, message, remedy, values, endpoint.answer)
