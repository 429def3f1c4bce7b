"""Rules about the site itself: whether it runs, which product it is, and its base URL."""

from __future__ import annotations

from rollout.message_ids import gettext_noop as _

from .barriers import (
    CHECK_BASE_URL,
    CHECK_LOGS,
    REFUSALS,
    WAIT_FOR_SERVER,
    barrier_values,
    is_blocked_alone,
    request_barrier,
    requires_certificate,
)
from .base_urls import is_same, parsed
from .evidence import printable, product_name
from .matrix import Matrix
from .observation import Observation
from .refusals import RefusalKind
from .sources import is_cloud, is_identified_without_manifest, own_base_url, own_login_page, was_read
from .suggested_base_url import context_url
from .verdict import Finding, Outcome

ALLOW_MANIFEST = _(
    "Allow rest/applinks/1.0/manifest through the reverse proxy without sign-in. Other Atlassian products need it too."
)
_NO_CONTEXT_PATH = _("The base URL lacks the context path: the host sends browsers on to %(found)s.")
_TLS_ERRORS = frozenset({"tls", "tls_version", "not_https"})
_CORRECT_TLS = _("Correct the connection first, as the findings about HTTPS and the certificate say.")
_CLOUD = _("The site reports version %(found)s, which is Atlassian Cloud, not a Data Center site.")
_NO_REQUIREMENTS = _("The compatibility matrix has no requirements for %(product)s.")
CHOOSE_PRODUCT = _("Select the correct product for this site, or correct its base URL.")
_OTHER_BASE_URL = _("The site's base URL is %(found)s, but %(configured)s is set here.")
CORRECT_BASE_URL = _(
    "In %(product)s, correct the base URL under Settings → General Configuration. If the site is right, "
    "change the base URL here."
)
_CORRECT_BASE_URL_OTHER = _(
    "Correct the base URL in the general configuration of %(product)s. If the site is right, change the base URL here."
)

_STATES = {
    "MAINTENANCE": (_("The server is in maintenance, so nothing else can be checked."), WAIT_FOR_SERVER),
    "FIRST_RUN": (
        _("The server is not set up yet."),
        _("Finish the setup of %(product)s in a browser, then check again."),
    ),
    "STARTING": (_("The server is starting."), _("Check again when the server has started.")),
}
_OTHER_STATE = (
    _("The server reports the state %(state)s."),
    _("Check the logs of %(product)s and restore the service, then check again."),
)


def server_status(observation: Observation, matrix: Matrix) -> Finding | None:
    """Check that the server reports RUNNING; None if it was not requested or reports no state.

    Another state explains missing responses, so it is UNKNOWN at most.
    """
    status = observation.status
    if status is None or not status.state:
        return None
    state = str(status.state).upper()
    if state == "RUNNING":
        message = _("The server reports that it is running.")
        return Finding("SERVER-STATUS", Outcome.PASS, message, "", {}, status.answer)
    outcome = Outcome.WARNING if was_read(observation.manifest) else Outcome.UNKNOWN
    message, remedy = _STATES.get(state, _OTHER_STATE)
    values = {"state": printable(state, 40), "product": product_name(observation.product)}
    return Finding("SERVER-STATUS", outcome, message, remedy, values, status.answer)


def manifest_reachable(observation: Observation, matrix: Matrix) -> Finding | None:
    """Check that the manifest was read. A warning if other sources replace it, else UNKNOWN.

    The value ``status`` is empty without a response: ``next_steps`` reads it.
    """
    answer = observation.manifest.answer
    if was_read(observation.manifest):
        message = _("The manifest is readable without sign-in.")
        return Finding("MANIFEST-REACHABLE", Outcome.PASS, message, "", {}, answer)
    status = "" if answer.status is None else str(answer.status)
    values = {**barrier_values(observation, answer), "status": status}
    if is_identified_without_manifest(observation):
        message = _("The manifest is not readable (%(result)s), but the login page contains the version and base URL.")
        return Finding("MANIFEST-REACHABLE", Outcome.WARNING, message, ALLOW_MANIFEST, values, answer)
    if answer.status in (200, 404) and (context := context_url(observation.root)):
        values |= {"found": printable(context, 500), "status": ""}
        remedy = _("Change the base URL of this site to %(found)s.")
        return Finding("MANIFEST-REACHABLE", Outcome.ACTION_NEEDED, _NO_CONTEXT_PATH, remedy, values, answer)
    return Finding("MANIFEST-REACHABLE", *_why_unread(observation), values, answer)


