"""Rules about ``info/login``, which the app requests before it shows a login: who may read it, what it returns."""

from __future__ import annotations

import re

from rollout.message_ids import gettext_noop as _

from .address_rules import BACK_TO_HTTP, STOP_LOOP, is_downgrade
from .barriers import CHECK_BASE_URL, CHECK_LOGS, barrier_values, is_blocked_alone, request_barrier, site_barrier
from .evidence import printable, product_name, redirected_host, result_of
from .matrix import Matrix
from .observation import InfoLogin, Observation
from .verdict import Finding, Outcome

MDM_OR_ALLOW = _(
    "Use the MDM setup, or allow rest/nativemobile/1.1/info/login through the reverse proxy without sign-in."
)

_SIGN_IN_REQUIRED = _("The site requires a sign-in for the app's first request (info/login).")
_INFO_LOGIN = {
    "json": (Outcome.PASS, _("The app's first request (info/login) works without sign-in."), ""),
    "redirect": (Outcome.INCOMPATIBLE, _("The reverse proxy redirects the app to %(host)s."), MDM_OR_ALLOW),
    "login_page": (Outcome.INCOMPATIBLE, _("The app receives a login page instead of JSON."), MDM_OR_ALLOW),
    "unauthorized": (Outcome.INCOMPATIBLE, _SIGN_IN_REQUIRED, MDM_OR_ALLOW),
    "disabled": (
        Outcome.ACTION_NEEDED,
        _("The site reports that its mobile app is disabled (%(result)s)."),
        _("Allow the mobile app in the settings of %(product)s and enable its plugin under Settings → Manage apps."),
    ),
    "missing": (
        Outcome.ACTION_NEEDED,
        _("The site has no info/login resource: the mobile plugin is missing, disabled or too old."),
        _("Install or enable the mobile plugin under Settings → Manage apps, or use the MDM setup."),
    ),
    "other_json": (
        Outcome.UNKNOWN,
        _("The response to info/login is JSON, but not that of the mobile plugin (fields: %(fields)s)."),
        _("Find the gateway or proxy that responds to rest/nativemobile, and forward these requests to %(product)s."),
    ),
    "error": (
        Outcome.UNKNOWN,
        _("The site returned an unexpected response to the app's first request (%(result)s)."),
        CHECK_LOGS,
    ),
}
_BLOCKED = (
    Outcome.ACTION_NEEDED,
    _("A proxy or firewall blocks the app's first request, info/login (%(result)s), but not other requests."),
    MDM_OR_ALLOW,
)
_LOOP = (Outcome.ACTION_NEEDED, _("info/login redirects in a loop."), STOP_LOOP)
_NOTHING_HERE = (
    Outcome.UNKNOWN,
    _("info/login is missing, as is the manifest, so the base URL may be wrong."),
    CHECK_BASE_URL,
)
_CLOSED_FOR_MDM = _(
    "info/login is not available to the app. Atlassian refers such sites to the MDM setup, but an earlier document "
    "(2021) shows apps with MDM requesting it, too, unless the configuration contains skipInfo."
)
TRY_MDM_PHONE = _("Try the MDM setup on one phone before the rollout, and record the result at this site.")
_ONLY_APP_BLOCKED = (
    Outcome.ACTION_NEEDED,
    _("The site blocks the app, whose User-Agent ends in AtlassianMobileApp, but not other clients (%(result)s)."),
    _(
        "Exclude this User-Agent from the rule of the reverse proxy, firewall or single sign-on that blocks "
        "it, or use the MDM setup."
    ),
)

TREAT_ALIKE = _(
    "Check the reverse proxy, the web application firewall and AD FS (Windows Integrated Authentication) "
    "for rules by User-Agent, and let them treat the app like any browser."
)
_DIFFERENT = _(
    "info/login returns %(app)s to the app's User-Agent (…AtlassianMobileApp) and %(plain)s to other clients."
)

_BROWSER_DIFFERENT = _(
    "The authorization endpoint returns %(app)s to the User-Agent of a browser on an iPhone and %(plain)s to other "
    "clients."
)

