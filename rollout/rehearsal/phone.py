"""Run a sign-in test: the steps of the iOS app, from the site list to sign-out."""

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
from .context import Halt, Plan, StepContext, StepMessage
from .recorder import USER_AGENT, RecordingClient
from .transcript import Exchange, StepOutcome, StepResult, Transcript, evidence, scrub

__all__ = ["STEPS", "USER_AGENT", "Exchange", "Plan", "StepOutcome", "StepResult", "Transcript", "rehearse"]

TOTAL_SECONDS = 90.0
NOT_RUN = _("Not run.")
Step = Callable[[StepContext], Awaitable[StepMessage]]

# id, title (an English message id), function
STEPS: tuple[tuple[str, str, Step], ...] = (
    ("parse-site-list", _("Read the site list"), steps.parse_site_list),
    ("info-login", _("Request info/login"), steps.info_login),
    ("authorize", _("Sign in and allow access"), authorize),
    ("token", _("Exchange the code for tokens"), steps.exchange_code),
    ("refresh", _("Refresh the tokens"), steps.refresh),
    ("old-refresh-token", _("Verify that the replaced refresh token is rejected"), steps.skip_old_refresh_token),
    ("revoke", _("Sign out"), steps.revoke),
    ("refresh-after-revoke", _("Verify that the refresh token is rejected after sign-out"), steps.refresh_after_revoke),
)


async def rehearse(plan: Plan, *, policy: FetchPolicy, now: Callable[[], datetime]) -> Transcript:
    """Run the steps and return their transcript, in at most 90 s. Never raises because of a response of the site.

    The test ends at the first step that fails or stops. Tokens that were issued until then are revoked.
    """
    context = StepContext(plan, RecordingClient(policy, now, time.monotonic() + TOTAL_SECONDS))
    ended_at: str | None = None
    results: list[tuple[StepResult, list[tuple[Answer, Mapping[str, str] | None]]]] = []
    for id, title, step in STEPS:
        cleans_up = id == "revoke" and bool(context.refresh_token)
        if ended_at is not None and not cleans_up:
            result = StepResult(id, title, StepOutcome.SKIPPED, NOT_RUN)
        else:
            result = await _run_step(id, title, step, context)
        if ended_at is None and result.outcome in (StepOutcome.FAILED, StepOutcome.STOPPED):
            ended_at = id
        results.append((result, context.client.pop_exchanges()))
    return Transcript(
        ended_at is None, ended_at, tuple(_with_evidence(result, raw, context.client) for result, raw in results)
    )


async def _run_step(id: str, title: str, step: Step, context: StepContext) -> StepResult:
    try:
        message, values = await step(context)
    except Halt as halt:
        return StepResult(id, title, halt.outcome, halt.message, halt.values)
    except ValueError:  # a URL or query that cannot be parsed
        return StepResult(id, title, StepOutcome.FAILED, _("The site returned an invalid URL."))
    return StepResult(id, title, StepOutcome.PASSED, message, values)


def _with_evidence(
    result: StepResult, raw: list[tuple[Answer, Mapping[str, str] | None]], client: RecordingClient
) -> StepResult:
    """Add the masked requests to the step. Masking comes last, when all secrets of the test are known."""
    exchanges = tuple(evidence(answer, form, client.secrets) for answer, form in raw)
    values = {name: scrub(value, client.secrets) for name, value in result.values.items()}
    return replace(result, values=values, exchanges=exchanges)
