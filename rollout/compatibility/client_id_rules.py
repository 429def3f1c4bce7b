"""Rules that compare the client IDs Gatepass holds with what the site hands out and knows."""

from __future__ import annotations

from rollout.message_ids import gettext_noop as _

from .matrix import Matrix
from .observation import Observation
from .verdict import Finding, Outcome

TAKE_OVER = _(
    "The link was probably created again. Enter the current client ID as the link for the Non-MDM setup. "
    "People who signed in with the old one may have to sign in again."
)
COMPARE_MDM = _(
    "Compare with the application link on the site. If it was created again, enter its client ID and "
    "publish the configuration again. If the mobile plugin has its own link, enter that one as the link "
    "for the Non-MDM setup."
)
COMPARE_LINK = _(
    "Compare the client ID with the application link on the site. If the link was created again, enter "
    "the new client ID and publish the configuration again. If it is the same, check the version of the "
    "OAuth plugin."
)


def client_id_drift(observation: Observation, matrix: Matrix) -> Finding | None:
    """The client ID handed out is the one Gatepass holds for phones without MDM; nothing to say without either."""
    handed, held = observation.info_login.client_id, observation.links.non_mdm
    if not handed or not held:
        return None
    answer = observation.info_login.answer
    if handed == held:
        message = _("The site returns the client ID that is set in Gatepass.")
        return Finding("CLIENT-ID-DRIFT", Outcome.PASS, message, "", {}, answer)
    message = _("The site returns a client ID that differs from the one set in Gatepass for the Non-MDM setup.")
    return Finding("CLIENT-ID-DRIFT", Outcome.ACTION_NEEDED, message, TAKE_OVER, {}, answer)


def client_id_for_mdm(observation: Observation, matrix: Matrix) -> Finding | None:
    """The client ID handed out is one Gatepass holds. Another may be the mobile plugin's own, so it only warns."""
    handed, links = observation.info_login.client_id, observation.links
    if not handed or not links.mdm or links.non_mdm:
        return None
    answer = observation.info_login.answer
    if handed == links.mdm:
        message = _("The site returns the client ID of the MDM configuration.")
        return Finding("CLIENT-ID-MDM", Outcome.PASS, message, "", {}, answer)
    message = _("The site returns a client ID that differs from the one in the MDM configuration.")
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
        message = _("The token endpoint rejects the client ID that is set in Gatepass (invalid_client).")
        return Finding("CLIENT-ID-KNOWN", Outcome.WARNING, message, COMPARE_LINK, {}, answer)
    message = _("The token endpoint accepts the client ID that is set in Gatepass.")
    return Finding("CLIENT-ID-KNOWN", Outcome.PASS, message, "", {}, answer)
