"""Shared by the conformance cases: a portal over HTTP, control of its database, and an app with its browser."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from portal.serving.web_command import web_command

from . import servers
from .environment import SERVERS
from .template_database import migrated_database

REDIRECT_URI = "confluence-server://oauth-callback"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # RFC 7636 Appendix B
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
FORM = "application/x-www-form-urlencoded"
PERSON = "person@example.com"


@dataclass(frozen=True)
class Reply:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    def has(self, name: str) -> bool:
        return any(key.lower().startswith(name.lower()) for key, _ in self.headers)

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.body)

    @property
    def error(self) -> tuple[int, str]:
        """Status and ``error`` of an OAuth error response."""
        return self.status, self.json.get("error", "")

    @property
    def callback(self) -> dict[str, str]:
        """Parameters of the redirect to the app; fails for any other response."""
        assert self.status in {302, 303}, (self.status, self.body[:300])
        address, _, query = self.header("Location").partition("?")
        assert address == REDIRECT_URI
        return dict(parse_qsl(query, strict_parsing=True))

    @property
    def has_no_redirect(self) -> bool:
        """Whether the error is shown to the person instead of being sent in a redirect."""
        return 400 <= self.status < 500 and not self.header("Location")


@dataclass
class Portal:
    """Portal with several web processes. ``call`` runs a function of ``conformance_portal`` on its database."""

    port: int
    control: subprocess.Popen[str]
    base: str = "/at/pilot"
    client_id: str = ""
    issuer: str = ""
    server: tuple[str, str] = ("", "")
    cookie: str = ""
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(8))

    def call(self, do: str, **what: Any) -> Any:
        assert self.control.stdin is not None
        assert self.control.stdout is not None
        self.control.stdin.write(json.dumps({"do": do, **what}) + "\n")
        self.control.stdin.flush()
        return json.loads(self.control.stdout.readline())

    def prepare(self) -> None:
        created = self.call("site", slug="pilot")
        self.client_id, self.issuer, self.server = created["client_id"], created["issuer"], tuple(created["server"])
        self.cookie = self.call("person", email=PERSON)

    # --- HTTP ---
    def send(self, method: str, path: str, body: bytes | str | None = None, **headers: str) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body.encode() if isinstance(body, str) else body, sent)
            response = connection.getresponse()
            return Reply(response.status, response.getheaders(), response.read())

    def url(self, endpoint: str) -> str:
        return f"{self.base}/rest/oauth2/latest/{endpoint}"

    def post(self, endpoint: str, **parameters: str | None) -> Reply:
        body = urlencode({name: value for name, value in parameters.items() if value is not None})
        return self.send("POST", self.url(endpoint), body, Content_Type=FORM)

    def raw(self, body: str | bytes, endpoint: str = "token", content_type: str = FORM) -> Reply:
        return self.send("POST", self.url(endpoint), body, Content_Type=content_type)

    # --- The browser ---
    def authorize_url(self, **changes: str | None) -> str:
        parameters = {
            "response_type": "code", "client_id": self.client_id, "redirect_uri": REDIRECT_URI, "scope": "WRITE",
            "state": "a state", "code_challenge": CHALLENGE, "code_challenge_method": "S256", **changes,
        }  # fmt: skip
        return f"{self.url('authorize')}?{urlencode({k: v for k, v in parameters.items() if v is not None})}"

    def open(self, url: str | None = None, /, **changes: str | None) -> Reply:
        """Open the authorization endpoint as a signed-in person."""
        return self.send("GET", url or self.authorize_url(**changes), Cookie=self.cookie)

    def press(self, answer: str = "allow", more: str = "", **changes: str | None) -> Reply:
        """Open the consent page and submit it."""
        url = self.authorize_url(**changes)
        page = self.open(url)
        if page.status != 200:
            return page
        token = unescape(re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)[1])  # type: ignore[index]
        csrf = page.header("Set-Cookie").partition(";")[0]
        body = urlencode({"csrfmiddlewaretoken": token, "answer": answer}) + more
        return self.send("POST", url, body, Cookie=f"{self.cookie}; {csrf}", Content_Type=FORM)

    def code(self, **changes: str | None) -> str:
        return self.press(**changes).callback["code"]

    # --- The app ---
    def redeem(self, code: str, /, **changes: str | None) -> Reply:
        sent = {"client_id": self.client_id, "code": code, "redirect_uri": REDIRECT_URI, "code_verifier": VERIFIER}
        return self.post("token", **{"grant_type": "authorization_code", **sent, **changes})

    def tokens(self) -> dict[str, Any]:
        reply = self.redeem(self.code())
        assert reply.status == 200, reply.body
        return reply.json

    def refresh(self, token: str, /, **changes: str | None) -> Reply:
        sent = {"grant_type": "refresh_token", "client_id": self.client_id, "refresh_token": token}
        return self.post("token", **{**sent, **changes})

    def revoke(self, token: str, /, **changes: str | None) -> Reply:
        return self.post("revoke", **{"client_id": self.client_id, "token": token, **changes})

    def introspect(self, token: str) -> dict[str, Any]:
        reply = self.post("introspect", token=token, client_id=self.server[0], client_secret=self.server[1])
        assert reply.status == 200, reply.body
        return reply.json

    def is_alive(self, token: str) -> bool:
        return bool(self.introspect(token)["active"])

    def run_concurrently(self, requests: list[Callable[[], Reply]]) -> list[Reply]:
        start = threading.Barrier(len(requests))

        def send(one: Callable[[], Reply]) -> Reply:
            start.wait(10)
            return one()

        return list(self.pool.map(send, requests))


@contextlib.contextmanager
def running(database_url: str, state: Path, *, processes: int = 2, **settings: str) -> Iterator[Portal]:
    """Run a portal on this database; ``settings`` are environment variables."""
    port = servers.free_port()
    environment = os.environ | {
        "DATABASE_URL": database_url,
        "STATE_DIR": str(state),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "LOG_LEVEL": "ERROR",
        **settings,
    }
    if not (state / "static").exists():
        subprocess.run([sys.executable, "manage.py", "collectstatic", "-v0", "--no-input"], env=environment, check=True)
    control = subprocess.Popen(
        [sys.executable, "-m", "tests.support.conformance_portal"],
        env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    portal = Portal(port, control)
    portal.call("migrate")
    command = web_command(host="127.0.0.1", port=port, processes=processes, threads=4)
    web = subprocess.Popen([sys.executable, "-m", *command], env=environment)
    try:
        _wait(portal, web)
        yield portal
    finally:
        web.terminate()
        web.wait(20)
        assert control.stdin is not None
        control.stdin.close()
        control.wait(20)
        portal.pool.shutdown()


@dataclass(frozen=True)
class SharedPortal:
    """Portal with its own database and a directory with its static files."""

    kind: str
    database_url: str
    state: Path
    portal: Portal

    @contextlib.contextmanager
    def another(self, **settings: str) -> Iterator[Portal]:
        """Run another portal on the same database with other settings."""
        with running(self.database_url, self.state, **settings) as portal:
            yield portal


@pytest.fixture(scope="session", params=["postgresql", "sqlite"])
def shared(request: pytest.FixtureRequest, test_servers_running: None, tmp_path_factory: Any) -> Iterator[SharedPortal]:
    """Portal for the modules that need several web processes, on PostgreSQL and on SQLite."""
    state = tmp_path_factory.mktemp("portal")
    with contextlib.ExitStack() as stack:
        if request.param == "sqlite":
            url = f"sqlite:///{state / 'portal.sqlite3'}"
        elif SERVERS.database_url.startswith("postgres"):
            url = stack.enter_context(migrated_database("portal"))
        else:
            pytest.skip("this run uses SQLite: TEST_DATABASE_URL")
        portal = stack.enter_context(running(url, state))
        portal.prepare()
        yield SharedPortal(request.param, url, state, portal)


def _wait(portal: Portal, web: subprocess.Popen[bytes]) -> None:
    for _attempt in range(300):
        with contextlib.suppress(OSError):
            assert portal.send("GET", "/healthz").status == 200
            return
        assert web.poll() is None, "the portal exited"
        time.sleep(0.1)
    raise AssertionError("the portal did not start")


def path_of(url: str) -> str:
    return urlsplit(url).path
