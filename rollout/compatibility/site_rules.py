"""Rules about the site itself: whether it runs, what it says it is, and what it calls itself."""

from __future__ import annotations

from rollout.message_ids import gettext_noop as _

from .base_urls import is_same, parsed
from .evidence import product_name, said, shown, taken_to
from .matrix import Matrix
from .observation import Answer, Observation
from .sources import is_described_without_manifest, own_base_url, own_login_page, was_read
from .verdict import Finding, Outcome

CHECK_NETWORK = _("Check the address, DNS and firewall between Gatepass and the site, then check again.")
LET_MANIFEST_THROUGH = _(
    "Allow rest/applinks/1.0/manifest through the reverse proxy without sign-in. Other Atlassian products need it too."
)
_CONTEXT_PATH = _(
    "Open the base URL in a browser and compare: the context path, such as /wiki, may be missing, or the "
    "address may be wrong."
)
CHECK_LOGS = _("Check the logs of the site and of the reverse proxy for this request, then check again.")
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

WAIT_FOR_SERVER = _("Check again after the maintenance.")
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
    """The server says that it runs. Another state explains silence: it is never a verdict against the site."""
    status = observation.status
    if status is None or not status.state:
        return None
    state = str(status.state).upper()
    if state == "RUNNING":
        message = _("The server reports that it is running.")
        return Finding("SERVER-STATUS", Outcome.PASS, message, "", {}, status.answer)
    outcome = Outcome.WARNING if was_read(observation.manifest) else Outcome.UNKNOWN
    message, remedy = _STATES.get(state, _OTHER_STATE)
    values = {"state": shown(state, 40), "product": product_name(observation.product)}
    return Finding("SERVER-STATUS", outcome, message, remedy, values, status.answer)


def manifest_reachable(observation: Observation, matrix: Matrix) -> Finding | None:
    """The manifest was read, or others told all it tells. Else nothing is known: never a verdict against the site."""
    answer = observation.manifest.answer
    if was_read(observation.manifest):
        return Finding(
            "MANIFEST-REACHABLE", Outcome.PASS, _("The manifest is readable without sign-in."), "", {}, answer
        )
    values = {"host": taken_to(answer), "said": said(answer)}
    if is_described_without_manifest(observation):
        message = _("The manifest is not readable (%(said)s), but the login page contains the version and base URL.")
        return Finding("MANIFEST-REACHABLE", Outcome.WARNING, message, LET_MANIFEST_THROUGH, values, answer)
    return Finding("MANIFEST-REACHABLE", Outcome.UNKNOWN, *_why_unread(answer), values, answer)


def product(observation: Observation, matrix: Matrix) -> Finding | None:
    """The site is the product it was entered as, and one that the matrix knows."""
    found, answer = observation.manifest.product, observation.manifest.answer
    if found == observation.product and matrix.knows(found):
        values = {"product": product_name(found)}
        return Finding("PRODUCT", Outcome.PASS, _("The site is %(product)s."), "", values, answer)
    values = {"product": product_name(observation.product), "found": product_name(found)}
    if not matrix.knows(observation.product):
        return Finding("PRODUCT", Outcome.UNKNOWN, _NO_REQUIREMENTS, CHOOSE_PRODUCT, values)
    if not was_read(observation.manifest):
        return _product_by_headers(observation)
    if not found:
        message = _("The manifest does not name a product.")
        return Finding("PRODUCT", Outcome.UNKNOWN, message, _CONTEXT_PATH, values, answer)
    if str(found).lower() == observation.product:
        return Finding("PRODUCT", Outcome.PASS, _("The site is %(product)s."), "", values, answer)
    message = _("The site is entered as %(product)s but reports %(found)s.")
    return Finding("PRODUCT", Outcome.ACTION_NEEDED, message, CHOOSE_PRODUCT, values, answer)


def base_url_match(observation: Observation, matrix: Matrix) -> Finding | None:
    """The site calls itself what it is called here. Otherwise consent happens on another host and cookies get lost."""
    canonical, answer, by_login_page = own_base_url(observation)
    if not (by_login_page or was_read(observation.manifest)):
        return None
    if canonical and is_same(canonical, observation.base_url):
        return Finding(
            "BASE-URL-MATCH", Outcome.PASS, _("The site's own base URL is the one entered here."), "", {}, answer
        )
    values = {"product": product_name(observation.product), "configured": shown(observation.base_url, 500)}
    if not canonical:
        message = _("The manifest does not contain a base URL.")
        return Finding("BASE-URL-MATCH", Outcome.UNKNOWN, message, _CONTEXT_PATH, values, answer)
    own = parsed(canonical, http=True)  # never quoted as it came: it may hold a password
    message = _OTHER_BASE_URL if own else _("The site's own base URL is not an address that phones can use.")
    values["found"] = str(own or "")
    remedy = CORRECT_BASE_URL if observation.product == "confluence" else _CORRECT_BASE_URL_OTHER
    return Finding("BASE-URL-MATCH", Outcome.ACTION_NEEDED, message, remedy, values, answer)


def _product_by_headers(observation: Observation) -> Finding | None:
    """What the headers of other answers hint at while the manifest is shut: a warning at most."""
    fingerprint, page = observation.fingerprint, own_login_page(observation)
    if not fingerprint.product:
        return None
    answer = page.answer if page else None
    values = {"product": product_name(observation.product), "found": product_name(fingerprint.product)}
    values["header"] = shown(fingerprint.header)
    if fingerprint.product == observation.product:
        message = _("The header %(header)s identifies the site as %(product)s.")
        return Finding("PRODUCT", Outcome.PASS, message, "", values, answer)
    message = _("The site is entered as %(product)s, but the header %(header)s belongs to %(found)s.")
    return Finding("PRODUCT", Outcome.WARNING, message, CHOOSE_PRODUCT, values, answer)


def _why_unread(answer: Answer) -> tuple[str, str]:
    """Why the manifest could not be read, and what to do about it."""
    if answer.status is None:
        return _("The site is unreachable: %(said)s."), CHECK_NETWORK
    if taken_to(answer):
        message = _("The site redirects the manifest request to %(host)s, so its version is unknown.")
        return message, LET_MANIFEST_THROUGH
    if answer.status in (401, 403) or answer.location:
        return _("The site requires a sign-in for its manifest (%(said)s)."), LET_MANIFEST_THROUGH
    if answer.status >= 500:
        return _("The site returned an error for its manifest (%(said)s)."), CHECK_LOGS
    return _("There is no manifest at this base URL (%(said)s)."), _CONTEXT_PATH
