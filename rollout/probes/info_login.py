"""``info/login`` of the mobile plugin, asked anonymously, as the app asks it before it shows a login."""

from __future__ import annotations

import re
from collections import deque
from typing import Any
from urllib.parse import urlsplit

from rollout.compatibility.observation import InfoLogin

from .asking import Asking, is_unreachable
from .redaction import clean
from .reply import Reply

PATHS = ("/rest/nativemobile/1.1/info/login", "/rest/nativemobile/1.0/info/login")
APP_USER_AGENT = "Gatepass/0.1 (compatibility check) AtlassianMobileApp"
# The field's name in version 1.1 is not documented, so each spelling in use is looked for, at any depth.
CLIENT_ID_NAMES = ("clientID", "clientId", "client_id")
MAX_NODES = 5000
_LOGIN_PAGE = re.compile(r"<form\b|type=[\"']?password|\blog[ -]?in\b|\bsign[ -]?(?:in|on)\b|SAMLRequest", re.I)
_DISABLED = re.compile(r"mobile-app-disabled[\"']?\s*[:=]\s*[\"']?true", re.I)


async def ask_info_login(asking: Asking, base_url: str) -> InfoLogin:
    """The answer of version 1.1, or of 1.0 where 1.1 is not there; 1.1's own when both are missing."""
    headers = {"User-Agent": APP_USER_AGENT, "Accept": "application/json"}
    newest = read_info_login(await asking.ask("GET", base_url + PATHS[0], headers=headers))
    if newest.kind != "missing":
        return newest
    older = read_info_login(await asking.ask("GET", base_url + PATHS[1], headers=headers))
    return older if older.kind in ("json", "disabled") else newest


def read_info_login(reply: Reply) -> InfoLogin:
    kind = _kind(reply)
    return InfoLogin(
        reply.answer,
        kind=kind,
        client_id=find_client_id(reply.json()) if kind == "json" else None,
        redirect_host=host_of(reply.location) if kind == "redirect" else None,
    )


def _kind(reply: Reply) -> str:
    if reply.status is None:
        return "unreachable" if is_unreachable(reply) else "error"
    if reply.location is not None:
        return "redirect"
    if _says_disabled(reply):
        return "disabled"
    if reply.status in (401, 403):
        return "unauthorized"
    if reply.status == 404:
        return "missing"
    if reply.status != 200:
        return "error"
    try:
        return "json" if isinstance(reply.json(), dict) else "error"
    except ValueError:
        return "login_page" if is_login_page(reply) else "error"


def _says_disabled(reply: Reply) -> bool:
    """A disabled mobile plugin answers 503 or 404 with ``mobile-app-disabled: true`` as a header or in the body."""
    if reply.status not in (404, 503):
        return False
    return reply.headers.get("mobile-app-disabled", "").lower() == "true" or bool(_DISABLED.search(reply.text()))


def is_login_page(reply: Reply) -> bool:
    """True for an HTML page that has a form or speaks of signing in, whatever its content type says."""
    text = reply.text()
    is_html = "html" in reply.answer.content_type or "<html" in text[:2000].lower()
    return is_html and bool(_LOGIN_PAGE.search(text))


def find_client_id(data: Any) -> str | None:
    """The client ID nearest to the top of a JSON value; None when there is none that is text."""
    waiting = deque([data])
    for _ in range(MAX_NODES):
        if not waiting:
            return None
        node = waiting.popleft()
        if isinstance(node, dict):
            for name in CLIENT_ID_NAMES:
                if found := _usable(node.get(name)):
                    return found
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
    return None


def _usable(value: Any) -> str | None:
    """The text when it can be a client ID (visible ASCII, RFC 6749 appendix A.1); else None."""
    if not isinstance(value, str) or not 1 <= len(value.strip()) <= 255:
        return None
    text = value.strip()
    return text if all("!" <= character <= "~" for character in text) else None


def host_of(url: str | None) -> str | None:
    """Host of a URL, with its port unless that is the scheme's own; None when there is none."""
    try:
        parts = urlsplit(url or "")
        port = f":{parts.port}" if parts.port and parts.port != {"https": 443, "http": 80}.get(parts.scheme) else ""
    except ValueError:
        return None
    return clean(f"{parts.hostname}{port}", 255) if parts.hostname else None
