"""The only door out: one HTTP request to a stranger, guarded, bounded, and never an exception.

What it holds: https only (http on loopback when allowed); every resolved address judged and pinned; no proxy, netrc
or certificates path from a caller's environment; one deadline for everything; a cap on headers and on the decoded
body; redirects walked by hand, each hop judged again and without credentials for another origin.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpx2  # noqa: TID251 - this is the door

from rollout.compatibility.observation import Answer

from .failures import ERRORS, StoppedError, failed
from .guard import GuardedBackend, Resolver, resolve_by_system
from .redaction import clean, excerpt, safe_url
from .reply import Reply, certificate_of
from .transport import GuardedTransport, system_trust

__all__ = ["ERRORS", "Door", "Reply", "fetch", "origin"]

USER_AGENT = "Gatepass/0.1 (compatibility check)"
MAX_REDIRECTS = 5
MAX_HEADERS = 150
MAX_URL = 4000
REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True)
class Door:
    """What may be reached and how long it may take.

    ``allowed_networks`` are CIDR texts that open private ranges; ``ssl_context`` replaces the system's trust store
    (a private CA); ``resolver`` replaces the system's (tests). Seconds are for the whole request, all hops included.
    """

    allowed_networks: tuple[str, ...] = ()
    allow_loopback: bool = False
    user_agent: str = USER_AGENT
    connect_seconds: float = 3
    total_seconds: float = 8
    max_bytes: int = 262144
    ssl_context: ssl.SSLContext | None = field(default=None, repr=False)
    resolver: Resolver = field(default=resolve_by_system, repr=False)


@dataclass(frozen=True)
class _Request:
    method: str
    url: str
    headers: Mapping[str, str]
    form: Mapping[str, str] | None
    cookies: Mapping[str, str]


async def fetch(
    door: Door,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None,
    follow: int = 0,
    cookies: Mapping[str, str] | None = None,
    now: Callable[[], datetime] | None = None,
) -> Reply:
    """What the URL answers; a redirect is an answer too unless ``follow`` (at most 5) says to walk it.

    Never raises for anything a server or a resolver does: ``reply.error`` is then a key of ``ERRORS`` and
    ``reply.status`` None. Cancelling still cancels.
    """
    at, started = (now or _utc_now)(), time.perf_counter()
    request = _Request(method.upper(), url, dict(headers or {}), form, dict(cookies or {}))
    hops: list[str] = []
    try:
        async with asyncio.timeout(door.total_seconds):
            reply = await _walk(door, request, min(follow, MAX_REDIRECTS), hops)
    except Exception as error:
        reply = failed(error)
    answer = replace(
        reply.answer,
        method=request.method,
        url=safe_url(url),
        at=at,
        hops=tuple(safe_url(hop) for hop in hops),
        elapsed_ms=round((time.perf_counter() - started) * 1000),
    )
    return replace(reply, answer=answer)


async def _walk(door: Door, request: _Request, follow: int, hops: list[str]) -> Reply:
    """The first answer that is no redirect to walk. Raises what ``failed`` understands."""
    may_follow = follow > 0
    while True:
        hops.append(request.url)
        reply = await _ask(door, request)
        target = reply.location
        if not may_follow or target is None or not target.lower().startswith(("http:", "https:")):
            return reply
        following = _next_request(request, reply.status or 0, target)
        if following is None:
            return reply
        if len(hops) > follow or following.url in hops:
            raise StoppedError("too_many_redirects", clean(safe_url(target), 200))
        request = following


def _next_request(request: _Request, status: int, target: str) -> _Request | None:
    """The request a redirect asks for (RFC 9110 section 15.4); None when it would carry a form elsewhere."""
    same_origin = origin(request.url) == origin(target)
    keeps_method = status in (307, 308) or request.method in ("GET", "HEAD")
    if not same_origin and keeps_method and request.form is not None:
        return None
    headers = request.headers
    if not same_origin:
        headers = {
            k: v for k, v in headers.items() if k.lower() not in ("authorization", "cookie", "origin", "referer")
        }
    return replace(
        request,
        url=target.partition("#")[0],
        method=request.method if keeps_method else "GET",
        form=request.form if keeps_method else None,
        headers=headers,
        cookies=request.cookies if same_origin else {},
    )


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of a URL, the scheme's own port made explicit; ``("", "", None)`` for no URL."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except ValueError:
        return "", "", None
    return parts.scheme, (parts.hostname or "").rstrip("."), port


async def _ask(door: Door, request: _Request) -> Reply:
    url = _checked_url(door, request.url)
    headers = {"User-Agent": door.user_agent, "Accept-Encoding": "gzip", **request.headers}
    if request.cookies:
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in request.cookies.items())
    async with _client(door, plain=url.scheme == "http") as client:
        outgoing = client.build_request(request.method, url, headers=headers, data=request.form)
        response = await client.send(outgoing, stream=True)
        try:
            return await _read(door, request, response)
        finally:
            await response.aclose()


def _checked_url(door: Door, url: str) -> httpx2.URL:
    if len(url) > MAX_URL or any(not " " < character < "\x7f" for character in url):
        raise StoppedError("bad_url", "unusual characters or too long")
    try:
        parsed = httpx2.URL(url)
    except (httpx2.InvalidURL, ValueError) as error:
        raise StoppedError("bad_url") from error
    if (
        parsed.scheme not in ("http", "https")
        or not parsed.host
        or parsed.userinfo
        or not 0 < (parsed.port or 1) < 65536
    ):
        raise StoppedError("bad_url")
    if parsed.scheme == "http" and not door.allow_loopback:
        raise StoppedError("not_https")
    return parsed


async def _read(door: Door, request: _Request, response: httpx2.Response) -> Reply:
    """The reply with its body read up to the cap, counted after decompression."""
    pairs = [(_latin(name), _latin(value)) for name, value in response.headers.raw]
    if len(pairs) > MAX_HEADERS:
        raise StoppedError("bad_answer", "too many headers")
    stream = response.extensions.get("network_stream")
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > door.max_bytes:
            raise StoppedError("too_large")
    reply = Reply(
        answer=Answer(request.method, "", _utc_now(), status=response.status_code),
        url=request.url,
        body=bytes(body),
        header_pairs=tuple(pairs),
        certificate=certificate_of(stream.get_extra_info("ssl_object") if stream else None),
    )
    answer = replace(
        reply.answer,
        content_type=clean(reply.headers.get("content-type", "").partition(";")[0].strip().lower(), 100),
        location=safe_url(reply.location) if reply.location else None,
        excerpt=excerpt(reply.text()[:8000]),
    )
    return replace(reply, answer=answer)


def _latin(raw: bytes) -> str:
    return raw.decode("latin-1")


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _client(door: Door, *, plain: bool) -> httpx2.AsyncClient:
    backend = GuardedBackend(
        resolver=door.resolver,
        allowed_networks=door.allowed_networks,
        allow_loopback=door.allow_loopback,
        plain=plain,
    )
    transport = GuardedTransport(door.ssl_context or system_trust(), backend)
    timeout = httpx2.Timeout(door.total_seconds, connect=door.connect_seconds)
    return httpx2.AsyncClient(transport=transport, timeout=timeout, trust_env=False)
