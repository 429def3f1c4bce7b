"""State shared by all steps: the plan, what the phone has learned, and how a step ends."""

from __future__ import annotations

from dataclasses import dataclass, field

from rollout.http_client.failures import ERRORS
from rollout.http_client.redaction import clean
from rollout.http_client.reply import Reply

from .recorder import Wire
from .transcript import StepOutcome

Passed = tuple[str, dict[str, str]]


@dataclass(frozen=True)
class Plan:
    """What to test.

    ``site_list_json`` is the string that an MDM would deliver, None for the Non-MDM setup. ``sign_in_url`` is a
    single-use page with one button that signs the browser in, None if the site has no such page.
    """

    site_list_json: str | None
    base_url: str
    redirect_uri: str
    scope: str = "WRITE"
    sign_in_url: str | None = field(default=None, repr=False)


class Halt(Exception):  # noqa: N818 - the end of a step, not necessarily an error
    """Ends a step with an outcome, an English message id and its values."""

    def __init__(self, outcome: StepOutcome, message: str, **values: str) -> None:
        super().__init__(message)
        self.outcome, self.message = outcome, message
        self.values = {name: clean(value, 300) for name, value in values.items()}


def failed(message: str, **values: str) -> Halt:
    return Halt(StepOutcome.FAILED, message, **values)


@dataclass
class Walk:
    """What the phone has learned so far."""

    plan: Plan
    wire: Wire
    client_id: str = ""
    verifier: str = field(default="", repr=False)
    code: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    signed_in: bool = False
    consented: bool = False

    def url(self, path: str) -> str:
        return self.plan.base_url.rstrip("/") + path

    def oauth_url(self, name: str) -> str:
        return self.url(f"/rest/oauth2/latest/{name}")


def require_answer(reply: Reply) -> None:
    if reply.error is not None:
        raise failed(ERRORS[reply.error])
