"""What somebody holds in their hand, as far as a browser tells. Pure."""

from __future__ import annotations

import re
from enum import StrEnum

_PRODUCT = re.compile(r"(?:^|[\s)])([A-Za-z][\w.%-]{0,60})/(\d[\w.]{0,30})")
_NO_APP = {"Mozilla", "AppleWebKit", "Version", "Mobile", "Safari", "CFNetwork", "Darwin", "Chrome", "Gecko", "Firefox"}
_APPLE = re.compile(r"\((iPhone|iPad|iPod)[^)]*? OS (\d{1,3})_(\d{1,3})")


class Device(StrEnum):
    IPHONE = "iphone"  # and iPad: the same app, the same steps
    ANDROID = "android"
    DESKTOP = "desktop"


def device_of(user_agent: str, chosen: str = "") -> Device:
    """Return what the person chose, else what the User-Agent says; anything unknown is a desktop.

    An iPad says "Macintosh" unless its owner changed that, so the desktop page must let people choose.
    """
    if chosen in set(Device):
        return Device(chosen)
    if any(word in user_agent for word in ("iPhone", "iPad", "iPod")):
        return Device.IPHONE
    return Device.ANDROID if "Android" in user_agent else Device.DESKTOP


def app_of(user_agent: str) -> str:
    """Return the app and version that a User-Agent claims ("Confluence Server 2.0.1"); empty when it names none."""
    for name, version in _PRODUCT.findall(user_agent):
        if name not in _NO_APP:
            return f"{name.replace('%20', ' ')} {version}"
    return ""


def describe(user_agent: str) -> str:
    """Return the phone in words ("iPhone, iOS 18.4") where the User-Agent tells, else its beginning."""
    found = _APPLE.search(user_agent)
    if found is None:
        return user_agent[:80]
    name, major, minor = found.groups()
    return f"{name}, {'iPadOS' if name == 'iPad' else 'iOS'} {major}.{minor}"