FIX_JSON = _(
    "Check for a reverse proxy or filter that modifies the response. If there is none, test the sign-in on one phone."
)
_ODDITIES = {
    "two_client_ids": _("The info/login response contains two client IDs under one name."),
    "duplicate_keys": _("The info/login response contains a field twice. JSON parsers differ in which one they use."),
    "not_a_number": _("The info/login response contains NaN or Infinity, which strict JSON parsers reject."),
    "not_utf8": _("The info/login response is not encoded in UTF-8, as JSON requires."),
    "byte_order_mark": _("The info/login response starts with a byte order mark, which strict JSON parsers reject."),
}

TURN_ON = _(
    "Turn on OAuth 2.0 under Settings → General Configuration → Confluence mobile app, then check again. "
    "If it is already on, test the sign-in on one phone, or use the MDM setup."
)
_TURN_ON_OTHER = _("Turn on OAuth 2.0 in the mobile app settings of %(product)s and check again, or use the MDM setup.")
_NO_CLIENT_ID = _(
    "The site returns no client ID to the app, so OAuth 2.0 seems to be off. Atlassian does not document "
    "the field name; Gatepass checked clientId, clientID and client_id."
)
_TRY_ONE_PHONE = _("Test the Non-MDM setup on one phone: which field the app reads is not documented.")
# Errors that do not show whether the site treats the app differently.
_NOT_SHOWN = frozenset({"not_sent", "timeout", "connect_timeout"})
_LIKELY = re.compile(r"(?:client|consumer|app(?:lication)?)[_-]?(?:id(?:entifier)?|key)", re.I)
_KNOWN = frozenset({"clientID", "clientId", "client_id"})


def info_login_open(observation: Observation, matrix: Matrix) -> Finding | None:
    """Check that ``info/login`` is readable without sign-in, which the Non-MDM setup requires."""
    info, plain = observation.info_login, observation.info_login_plain
    outcome, message, remedy = _row(observation)
    if outcome is Outcome.PASS:
        return Finding("INFO-LOGIN-OPEN", outcome, message, remedy, {}, info.answer)
    host = _host(info)
    if info.kind == "redirect" and not host:
        message = _SIGN_IN_REQUIRED
    if plain is not None and plain.kind == "json" and info.answer.error not in _NOT_SHOWN:
        outcome, message, remedy = _ONLY_APP_BLOCKED
    values = {**barrier_values(observation, info.answer), "product": product_name(observation.product)}
    values |= {"host": host or values["host"], "fields": printable(", ".join(info.fields[:6]))}
    return Finding("INFO-LOGIN-OPEN", outcome, message, remedy, values, info.answer)


def info_login_for_mdm(observation: Observation, matrix: Matrix) -> Finding | None:
    """Warn of an ``info/login`` that is closed to apps with MDM, too; None if it is open or was not reached.

    Atlassian's documents differ, so a phone has to show it; a phone that worked ends the warning.
    """
    info = observation.info_login
    if info.kind in ("json", "unreachable") or site_barrier(observation):
        return None
    if any(result.worked and result.setup == "mdm" for result in observation.phone_results):
        return None
    return Finding("INFO-LOGIN-MDM", Outcome.WARNING, _CLOSED_FOR_MDM, TRY_MDM_PHONE, {}, info.answer)


def user_agent(observation: Observation, matrix: Matrix) -> Finding | None:
    """Check that the app, its browser sheet and other clients get the same responses; None without a comparison.

    A difference is a warning, unless the app's other requests or the browser's do not pass either.
    """
    app, plain = observation.info_login, observation.info_login_plain
    browser, browser_plain = observation.authorize, observation.authorize_plain
    if browser_plain is not None and browser_plain.kind == "answers":
        values = {"app": result_of(browser.answer), "plain": result_of(browser_plain.answer)}
        return Finding("USER-AGENT", Outcome.ACTION_NEEDED, _BROWSER_DIFFERENT, TREAT_ALIKE, values, browser.answer)
    if plain is None or plain.answer.status is None or app.answer.error in _NOT_SHOWN:
        return None
    if (app.kind, app.client_id, app.redirect_host) == (plain.kind, plain.client_id, plain.redirect_host):
        message = _("The app's User-Agent receives the same response as other clients.")
        return Finding("USER-AGENT", Outcome.PASS, message, "", {}, app.answer)
    values = {"app": _summary(app), "plain": _summary(plain)}
    is_kept_out = plain.kind == "json" and app.kind != "json" and observation.token.kind != "answers"
    outcome = Outcome.ACTION_NEEDED if is_kept_out else Outcome.WARNING
    return Finding("USER-AGENT", outcome, _DIFFERENT, TREAT_ALIKE, values, app.answer)


