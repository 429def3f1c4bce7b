"""Server on loopback that responds like Atlassian's Universal Plugin Manager."""

from __future__ import annotations

import json
from typing import Any

from rollout.formats.upm import MOBILE_KEYS, OAUTH_KEY

from .raw_server import RawServer, answer

TOKEN = "NjM0OTg3MjE6Qk5mZ2hqa2zDqWFiY2RlZmdo"
ANSWER = {"key": OAUTH_KEY, "version": "4.1.1", "enabled": True, "name": "OAuth 2.0 Provider"}
MOBILE = {"key": MOBILE_KEYS["confluence"], "version": "19.1.47", "enabled": False, "name": "Mobile"}


class Manager(RawServer):
    """Plugin manager; ``status`` and ``plugins`` may be changed between two requests."""

    def __init__(self) -> None:
        self.status, self.plugins = "200 OK", {OAUTH_KEY: ANSWER, MOBILE["key"]: MOBILE}
        super().__init__(self.respond)

    def respond(self, request: bytes, _handler: Any) -> bytes:
        if self.status != "200 OK":
            return answer(TOKEN.encode(), status=self.status)
        key = request.split(b" ")[1].decode().rpartition("/")[2].removesuffix("-key")
        if key in self.plugins:
            return answer(json.dumps(self.plugins[key]).encode())
        return answer(b"{}", status="404 Not Found")
