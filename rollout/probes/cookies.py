"""The cookies of one check, per client: sites that test for cookies serve a client that returns them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rollout.http_client.reply import Reply
from rollout.http_client.request_urls import origin

MAX_COOKIES = 50
MAX_LENGTH = 4096  # name and value together (RFC 6265 section 6.1)


@dataclass
class CookieJar:
    """Keeps the cookies of each origin; a check visits few URLs, so paths and expiry times are not regarded."""

    _by_origin: dict[tuple[str, str, int | None], dict[str, str]] = field(default_factory=dict)

    def of(self, url: str) -> Mapping[str, str]:
        """Return the cookies to send to a URL."""
        return self._by_origin.get(origin(url), {}) if self._by_origin else {}

    def take(self, reply: Reply) -> bool:
        """Keep the cookies that a response sets. Return whether any of them is new or changed."""
        if "set-cookie" not in reply.headers:
            return False
        jar = self._by_origin.setdefault(origin(reply.url), {})
        before = dict(jar)
        for text in reply.header_values("set-cookie"):
            name, _, rest = text.partition("=")
            value, _, attributes = rest.partition(";")
            name, value = name.strip(), value.strip()
            if not name or len(name) + len(value) > MAX_LENGTH or not (name + value).isprintable():
                continue
            if "max-age=0" in attributes.replace(" ", "").lower():
                jar.pop(name, None)
            elif name in jar or len(jar) < MAX_COOKIES:
                jar[name] = value
        return jar != before
