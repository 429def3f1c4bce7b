"""What somebody holds in their hand, as far as a browser tells. Pure."""

from __future__ import annotations

from enum import StrEnum


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