def info_login_json(observation: Observation, matrix: Matrix) -> Finding | None:
    """Check that every parser reads the JSON alike; None if it could not be read."""
    info = observation.info_login
    if info.kind != "json":
        return None
    oddity = next((message for name, message in _ODDITIES.items() if name in info.oddities), None)
    if oddity:
        return Finding("INFO-LOGIN-JSON", Outcome.WARNING, oddity, FIX_JSON, {}, info.answer)
    message = _("The info/login response is valid, unambiguous JSON.")
    return Finding("INFO-LOGIN-JSON", Outcome.PASS, message, "", {}, info.answer)


def oauth_switch(observation: Observation, matrix: Matrix) -> Finding | None:
    """Check that ``info/login`` returns a client ID; None if it could not be read.

    Atlassian documents that it does, but not the name of the field. So a field that may hold one under another name
    is UNKNOWN, and only a response without any such field means that OAuth 2.0 is off.
    """
    info = observation.info_login
    if info.kind != "json":
        return None
    if info.client_id:
        return Finding(
            "OAUTH-SWITCH", Outcome.PASS, _("The site returns its client ID to the app."), "", {}, info.answer
        )
    values = {"product": product_name(observation.product)}
    if "two_client_ids" in info.oddities:
        message = _("The site returns two client IDs to the app; which one the app uses is unknown.")
        return Finding("OAUTH-SWITCH", Outcome.UNKNOWN, message, _TRY_ONE_PHONE, values, info.answer)
    if likely := next((name for name in info.fields if _may_hold_client_id(name)), None):
        values["field"] = printable(likely)
        message = _("The site returns no client ID under a known field name; %(field)s may contain one.")
        return Finding("OAUTH-SWITCH", Outcome.UNKNOWN, message, _TRY_ONE_PHONE, values, info.answer)
    if "/nativemobile/1.0/" in info.answer.url:
        message = _("The site supports only version 1.0 of info/login, which returns no client ID.")
        remedy = _("Upgrade the mobile plugin under Settings → Manage apps, or use the MDM setup.")
        return Finding("OAUTH-SWITCH", Outcome.ACTION_NEEDED, message, remedy, values, info.answer)
    remedy = TURN_ON if observation.product == "confluence" else _TURN_ON_OTHER
    return Finding("OAUTH-SWITCH", Outcome.ACTION_NEEDED, _NO_CLIENT_ID, remedy, values, info.answer)


def _row(observation: Observation) -> tuple[Outcome, str, str]:
    """Outcome, message and remedy for the response that the app gets."""
    info = observation.info_login
    if info.kind == "missing" and observation.manifest.answer.status == 404:
        return _NOTHING_HERE
    if info.answer.error == "too_many_redirects":
        return _LOOP
    if is_downgrade(info.answer):
        return Outcome.ACTION_NEEDED, BACK_TO_HTTP, STOP_LOOP
    if info.kind == "refused" and is_blocked_alone(observation, info.answer):
        return _BLOCKED
    return _INFO_LOGIN.get(info.kind) or request_barrier(observation, info.answer)


def _may_hold_client_id(field: str) -> bool:
    name = field.rpartition(".")[2]
    return name not in _KNOWN and bool(_LIKELY.fullmatch(name))


def _summary(info: InfoLogin) -> str:
    """``HTTP 302 (sso.example.com)``, ``HTTP 200 (json)``."""
    return f"{result_of(info.answer)} ({printable(info.redirect_host or info.kind)})"


def _host(info: InfoLogin) -> str:
    return printable(info.redirect_host or "") or redirected_host(info.answer)
