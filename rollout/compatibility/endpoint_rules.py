"""Rules about the provider's endpoints: authorize, which a browser opens, and token, which the app asks itself."""

from __future__ import annotations

from rollout.message_ids import gettext_noop as _

from .base_urls import is_same
from .evidence import host_of, said, taken_to
from .matrix import Matrix
from .observation import Endpoint, Observation
from .site_rules import CHECK_LOGS, CHECK_NETWORK
from .verdict import Finding, Outcome

FIND_PROVIDER = _(
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
    "missing": (Outcome.ACTION_NEEDED, _("There is no authorization endpoint at this base URL."), FIND_PROVIDER),
    "error": (Outcome.UNKNOWN, _("The authorization endpoint returned an error (%(said)s)."), CHECK_LOGS),
}
LET_TOKEN_THROUGH = _(
    "Allow rest/oauth2/latest/token through the reverse proxy without sign-in. The app sends this request"
    " itself, outside the browser, where it is not signed in."
)
_TOKEN = {
    "answers": (Outcome.PASS, _("The token endpoint responds."), ""),
    "intercepted": (
        Outcome.ACTION_NEEDED,
        _("The reverse proxy redirects the app's token request to %(host)s."),
        LET_TOKEN_THROUGH,
    ),
    "missing": (Outcome.ACTION_NEEDED, _("There is no token endpoint at this base URL."), FIND_PROVIDER),
    "error": (Outcome.UNKNOWN, _("The token endpoint returned an error (%(said)s)."), CHECK_LOGS),
}
_TOKEN_REFUSED = (
    Outcome.ACTION_NEEDED,
    _("A proxy or firewall blocks the app's token request (%(said)s)."),
    LET_TOKEN_THROUGH,
)
_AUTHORIZE_UNREACHABLE = (
    Outcome.UNKNOWN,
    _("The authorization endpoint is unreachable: %(said)s."),
    CHECK_NETWORK,
)
_TOKEN_UNREACHABLE = (Outcome.UNKNOWN, _("The token endpoint is unreachable: %(said)s."), CHECK_NETWORK)

CORRECT_ISSUER = _("Correct the base URL on the site, then check its metadata again. The app may not use the metadata.")


def authorize_reachable(observation: Observation, matrix: Matrix) -> Finding | None:
    """The authorization endpoint opens in a browser, so single sign-on in front of it is no obstacle."""
    endpoint = observation.authorize
    return _endpoint("AUTHORIZE-REACHABLE", endpoint, _AUTHORIZE.get(endpoint.kind, _AUTHORIZE_UNREACHABLE))


def token_reachable(observation: Observation, matrix: Matrix) -> Finding | None:
    """The app itself asks the token endpoint, where single sign-on in front would stop it."""
    endpoint = observation.token
    if endpoint.kind == "error" and endpoint.answer.status in (401, 403):
        return _endpoint("TOKEN-REACHABLE", endpoint, _TOKEN_REFUSED)
    return _endpoint("TOKEN-REACHABLE", endpoint, _TOKEN.get(endpoint.kind, _TOKEN_UNREACHABLE))


def metadata(observation: Observation, matrix: Matrix) -> Finding | None:
    """Metadata that is offered fits the site. That Atlassian offers any is not documented, so it warns at most."""
    found = observation.metadata
    if found is None or not found.offered:
        return None
    if found.issuer and not is_same(found.issuer, observation.base_url):
        message = _("The provider's metadata contains an issuer that differs from the base URL.")
        return Finding("METADATA", Outcome.WARNING, message, CORRECT_ISSUER, {}, found.answer)
    if found.code_challenge_methods and "S256" not in found.code_challenge_methods:
        message = _("The provider's metadata does not include S256, the PKCE method that the app uses.")
        remedy = _("Check the version of the OAuth 2.0 provider plugin, and run a sign-in test.")
        return Finding("METADATA", Outcome.WARNING, message, remedy, {}, found.answer)
    return Finding("METADATA", Outcome.PASS, _("The provider's metadata matches the site."), "", {}, found.answer)


def _endpoint(rule: str, endpoint: Endpoint, row: tuple[Outcome, str, str]) -> Finding:
    outcome, message, remedy = row
    if outcome is Outcome.PASS:
        return Finding(rule, outcome, message, remedy, {}, endpoint.answer)
    values = {"host": taken_to(endpoint.answer) or host_of(endpoint.answer.url), "said": said(endpoint.answer)}
    return Finding(rule, outcome, message, remedy, values, endpoint.answer)
