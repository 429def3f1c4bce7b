"""Recognises a browser that is embedded in an app (RFC 8252 section 8.12): that app sees what is typed into it.

Only a hint, because a User-Agent is what somebody claims: the person is warned, nobody is refused.
"""

from __future__ import annotations

import re

# Web views of iOS name neither Safari nor a version of it; those of Android say "wv"; some apps name themselves.
_IOS = re.compile(r"\((?:iPhone|iPad|iPod)[^)]*\) AppleWebKit/")
_SHEET = re.compile(r"\b(?:Safari|CriOS|FxiOS|EdgiOS|OPiOS|DuckDuckGo)/")
_NAMED = re.compile(r"; wv\)|\b(?:FBAN|FBAV|Instagram|Line|MicroMessenger|Snapchat|LinkedInApp)\b")


def is_embedded(user_agent: str) -> bool:
    """Whether this looks like a web view inside an app rather than a browser or its sheet."""
    text = user_agent[:1000]
    return bool(_NAMED.search(text) or (_IOS.search(text) and not _SHEET.search(text)))
