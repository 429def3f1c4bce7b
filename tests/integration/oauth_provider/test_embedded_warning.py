"""A person in a browser inside another app is warned before typing or allowing anything."""

from __future__ import annotations

from typing import Any

import pytest

WEB_VIEW = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"
)
BROWSER = WEB_VIEW.replace(" Mobile/", " Version/18.5 Mobile/") + " Safari/604.1"


@pytest.mark.rfc("8252", "8.12")
@pytest.mark.parametrize(("agent", "warned"), [(WEB_VIEW, True), (BROWSER, False)])
def test_the_person_is_warned_and_may_continue(phone: Any, agent: str, warned: bool) -> None:
    page = phone.browser.get(phone.authorize_url(), headers={"user-agent": agent})
    assert page.status_code == 200
    assert ("inside another app" in page.text) is warned
    stranger = phone.wire.get(phone.authorize_url(), headers={"user-agent": agent}, follow=True)
    assert ("inside another app" in stranger.content.decode()) is warned
