"""Rules that compare the client IDs set in Gatepass with those that the site returns and accepts."""

from __future__ import annotations

from rollout.message_ids import gettext_noop as _

from .evidence import without_query
from .matrix import Matrix
from .observation import Endpoint, Observation
from .verdict import Finding, Outcome

UPDATE_NON_MDM_LINK = _(
    "In the link for the Non-MDM setup, enter the current client ID. The link was probably created "
    "again, so people who signed in with the old client ID may have to sign in again."
)
COMPARE_MDM_LINK = _(
    "Compare the client ID with the application link on the site. If the link was created again, enter "
    "its client ID and publish the configuration again. If the mobile plugin has its own link, enter "
    "that link's client ID for the Non-MDM setup."
)
COMPARE_LINK = _(
    "Compare the client ID with the application link on the site. If the link was created again, enter "
    "the new client ID and publish the configuration again. If it is the same, check the version of the "
    "OAuth plugin."
)

_REJECTED = _("The authorization endpoint rejects the client ID that is set in Gatepass.")
_CANNOT_TELL = _(
    "The authorization endpoint returns the same for the entered client ID and for one that does not exist: before a "
    "sign-in it cannot be told whether the client ID is right."
)


def client_id_drift(observation: Observation, matrix: Matrix) -> Finding | None:
    """Compare the returned client ID with the one of the Non-MDM link; None if either is missing."""
    returned, expected = observation.info_login.client_id, observation.links.non_mdm
    if not returned or not expected:
        return None
    answer = observation.info_login.answer
    if returned == expected:
        message = _("The site returns the client ID that is set in Gatepass.")
        return Finding("CLIENT-ID-DRIFT", Outcome.PASS, message, "", {}, answer)
    message = _("The site returns a client ID that differs from the one set in Gatepass for the Non-MDM setup.")
    return Finding("CLIENT-ID-DRIFT", Outcome.ACTION_NEEDED, message, UPDATE_NON_MDM_LINK, {}, answer)


def client_id_for_mdm(observation: Observation, matrix: Matrix) -> Finding | None:
    """Compare the returned client ID with the one of the MDM link, unless there is a Non-MDM link.

    A different one may belong to the mobile plugin's own link, so this is a warning only.
    """
    returned, links = observation.info_login.client_id, observation.links
    if not returned or not links.mdm or links.non_mdm:
        return None
    answer = observation.info_login.answer
    if returned == links.mdm:
        message = _("The site returns the client ID of the MDM configuration.")
        return Finding("CLIENT-ID-MDM", Outcome.PASS, message, "", {}, answer)
    message = _("The site returns a client ID that differs from the one in the MDM configuration.")
    return Finding("CLIENT-ID-MDM", Outcome.WARNING, message, COMPARE_MDM_LINK, {}, answer)


def client_id_known(observation: Observation, matrix: Matrix) -> Finding | None:
    """Check that the token endpoint does not reject the link's client ID (RFC 6749 §5.2); None without a link.

    Atlassian does not document when the provider checks the client, so this is a warning only.
    """
    error, links = observation.token.oauth_error, observation.links
    if not error or not (links.mdm or links.non_mdm):
        return None
    answer = observation.token.answer
    if error == "invalid_client":
        message = _("The token endpoint rejects the client ID that is set in Gatepass (invalid_client).")
        return Finding("CLIENT-ID-KNOWN", Outcome.WARNING, message, COMPARE_LINK, {}, answer)
    message = _("The token endpoint does not reject the client ID that is set in Gatepass.")
    return Finding("CLIENT-ID-KNOWN", Outcome.PASS, message, "", {}, answer)


def client_id_at_authorize(observation: Observation, matrix: Matrix) -> Finding | None:
    """Compare what the authorization endpoint returns for the entered client ID and for one that does not exist.

    None unless both were requested. Confluence may check the client only after the sign-in: then both look alike, and
    the value ``answers`` is ``same``, because such a pass is no evidence.
    """
    entered, unknown = observation.authorize, observation.authorize_unknown
    if unknown is None or entered.kind != "answers" or unknown.answer.status is None:
        return None
    is_error = entered.answer.status == 400 or bool(entered.oauth_error)
    if is_error:
        return Finding("CLIENT-ID-AUTHORIZE", Outcome.ACTION_NEEDED, _REJECTED, COMPARE_LINK, {}, entered.answer)
    if _shown(entered) != _shown(unknown):
        message = _("The authorization endpoint accepts the entered client ID and rejects one that does not exist.")
        return Finding("CLIENT-ID-AUTHORIZE", Outcome.PASS, message, "", {}, entered.answer)
    return Finding("CLIENT-ID-AUTHORIZE", Outcome.PASS, _CANNOT_TELL, "", {"answers": "same"}, entered.answer)


def _shown(endpoint: Endpoint) -> tuple[object, ...]:
    """What a response shows, without the values that differ in every request."""
    answer = endpoint.answer
    return endpoint.kind, answer.status, endpoint.oauth_error, without_query(answer.location or "")
