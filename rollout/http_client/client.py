"""The only door out: HTTP requests to a stranger, guarded, bounded, and never an exception.

What it holds: http and https only; every resolved address judged and pinned; no proxy or netrc from the environment;
one deadline for everything; caps on headers, hops and the decoded body; redirects walked by hand, each hop judged
again and without credentials for another origin.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime

from .policy import FetchPolicy
from .reply import Reply
from .visit import Visit


async def fetch(
    policy: FetchPolicy,
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
    async with visit(policy) as one:
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
async def visit(policy: FetchPolicy) -> AsyncIterator[Visit]:
    """Several questions to one site, one after the other, over connections that stay open in between."""
    one = Visit(policy)
    try:
        yield one
    finally:
        one.close()
