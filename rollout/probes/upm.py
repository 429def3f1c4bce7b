"""Reads plugin versions from a site's plugin manager with an administrator's personal access token.

The token is sent in one header, to the site's own origin only; redirects are never followed. Only versions and enabled
states are kept, no response and no excerpt, as a site could repeat the token in them.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, replace

from rollout.formats.upm import MOBILE_KEYS, OAUTH_KEY, PATH, Plugin, Plugins, UpmError, path_of, read_upm
from rollout.http_client.client import fetch
from rollout.http_client.policy import FetchPolicy
from rollout.http_client.reply import Reply

SECONDS = 8.0  # for all requests together, as a person waits for the page
LIST_BYTES = 2 * 1024 * 1024  # of the list of all plugins, requested only if the OAuth plugin is not found by its key
TOKEN = re.compile(r"[\x21-\x7e]{8,500}", re.ASCII)
ECHO_LENGTH = 8  # a version that repeats this many characters of the token is rejected
NO_PLUGINS = Plugins()


@dataclass(frozen=True)
class UpmResult:
    """The plugins reported by the manager. ``problem`` is empty on success, else one of:

    ``token_refused`` (401 or 403), ``redirected``, ``no_manager`` (404 for everything), ``not_upm`` (not its JSON),
    ``failed`` (another status) and the keys of ``http_client.failures.ERRORS``. ``status`` is that of the response.
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
        reply = await self._probe(path_of(key), self.policy.max_bytes)
        if reply.status == 404:
            return None
        plugins = self._read(reply)
        return plugins.oauth if key == OAUTH_KEY else plugins.mobile

    async def listed(self) -> Plugins:
        """Return the plugins from the list of all plugins; none if it is too large or contains neither."""
        reply = await self._probe(PATH, max(LIST_BYTES, self.policy.max_bytes))
        if reply.status == 404:
            raise _StoppedError("no_manager", 404)
        try:
            return self._read(reply)
        except _StoppedError:
            if _is_list(reply):
                return NO_PLUGINS
            raise

    async def _probe(self, path: str, max_bytes: int) -> Reply:
        """Return a reply with status 200 or 404. Raises _StoppedError for any other."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise _StoppedError("timeout")
        policy = replace(self.policy, total_seconds=min(self.policy.total_seconds, left), max_bytes=max_bytes)
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}
        reply = await fetch(policy, "GET", self.base_url + path, headers=headers, follow=0)
        if reply.status is None:
            raise _StoppedError(reply.error or "bad_answer")
        if reply.status in (401, 403):
            raise _StoppedError("token_refused", reply.status)
        if 300 <= reply.status < 400:
            raise _StoppedError("redirected", reply.status)
        if reply.status not in (200, 404):
            raise _StoppedError("failed", reply.status)
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


def _is_list(reply: Reply) -> bool:
    try:
        data = reply.json()
    except ValueError:
        return False
    return isinstance(data, dict) and isinstance(data.get("plugins"), list)
