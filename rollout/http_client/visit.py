"""A visit to a site: requests one after the other over the same guarded connections, redirects followed one by one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from rollout.compatibility.observation import Answer, Hop

from .addresses import address_class
from .decoding import ACCEPT_ENCODING
from .evidence_headers import select_headers
from .failures import FetchError, error_reply
from .guard import Destination, Guard
from .http1 import NoResponseError, RawResponse, send_request
from .policy import FetchPolicy
from .redaction import clean, excerpt, safe_url
from .reply import PeerCertificate, Reply, location_of, text_of
from .request_urls import ParsedUrl, origin, parse_url
from .transport import Connection, Route, connect, tls_refusal

MAX_REDIRECTS = 5
# Headers that must not be sent to another origin after a redirect.
_ORIGIN_BOUND_HEADERS = frozenset({"authorization", "cookie", "origin", "referer", "proxy-authorization"})


@dataclass(frozen=True)
class _Request:
    method: str
    url: str
    headers: Mapping[str, str]
    form: Mapping[str, str] | None
    cookies: Mapping[str, str]
    body: bytes | None = None


@dataclass
class _Step:
    """One request of a redirect chain, so that an interrupted chain still shows how far it got."""

    url: str
    started: float
    address: str = ""
    status: int | None = None
    location: str | None = None
    seconds: float | None = None

    def hop(self) -> Hop:
        seconds = time.perf_counter() - self.started if self.seconds is None else self.seconds
        location = safe_url(self.location) if self.location else None
        return Hop(safe_url(self.url), self.status, location, round(seconds * 1000), address_class(self.address))


@dataclass
class Visit:
    """``fetch`` works as ``rollout.http_client.client.fetch``, one request at a time. ``close`` closes all
    connections.
    """

    policy: FetchPolicy
    _open: dict[tuple[str, str, int], Connection] = field(default_factory=dict)
    _route: Route = field(init=False)

    def __post_init__(self) -> None:
        self._route = _route_of(self.policy)

    async def fetch(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        body: bytes | None = None,
        follow: int = 0,
        same_host: bool = False,
        cookies: Mapping[str, str] | None = None,
        now: Callable[[], datetime] | None = None,
        seconds: float | None = None,
    ) -> Reply:
        """Return the reply, as ``client.fetch`` does; ``seconds`` shortens the policy's deadline."""
        at, started = now() if now else datetime.now(UTC), time.perf_counter()
        request = _Request(method.upper(), url, headers or {}, form, cookies or {}, body)
        steps: list[_Step] = []
        deadline = min(seconds or self.policy.total_seconds, self.policy.total_seconds)
        try:
            async with asyncio.timeout(deadline):
                raw, certificate = await self._follow(request, min(follow, MAX_REDIRECTS), same_host, steps)
        except Exception as error:
            failure = error_reply(error)
            fields: dict[str, Any] = {
                "error": failure.answer.error,
                "excerpt": failure.answer.excerpt,
                "blocked_network": failure.answer.blocked_network,
            }
            raw_parts: tuple[Any, ...] = ("", b"", (), None, failure.tls_failure)
        else:
            fields = _answer_fields(raw)
            raw_parts = (steps[-1].url, raw.body, raw.header_pairs, certificate, None)
        trace = tuple(step.hop() for step in steps)
        answer = Answer(
            method=request.method,
            url=trace[0].url,
            at=at,
            hops=tuple(hop.url for hop in trace),
            trace=trace,
            address=trace[-1].address,
            location=trace[-1].location,
            elapsed_ms=round((time.perf_counter() - started) * 1000),
            **fields,
        )
        return Reply(answer, *raw_parts)

    def close(self) -> None:
        for connection in self._open.values():
            connection.close()
        self._open.clear()

    async def _follow(
        self, request: _Request, follow: int, same_host: bool, steps: list[_Step]
    ) -> tuple[RawResponse, PeerCertificate | None]:
        """Return the first response that is not followed. Raises what ``error_reply`` handles."""
        may_follow = follow > 0
        while True:
            step = _Step(request.url, time.perf_counter())
            steps.append(step)
            raw, certificate = await self._send(request, step)
            step.status, step.seconds = raw.status, time.perf_counter() - step.started
            step.location = target = location_of(request.url, raw.status, raw.headers.get("location"))
            if not may_follow or target is None or not target.lower().startswith(("http:", "https:")):
                return raw, certificate
            if same_host and origin(target)[1] != origin(request.url)[1]:
                return raw, certificate
            following = _next_request(request, raw.status, target)
            if following is None:
                return raw, certificate
            if len(steps) > follow or any(following.url == walked.url for walked in steps):
                raise FetchError("too_many_redirects", clean(safe_url(target), 200))
            request = following

    async def _send(self, request: _Request, step: _Step) -> tuple[RawResponse, PeerCertificate | None]:
        """Return one response: over the open connection, or over a new one if there is none or it has closed
        meanwhile.
        """
        parsed = parse_url(request.url)
        if self.policy.through_proxy and not self.policy.proxy:
            raise FetchError("proxy", "PROBE_PROXY is not set")
        destination = parsed.destination
        key = (destination.scheme, destination.host, destination.port)
        connection = self._open.pop(key, None)
        if connection is not None:
            step.address = connection.address
            try:
                if connection.stream.is_reusable:
                    self._route.guard.check(destination, connection.address)
                    return await self._send_over(connection, key, request, parsed), connection.certificate
            except NoResponseError:
                pass
            finally:
                if self._open.get(key) is not connection:
                    connection.close()
        route = self._route_to(destination)
        connection = await connect(route, destination, on_attempt=lambda tried: setattr(step, "address", tried))
        try:
            return await self._send_over(connection, key, request, parsed), connection.certificate
        except NoResponseError as error:
            refusal = await tls_refusal(route, destination, connection, error)
            if refusal is None:
                raise
            raise refusal from error

    def _route_to(self, destination: Destination) -> Route:
        """Return the route; the client certificate is bound to the host of the first request."""
        if self.policy.client_certificate and not self._route.client_certificate_host:
            self._route = replace(self._route, client_certificate_host=destination.host)
        return self._route

    async def _send_over(
        self, connection: Connection, key: tuple[str, str, int], request: _Request, parsed: ParsedUrl
    ) -> RawResponse:
        content = urlencode(request.form).encode() if request.form is not None else request.body or b""
        try:
            connection.http, raw = await send_request(
                connection.stream,
                connection.http,
                method=request.method,
                target=parsed.target,
                headers=_headers(self.policy.user_agent, request, parsed.host_header, len(content)),
                content=content,
                limit=self.policy.max_bytes,
            )
        except BaseException:
            connection.close()
            raise
        if connection.http is None:
            connection.close()
        else:
            self._open[key] = connection
        return raw


