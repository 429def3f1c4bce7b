"""Rules about what the app itself asks: ``info/login`` before sign-in, then the two OAuth endpoints."""

from __future__ import annotations

from rollout.messages import gettext_noop as _

from .evidence import host_of, product_name, said, shown, taken_to
from .matrix import Matrix
from .observation import Endpoint, InfoLogin, Observation
from .verdict import Finding, Outcome

_MDM_OR_OPEN = _(
    "Use MDM, or let this one path, rest/nativemobile/1.1/info/login, through the reverse proxy unauthenticated."
)
_CHECK_AGAIN = _("Check the address, DNS and firewall between Gatepass and the site, then check again.")
_SERVER_LOG = _("Look at the logs of the site and of the reverse proxy for this request, then check again.")

_SHUT = _("The site wants a sign-in before the app may ask how to sign in.")
_INFO_LOGIN = {
    "json": (Outcome.PASS, _("The app can ask the site how to sign in, without being signed in."), ""),
    "redirect": (Outcome.INCOMPATIBLE, _("The reverse proxy sends the app to %(host)s."), _MDM_OR_OPEN),
    "login_page": (Outcome.INCOMPATIBLE, _("The app gets a login page instead of an answer."), _MDM_OR_OPEN),
    "unauthorized": (Outcome.INCOMPATIBLE, _SHUT, _MDM_OR_OPEN),
    "disabled": (
        Outcome.ACTION_NEEDED,
        _("The site says that its mobile app is disabled (%(said)s)."),
        _("Allow the mobile app in the settings of %(product)s and enable its plugin under Settings → Manage apps."),
    ),
    "missing": (
        Outcome.ACTION_NEEDED,
        _("The site does not know info/login: the mobile plugin is missing, disabled or too old."),
        _("Install or enable the mobile plugin under Settings → Manage apps, or use MDM."),
    ),
    "error": (Outcome.UNKNOWN, _("The site answered the app's question with something else (%(said)s)."), _SERVER_LOG),
}
_INFO_LOGIN_UNREACHABLE = (Outcome.UNKNOWN, _("The site could not be reached: %(said)s."), _CHECK_AGAIN)

_SWITCH_CONFLUENCE = _(
    "Turn on OAuth 2.0 in Settings → General Configuration → Confluence mobile app, then check again. "
    "If it is on already, try the sign-in on one phone, or use MDM."
)
_SWITCH_OTHER = _(
    "Look for OAuth 2.0 in the mobile app settings of %(product)s, turn it on and check again, or use MDM."
)

_UPDATE_OAUTH = _("Check that the base URL holds the context path, and that the OAuth 2.0 provider plugin is enabled.")
_AUTHORIZE = {
    "answers": (Outcome.PASS, _("The authorization endpoint answers."), ""),
    "intercepted": (
        Outcome.WARNING,
        _("People sign in at %(host)s before they reach the authorization endpoint."),
        _("Try the sign-in on one phone: %(host)s must bring people back to the same address, every parameter kept."),
    ),
    "missing": (Outcome.ACTION_NEEDED, _("There is no authorization endpoint at this base URL."), _UPDATE_OAUTH),
    "error": (Outcome.UNKNOWN, _("The authorization endpoint failed (%(said)s)."), _SERVER_LOG),
}
_TOKEN = {
    "answers": (Outcome.PASS, _("The token endpoint answers."), ""),
    "intercepted": (
        Outcome.ACTION_NEEDED,
        _("The reverse proxy sends the app from the token endpoint to %(host)s."),
        _(
            "Let rest/oauth2/latest/token through the reverse proxy: the app asks there itself, outside the browser, "
            "where it is not signed in."
        ),
    ),
    "missing": (Outcome.ACTION_NEEDED, _("There is no token endpoint at this base URL."), _UPDATE_OAUTH),
    "error": (Outcome.UNKNOWN, _("The token endpoint failed (%(said)s)."), _SERVER_LOG),
}
_AUTHORIZE_UNREACHABLE = (
    Outcome.UNKNOWN,
    _("The authorization endpoint could not be reached: %(said)s."),
    _CHECK_AGAIN,
)
_TOKEN_UNREACHABLE = (Outcome.UNKNOWN, _("The token endpoint could not be reached: %(said)s."), _CHECK_AGAIN)


def info_login_open(observation: Observation, matrix: Matrix) -> Finding | None:
    """``info/login`` answers anonymously. A proxy that asks for a sign-in first rules the road without MDM out."""
    info = observation.info_login
    host = _host(info)
    kind = "unauthorized" if info.kind == "redirect" and not host else info.kind
    outcome, message, remedy = _INFO_LOGIN.get(kind, _INFO_LOGIN_UNREACHABLE)
    values = {"host": host, "said": said(info.answer), "product": product_name(observation.product)}
    return Finding("INFO-LOGIN-OPEN", outcome, message, remedy, values, info.answer)


def oauth_switch(observation: Observation, matrix: Matrix) -> Finding | None:
    """``info/login`` hands out a client ID; nothing to say while it cannot be read."""
    info = observation.info_login
    if info.kind != "json":
        return None
    if info.client_id:
        return Finding("OAUTH-SWITCH", Outcome.PASS, _("The site hands its client ID to the app."), "", {}, info.answer)
    remedy = _SWITCH_CONFLUENCE if observation.product == "confluence" else _SWITCH_OTHER
    message = _(
        "The site hands no client ID to the app, so OAuth 2.0 seems to be off. "
        "Atlassian does not document the field names; Gatepass looked for clientId, clientID and client_id."
    )
    values = {"product": product_name(observation.product)}
    return Finding("OAUTH-SWITCH", Outcome.ACTION_NEEDED, message, remedy, values, info.answer)


def authorize_reachable(observation: Observation, matrix: Matrix) -> Finding | None:
    """The authorization endpoint opens in a browser, so single sign-on in front of it is no obstacle."""
    return _endpoint("AUTHORIZE-REACHABLE", observation.authorize, _AUTHORIZE, _AUTHORIZE_UNREACHABLE)


def token_reachable(observation: Observation, matrix: Matrix) -> Finding | None:
    """The app itself asks the token endpoint, where single sign-on in front would stop it."""
    return _endpoint("TOKEN-REACHABLE", observation.token, _TOKEN, _TOKEN_UNREACHABLE)


def _endpoint(
    rule: str,
    endpoint: Endpoint,
    table: dict[str, tuple[Outcome, str, str]],
    unreachable: tuple[Outcome, str, str],
) -> Finding:
    outcome, message, remedy = table.get(endpoint.kind, unreachable)
    values = {"host": taken_to(endpoint.answer) or host_of(endpoint.answer.url), "said": said(endpoint.answer)}
    return Finding(rule, outcome, message, remedy, values, endpoint.answer)


def _host(info: InfoLogin) -> str:
    return shown(info.redirect_host or "") or taken_to(info.answer)
