"""The HTTP client of a sign-in test: sends guarded requests, and records exchanges and secrets."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from rollout.compatibility.observation import Answer
from rollout.http_client.client import fetch
from rollout.http_client.policy import FetchPolicy
from rollout.http_client.reply import Reply

# GatepassRehearsal marks the sign-ins of tests; sites detect the app by AtlassianMobileApp.
USER_AGENT = "GatepassRehearsal/0.1 AtlassianMobileApp"


@dataclass
class RecordingClient:
    """``exchanges`` are the (answer, form) pairs of the current step; ``secrets`` are masked before they are shown."""

    policy: FetchPolicy
    now: Callable[[], datetime]
    deadline: float  # by time.monotonic()
    exchanges: list[tuple[Answer, Mapping[str, str] | None]] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set)

    def add_secrets(self, *secrets: str) -> None:
        """Remember values to mask in the transcript."""
        self.secrets.update(secret for secret in secrets if secret)

    def pop_exchanges(self) -> list[tuple[Answer, Mapping[str, str] | None]]:
        """Return the exchanges of the current step and start the next one."""
        exchanges, self.exchanges = self.exchanges, []
        return exchanges

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
        """Send a request without following redirects. After the deadline every reply is a timeout."""
        left = max(self.deadline - time.monotonic(), 0.01)
        policy = replace(self.policy, total_seconds=min(self.policy.total_seconds, left))
        all_headers = {"User-Agent": USER_AGENT, "Accept": accept, **(headers or {})}
        reply = await fetch(policy, method, url, headers=all_headers, form=form, cookies=cookies, now=self.now)
        self.exchanges.append((reply.answer, form))
        return reply

    async def post_json(self, url: str, form: Mapping[str, str]) -> Reply:
        """Post as the app does to the token and revocation endpoints: outside the browser, without cookies."""
        return await self.send("POST", url, accept="application/json", form=form)
