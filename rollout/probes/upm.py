"""Asks a site's plugin manager with a personal access token: the one question that needs an administrator.

The token goes into one header, to the site's own origin; a redirect is an answer and never followed. Nothing that came
back is kept but versions and switches: not the answer, not its excerpt, as a site could repeat the token in them.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, replace

from rollout.formats.upm import MOBILE_KEYS, OAUTH_KEY, PATH, Plugin, Plugins, UpmError, path_of, read_upm
from rollout.http_client.client import fetch
from rollout.http_client.policy import FetchPolicy
from rollout.http_client.reply import Reply

SECONDS = 8.0  # for all questions together: somebody waits for the page
LIST_BYTES = 2 * 1024 * 1024  # the whole list, asked only when the OAuth plugin is not known by its key
TOKEN = re.compile(r"[\x21-\x7e]{8,500}", re.ASCII)
ECHO = 8  # characters of the token that a version may not repeat
NOTHING = Plugins()


@dataclass(frozen=True)
class UpmResult:
    """What the manager said. ``problem`` is empty when it answered, else one of:

    ``token_refused`` (401 or 403), ``redirected``, ``no_manager`` (404 for everything), ``not_upm`` (no JSON of
    its kind), ``failed`` (another status) and the words of ``http_client.failures.ERRORS``. ``status`` is what decided.
    """

    plugins: Plugins = NOTHING
    problem: str = ""
    status: int | None = None


class _StoppedError(Exception):
    def __init__(self, problem: str, status: int | None = None) -> None:
        super().__init__(problem)
        self.asked = UpmResult(problem=problem, status=status)


async def read_plugins(policy: FetchPolicy, *, base_url: str, product: str, token: str) -> UpmResult:
    """The versions of the two plugins; never raises for anything a site does. Raises ValueError for no token."""
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
        return stopped.asked
    return UpmResult(Plugins(oauth, mobile))


@dataclass(frozen=True)
class _Manager:
    policy: FetchPolicy
    base_url: str
    product: str
    token: str
    deadline: float

    async def plugin(self, key: str) -> Plugin | None:
        """The plugin of this key; None when the site has none."""
        reply = await self._probe(path_of(key), self.policy.max_bytes)
        if reply.status == 404:
            return None
        found = self._read(reply)
        return found.oauth if key == OAUTH_KEY else found.mobile

    async def listed(self) -> Plugins:
        """The plugins in the whole list. A list that is too large or names neither says nothing."""
        reply = await self._probe(PATH, max(LIST_BYTES, self.policy.max_bytes))
        if reply.status == 404:
            raise _StoppedError("no_manager", 404)
        try:
            return self._read(reply)
        except _StoppedError:
            if _is_list(reply):
                return NOTHING
            raise

    async def _probe(self, path: str, max_bytes: int) -> Reply:
        """The reply, a 200 or 404. Raises _StoppedError for any other."""
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
            found = read_upm(reply.text(), product=self.product)
        except UpmError:
            raise _StoppedError("not_upm", reply.status) from None
        if any(self._repeats_token(plugin.version) for plugin in (found.oauth, found.mobile) if plugin):
            raise _StoppedError("not_upm", reply.status)
        return found

    def _repeats_token(self, version: str) -> bool:
        pieces = (version[start : start + ECHO] for start in range(len(version) - ECHO + 1))
        return any(piece in self.token for piece in pieces)


def _is_list(reply: Reply) -> bool:
    try:
        data = reply.json()
    except ValueError:
        return False
    return isinstance(data, dict) and isinstance(data.get("plugins"), list)
