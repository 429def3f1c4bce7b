"""A better base URL, if a check found one: where the site moved to, its context path, or its own base URL."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from .base_urls import is_same, parsed
from .observation import Answer, Observation
from .refusals import RefusalKind
from .sources import own_base_url

# Pages of Confluence and Jira that a context path ends before.
_PAGES = (
    "/login.action",
    "/dashboard.action",
    "/index.action",
    "/homepage.action",
    "/login.jsp",
    "/secure/",
    "/spaces/",
    "/display/",
    "/pages/",
    "/plugins/",
    "/rest/",
    "/x/",
    "/browse/",
)


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
    """Return the base URL with the context path that the redirect of ``/`` shows; None without one.

    ``/`` → ``/confluence/`` and ``/`` → ``https://host/wiki/login.action`` show a context path, ``/`` →
    ``/login.action`` and redirects to other hosts do not.
    """
    if root is None or not root.location:
        return None
    target, host = urlsplit(urljoin(root.url, root.location)), urlsplit(root.url)
    if target.hostname != host.hostname:
        return None
    path = target.path
    cut = min((at for at in (path.find(page) for page in _PAGES) if at >= 0), default=len(path))
    path = path[:cut].rstrip("/")
    if not path or path.count("/") > 2 or "." in path.rpartition("/")[2]:
        return None
    return f"{target.scheme}://{target.netloc}{path}"
