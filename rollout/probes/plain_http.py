"""Requests a site over plain http: an address without https should redirect to https."""

from __future__ import annotations

from urllib.parse import urlsplit

from rollout.base_url import is_loopback
from rollout.compatibility.observation import PlainHttp
from rollout.http_client.reply import Reply

from .probe_session import ProbeSession


def is_worth_probing(base_url: str) -> bool:
    """Whether port 80 belongs to the same site: it uses https on the default port, and is not on this machine."""
    try:
        parts = urlsplit(base_url)
        return parts.scheme == "https" and parts.port in (None, 443) and not is_loopback(parts.hostname or "localhost")
    except ValueError:
        return False


async def probe_plain_http(session: ProbeSession, base_url: str) -> PlainHttp:
    """Request the base URL over plain http."""
    parts = urlsplit(base_url)
    url = f"http://{parts.netloc.removesuffix(':443')}{parts.path}/"
    reply = await session.request("GET", url, headers={"Accept": "text/html"}, follow=True, plain_http=True)
    return read_plain_http(reply, leads_back=any(_leads_back(earlier, base_url) for earlier in session.replies))


def read_plain_http(reply: Reply, *, leads_back: bool) -> PlainHttp:
    """Classify a response. ``leads_back``: https redirects to plain http, so a redirect to https makes a loop."""
    return PlainHttp(reply.answer, _kind(reply, leads_back))


def _kind(reply: Reply, leads_back: bool) -> str:
    if reply.status is None:
        if reply.error == "too_many_redirects":
            return "loop"
        return "closed" if reply.error in ("refused", "reset", "timeout", "connect_timeout") else "error"
    if reply.location is not None:
        scheme, host = _scheme_and_host(reply.location)
        if scheme not in ("http", "https"):
            return "error"
        if host != _scheme_and_host(reply.url)[1]:
            return "elsewhere"
        return "error" if scheme == "http" else "loop" if leads_back else "redirects"
    return "serves" if 200 <= reply.status < 300 else "error"


def _leads_back(reply: Reply, base_url: str) -> bool:
    return reply.location is not None and _scheme_and_host(reply.location) == ("http", _scheme_and_host(base_url)[1])


def _scheme_and_host(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", ""
    return parts.scheme, (parts.hostname or "").rstrip(".")
