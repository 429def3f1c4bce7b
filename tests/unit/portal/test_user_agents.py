"""What a user agent says about the device and the app."""

from __future__ import annotations

import pytest

from portal.presenters.user_agents import Device, app_of, describe, device_of

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) AppleWebKit/605.1.15 Version/18.4 Mobile/15E148"
IPAD_AS_MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.4 Safari/605.1.15"
ANDROID = "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36"


@pytest.mark.parametrize(
    ("agent", "chosen", "device"),
    [
        (IPHONE, "", Device.IPHONE),
        (IPHONE.replace("iPhone", "iPad"), "", Device.IPHONE),
        (ANDROID, "", Device.ANDROID),
        (IPAD_AS_MAC, "", Device.DESKTOP),
        (IPAD_AS_MAC, "iphone", Device.IPHONE),
        (IPHONE, "desktop", Device.DESKTOP),
        (IPHONE, "toaster", Device.IPHONE),
        ("", "", Device.DESKTOP),
    ],
)
def test_device_of(agent: str, chosen: str, device: Device) -> None:
    assert device_of(agent, chosen) == device


def test_describe() -> None:
    assert describe(IPHONE) == "iPhone, iOS 18.4"
    assert describe("curl/8") == "curl/8"
    assert len(describe("(iPhone" + "x" * 100_000)) == 80


@pytest.mark.parametrize(
    ("user_agent", "app"),
    [
        ("Confluence%20Server/2.0.1 CFNetwork/1490.0.4 Darwin/23.2.0", "Confluence Server 2.0.1"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) AppleWebKit/605.1 (KHTML) AtlassianMobileApp/2.3",
         "AtlassianMobileApp 2.3"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) AppleWebKit/605.1.15", ""),
        ("", ""),
        ("/// ((( %%% " * 50, ""),
    ],
)  # fmt: skip
def test_the_app_and_its_version(user_agent: str, app: str) -> None:
    assert app_of(user_agent) == app
