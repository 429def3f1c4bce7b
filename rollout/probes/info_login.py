"""Requests ``info/login`` of the mobile plugin without sign-in, as the app does before it shows a login."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from rollout.compatibility.observation import InfoLogin
from rollout.compatibility.refusals import RefusalKind
from rollout.http_client.redaction import clean, safe_url
from rollout.http_client.reply import Reply
from rollout.http_url import DEFAULT_PORTS

from .imitated_clients import Client
from .json_body import CLIENT_ID_NAMES, read_json
from .probe_session import ProbeSession, is_unreachable

PATHS = ("/rest/nativemobile/1.1/info/login", "/rest/nativemobile/1.0/info/login")
# Confluence reports a disabled mobile plugin only to requests with this header, which the app sends.
APP_HEADERS = {"mobile-app-request": "true"}
MAX_NODES = 5000
MAX_FIELDS = 60
_TITLES = ("title", "siteTitle", "siteName", "name")
_BASE_URLS = ("baseUrl", "baseURL", "base_url", "url")
# A response of version 1.0 then shows what blocks 1.1.
_TRY_OLDER = frozenset({"missing", "redirect", "unauthorized", "login_page", "other_json"})
# Fields that the answers of gateways and error pages have beside a title or a name.
_ERROR_FIELDS = frozenset({"code", "status", "error", "errors", "message", "statuscode"})
_SITE_FIELDS = frozenset({"oauth", "siteTitle", "siteName"})
_DISABLED = re.compile(r"mobile-app-disabled[\"']?\s*[:=]\s*[\"']?true", re.I)


@dataclass(frozen=True)
class InfoLogins:
    """``app`` is the response that the app gets, ``plain`` version 1.1 for other clients, ``old`` version 1.0."""

    app: InfoLogin
    plain: InfoLogin | None = None
    old: InfoLogin | None = None


async def probe_info_login(session: ProbeSession, base_url: str) -> InfoLogins:
    """Request version 1.1 with the app's and a plain User-Agent, and 1.0 if 1.1 is blocked or missing.

    If 1.1 is missing, the response of 1.0 counts as the app's.
    """
    newest = await _probe(session, base_url + PATHS[0], Client.APP)
    older = await _probe(session, base_url + PATHS[1], Client.APP) if newest.kind in _TRY_OLDER else None
    if newest.kind == "missing":
        is_usable = older is not None and older.kind in ("json", "disabled")
        return InfoLogins(older if older and is_usable else newest, old=older)
    plain = None if session.is_stopped else await _probe(session, base_url + PATHS[0], Client.GATEPASS)
    return InfoLogins(newest, plain, older)


async def _probe(session: ProbeSession, url: str, client: Client) -> InfoLogin:
    headers = {"Accept": "application/json"} | (APP_HEADERS if client is Client.APP else {})
    return read_info_login(await session.request("GET", url, client=client, headers=headers, follow=True))


def read_info_login(reply: Reply) -> InfoLogin:
    """Classify a response and read the client ID, title and base URL from its JSON."""
    kind, data, oddities = _read(reply)
    if kind != "json":
        redirect_host = host_of(reply.location) if kind == "redirect" else None
        return InfoLogin(reply.answer, kind=kind, redirect_host=redirect_host, fields=field_names(data))
    client_id, field = (None, None) if "two_client_ids" in oddities else locate_client_id(data)
    base_url = next((data[name] for name in _BASE_URLS if isinstance(data.get(name), str)), None)
    title = next((data[name] for name in _TITLES if isinstance(data.get(name), str)), None)
    return InfoLogin(
        reply.answer,
        kind=kind,
        client_id=client_id,
        fields=field_names(data),
        client_id_field=field,
        title=clean(title, 200) if title else None,
        base_url=safe_url(base_url, 500) if base_url else None,
        oddities=oddities,
    )


def _read(reply: Reply) -> tuple[str, dict[str, Any], tuple[str, ...]]:
    """The kind of the response and, for JSON, the object and its oddities."""
    kind = _kind_by_status(reply)
    if kind:
        return kind, {}, ()
    try:
        data, oddities = read_json(reply)
    except ValueError:
        return "error", {}, ()
    if not isinstance(data, dict):
        return "error", {}, ()
    return "json" if is_info_login(data) else "other_json", data, oddities


def is_info_login(data: dict[str, Any]) -> bool:
    """Whether JSON has the shape of ``info/login``: a client ID, the site's base URL, or its title.

    Other APIs have names and titles, too: they do not count beside the fields of an error.
    """
    if locate_client_id(data)[0] or _SITE_FIELDS & data.keys():
        return True
    if any(str(data.get(name, "")).lower().startswith(("https://", "http://")) for name in _BASE_URLS[:3]):
        return True
    has_title = any(isinstance(data.get(name), str) for name in (*_TITLES, *_BASE_URLS))
    return has_title and not any(str(name).lower() in _ERROR_FIELDS for name in data)


def _kind_by_status(reply: Reply) -> str:
    """The kind that follows without reading JSON; empty for a 200 whose body has to be read."""
    if reply.status is None:
        return "unreachable" if is_unreachable(reply) else "error"
    if _is_disabled(reply):
        return "disabled"
    refusal = reply.answer.refusal
    if refusal == RefusalKind.SIGN_IN:
        return "redirect" if reply.location else "unauthorized" if reply.status in (401, 403) else "login_page"
    if refusal and refusal != RefusalKind.OTHER_PAGE:
        return "refused"
    if reply.status == 404:
        return "missing"
    return "" if reply.status == 200 and not refusal else "error"


def _is_disabled(reply: Reply) -> bool:
    """A disabled mobile plugin returns 503 or 404 with ``mobile-app-disabled: true`` as a header or in the body."""
    if reply.status not in (404, 503):
        return False
    return reply.headers.get("mobile-app-disabled", "").lower() == "true" or bool(_DISABLED.search(reply.text()))


def locate_client_id(data: Any) -> tuple[str | None, str | None]:
    """Return the client ID nearest to the top level, and the dotted name of its field; None without one."""
    for path, node in _objects(data):
        for name in CLIENT_ID_NAMES:
            if client_id := _usable(node.get(name)):
                return client_id, clean(f"{path}{name}", 200)
    return None, None


def field_names(data: Any) -> tuple[str, ...]:
    """Return the dotted names of the fields with values, at most sixty, those nearest to the top level first."""
    names: dict[str, None] = {}
    for path, node in _objects(data):
        for name, value in node.items():
            if not isinstance(value, dict | list):
                names[clean(f"{path}{name}", 200)] = None
            if len(names) >= MAX_FIELDS:
                return tuple(names)
    return tuple(names)


def _objects(data: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every object within a JSON value with its dotted path, level by level; at most 5000 values are visited."""
    queue = deque([("", data)])
    for _ in range(MAX_NODES):
        if not queue:
            return
        path, node = queue.popleft()
        if isinstance(node, dict):
            yield path, node
            queue.extend((f"{path}{name[:60]}."[-200:], value) for name, value in node.items())
        elif isinstance(node, list):
            queue.extend((path, value) for value in node)


def _usable(value: Any) -> str | None:
    """The text if it is a valid client ID (visible ASCII, RFC 6749 appendix A.1), else None."""
    if not isinstance(value, str) or not 1 <= len(value.strip()) <= 255:
        return None
    text = value.strip()
    return text if all("!" <= character <= "~" for character in text) else None


def host_of(url: str | None) -> str | None:
    """The host of a URL, with its port unless that is the scheme's default; None if there is none."""
    try:
        parts = urlsplit(url or "")
        port = f":{parts.port}" if parts.port and parts.port != DEFAULT_PORTS.get(parts.scheme) else ""
    except ValueError:
        return None
    return clean(f"{parts.hostname}{port}", 255) if parts.hostname else None
