"""The main requests of a check, and how it reports their answers while it runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from .observation import Answer

# In the order in which they are sent, by their names in an observation; others follow.
MAIN_REQUESTS = ("manifest", "info_login", "authorize", "token", "rest_api")
Report = Callable[[str, Answer], Awaitable[None]]


@dataclass(frozen=True)
class MainRequest:
    """One of ``MAIN_REQUESTS``; ``answered`` is empty and ``elapsed_ms`` 0 until the answer is known."""

    name: str
    answered: str = ""
    elapsed_ms: int = 0


async def no_report(_name: str, _answer: Answer) -> None:
    """Ignore the answer."""
