"""Requests ``/`` of the host, which shows a context path that the base URL lacks."""

from __future__ import annotations

from urllib.parse import urlsplit

from rollout.compatibility.observation import Answer

from .probe_session import ProbeSession


async def probe_root(session: ProbeSession, base_url: str) -> Answer:
    """Return the response to ``/``; its redirect is not followed."""
    parts = urlsplit(base_url)
    reply = await session.request("GET", f"{parts.scheme}://{parts.netloc}/", headers={"Accept": "text/html"})
    return reply.answer
