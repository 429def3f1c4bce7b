"""Asks one site several questions, one at a time, within one deadline, and stops asking when nobody is there."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from rollout.compatibility.observation import Answer
from rollout.http_client.policy import FetchPolicy
from rollout.http_client.redaction import safe_url
from rollout.http_client.reply import Reply
from rollout.http_client.request_urls import origin
from rollout.http_client.visit import MAX_REDIRECTS, Visit

# After one of these the next question would only wait for the same silence.
UNREACHABLE = frozenset({"dns", "refused", "timeout", "tls", "blocked_address", "not_https", "bad_url", "proxy"})


@dataclass
class ProbeSession:
    """``ask`` is ``fetch`` with a memory: after the first word of ``UNREACHABLE`` it answers that word at once.

    Inside ``async with`` the connections stay open from one question to the next; the end of it closes them.
    """

    policy: FetchPolicy
    now: Callable[[], datetime]
    deadline: float  # by time.monotonic()
    gave_up: str | None = None
    replies: list[Reply] = field(default_factory=list)
    _visit: Visit | None = None

    @classmethod
    def within(cls, seconds: float, *, policy: FetchPolicy, now: Callable[[], datetime]) -> ProbeSession:
        return cls(policy=policy, now=now, deadline=time.monotonic() + seconds)

    async def __aenter__(self) -> ProbeSession:
        self._visit = Visit(self.policy)
        return self

    async def __aexit__(self, *exception: object) -> None:
        if self._visit is not None:
            self._visit.close()
            self._visit = None

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        follow: bool = False,
        plain_http: bool = False,
    ) -> Reply:
        """The reply. With ``follow`` redirects are walked on the same origin, five at most: another host is named in
        the answer and never asked. ``plain_http`` asks beside the site, over http, and leaves its silence to itself.
        """
        if self._is_over():
            answer = Answer(method=method, url=safe_url(url), at=self.now(), error=self.gave_up)
            return Reply(answer=answer, url=url)
        visit = Visit(replace(self.policy, plain_http=True)) if plain_http else self._visit or Visit(self.policy)
        try:
            reply = await self._walk(
                visit, method, url, headers=headers, form=form, follow=MAX_REDIRECTS if follow else 0
            )
        finally:
            if visit is not self._visit:
                visit.close()
        if not plain_http:
            self.replies.append(reply)
            self.gave_up = reply.error if reply.error in UNREACHABLE else None
        return reply

    async def _walk(
        self,
        visit: Visit,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None,
        form: Mapping[str, str] | None,
        follow: int,
    ) -> Reply:
        """The reply at the end of the walk, which has as much time as one question."""
        walked: list[Reply] = []
        asked, until = url, min(self.deadline, time.monotonic() + self.policy.total_seconds)
        while True:
            left = max(until - time.monotonic(), 0.1)
            reply = await visit.fetch(method, asked, headers=headers, form=form, now=self.now, seconds=left)
            walked.append(reply)
            following = (reply.location or "").partition("#")[0]
            if not follow or not following or origin(following) != origin(url):
                return joined(walked)
            if len(walked) > follow or any(following == earlier.url for earlier in walked):
                return joined(walked, error="too_many_redirects")
            asked = following

    def _is_over(self) -> bool:
        if self.gave_up is None and self.deadline - time.monotonic() < 0.2:
            self.gave_up = "timeout"
        return self.gave_up is not None


def joined(walked: list[Reply], error: str | None = None) -> Reply:
    """The last reply of a walk, its answer telling of the whole walk: what was asked first, and every hop."""
    first, last = walked[0].answer, walked[-1].answer
    if len(walked) == 1 and error is None:
        return walked[0]
    answer = replace(
        last,
        url=first.url,
        at=first.at,
        hops=tuple(hop for reply in walked for hop in reply.answer.hops),
        trace=tuple(hop for reply in walked for hop in reply.answer.trace),
        elapsed_ms=sum(reply.answer.elapsed_ms for reply in walked),
    )
    if error is not None:
        answer = replace(answer, status=None, error=error)
        return Reply(answer, walked[-1].url, certificate=walked[-1].certificate)
    return replace(walked[-1], answer=answer)


def is_unreachable(reply: Reply) -> bool:
    return reply.error in UNREACHABLE
