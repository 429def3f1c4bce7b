"""A small browser in memory: cookies, redirects within one site, and submitting forms."""

from __future__ import annotations

from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urljoin, urlsplit

from rollout.http_client.reply import Reply
from rollout.http_client.request_urls import origin

from .html_forms import Form
from .recorder import Wire

MAX_STEPS = 10
MAX_COOKIES = 50
HTML = "text/html,application/xhtml+xml"


@dataclass(frozen=True)
class Cookie:
    host: str
    path: str
    secure: bool
    value: str


class Browser:
    """Stays on one site: a redirect to another origin or to an app is returned, not followed."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._cookies: dict[tuple[str, str, str], Cookie] = {}

    async def open(self, url: str) -> Reply:
        """Return the page, or the redirect to another origin."""
        return await self._walk(await self._send("GET", url))

    async def submit(self, page: Reply, form: Form, button: tuple[str, str] | None) -> Reply:
        """Submit the form; return the next page, or the redirect to another origin."""
        target = urljoin(page.url, form.action) if form.action else page.url
        if origin(target) != origin(page.url):
            return page
        origin_of_page = "{0.scheme}://{0.netloc}".format(urlsplit(page.url))
        headers = {"Origin": origin_of_page, "Referer": page.url}
        reply = await self._send("POST", target, form=form.pressed(button), headers=headers)
        return await self._walk(reply)

    async def _walk(self, reply: Reply) -> Reply:
        for _ in range(MAX_STEPS):
            target = reply.location
            if target is None or origin(target) != origin(reply.url):
                return reply
            reply = await self._send("GET", target.partition("#")[0])
        return reply

    async def _send(
        self, method: str, url: str, *, form: dict[str, str] | None = None, headers: dict[str, str] | None = None
    ) -> Reply:
        cookies = self._cookies_for(url)
        reply = await self._wire.send(method, url, accept=HTML, form=form, headers=headers, cookies=cookies)
        self._keep_cookies(reply)
        return reply

    def _cookies_for(self, url: str) -> dict[str, str]:
        scheme, host, _ = origin(url)
        path = urlsplit(url).path or "/"
        return {
            name: cookie.value
            for (_, _, name), cookie in self._cookies.items()
            if cookie.host == host and _path_matches(path, cookie.path) and (scheme == "https" or not cookie.secure)
        }

    def _keep_cookies(self, reply: Reply) -> None:
        """Store host-only cookies (RFC 6265 section 5.3 without ``Domain``), and delete expired ones."""
        _, host, _ = origin(reply.url)
        for header in reply.header_values("set-cookie")[:MAX_COOKIES]:
            try:
                parsed = SimpleCookie(header)
            except CookieError:
                continue
            for name, morsel in parsed.items():
                path = morsel["path"] if morsel["path"].startswith("/") else "/"
                key = (host, path, name)
                if morsel["max-age"] in ("0", "-1") or not morsel.value:
                    self._cookies.pop(key, None)
                elif key in self._cookies or len(self._cookies) < MAX_COOKIES:
                    self._cookies[key] = Cookie(host, path, bool(morsel["secure"]), morsel.coded_value)
                    self._wire.learn(morsel.value, morsel.coded_value)


def _path_matches(path: str, of_cookie: str) -> bool:
    """RFC 6265 section 5.1.4."""
    return path == of_cookie or path.startswith(of_cookie if of_cookie.endswith("/") else of_cookie + "/")
