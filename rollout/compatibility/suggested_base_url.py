"""A better base URL, if a check found one: where the site moved to, its context path, or its own base URL."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from rollout.pasted_url.root_redirect import redirected_base_url

from .base_urls import is_same, parsed
from .observation import Answer, Observation
from .refusals import RefusalKind
from .sources import own_base_url


def suggested_base_url(observation: Observation) -> str | None:
    """Return a base URL to use instead of the entered one; None if there is nothing better."""
    found = moved_to(observation.manifest.answer) or context_url(observation.root) or own_base_url(observation).text
    url = parsed(found, http=False) if found else None
    if url is None or is_same(str(url), observation.base_url):
        return None
    return str(url)


def moved_to(answer: Answer) -> str | None:
    """Return the base URL that a request for the same path on another host leads to; None if it did not move."""
    if answer.refusal != RefusalKind.MOVED or not answer.location:
        return None
    path = urlsplit(answer.hops[-1] if answer.hops else answer.url).path
    target = urlsplit(answer.location)
    at = target.path.find("/rest/") if "/rest/" in path else len(target.path)
    return f"{target.scheme}://{target.netloc}{target.path[: max(at, 0)]}"


def context_url(root: Answer | None) -> str | None:
    """Return the base URL with the context path that the redirect of ``/`` leads to; None without one."""
    if root is None or not root.location:
        return None
    return redirected_base_url(root.url.rstrip("/"), urljoin(root.url, root.location))
