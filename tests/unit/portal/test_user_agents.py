"""Device, app and browser of a User-Agent."""

from __future__ import annotations

import pytest

from portal.presenters.user_agents import Device, app_of, browser_label, browser_of, describe, device_of

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


CHROMIUM = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0"
IOS_WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "browser", "system"),
    [
        (f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) {IOS_WEBKIT} Version/18.4 Mobile/15E148 Safari/604.1",
         "Safari", "iPhone"),
        (f"Mozilla/5.0 (iPad; CPU OS 18_4 like Mac OS X) {IOS_WEBKIT} CriOS/140.0.0.0 Mobile/15E148 Safari/604.1",
         "Chrome", "iPad"),
        (f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) {IOS_WEBKIT} FxiOS/142.0 Mobile/15E148 Safari/605.1",
         "Firefox", "iPhone"),
        (f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) {IOS_WEBKIT} Version/18.0 EdgiOS/140.0 Safari/604.1",
         "Edge", "iPhone"),
        (f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {IOS_WEBKIT} Version/18.4 Safari/605.1.15", "Safari", "Mac"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROMIUM} Safari/537.36", "Chrome", "Windows"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROMIUM} Safari/537.36 Edg/140.0.0.0", "Edge", "Windows"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROMIUM} Safari/537.36 OPR/120.0.0.0", "Opera", "Windows"),
        ("Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0", "Firefox", "Linux"),
        ("Mozilla/5.0 (Android 15; Mobile; rv:142.0) Gecko/142.0 Firefox/142.0", "Firefox", "Android"),
        (f"Mozilla/5.0 (Linux; Android 10; K) {CHROMIUM} Mobile Safari/537.36", "Chrome", "Android"),
        (f"Mozilla/5.0 (Linux; Android 15; SM-S931B) SamsungBrowser/28.0 {CHROMIUM} Mobile Safari/537.36",
         "Samsung Internet", "Android"),
        (f"Mozilla/5.0 (X11; CrOS x86_64 16181.47.0) {CHROMIUM} Safari/537.36", "Chrome", "ChromeOS"),
        ("curl/8.5.0", "", ""),
        ("", "", ""),
    ],
)  # fmt: skip
def test_the_browser_and_its_system(user_agent: str, browser: str, system: str) -> None:
    assert browser_of(user_agent) == (browser, system)


@pytest.mark.parametrize(
    ("user_agent", "label"),
    [
        (ANDROID, "Chrome on Android"),
        (IPHONE, "Unknown browser on iPhone"),  # a web view, which does not name Safari
        ("Firefox/142.0", "Firefox"),
        ("curl/8.5.0", "Unknown browser"),
    ],
)
def test_the_label_of_a_browser(user_agent: str, label: str) -> None:
    assert browser_label(user_agent) == label
