"""The virtual phone: tests a site exactly as the iOS app would use it, from the site list to signing out."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime

from rollout.compatibility.observation import Answer
from rollout.http_client.policy import FetchPolicy
from rollout.message_ids import gettext_noop as _

from . import steps
from .authorization import authorize
from .recorder import USER_AGENT, Wire
from .transcript import Exchange, StepOutcome, StepResult, Transcript, evidence, scrub
from .walk import Halt, Passed, Plan, Walk

__all__ = ["STEPS", "USER_AGENT", "Exchange", "Plan", "StepOutcome", "StepResult", "Transcript", "rehearse"]

TOTAL_SECONDS = 90.0
NOT_REACHED = _("Not reached.")
Step = Callable[[Walk], Awaitable[Passed]]

# id, title (an English message id), function
STEPS: tuple[tuple[str, str, Step], ...] = (
    ("parse-site-list", _("Read the site list"), steps.parse_site_list),
    ("info-login", _("Request info/login"), steps.info_login),
    ("authorize", _("Sign in and allow access"), authorize),
    ("token", _("Exchange the code for tokens"), steps.exchange),
    ("refresh", _("Refresh the tokens"), steps.refresh),
    ("old-refresh-token", _("Reject the replaced refresh token"), steps.old_refresh_token),
    ("revoke", _("Sign out"), steps.revoke),
    ("refresh-after-revoke", _("Reject a refresh after sign-out"), steps.refresh_after_revoke),
)


async def rehearse(plan: Plan, *, policy: FetchPolicy, now: Callable[[], datetime]) -> Transcript:
    """Return the transcript of the test; never raises for anything the site does. Takes 90 s at most.

    The test ends at the first step that fails or stops. Tokens issued until then are revoked.
    """
    walk = Walk(plan, Wire(policy, now, time.monotonic() + TOTAL_SECONDS))
    ended_at: str | None = None
    found: list[tuple[StepResult, list[tuple[Answer, Mapping[str, str] | None]]]] = []
    for id, title, step in STEPS:
        cleans_up = id == "revoke" and bool(walk.refresh_token)
        if ended_at is not None and not cleans_up:
            result = StepResult(id, title, StepOutcome.SKIPPED, NOT_REACHED)
        else:
            result = await _take(id, title, step, walk)
        if ended_at is None and result.outcome in (StepOutcome.FAILED, StepOutcome.STOPPED):
            ended_at = id
        found.append((result, walk.wire.take()))
    return Transcript(ended_at is None, ended_at, tuple(_sealed(result, raw, walk.wire) for result, raw in found))


async def _take(id: str, title: str, step: Step, walk: Walk) -> StepResult:
    try:
        message, values = await step(walk)
    except Halt as halt:
        return StepResult(id, title, halt.outcome, halt.message, halt.values)
    except ValueError:  # a URL or query that cannot be parsed
        return StepResult(id, title, StepOutcome.FAILED, _("The site returned an invalid URL."))
    return StepResult(id, title, StepOutcome.PASSED, message, values)


def _sealed(result: StepResult, raw: list[tuple[Answer, Mapping[str, str] | None]], wire: Wire) -> StepResult:
    """Return the step with its evidence, masked only now that all secrets of the test are known."""
    exchanges = tuple(evidence(answer, form, wire.secrets) for answer, form in raw)
    values = {name: scrub(value, wire.secrets) for name, value in result.values.items()}
    return replace(result, values=values, exchanges=exchanges)
