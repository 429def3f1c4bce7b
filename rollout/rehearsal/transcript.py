"""The result of a sign-in test: its steps with their requests and responses, all secrets masked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from rollout.compatibility.observation import Answer
from rollout.http_client.redaction import clean, mask
from rollout.secret_names import is_secret_name


class StepOutcome(StrEnum):
    """How a step ended."""

    PASSED = "passed"
    FAILED = "failed"
    STOPPED = "stopped"  # not an error: a client without credentials cannot continue
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Exchange:
    """A request and its response, masked. ``fields`` is the submitted form, ``answered`` a summary of the response."""

    method: str
    url: str
    fields: Mapping[str, str]
    status: int | None
    error: str | None
    answered: str
    excerpt: str
    elapsed_ms: int
    at: str


@dataclass(frozen=True)
class StepResult:
    """``title`` and ``message`` are English message ids; ``message`` has placeholders for ``values``."""

    id: str
    title: str
    outcome: StepOutcome
    message: str
    values: Mapping[str, str] = field(default_factory=dict)
    exchanges: tuple[Exchange, ...] = ()

    @property
    def detail(self) -> str:
        return self.message % self.values

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "outcome": str(self.outcome), "detail": self.detail}


@dataclass(frozen=True)
class Transcript:
    """``passed``: all steps passed or were skipped. ``stopped_at``: the id of the step that ended the test, or None."""

    passed: bool
    stopped_at: str | None
    steps: tuple[StepResult, ...]

    def to_json(self) -> dict[str, Any]:
        """Return JSON values: ``passed``, ``stopped_at``, and ``steps`` with their fields and ``detail``."""
        return {"passed": self.passed, "stopped_at": self.stopped_at, "steps": [s.to_json() for s in self.steps]}


def scrub(text: str, secrets: Iterable[str]) -> str:
    """Mask every known secret in the text; longest first, because one may contain another."""
    for secret in sorted({secret for secret in secrets if len(secret) >= 6}, key=len, reverse=True):
        text = text.replace(secret, mask(secret))
    return clean(text, 1000)


def evidence(answer: Answer, form: Mapping[str, str] | None, secrets: Collection[str]) -> Exchange:
    """Return the exchange with fields masked by name, then all known secrets masked."""
    fields = {
        clean(name, 60): mask(value) if is_secret_name(name) else scrub(clean(value, 200), secrets)
        for name, value in (form or {}).items()
    }
    return Exchange(
        method=answer.method,
        url=scrub(answer.url, secrets),
        fields=fields,
        status=answer.status,
        error=answer.error,
        answered=scrub(answer.answered, secrets),
        excerpt=scrub(answer.excerpt, secrets),
        elapsed_ms=answer.elapsed_ms,
        at=answer.at.isoformat(),
    )
