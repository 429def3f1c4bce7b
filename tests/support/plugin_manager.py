"""Server on loopback that responds like Atlassian's Universal Plugin Manager.

It serves its own media types only, and 406 for a request that accepts none of them. ``json_only`` is the opposite: a
server that serves ``application/json``, and 406 for a request that accepts only the manager's types.
"""

from __future__ import annotations

import json
import re
from typing import Any

from rollout.formats.upm import LIST_TYPE, MOBILE_KEYS, OAUTH_KEY, PLUGIN_TYPE

from .raw_server import RawServer, answer

TOKEN = "NjM0OTg3MjE6Qk5mZ2hqa2zDqWFiY2RlZmdo"
ANSWER = {"key": OAUTH_KEY, "version": "4.1.1", "enabled": True, "name": "OAuth 2.0 Provider"}
MOBILE = {"key": MOBILE_KEYS["confluence"], "version": "19.1.47", "enabled": False, "name": "Mobile"}


TOMCAT_PAGE = b"<!doctype html><html><head><title>HTTP Status 406 \xe2\x80\x93 Not Acceptable</title></head></html>"
REJECTED = b'{"message":"Client must be authenticated to access this resource.","status-code":401}'


class Manager(RawServer):
    """Plugin manager; ``status``, ``plugins`` and ``json_only`` may be changed between two requests."""

    def __init__(self) -> None:
        self.status, self.plugins, self.json_only = "200 OK", {OAUTH_KEY: ANSWER, MOBILE["key"]: MOBILE}, False
        super().__init__(self.respond)

    def respond(self, request: bytes, _handler: Any) -> bytes:
        if self.status != "200 OK":
            return answer(TOKEN.encode(), status=self.status)
        if f"authorization: bearer {TOKEN}".lower().encode() not in request.lower():
            return answer(REJECTED, status="401 Unauthorized", Content_Type="application/json")
        key = request.split(b" ")[1].decode().rpartition("/")[2].removesuffix("-key")
        media_type = "application/json" if self.json_only else PLUGIN_TYPE if key else LIST_TYPE
        if not accepts(request, media_type):
            return answer(TOMCAT_PAGE, status="406 Not Acceptable", Content_Type="text/html;charset=utf-8")
        if key in self.plugins:
            return answer(json.dumps(self.plugins[key]).encode(), Content_Type=media_type)
        return answer(b"{}", status="404 Not Found", Content_Type="application/json")


def accepts(request: bytes, media_type: str) -> bool:
    """Return whether a request names the media type in its Accept header; ``*/*`` is not enough for this server."""
    header = re.search(rb"\r\naccept: ([^\r]*)", request, re.IGNORECASE)
    ranges = header[1].decode().split(",") if header else []
    return media_type in [one.partition(";")[0].strip() for one in ranges]
