"""Rules about tries with a real phone, which a person recorded: they show what no request of a check can show."""

from __future__ import annotations

from rollout.message_ids import gettext_noop as _

from .evidence import printable
from .matrix import Matrix
from .observation import Observation
from .verdict import Finding, Outcome, Setup

TRY_AGAIN = _("Find the cause with the page Troubleshooting, then try again and record the new result.")
_WORKED = _("A phone signed in with this setup on %(date)s (app %(version)s).")
_FAILED = _("A try with a phone failed on %(date)s (app %(version)s) at this step: %(step)s.")
STEPS = {
    "site": _("the app accepts the site"),
    "sign_in_page": _("the sign-in page opens"),
    "sign_in": _("the sign-in succeeds"),
    "return": _("the browser sheet returns to the app"),
    "content": _("the app shows pages"),
}


def phone_mdm(observation: Observation, matrix: Matrix) -> Finding | None:
    """Evaluate the last result of the MDM setup; None without one."""
    return _last_result("PHONE-MDM", Setup.MDM, observation)


def phone_non_mdm(observation: Observation, matrix: Matrix) -> Finding | None:
    """Evaluate the last result of the Non-MDM setup; None without one."""
    return _last_result("PHONE-NON-MDM", Setup.NON_MDM, observation)


def _last_result(rule: str, setup: Setup, observation: Observation) -> Finding | None:
    if not observation.phone_results:
        return None
    result = next((result for result in observation.phone_results if result.setup == setup), None)
    if result is None:
        return None
    values = {"date": result.at.date().isoformat(), "version": printable(result.app_version or "?", 40)}
    values["step"] = STEPS.get(result.step, printable(result.step))
    if result.worked:
        return Finding(rule, Outcome.PASS, _WORKED, "", values)
    return Finding(rule, Outcome.ACTION_NEEDED, _FAILED, TRY_AGAIN, values)
