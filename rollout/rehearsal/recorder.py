"""The virtual phone's network access: the guarded client, with every request recorded and every secret remembered."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from rollout.compatibility.observation import Answer
from rollout.http_client.client import fetch
from rollout.http_client.policy import FetchPolicy
from rollout.http_client.reply import Reply

# The word in the middle identifies sign-in tests; sites react to the last one.
USER_AGENT = "GatepassRehearsal/0.1 AtlassianMobileApp"


@dataclass
class Wire:
    """``exchanges`` are (answer, form) since the last ``take``; ``secrets`` must not appear in any of them."""

    policy: FetchPolicy
    now: Callable[[], datetime]
    deadline: float  # by time.monotonic()
    exchanges: list[tuple[Answer, Mapping[str, str] | None]] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set)

    def learn(self, *secrets: str) -> None:
        self.secrets.update(secret for secret in secrets if secret)

    def take(self) -> list[tuple[Answer, Mapping[str, str] | None]]:
        taken, self.exchanges = self.exchanges, []
        return taken

    async def send(
        self,
        method: str,
        url: str,
        *,
        accept: str,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        cookies: Mapping[str, str] | None = None,
    ) -> Reply:
        """Return the reply without following redirects. After the deadline every reply is a timeout."""
        left = max(self.deadline - time.monotonic(), 0.01)
        policy = replace(self.policy, total_seconds=min(self.policy.total_seconds, left))
        sent = {"User-Agent": USER_AGENT, "Accept": accept, **(headers or {})}
        reply = await fetch(policy, method, url, headers=sent, form=form, cookies=cookies, now=self.now)
        self.exchanges.append((reply.answer, form))
        return reply

    async def post_json(self, url: str, form: Mapping[str, str]) -> Reply:
        """Send a request of the app itself to the token or revocation endpoint: outside the browser, without
        cookies.
        """
        return await self.send("POST", url, accept="application/json", form=form)
