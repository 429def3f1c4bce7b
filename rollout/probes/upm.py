"""Reads plugin versions from a site's plugin manager with an administrator's personal access token.

The token is sent in one header, to the site's own origin only; redirects are never followed. Only versions and enabled
states are kept, no response and no excerpt, as a site could repeat the token in them.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from rollout.compatibility.refusals import RefusalKind, classify, is_product
from rollout.formats.upm import (
    LIST_TYPE,
    MOBILE_KEYS,
    OAUTH_KEY,
    PATH,
    PLUGIN_TYPE,
    Plugin,
    Plugins,
    UpmError,
    accept,
    path_of,
    read_upm,
)
from rollout.http_client.client import fetch
from rollout.http_client.policy import FetchPolicy
from rollout.http_client.reply import Reply

from .web_page import is_html

SECONDS = 8.0  # for all requests together, as a person waits for the page
LIST_BYTES = 2 * 1024 * 1024  # of the list of all plugins, requested only if the OAuth plugin is not found by its key
TOKEN = re.compile(r"[\x21-\x7e]{8,500}", re.ASCII)
ECHO_LENGTH = 8  # a version that repeats this many characters of the token is rejected
NO_PLUGINS = Plugins()
# Problems that show that the site itself does not accept the token.
REFUSED = frozenset({"token_refused", "forbidden"})
_PROXY_SIGN_IN = frozenset(
    {"basic", "negotiate", "ntlm", "digest", "kerberos"}
)  # schemes that the product does not use
_BY_KIND = {
    RefusalKind.CLIENT_CERTIFICATE: "certificate_required",
    RefusalKind.FIREWALL: "firewall",
    RefusalKind.ADDRESS_LIST: "address_list",
    RefusalKind.FORBIDDEN: "forbidden",
    RefusalKind.RATE_LIMIT: "rate_limit",
    RefusalKind.COOKIE_CHECK: "firewall",
    RefusalKind.SIGN_IN: "sign_in",
    RefusalKind.MAINTENANCE: "maintenance",
    RefusalKind.UNAVAILABLE: "maintenance",
    RefusalKind.MOVED: "moved",
    RefusalKind.CLOUD: "cloud",
    RefusalKind.OTHER_PAGE: "web_page",
}
_BY_STATUS = {403: "forbidden", 404: "", 406: "not_acceptable", 429: "rate_limit"}


@dataclass(frozen=True)
class UpmResult:
    """The plugins reported by the manager. ``problem`` is empty on success, else one of:

    - ``token_refused`` (401), ``forbidden`` (403), ``no_manager`` (404 for everything), ``not_acceptable`` (406);
    - a server in front of the site: ``sign_in``, ``proxy_sign_in`` (401 with a scheme of its own), ``firewall``,
      ``address_list``, ``certificate_required``, ``rate_limit``, ``maintenance``, ``moved``, ``cloud``, ``web_page``;
    - ``not_upm`` (200, but not the manager's JSON), ``failed`` (another status);
    - the keys of ``http_client.failures.ERRORS``.

    ``status`` is that of the response.
    """

    plugins: Plugins = NO_PLUGINS
    problem: str = ""
    status: int | None = None


class _StoppedError(Exception):
    def __init__(self, problem: str, status: int | None = None) -> None:
        super().__init__(problem)
        self.result = UpmResult(problem=problem, status=status)


async def read_plugins(policy: FetchPolicy, *, base_url: str, product: str, token: str) -> UpmResult:
    """Read the versions of the two plugins. Raises ValueError for an invalid token, never for a response."""
    if not TOKEN.fullmatch(token):
        raise ValueError("not a personal access token")
    manager = _Manager(policy, base_url.rstrip("/"), product, token, deadline=time.monotonic() + SECONDS)
    try:
        oauth = await manager.plugin(OAUTH_KEY)
        mobile = await manager.plugin(MOBILE_KEYS[product])
        if oauth is None:
            listed = await manager.listed()
            oauth, mobile = listed.oauth, mobile or listed.mobile
    except _StoppedError as stopped:
        return stopped.result
    return UpmResult(Plugins(oauth, mobile))


@dataclass(frozen=True)
class _Manager:
    policy: FetchPolicy
    base_url: str
    product: str
    token: str
    deadline: float

    async def plugin(self, key: str) -> Plugin | None:
        """Return the plugin with this key; None if the site has none."""
        reply = await self._probe(path_of(key), PLUGIN_TYPE, self.policy.max_bytes)
        if reply.status == 404:
            return None
        plugins = self._read(reply)
        return plugins.oauth if key == OAUTH_KEY else plugins.mobile

    async def listed(self) -> Plugins:
        """Return the plugins from the list of all plugins; none if it is too large or contains neither."""
        reply = await self._probe(PATH, LIST_TYPE, max(LIST_BYTES, self.policy.max_bytes))
        if reply.status == 404:
            raise _StoppedError("no_manager", 404)
        try:
            return self._read(reply)
        except _StoppedError:
            if _is_list(reply):
                return NO_PLUGINS
            raise

    async def _probe(self, path: str, media_type: str, max_bytes: int) -> Reply:
        """Return a reply with status 200 or 404. Raises _StoppedError for any other."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise _StoppedError("timeout")
        policy = replace(self.policy, total_seconds=min(self.policy.total_seconds, left), max_bytes=max_bytes)
        headers = {"Authorization": f"Bearer {self.token}", "Accept": accept(media_type)}
        reply = await fetch(policy, "GET", self.base_url + path, headers=headers, follow=0)
        if reply.status is None:
            raise _StoppedError(reply.error or "bad_answer")
        problem = _problem(reply, self.base_url + path)
        if problem:
            raise _StoppedError(problem, reply.status)
        return reply

    def _read(self, reply: Reply) -> Plugins:
        try:
            plugins = read_upm(reply.text(), product=self.product)
        except UpmError:
            raise _StoppedError("not_upm", reply.status) from None
        if any(self._repeats_token(plugin.version) for plugin in (plugins.oauth, plugins.mobile) if plugin):
            raise _StoppedError("not_upm", reply.status)
        return plugins

    def _repeats_token(self, version: str) -> bool:
        pieces = (version[start : start + ECHO_LENGTH] for start in range(len(version) - ECHO_LENGTH + 1))
        return any(piece in self.token for piece in pieces)


def _problem(reply: Reply, url: str) -> str:
    """Return why a response is not the manager's; an empty string for 404, which may mean one plugin, and JSON."""
    status, own = reply.status or 0, is_product(reply.headers) or reply.text().lstrip().startswith("{")
    if status == 401:
        scheme = reply.headers.get("www-authenticate", "").partition(" ")[0].lower()
        return "proxy_sign_in" if scheme in _PROXY_SIGN_IN and not own else "token_refused"
    if own and status in _BY_STATUS:
        return _BY_STATUS[status]
    if reply.location is not None and _keeps_path(url, reply.location):
        return "moved"
    refusal = classify(status, reply.headers, reply.text(), url=url, location=reply.location)
    if refusal:
        return _BY_KIND[refusal.kind]
    if status == 200:
        return "sign_in" if is_html(reply) else ""  # a page of the product itself
    return _BY_STATUS.get(status, "failed")


def _keeps_path(url: str, location: str) -> bool:
    """Return whether a redirect goes to the same resource under another address, such as https instead of http."""
    try:
        source, target = urlsplit(url), urlsplit(location)
    except ValueError:
        return False
    return target.path.rstrip("/") == source.path.rstrip("/") and target[:2] != source[:2]


def _is_list(reply: Reply) -> bool:
    try:
        data = reply.json()
    except ValueError:
        return False
    return isinstance(data, dict) and isinstance(data.get("plugins"), list)
