"""A strict OAuth provider on loopback, with faults that a test can turn on."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
from collections.abc import Callable, Iterator
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

REDIRECT_URI = "confluence-server://oauth-callback"


class Provider:
    """``faults`` are the names of deviations; ``issued`` are all secrets that it has returned."""

    def __init__(self, *faults: str) -> None:
        self.faults = set(faults)
        self.client_id = "client-of-the-test"
        self.sign_in_path = "/welcome/ONETIMETOKENOFTHETEST"
        self.sessions: set[str] = set()
        self.codes: dict[str, dict[str, str]] = {}
        self.live_refresh: set[str] = set()
        self.issued: list[str] = ["ONETIMETOKENOFTHETEST"]
        self.user_agents: set[str] = set()
        self.replayed: list[str] = []
        self.revoked: list[str] = []
        self.csrf = self.new_secret()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.origin = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.base_url = self.origin + "/wiki"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def new_secret(self) -> str:
        self.issued.append(secrets.token_urlsafe(24))
        return self.issued[-1]

    def callback(self, query: dict[str, str], **answer: str) -> str:
        state = "forged" if "wrong_state" in self.faults else query["state"]
        issuer = "https://evil.example.com" if "wrong_issuer" in self.faults else self.base_url
        target = "https://evil.example.com/callback" if "wrong_redirect" in self.faults else REDIRECT_URI
        twice = "&code=second" if "code_twice" in self.faults else ""
        return f"{target}?{urlencode({**answer, 'state': state, 'iss': issuer})}{twice}"

    def tokens(self) -> dict[str, object]:
        refresh = self.new_secret()
        self.live_refresh.add(refresh)
        answer = {"access_token": self.new_secret(), "refresh_token": refresh, "token_type": "Bearer"}
        answer |= {"expires_in": 3600, "scope": "READ" if "narrow_scope" in self.faults else "WRITE"}
        if "no_refresh_token" in self.faults:
            del answer["refresh_token"]
        if "mac_token" in self.faults:
            answer["token_type"] = "mac"
        if "no_lifetime" in self.faults:
            answer["expires_in"] = "soon"
        return answer


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

        def reply(self, status: int, body: str = "", kind: str = "text/html", **headers: str) -> None:
            self.send_response(status)
            content = body.encode()
            for name, value in {"Content-Type": kind, "Content-Length": str(len(content)), **headers}.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(content)

        def json(self, status: int, data: object) -> None:
            self.reply(status, json.dumps(data), "application/json")

        @property
        def signed_in(self) -> bool:
            cookies = SimpleCookie(self.headers.get("Cookie", ""))
            return "sessionid" in cookies and cookies["sessionid"].value in provider.sessions

        def do_GET(self) -> None:
            provider.user_agents.add(self.headers["User-Agent"])
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            if parts.path == "/wiki/rest/nativemobile/1.1/info/login":
                if "info_login_blocked" in provider.faults:
                    return self.reply(302, Location="https://sso.example.com/login")
                oauth = {} if "switch_off" in provider.faults else {"oauth": {"clientId": provider.client_id}}
                return self.json(200, {"title": "Wiki", **oauth})
            if parts.path == provider.sign_in_path:
                search = '<form action="/search"><input name=q><button>Search</button></form>'
                form = '<form method="post" action="">'
                form += f'<input type="hidden" name="csrfmiddlewaretoken" value="{provider.csrf}">'
                button = "" if "link_used" in provider.faults else "<button>Sign in</button>"
                return self.reply(
                    200, f"<html>{search}{form}{button}</form></html>", Set_Cookie="csrftoken=abcdefghijkl; Path=/"
                )
            if parts.path == "/wiki/rest/oauth2/latest/authorize":
                return self.authorize(query)
            if parts.path == "/wiki/login":
                return self.reply(
                    200, "<html><form method=post><input type=password name=p><button>Log in</button></form>"
                )
            return self.reply(404 if parts.path != "/" else 200, "<html>")

        def authorize(self, query: dict[str, str]) -> None:
            if "unknown_client" in provider.faults:
                return self.reply(400, "<html>Unknown client")
            if "other_host" in provider.faults:
                return self.reply(302, Location="https://sso.example.com/login?goto=x")
            if not self.signed_in:
                return self.reply(302, Location="/wiki/login?" + urlencode({"next": self.path}))
            if "no_consent" in provider.faults:
                return self.reply(200, "<html><p>Welcome")
            form = f'<form method="post"><input type=hidden name=csrfmiddlewaretoken value="{provider.csrf}">'
            form += '<input type="checkbox" name="extra"><button name="answer" value="cancel">Cancel</button>'
            return self.reply(200, f'<html>{form}<button name="answer" value="allow">Allow</button></form></html>')

        def do_POST(self) -> None:
            provider.user_agents.add(self.headers["User-Agent"])
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            if parts.path == provider.sign_in_path:
                if form.get("csrfmiddlewaretoken") != provider.csrf or self.headers["Origin"] != provider.origin:
                    return self.reply(403)
                session = provider.new_secret()
                provider.sessions.add(session)
                return self.reply(302, Location="/", Set_Cookie=f"sessionid={session}; Path=/; HttpOnly")
            if parts.path.endswith("/authorize"):
                return self.consent(query, form)
            if parts.path.endswith("/token"):
                return self.token(form)
            provider.live_refresh.discard(form.get("token", ""))
            provider.revoked.append(form.get("token", ""))
            if "revoke_ignored" in provider.faults:
                provider.live_refresh.add(form.get("token", ""))
            return self.reply(503 if "revoke_fails" in provider.faults else 200)

        def consent(self, query: dict[str, str], form: dict[str, str]) -> None:
            if not self.signed_in or form.get("csrfmiddlewaretoken") != provider.csrf or "extra" in form:
                return self.reply(403)
            if form.get("answer") != "allow" or "denied" in provider.faults:
                return self.reply(303, Location=provider.callback(query, error="access_denied"))
            code = provider.new_secret()
            provider.codes[code] = query
            answer = {} if "no_code" in provider.faults else {"code": code}
            return self.reply(303, Location=provider.callback(query, **answer))

        def token(self, form: dict[str, str]) -> None:
            if "html_token" in provider.faults:
                return self.reply(200, "<html>Sign in</html>")
            if "invalid_client" in provider.faults or form.get("client_id") != provider.client_id:
                return self.json(401, {"error": "invalid_client"})
            if form["grant_type"] == "refresh_token":
                return self.refresh(form["refresh_token"])
            query = provider.codes.pop(form["code"], None)
            digest = hashlib.sha256(form["code_verifier"].encode()).digest()
            challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            if query is None or query["code_challenge"] != challenge or form["redirect_uri"] != query["redirect_uri"]:
                return self.json(400, {"error": "invalid_grant"})
            return self.json(200, provider.tokens())

        def refresh(self, token: str) -> None:
            if "refresh_fails" in provider.faults:
                return self.json(500, {"error": "server_error"})
            if token not in provider.live_refresh:
                provider.replayed.append(token)
                return self.json(400, {"error": "invalid_grant"})
            answer = provider.tokens()
            if "no_rotation" in provider.faults:
                return self.json(200, {**answer, "refresh_token": token})
            provider.live_refresh.discard(token)
            return self.json(200, answer)

    return Handler


@pytest.fixture
def make_provider() -> Iterator[Callable[..., Provider]]:
    running: list[Provider] = []

    def make(*faults: str) -> Provider:
        running.append(Provider(*faults))
        return running[-1]

    yield make
    for provider in running:
        provider.stop()
