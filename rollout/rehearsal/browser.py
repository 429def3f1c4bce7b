"""A minimal browser: cookies, redirects within one origin, and forms."""

from __future__ import annotations

from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urljoin, urlsplit

from rollout.http_client.reply import Reply
from rollout.http_client.request_urls import origin

from .html_forms import Form
from .recorder import RecordingClient

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
    """Follows redirects within one origin; returns a redirect to another origin or to an app unfollowed."""

    def __init__(self, client: RecordingClient) -> None:
        self._client = client
        self._cookies: dict[tuple[str, str, str], Cookie] = {}

    async def open(self, url: str) -> Reply:
        """Return the page, or the redirect to another origin or an app."""
        return await self._follow_redirects(await self._send("GET", url))

    async def submit(self, page: Reply, form: Form, button: tuple[str, str] | None) -> Reply:
        """Submit the form with the button. Returns the page, or the redirect to another origin or an app.

        Returns ``page`` itself if the form posts to another origin.
        """
        target = urljoin(page.url, form.action) if form.action else page.url
        if origin(target) != origin(page.url):
            return page
        origin_of_page = "{0.scheme}://{0.netloc}".format(urlsplit(page.url))
        headers = {"Origin": origin_of_page, "Referer": page.url}
        reply = await self._send("POST", target, form=form.data_for(button), headers=headers)
        return await self._follow_redirects(reply)

    async def _follow_redirects(self, reply: Reply) -> Reply:
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
        reply = await self._client.send(method, url, accept=HTML, form=form, headers=headers, cookies=cookies)
        self._store_cookies(reply)
        return reply

    def _cookies_for(self, url: str) -> dict[str, str]:
        scheme, host, _ = origin(url)
        path = urlsplit(url).path or "/"
        return {
            name: cookie.value
            for (_, _, name), cookie in self._cookies.items()
            if cookie.host == host and _path_matches(path, cookie.path) and (scheme == "https" or not cookie.secure)
        }

    def _store_cookies(self, reply: Reply) -> None:
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
                    self._client.add_secrets(morsel.value, morsel.coded_value)


def _path_matches(path: str, cookie_path: str) -> bool:
    """Path matching of RFC 6265 section 5.1.4."""
    return path == cookie_path or path.startswith(cookie_path if cookie_path.endswith("/") else cookie_path + "/")