def product(observation: Observation, matrix: Matrix) -> Finding | None:
    """Check that the site is the product set in Gatepass, and one that the matrix covers."""
    reported, answer = observation.manifest.product, observation.manifest.answer
    if is_cloud(observation.manifest.version):
        values = {"found": printable(observation.manifest.version)}
        return Finding("PRODUCT", Outcome.INCOMPATIBLE, _CLOUD, REFUSALS[RefusalKind.CLOUD].remedy, values, answer)
    if reported == observation.product and matrix.knows(reported):
        values = {"product": product_name(reported)}
        return Finding("PRODUCT", Outcome.PASS, _("The site is %(product)s."), "", values, answer)
    values = {"product": product_name(observation.product), "found": product_name(reported)}
    if not matrix.knows(observation.product):
        return Finding("PRODUCT", Outcome.UNKNOWN, _NO_REQUIREMENTS, CHOOSE_PRODUCT, values)
    if not was_read(observation.manifest):
        return _product_by_headers(observation)
    if not reported:
        message = _("The manifest does not name a product.")
        return Finding("PRODUCT", Outcome.UNKNOWN, message, CHECK_BASE_URL, values, answer)
    if str(reported).lower() == observation.product:
        return Finding("PRODUCT", Outcome.PASS, _("The site is %(product)s."), "", values, answer)
    message = _("The site is entered as %(product)s but reports %(found)s.")
    return Finding("PRODUCT", Outcome.ACTION_NEEDED, message, CHOOSE_PRODUCT, values, answer)


def base_url_match(observation: Observation, matrix: Matrix) -> Finding | None:
    """Check that the site's base URL is the one set in Gatepass; None if the site reports nothing.

    If they differ, consent happens on another host and cookies are lost.
    """
    canonical, answer, from_login_page = own_base_url(observation)
    if not (from_login_page or was_read(observation.manifest)):
        return None
    if canonical and is_same(canonical, observation.base_url):
        message = _("The site's own base URL is the one entered here.")
        return Finding("BASE-URL-MATCH", Outcome.PASS, message, "", {}, answer)
    values = {"product": product_name(observation.product), "configured": printable(observation.base_url, 500)}
    if not canonical:
        message = _("The manifest does not contain a base URL.")
        return Finding("BASE-URL-MATCH", Outcome.UNKNOWN, message, CHECK_BASE_URL, values, answer)
    own = parsed(canonical, http=True)  # the raw text may contain a password, so only the parsed URL is quoted
    message = _OTHER_BASE_URL if own else _("The site's own base URL is not an address that phones can use.")
    values["found"] = str(own or "")
    remedy = CORRECT_BASE_URL if observation.product == "confluence" else _CORRECT_BASE_URL_OTHER
    return Finding("BASE-URL-MATCH", Outcome.ACTION_NEEDED, message, remedy, values, answer)


def _product_by_headers(observation: Observation) -> Finding | None:
    """Evaluate the product by the headers of other responses: a warning at most."""
    fingerprint, page = observation.fingerprint, own_login_page(observation)
    if not fingerprint.product:
        return None
    answer = page.answer if page else None
    values = {"product": product_name(observation.product), "found": product_name(fingerprint.product)}
    values["header"] = printable(fingerprint.header)
    if fingerprint.product == observation.product:
        message = _("The header %(header)s identifies the site as %(product)s.")
        return Finding("PRODUCT", Outcome.PASS, message, "", values, answer)
    message = _("The site is entered as %(product)s, but the header %(header)s belongs to %(found)s.")
    return Finding("PRODUCT", Outcome.WARNING, message, CHOOSE_PRODUCT, values, answer)


def _why_unread(observation: Observation) -> tuple[Outcome, str, str]:
    """Outcome, message and remedy for a manifest that could not be read."""
    answer = observation.manifest.answer
    if answer.status is None and answer.error in _TLS_ERRORS:
        return Outcome.UNKNOWN, _("The site is unreachable: %(result)s."), _CORRECT_TLS
    if answer.refusal == RefusalKind.SIGN_IN:
        message = _("The site requires a sign-in for its manifest (%(result)s).")
        if answer.location:
            message = _("The site redirects the manifest request to %(host)s, so its version is unknown.")
        return Outcome.UNKNOWN, message, ALLOW_MANIFEST
    if is_blocked_alone(observation, answer):
        return Outcome.UNKNOWN, _("A proxy or firewall blocks the manifest only (%(result)s)."), ALLOW_MANIFEST
    if answer.status is None or answer.refusal in REFUSALS or requires_certificate(answer):
        return request_barrier(observation, answer)
    if answer.location:
        message = _("The site redirects the manifest request to %(host)s, so its version is unknown.")
        return Outcome.UNKNOWN, message, ALLOW_MANIFEST
    if answer.status >= 500:
        return Outcome.UNKNOWN, _("The site returned an error for its manifest (%(result)s)."), CHECK_LOGS
    return Outcome.UNKNOWN, _("There is no manifest at this base URL (%(result)s)."), CHECK_BASE_URL
