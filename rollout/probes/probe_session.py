"""Sends several requests to one site, one at a time, within one deadline, until the site is unreachable."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from rollout.compatibility.observation import Answer
from rollout.compatibility.refusals import classify
from rollout.http_client.policy import FetchPolicy
from rollout.http_client.redaction import safe_url
from rollout.http_client.reply import Reply
from rollout.http_client.request_urls import origin
from rollout.http_client.visit import MAX_REDIRECTS, Visit

from .cookies import CookieJar
from .imitated_clients import USER_AGENTS, Client
from .pacing import MAX_WAITS, Pacer, limits_requests

NOT_SENT = "not_sent"
# No response is possible: of these, the first are worth a second try, the others would fail in the same way.
PASSING = frozenset({"dns", "refused", "reset", "timeout", "connect_timeout", "proxy"})
LASTING = frozenset(
    {"tls", "client_certificate", "http2_only", "tls_version", "blocked_address", "not_https", "bad_url"}
)
UNREACHABLE = PASSING | LASTING | {NOT_SENT}
MAX_COOKIE_CHECKS = 2


@dataclass
class ProbeSession:
    """The requests to one site. After a connection fault and one repetition, further requests are not sent.

    A site that has responded before is asked further by the other clients: a firewall may drop the app's requests
    only. Within ``async with``, connections are kept open between requests. ``rate_limited`` is the first response
    that limits requests.
    """

    policy: FetchPolicy
    now: Callable[[], datetime]
    deadline: float  # by time.monotonic()
    replies: list[Reply] = field(default_factory=list)
    rate_limited: Answer | None = None
    _pacer: Pacer = field(init=False)
    _stopped: set[Client] = field(default_factory=set)
    _jars: dict[Client, CookieJar] = field(default_factory=lambda: {client: CookieJar() for client in Client})
    _visit: Visit | None = None

    def __post_init__(self) -> None:
        self._pacer = Pacer(self.deadline)

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

    @property
    def is_stopped(self) -> bool:
        """Whether no client can send further requests."""
        return len(self._stopped) == len(Client) or self.deadline - time.monotonic() < 0.2

    async def request(
        self,
        method: str,
        url: str,
        *,
        client: Client = Client.GATEPASS,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        follow: bool = False,
        repeat: bool = True,
        plain_http: bool = False,
    ) -> Reply:
        """Send a request and return the reply, with the error ``not_sent`` if none is possible any more.

        With ``follow``, redirects on the same origin are followed, at most five; another host is recorded but gets no
        request. ``repeat`` allows sending it again after a fault or a limit of requests. ``plain_http`` allows http on
        any host; a failure of such a request does not stop the session.
        """
        if client in self._stopped or self.is_stopped:
            return Reply(Answer(method, safe_url(url), self.now(), error=NOT_SENT), url)
        headers = {"User-Agent": USER_AGENTS[client].value, **(headers or {})}
        visit = Visit(replace(self.policy, plain_http=True)) if plain_http else self._visit or Visit(self.policy)
        chain = _Chain(
            visit, self._pacer, self._jars[client], self.now, method, url, headers, form, MAX_REDIRECTS if follow else 0
        )
        try:
            reply = await self._with_repetition(chain, may_repeat=repeat and not plain_http)
        finally:
            if visit is not self._visit:
                visit.close()
        if not plain_http:
            self._note(reply, client)
        return reply

    async def _with_repetition(self, chain: _Chain, *, may_repeat: bool) -> Reply:
        reply = await chain.send()
        if may_repeat and reply.error in PASSING and self.deadline - time.monotonic() > 1:
            return await chain.send()
        for _ in range(MAX_WAITS if may_repeat else 0):
            if not limits_requests(reply):
                break
            self.rate_limited = self.rate_limited or reply.answer
            if not self._pacer.slow_down(reply):
                break
            reply = await chain.send()
        return reply

    def _note(self, reply: Reply, client: Client) -> None:
        has_responded = any(earlier.status is not None for earlier in self.replies)
        self.replies.append(reply)
        if limits_requests(reply):
            self.rate_limited = self.rate_limited or reply.answer
        if reply.error in UNREACHABLE:
            self._stopped |= {client} if has_responded else set(Client)


@dataclass
class _Chain:
    """One request with the redirects that are followed; together they have as much time as one request."""

    visit: Visit
    pacer: Pacer
    jar: CookieJar
    now: Callable[[], datetime]
    method: str
    url: str
    headers: Mapping[str, str]
    form: Mapping[str, str] | None
    follow: int

    async def send(self) -> Reply:
        """Send the request and return the last reply, classified."""
        await self.pacer.before_request()
        replies: list[Reply] = []
        current, until = self.url, min(self.pacer.deadline, time.monotonic() + self.visit.policy.total_seconds)
        cookie_checks = 0
        while True:
            left = max(until - time.monotonic(), 0.1)
            reply = await self.visit.fetch(
                self.method,
                current,
                headers=self.headers,
                form=self.form,
                cookies=self.jar.of(current),
                now=self.now,
                seconds=left,
            )
            self.pacer.after_request()
            replies.append(reply)
            has_new_cookies = bool(reply.url) and self.jar.take(reply)
            target = (reply.location or "").partition("#")[0]
            if target == current and has_new_cookies and cookie_checks < MAX_COOKIE_CHECKS:
                cookie_checks += 1
                continue
            if not self.follow or not target or origin(target) != origin(self.url):
                return _classified(merge_redirects(replies))
            if len(replies) > self.follow or any(target == earlier.url for earlier in replies):
                if target == current and reply.header_values("set-cookie"):
                    return _classified(merge_redirects(replies))
                return merge_redirects(replies, error="too_many_redirects")
            current = target


def _classified(reply: Reply) -> Reply:
    """Return the reply with the refusal, if the response is one."""
    if reply.status is None:
        return reply
    is_page = reply.status >= 400 or "html" in reply.answer.content_type or b"<html" in reply.body[:2000].lower()
    if reply.status < 300 and not is_page:
        return reply
    text = reply.text() if is_page else ""
    refusal = classify(reply.status, reply.headers, text, url=reply.url, location=reply.location)
    if refusal is None:
        return reply
    return replace(reply, answer=replace(reply.answer, refusal=refusal.kind.value, refused_by=refusal.by))


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
    """Whether no connection to the site was possible, or the request was not sent."""
    return reply.error in UNREACHABLE