def _route_of(policy: FetchPolicy) -> Route:
    guard = Guard(policy.allowed_networks, policy.allow_loopback, policy.plain_http, policy.own, policy.resolver)
    proxy = policy.proxy if policy.through_proxy else ""
    return Route(guard, policy.connect_seconds, proxy, policy.ca_bundle, policy.ssl_context, policy.client_certificate)


def _headers(user_agent: str, request: _Request, host: str, length: int) -> list[tuple[bytes, bytes]]:
    found = {"Host": host, "User-Agent": user_agent, "Accept": "*/*", "Accept-Encoding": ACCEPT_ENCODING}
    for name, value in request.headers.items():
        found[name.title()] = value
    if request.cookies:
        found["Cookie"] = "; ".join(f"{name}={value}" for name, value in request.cookies.items())
    if request.form is not None:
        found["Content-Type"] = "application/x-www-form-urlencoded"
    if length or request.method in ("POST", "PUT", "PATCH"):
        found["Content-Length"] = str(length)
    return [(name.encode("latin-1", "replace"), value.encode("latin-1", "replace")) for name, value in found.items()]


def _next_request(request: _Request, status: int, target: str) -> _Request | None:
    """Return the request for a redirect (RFC 9110 section 15.4); None if it would send a form to another origin."""
    same_origin = origin(request.url) == origin(target)
    keeps_method = status in (307, 308) or request.method in ("GET", "HEAD")
    if not same_origin and keeps_method and (request.form, request.body) != (None, None):
        return None
    headers = request.headers
    if not same_origin:
        headers = {name: value for name, value in headers.items() if name.lower() not in _ORIGIN_BOUND_HEADERS}
    return replace(
        request,
        url=target.partition("#")[0],
        method=request.method if keeps_method else "GET",
        form=request.form if keeps_method else None,
        body=request.body if keeps_method else None,
        headers=headers,
        cookies=request.cookies if same_origin else {},
    )


def _answer_fields(raw: RawResponse) -> dict[str, Any]:
    """Return the facts of the response itself, masked and bounded."""
    content_type = raw.headers.get("content-type", "")
    return {
        "status": raw.status,
        "content_type": clean(content_type.partition(";")[0].strip().lower(), 100),
        "headers": select_headers(raw.header_pairs),
        "size": len(raw.body),
        "excerpt": excerpt(text_of(raw.body[:4000], content_type)[:2000]),
    }
