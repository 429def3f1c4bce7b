"""Rules that compare the client IDs Gatepass holds with what the site hands out and knows."""

from __future__ import annotations

from rollout.message_ids import gettext_noop as _

from .matrix import Matrix
from .observation import Observation
from .verdict import Finding, Outcome

TAKE_OVER = _(
    "The link was probably made anew. Enter the client ID of today as the link without MDM; "
    "people who signed in with the old one may have to sign in again."
)
COMPARE_MDM = _(
    "Compare with the application link in the site. If that was made anew, enter its client ID and publish the "
    "configuration again; if the mobile plugin has a link of its own, enter that one as the link without MDM."
)
COMPARE_LINK = _(
    "Compare the client ID with the application link in the site. If it was made anew, enter the new one and publish "
    "the configuration again; if it is the same, check the version of the OAuth plugin."
)


def client_id_drift(observation: Observation, matrix: Matrix) -> Finding | None:
    """The client ID handed out is the one Gatepass holds for phones without MDM; nothing to say without either."""
    handed, held = observation.info_login.client_id, observation.links.non_mdm
    if not handed or not held:
        return None
    answer = observation.info_login.answer
    if handed == held:
        message = _("The site hands out the client ID that Gatepass holds.")
        return Finding("CLIENT-ID-DRIFT", Outcome.PASS, message, "", {}, answer)
    message = _("The site hands out another client ID than the one that Gatepass holds for phones without MDM.")
    return Finding("CLIENT-ID-DRIFT", Outcome.ACTION_NEEDED, message, TAKE_OVER, {}, answer)


def client_id_for_mdm(observation: Observation, matrix: Matrix) -> Finding | None:
    """The client ID handed out is one Gatepass holds. Another may be the mobile plugin's own, so it only warns."""
    handed, links = observation.info_login.client_id, observation.links
    if not handed or not links.mdm or links.non_mdm:
        return None
    answer = observation.info_login.answer
    if handed == links.mdm:
        message = _("The site hands out the client ID that the MDM configuration carries.")
        return Finding("CLIENT-ID-MDM", Outcome.PASS, message, "", {}, answer)
    message = _("The site hands out another client ID than the one that the MDM configuration carries.")
    return Finding("CLIENT-ID-MDM", Outcome.WARNING, message, COMPARE_MDM, {}, answer)


def client_id_known(observation: Observation, matrix: Matrix) -> Finding | None:
    """The token endpoint knows our link's client ID (RFC 6749 §5.2); nothing to say without a link.

    When Atlassian's provider looks at the client is not documented, so its answer warns and decides nothing.
    """
    error, links = observation.token.oauth_error, observation.links
    if not error or not (links.mdm or links.non_mdm):
        return None
    answer = observation.token.answer
    if error == "invalid_client":
        message = _("The token endpoint says invalid_client to the client ID that Gatepass holds.")
        return Finding("CLIENT-ID-KNOWN", Outcome.WARNING, message, COMPARE_LINK, {}, answer)
    message = _("The token endpoint does not object to the client ID that Gatepass holds.")
    return Finding("CLIENT-ID-KNOWN", Outcome.PASS, message, "", {}, answer)
