"""The device, app or browser that a User-Agent header names. The header is a claim: use it for display only."""

from __future__ import annotations

import re
from enum import StrEnum

from django.utils.translation import gettext as _

_PRODUCT = re.compile(r"(?:^|[\s)])([A-Za-z][\w.%-]{0,60})/(\d[\w.]{0,30})")
_NO_APP = {"Mozilla", "AppleWebKit", "Version", "Mobile", "Safari", "CFNetwork", "Darwin", "Chrome", "Gecko", "Firefox"}
_APPLE = re.compile(r"\((iPhone|iPad|iPod)[^)]*? OS (\d{1,3})_(\d{1,3})")
# The first product that is named wins: nearly every browser also names Chrome, and every one of those names Safari.
_BROWSERS = {
    "Edg/": "Edge", "EdgA/": "Edge", "EdgiOS/": "Edge",
    "OPR/": "Opera", "OPT/": "Opera", "OPiOS/": "Opera",
    "SamsungBrowser/": "Samsung Internet",
    "Vivaldi/": "Vivaldi",
    "DuckDuckGo/": "DuckDuckGo", "Ddg/": "DuckDuckGo",
    "Firefox/": "Firefox", "FxiOS/": "Firefox",
    "CriOS/": "Chrome", "HeadlessChrome/": "Chrome", "Chrome/": "Chrome", "Chromium/": "Chrome",
    "Safari/": "Safari",
}  # fmt: skip
# Android names Linux too, and Windows Phone names Android: the order matters.
_SYSTEMS = {
    "iPhone": "iPhone", "iPad": "iPad", "iPod": "iPod",
    "Windows": "Windows",
    "Android": "Android",
    "CrOS": "ChromeOS",
    "Macintosh": "Mac",
    "Linux": "Linux",
}  # fmt: skip


class Device(StrEnum):
    """The kind of device, which decides the steps of the phone setup."""

    IPHONE = "iphone"  # and iPad: the same app, the same steps
    ANDROID = "android"
    DESKTOP = "desktop"


def device_of(user_agent: str, chosen: str = "") -> Device:
    """Return the device that the person chose, else the one in the User-Agent; an unknown one is a desktop.

    An iPad sends "Macintosh" unless its owner changed that, so the desktop page must let people choose.
    """
    if chosen in set(Device):
        return Device(chosen)
    if any(name in user_agent for name in ("iPhone", "iPad", "iPod")):
        return Device.IPHONE
    return Device.ANDROID if "Android" in user_agent else Device.DESKTOP


def app_of(user_agent: str) -> str:
    """Return the app and its version ("Confluence Server 2.0.1"), or "" when the User-Agent names none."""
    for name, version in _PRODUCT.findall(user_agent):
        if name not in _NO_APP:
            return f"{name.replace('%20', ' ')} {version}"
    return ""


def describe(user_agent: str) -> str:
    """Return the phone and its system ("iPhone, iOS 18.4"), or the first 80 characters of the User-Agent."""
    match = _APPLE.search(user_agent)
    if match is None:
        return user_agent[:80]
    name, major, minor = match.groups()
    return f"{name}, {'iPadOS' if name == 'iPad' else 'iOS'} {major}.{minor}"


def browser_of(user_agent: str) -> tuple[str, str]:
    """Return the browser and the system ("Safari", "iPhone"); "" for one that the User-Agent does not name.

    An iPad that requests desktop pages, as they do by default, is reported as a Mac.
    """
    browser = next((name for product, name in _BROWSERS.items() if product in user_agent), "")
    system = next((name for word, name in _SYSTEMS.items() if word in user_agent), "")
    return browser, system


def browser_label(user_agent: str) -> str:
    """Return "Safari on iPhone" in the reader's language, or what is known of it."""
    browser, system = browser_of(user_agent)
    if browser and system:
        # Translators: a browser and the device or system that it runs on, such as "Safari on iPhone".
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    if system:
        return _("Unknown browser on %(system)s") % {"system": system}
    return browser or _("Unknown browser")
