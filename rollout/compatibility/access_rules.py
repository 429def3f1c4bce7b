"""Rules about access to the site: what keeps Gatepass out, client certificates, and limits of requests."""

from __future__ import annotations

from rollout.message_ids import gettext_noop as _

from .barriers import (
    INSTALL_CERTIFICATE,
    NEEDS_CERTIFICATE,
    TRY_ONE_PHONE,
    barrier_values,
    requires_certificate,
    result_with_product,
    site_barrier,
)
from .evidence import product_name
from .matrix import Matrix
from .observation import Answer, Observation
from .verdict import Finding, Outcome

_PRESENTED = _(
    "This check presented a client certificate. Whether the app's own requests can present one is not documented."
)
ALLOW_REQUESTS = _("Allow more requests per second, because phones send several at once when they start.")
_OPEN = Finding("SITE-ACCESS", Outcome.PASS, _("Gatepass reaches the site."), "", {})


def site_access(observation: Observation, matrix: Matrix) -> Finding | None:
    """Check that requests of Gatepass reach the site; None if another rule explains why they do not."""
    found, status = site_barrier(observation), observation.status
    if found is None:
        return None if observation.manifest.answer.status is None else _OPEN
    if status is not None and status.state and status.state != "RUNNING":  # SERVER-STATUS explains it
        return None
    (outcome, message, remedy), answer = found
    values = {**barrier_values(observation, answer), "product": product_name(observation.product)}
    return Finding("SITE-ACCESS", outcome, message, remedy, values, answer)


def client_certificate(observation: Observation, matrix: Matrix) -> Finding | None:
    """Check a site that requires a client certificate; None for others.

    It is never ready without the result of a real phone. The value ``access`` is ``refused`` if the site could not be
    checked: ``next_steps`` reads it.
    """
    refused = _first_refused(observation)
    if refused is None and not observation.client_certificate:
        return None
    worked = next((result for result in observation.phone_results if result.worked), None)
    values = {"result": "", "access": "", "date": ""}
    if refused is not None:
        values.update(result=result_with_product(refused), access="refused")
        return Finding("CLIENT-CERTIFICATE", Outcome.UNKNOWN, NEEDS_CERTIFICATE, INSTALL_CERTIFICATE, values, refused)
    if worked:
        values["date"] = worked.at.date().isoformat()
        message = _("The site may require a client certificate; a phone signed in on %(date)s.")
        return Finding("CLIENT-CERTIFICATE", Outcome.PASS, message, "", values)
    return Finding("CLIENT-CERTIFICATE", Outcome.UNKNOWN, _PRESENTED, TRY_ONE_PHONE, values)


def rate_limit(observation: Observation, matrix: Matrix) -> Finding | None:
    """Warn of a limit of requests that the check had to wait for; None without one."""
    limited = observation.rate_limited
    if limited is None:
        return None
    message = _("The site limits requests: it returned 429 (too many requests), and the check waited.")
    return Finding("RATE-LIMIT", Outcome.WARNING, message, ALLOW_REQUESTS, {}, limited)


def _first_refused(observation: Observation) -> Answer | None:
    """The first response that requires a client certificate."""
    for part in (observation.manifest, observation.info_login, observation.authorize, observation.token):
        answer = part.answer
        if (answer.refusal or answer.error) and requires_certificate(answer):
            return answer
    return None
