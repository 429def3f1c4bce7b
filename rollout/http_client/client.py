"""The only door out: HTTP requests to a stranger, guarded, bounded, and never an exception.

What it holds: http and https only; every resolved address judged and pinned; no proxy or netrc from the environment;
one deadline for everything; caps on headers, hops and the decoded body; redirects walked by hand, each hop judged
again and without credentials for another origin.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from .failures import ERRORS
from .own_services import OwnServices
from .policy import Resolver, resolve_by_system
from .reply import Reply
from .urls import origin
from .visit import MAX_REDIRECTS, Visit

__all__ = ["ERRORS", "MAX_REDIRECTS", "Door", "OwnServices", "Reply", "Visit", "fetch", "origin", "visit"]

USER_AGENT = "Gatepass/0.1 (compatibility check)"


@dataclass(frozen=True)
class Door:
    """What may be reached and how long it may take.

    ``allowed_networks`` are CIDR texts that open private ranges; ``own`` are our own services, always closed;
    ``plain_http`` lets http be asked of other machines too. ``ca_bundle`` is a site's own PEM, asked when the system's
    trust store (or ``ssl_context`` in its place) does not vouch. ``proxy`` is used when ``through_proxy`` says so and
    only then. ``resolver`` replaces the system's (tests). Seconds are for the whole request, all hops included.
    """

    allowed_networks: tuple[str, ...] = ()
    allow_loopback: bool = False
    user_agent: str = USER_AGENT
    connect_seconds: float = 3
    total_seconds: float = 8
    max_bytes: int = 262144
    plain_http: bool = False
    own: OwnServices = field(default_factory=OwnServices)
    through_proxy: bool = False
    proxy: str = field(default="", repr=False)
    ca_bundle: str = field(default="", repr=False)
    ssl_context: ssl.SSLContext | None = field(default=None, repr=False)
    resolver: Resolver = field(default=resolve_by_system, repr=False)


async def fetch(
    door: Door,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None,
    body: bytes | None = None,
    follow: int = 0,
    same_host: bool = False,
    cookies: Mapping[str, str] | None = None,
    now: Callable[[], datetime] | None = None,
) -> Reply:
    """What the URL answers; a redirect is an answer too unless ``follow`` (at most 5) says to walk it.

    ``same_host`` walks only where the host stays the same: another one is named in the answer, never asked.
    ``body`` is sent as it is, in place of a form.
    Never raises for anything a server or a resolver does: ``reply.error`` is then a key of ``ERRORS`` and
    ``reply.status`` None. Cancelling still cancels.
    """
    async with visit(door) as one:
        return await one.fetch(
            method,
            url,
            headers=headers,
            form=form,
            body=body,
            follow=follow,
            same_host=same_host,
            cookies=cookies,
            now=now,
        )


@asynccontextmanager
async def visit(door: Door) -> AsyncIterator[Visit]:
    """Several questions to one site, one after the other, over connections that stay open in between."""
    one = Visit(door)
    try:
        yield one
    finally:
        one.close()
