"""The guarded HTTP client: bounded requests to untrusted servers that never raise.

Only http and https; every resolved address is checked and pinned; no proxy or netrc from the environment; one
deadline for the whole request; limits for headers, redirects and the decoded body; redirects are followed one by one,
each checked again and without credentials for another origin.
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
    """Return the response to a URL; a redirect is returned unless ``follow`` (at most 5) allows following it.

    ``same_host`` follows redirects on the same host only: another host is named in the reply and never contacted.
    ``body`` is sent unchanged instead of a form.
    Never raises for a server or resolver error: ``reply.error`` is then a key of ``ERRORS`` and ``reply.status`` None.
    Cancellation still works.
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
    """Open a visit: several requests to one site, one after the other, over kept-alive connections."""
    one = Visit(policy)
    try:
        yield one
    finally:
        one.close()
