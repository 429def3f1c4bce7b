"""Asks one site several questions, one at a time, within one deadline, and stops asking when nobody is there."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from rollout.compatibility.observation import Answer

from .fetch import Door, fetch
from .redaction import safe_url
from .reply import Reply

# After one of these the next question would only wait for the same silence.
UNREACHABLE = frozenset({"dns", "refused", "timeout", "tls", "blocked_address", "not_https", "bad_url"})


@dataclass
class Asking:
    """``ask`` is ``fetch`` with a memory: after the first word of ``UNREACHABLE`` it answers that word at once."""

    door: Door
    now: Callable[[], datetime]
    deadline: float  # by time.monotonic()
    gave_up: str | None = None
    replies: list[Reply] = field(default_factory=list)

    @classmethod
    def within(cls, seconds: float, *, door: Door, now: Callable[[], datetime]) -> Asking:
        return cls(door=door, now=now, deadline=time.monotonic() + seconds)

    async def ask(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> Reply:
        left = self.deadline - time.monotonic()
        if self.gave_up is None and left < 0.2:
            self.gave_up = "timeout"
        if self.gave_up is not None:
            answer = Answer(method=method, url=safe_url(url), at=self.now(), error=self.gave_up)
            return Reply(answer=answer, url=url)
        door = replace(self.door, total_seconds=min(self.door.total_seconds, left))
        reply = await fetch(door, method, url, headers=headers, form=form, now=self.now)
        self.replies.append(reply)
        if reply.error in UNREACHABLE:
            self.gave_up = reply.error
        return reply


def is_unreachable(reply: Reply) -> bool:
    return reply.error in UNREACHABLE
