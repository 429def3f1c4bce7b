"""The state that the steps of a sign-in test share, and the exception that ends a step."""

from __future__ import annotations

from dataclasses import dataclass, field

from rollout.http_client.failures import ERRORS
from rollout.http_client.redaction import clean
from rollout.http_client.reply import Reply

from .recorder import RecordingClient
from .transcript import StepOutcome

StepMessage = tuple[str, dict[str, str]]


@dataclass(frozen=True)
class Plan:
    """What to test.

    ``site_list_json`` is the value that an MDM would deploy, None for the Non-MDM setup. ``sign_in_url`` is a
    single-use page with a button that signs the browser in; None unless Gatepass hosts the site.
    """

    site_list_json: str | None
    base_url: str
    redirect_uri: str
    scope: str = "WRITE"
    sign_in_url: str | None = field(default=None, repr=False)


class Halt(Exception):  # noqa: N818 - ends a step, not necessarily with an error
    """Ends a step with an outcome, an English message id and its values."""

    def __init__(self, outcome: StepOutcome, message: str, **values: str) -> None:
        super().__init__(message)
        self.outcome, self.message = outcome, message
        self.values = {name: clean(value, 300) for name, value in values.items()}


def failed(message: str, **values: str) -> Halt:
    """Return the exception that ends a step as failed."""
    return Halt(StepOutcome.FAILED, message, **values)


@dataclass
class StepContext:
    """The plan, the HTTP client, and the results of the steps so far."""

    plan: Plan
    client: RecordingClient
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


def require_response(reply: Reply) -> None:
    """Raise Halt if there was no response."""
    if reply.error is not None:
        raise failed(ERRORS[reply.error])
