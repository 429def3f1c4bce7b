"""The User-Agents that checks send: what the app sends, what its browser sheet sends, and Gatepass's own.

Single sign-on and firewalls decide by parts of these strings (``Mozilla/5.0``, ``iPhone``, ``AtlassianMobileApp``), so
a check sends them as phones do and compares the responses.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from rollout.http_client.policy import USER_AGENT


class Client(StrEnum):
    """Which client a request of a check imitates. Each has its own cookies, as on the phone."""

    APP = "app"
    BROWSER = "browser"
    GATEPASS = "gatepass"


@dataclass(frozen=True)
class UserAgent:
    """One string. ``is_documented``: whether Atlassian documents it; no remedy depends on one that is not."""

    value: str
    source: str
    as_of: date
    is_documented: bool


USER_AGENTS = {
    # Atlassian documents the web view's; the one of the app's own requests is not documented and may be shorter.
    Client.APP: UserAgent(
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Safari/604.1"
        " AtlassianMobileApp",
        "https://confluence.atlassian.com/pages/viewpage.action?pageId=1077786232",
        date(2026, 11, 1),
        True,
    ),
    # Safari's on the same iPhone. That the app opens the sign-in in a sheet of Safari follows from the base document.
    Client.BROWSER: UserAgent(
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5"
        " Mobile/15E148 Safari/604.1",
        "https://developer.apple.com/documentation/authenticationservices/aswebauthenticationsession",
        date(2026, 11, 1),
        False,
    ),
    Client.GATEPASS: UserAgent(USER_AGENT, "", date(2026, 11, 1), True),
}
