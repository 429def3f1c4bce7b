"""Whether Gatepass gets through to a site at all, and the one thing to change if it does not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from rollout.message_ids import gettext_noop as _

from .evidence import host_of, printable, redirected_host, result_of
from .observation import Answer, Observation
from .refusals import RefusalKind
from .suggested_base_url import moved_to
from .verdict import Outcome

WAIT_FOR_SERVER = _("Check again after the maintenance.")
USE_NEW_BASE_URL = _("Change the base URL of this site to %(found)s.")
ASK_NETWORK = _(
    "Allow the network of the site in the settings of the Gatepass server: %(setting)s. If the setting has a value "
    "already, append this network after a comma. The operator of the server sets it (docs/settings.md) and restarts it."
)
TRY_ONE_PHONE = _("Try the app on one phone and record the result at this site.")
CHECK_BASE_URL = _(
    "Open the base URL in a browser and compare: the context path, such as /wiki, may be missing, or the "
    "address may be wrong."
)
INSTALL_CERTIFICATE = _(
    "Install identity certificates on the phones with the MDM, then try the app on one phone and record the result at "
    "this site. For a complete check, add a client certificate for Gatepass to this site."
)
NEEDS_CERTIFICATE = _(
    "The site requires a client certificate (%(result)s). The browser sheet can present one that the MDM installed; "
    "whether the app's own requests can is not documented."
)
CHECK_LOGS = _("Check the logs of the site and of the reverse proxy for this request, then check again.")
NOT_CHECKED = _("Not checked, because an earlier request failed or the time was over.")
CHECK_AGAIN = _("Check again.")


class Barrier(NamedTuple):
    """What keeps Gatepass from a site, as a finding shows it; the texts have placeholders for ``values_of``."""

    outcome: Outcome
    message: str
    remedy: str


# By Answer.error.
ERRORS: Mapping[str, Barrier] = {
    "dns": Barrier(
        Outcome.UNKNOWN,
        _("The host name %(host)s does not resolve."),
        _(
            "Check the host name in the base URL. If it is right, let the DNS server that the Gatepass server uses "
            "resolve it: some names are known in the internal network only."
        ),
    ),
    "refused": Barrier(
        Outcome.UNKNOWN,
        _("Nothing accepts connections at the address of %(host)s."),
        _("Check that the site runs and that a firewall lets the Gatepass server connect to it."),
    ),
    "connect_timeout": Barrier(
        Outcome.UNKNOWN,
        _("No connection to %(host)s was possible in time."),
        _("Let the Gatepass server connect to the site through the firewall, then check again."),
    ),
    "reset": Barrier(
        Outcome.UNKNOWN,
        _("%(host)s accepts connections but closes them without a response."),
        _(
            "Ask the operator of the firewall or reverse proxy in front of the site why it closes connections from the "
            "Gatepass server."
        ),
    ),
    "timeout": Barrier(
        Outcome.UNKNOWN,
        _("%(host)s accepts connections but did not respond in time."),
        _("Check again. If the site stays slow, check its load and that of the reverse proxy."),
    ),
    "proxy": Barrier(
        Outcome.UNKNOWN,
        _("The outbound proxy did not connect to %(host)s."),
        _("Allow %(host)s in the outbound proxy, or turn the proxy off for this site."),
    ),
    "blocked_address": Barrier(
        Outcome.UNKNOWN,
        _("Gatepass itself refuses to connect to %(host)s: its settings do not allow this network. Nothing was sent."),
        ASK_NETWORK,
    ),
    "http2_only": Barrier(
        Outcome.UNKNOWN,
        _("The site offers HTTP/2 only. Phones can use it, but Gatepass cannot check it."),
        _(
            "Allow HTTP/1.1 as well, at least for the Gatepass server, or try the app on one phone and record the "
            "result."
        ),
    ),
}
# By RefusalKind. SIGN_IN has another meaning for each request, and its rules say it.
REFUSALS: Mapping[str, Barrier] = {
    RefusalKind.FIREWALL: Barrier(
        Outcome.UNKNOWN,
        _("A firewall or bot defense blocks the requests of Gatepass (%(result)s); phones may be treated differently."),
        _("Let requests from the Gatepass server pass the firewall, then check again."),
    ),
    RefusalKind.ADDRESS_LIST: Barrier(
        Outcome.UNKNOWN,
        _("The site accepts only certain addresses, and not that of the Gatepass server (%(result)s)."),
        _("Add the address of the Gatepass server to the addresses that the site accepts, then check again."),
    ),
    RefusalKind.FORBIDDEN: Barrier(
        Outcome.UNKNOWN,
        _(
            "The site refuses the requests of Gatepass without a reason (%(result)s); phones may be treated "
            "differently."
        ),
        _(
            "Check the reverse proxy and the site for a list of allowed addresses or a firewall rule, let the Gatepass "
            "server pass, then check again."
        ),
    ),
    RefusalKind.RATE_LIMIT: Barrier(
        Outcome.UNKNOWN,
        _("The site limits requests (%(result)s), and the check could not keep to the limit in time."),
        _("Allow the Gatepass server at least one request per second, then check again."),
    ),
    RefusalKind.COOKIE_CHECK: Barrier(
        Outcome.UNKNOWN,
        _("A bot defense redirects each request to the same address to test for cookies, even if the cookie is sent."),
        _("Exclude the Gatepass server and the paths below rest/ from the cookie test of the bot defense."),
    ),
    RefusalKind.MAINTENANCE: Barrier(
        Outcome.UNKNOWN,
        _("The site shows a maintenance page (%(result)s), which says nothing about compatibility."),
        WAIT_FOR_SERVER,
    ),
    RefusalKind.UNAVAILABLE: Barrier(
        Outcome.UNKNOWN,
        _("The reverse proxy reports that no server behind it is available (%(result)s)."),
        _("Start the server behind the reverse proxy, or correct the connection between them, then check again."),
    ),
    RefusalKind.MOVED: Barrier(
        Outcome.ACTION_NEEDED,
        _("The site has moved to another address: %(found)s."),
        USE_NEW_BASE_URL,
    ),
    RefusalKind.CLOUD: Barrier(
        Outcome.INCOMPATIBLE,
        _("This is a site of Atlassian Cloud, not a Data Center site."),
        _(
            "Enter the address of a Data Center site. People of a Cloud site use the app for Cloud, which needs no "
            "configuration."
        ),
    ),
    RefusalKind.OTHER_PAGE: Barrier(
        Outcome.UNKNOWN,
        _("Each request returns a web page that is not a page of %(product)s."),
        CHECK_BASE_URL,
    ),
}


BLOCKS = frozenset({RefusalKind.FIREWALL, RefusalKind.ADDRESS_LIST, RefusalKind.FORBIDDEN})


def site_barrier(observation: Observation) -> tuple[Barrier, Answer] | None:
    """Return what keeps every request of Gatepass from the site, with the response that shows it; else None.

    A client certificate, TLS and http have rules of their own.
    """
    answer = observation.manifest.answer
    if without_response := ERRORS.get(answer.error or ""):
        return without_response, answer
    info = observation.info_login.answer
    barrier = REFUSALS.get(answer.refusal)
    if barrier and (info.refusal == answer.refusal or info.status is None):
        return barrier, answer
    return None


def request_barrier(observation: Observation, answer: Answer) -> Barrier:
    """Return the texts for one request that was refused, not sent, or had no usable response."""
    if requires_certificate(answer):
        return Barrier(Outcome.UNKNOWN, NEEDS_CERTIFICATE, INSTALL_CERTIFICATE)
    if answer.error == "not_sent":
        found = site_barrier(observation)
        return Barrier(Outcome.UNKNOWN, NOT_CHECKED, found[0].remedy if found else CHECK_AGAIN)
    barrier = ERRORS.get(answer.error or "") or REFUSALS.get(answer.refusal)
    return barrier or Barrier(
        Outcome.UNKNOWN, _("The response to this request was unexpected (%(result)s)."), CHECK_LOGS
    )


def requires_certificate(answer: Answer) -> bool:
    """Whether the server required a client certificate, in the handshake or in its response."""
    return answer.error == "client_certificate" or answer.refusal == RefusalKind.CLIENT_CERTIFICATE


def is_blocked_alone(observation: Observation, answer: Answer) -> bool:
    """Whether a firewall or a list refused this request, but not all requests of the check."""
    return answer.refusal in BLOCKS and site_barrier(observation) is None


def barrier_values(observation: Observation, answer: Answer) -> dict[str, str]:
    """Return the values for the placeholders of a barrier's texts. ``setting`` is a line that pages offer to copy."""
    values = {
        "host": redirected_host(answer) or host_of(answer.url),
        "result": result_with_product(answer),
        "found": printable(moved_to(answer) or "", 500) if answer.refusal else "",
    }
    first = observation.manifest.answer
    if "blocked_address" in (answer.error, first.error):  # the remedy of requests that were not sent names it, too
        network = answer.blocked_network or first.blocked_network or "10.0.0.0/8"
        values["setting"] = f"PROBE_ALLOWED_NETWORKS={printable(network)}"
    return values


def result_with_product(answer: Answer) -> str:
    """``HTTP 403, Cloudflare``; without a known product ``HTTP 403``."""
    return f"{result_of(answer)}, {printable(answer.refused_by, 40)}" if answer.refused_by else result_of(answer)
