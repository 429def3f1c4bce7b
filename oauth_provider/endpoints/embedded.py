"""Detection of a browser embedded in an app, which can see what is typed into it (RFC 8252 section 8.12).

A User-Agent can be forged, so this only leads to a warning, never to a refusal.
"""

from __future__ import annotations

import re

# Web views on iOS do not name Safari; those on Android contain "wv"; some apps add their own name.
_IOS = re.compile(r"\((?:iPhone|iPad|iPod)[^)]*\) AppleWebKit/")
_SHEET = re.compile(r"\b(?:Safari|CriOS|FxiOS|EdgiOS|OPiOS|DuckDuckGo)/")
_NAMED = re.compile(r"; wv\)|\b(?:FBAN|FBAV|Instagram|Line|MicroMessenger|Snapchat|LinkedInApp)\b")


def is_embedded(user_agent: str) -> bool:
    """Return whether this is probably a web view inside an app, not a browser or a browser sheet."""
    text = user_agent[:1000]
    return bool(_NAMED.search(text) or (_IOS.search(text) and not _SHEET.search(text)))
