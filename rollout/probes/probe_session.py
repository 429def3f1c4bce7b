"""Sends several requests to one site, one at a time, within one deadline, until the site is unreachable."""

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

# After one of these errors the next request would fail in the same way.
UNREACHABLE = frozenset({"dns", "refused", "timeout", "tls", "blocked_address", "not_https", "bad_url", "proxy"})


@dataclass
class ProbeSession:
    """The requests to one site. After an error of ``UNREACHABLE``, ``request`` returns that error without a request.

    Within ``async with``, connections are kept open between requests.
    """

    policy: FetchPolicy
    now: Callable[[], datetime]
    deadline: float  # by time.monotonic()
    stopped_by: str | None = None
    replies: list[Reply] = field(default_factory=list)
    _visit: Visit | None = None

    @classmethod
    def within(cls, seconds: float, *, policy: FetchPolicy, now: Callable[[], datetime]) -> ProbeSession:
        """Return a session whose requests take at most this many seconds together."""
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
        """Send a request and return the reply.

        With ``follow``, redirects on the same origin are followed, at most five; another host is recorded but gets no
        request. ``plain_http`` allows http on any host; a failure of such a request does not stop the session.
        """
        if self._is_over():
            answer = Answer(method=method, url=safe_url(url), at=self.now(), error=self.stopped_by)
            return Reply(answer=answer, url=url)
        visit = Visit(replace(self.policy, plain_http=True)) if plain_http else self._visit or Visit(self.policy)
        try:
            reply = await self._follow(
                visit, method, url, headers=headers, form=form, follow=MAX_REDIRECTS if follow else 0
            )
        finally:
            if visit is not self._visit:
                visit.close()
        if not plain_http:
            self.replies.append(reply)
            self.stopped_by = reply.error if reply.error in UNREACHABLE else None
        return reply

    async def _follow(
        self,
        visit: Visit,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None,
        form: Mapping[str, str] | None,
        follow: int,
    ) -> Reply:
        """Return the last reply of a chain of redirects, which has as much time as one request."""
        replies: list[Reply] = []
        current, until = url, min(self.deadline, time.monotonic() + self.policy.total_seconds)
        while True:
            left = max(until - time.monotonic(), 0.1)
            reply = await visit.fetch(method, current, headers=headers, form=form, now=self.now, seconds=left)
            replies.append(reply)
            target = (reply.location or "").partition("#")[0]
            if not follow or not target or origin(target) != origin(url):
                return merge_redirects(replies)
            if len(replies) > follow or any(target == earlier.url for earlier in replies):
                return merge_redirects(replies, error="too_many_redirects")
            current = target

    def _is_over(self) -> bool:
        if self.stopped_by is None and self.deadline - time.monotonic() < 0.2:
            self.stopped_by = "timeout"
        return self.stopped_by is not None


def merge_redirects(replies: list[Reply], error: str | None = None) -> Reply:
    """Return the last reply of a chain of redirects, with the first URL and the hops of all of them."""
    first, last = replies[0].answer, replies[-1].answer
    if len(replies) == 1 and error is None:
        return replies[0]
    answer = replace(
        last,
        url=first.url,
        at=first.at,
        hops=tuple(hop for reply in replies for hop in reply.answer.hops),
        trace=tuple(hop for reply in replies for hop in reply.answer.trace),
        elapsed_ms=sum(reply.answer.elapsed_ms for reply in replies),
    )
    if error is not None:
        answer = replace(answer, status=None, error=error)
        return Reply(answer, replies[-1].url, certificate=replies[-1].certificate)
    return replace(replies[-1], answer=answer)


def is_unreachable(reply: Reply) -> bool:
    """Whether no connection to the site was possible."""
    return reply.error in UNREACHABLE
