"""Where the pages of Confluence and Jira begin in a path: what stands before is the context path.

The addresses are those that both products use for their own pages. A path that could be a context path is kept:
``/display`` alone is one, ``/display/KEY`` is a space.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

MAX_CONTEXT_NAMES = 8  # a page is searched for below so many names
_PAGE_FILE = re.compile(r".+\.(?:action|jspa?|do|aspx|php|html?)", re.IGNORECASE)
_TINY_LINK = re.compile(r"[A-Za-z0-9_-]{2,11}")
_ISSUE_OR_PROJECT = re.compile(r"[A-Za-z][A-Za-z0-9_]+(?:-\d+)?")
_SIGN_IN_FILE = re.compile(r"(?:do)?(?:login|logout|authenticate)\.(?:action|jspa?)", re.IGNORECASE)
_SIGN_IN_NAMES = frozenset({"login", "logout", "signin", "sign-in"})
_DOWNLOADS = frozenset({"attachments", "batch", "contextbatch", "export", "resources", "temp", "thumbnails"})
# Directories whose pages have one of the extensions above, at any depth: /admin/users/browseusers.action
_DIRECTORIES = frozenset(
    {
        "admin", "calendar", "dashboard", "exportimport", "followers", "label", "labels", "mail", "pages", "people",
        "plugins", "search", "secure", "setup", "spacedirectory", "spaces", "templates", "users",
    }
)  # fmt: skip

# The first name of a page's path, and whether the names after it (at least one) make it a page.
_FIRST_NAMES: dict[str, Callable[[Sequence[str]], bool]] = {
    "display": lambda names: not is_file(names[0]) and not _is_page(names[:2]),
    "spaces": lambda names: True,
    "x": lambda names: len(names) == 1 and bool(_TINY_LINK.fullmatch(names[0])),
    "pages": lambda names: names[0].isdecimal(),
    "label": lambda names: True,
    "labels": lambda names: True,
    "browse": lambda names: bool(_ISSUE_OR_PROJECT.fullmatch(names[0])),
    "projects": lambda names: bool(_ISSUE_OR_PROJECT.fullmatch(names[0])),
    "issues": lambda names: bool(_ISSUE_OR_PROJECT.fullmatch(names[0])),
    "secure": lambda names: True,
    "servicedesk": lambda names: names[0].lower() in {"customer", "agent"},
    "plugins": lambda names: names[0].lower() == "servlet",
    "rest": lambda names: True,
    "download": lambda names: names[0].lower() in _DOWNLOADS,
    "s": lambda names: "_" in names,
}


def split_page(path: str, *, has_query: bool = False) -> tuple[str, str]:
    """Split a path into context path and page: ``/wiki/login.action`` is ``("/wiki", "/login.action")``.

    The page is empty if there is none. Cutting the context path again finds no further page.
    """
    names = [name.partition(";")[0] for name in path.split("/")[1:]]
    while names and not names[-1]:
        names.pop()
    end = len(names)
    while (start := _page_start(names[:end], has_query)) is not None:
        end, has_query = start, False
    if end == len(names):
        return path, ""
    return "".join(f"/{name}" for name in names[:end]), "/" + "/".join(names[end:])


def is_sign_in(page: str) -> bool:
    """Whether a page that was split off is one where people sign in or out."""
    name = page.rpartition("/")[2]
    return name.lower() in _SIGN_IN_NAMES or bool(_SIGN_IN_FILE.fullmatch(name))


def is_file(name: str) -> bool:
    """Whether a name has the extension of a page: ``login.action``."""
    return bool(_PAGE_FILE.fullmatch(name))


def _page_start(names: Sequence[str], has_query: bool) -> int | None:
    """The index of the first name that belongs to a page; None if there is no page."""
    for index in range(min(len(names), MAX_CONTEXT_NAMES)):
        if _is_page(names[index:]):
            return index
    is_search = has_query and names[-1:] == ["issues"]
    return len(names) - 1 if is_search or (names and _is_page(names[-1:])) else None


def _is_page(names: Sequence[str]) -> bool:
    first, following = names[0].lower(), names[1:]
    if not following:
        return is_file(first) or first in _SIGN_IN_NAMES
    if first in _DIRECTORIES and is_file(following[-1]):
        return True
    is_page_of = _FIRST_NAMES.get(first)
    return is_page_of is not None and is_page_of(following)
