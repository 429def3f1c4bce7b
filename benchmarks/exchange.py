"""The requests of a phone to an authorization server: a browser that submits the consent form, and the app.

Differences between peers are data (``Peer.facts``): URLs, the client, the consent form's button, and the cookies of a
signed-in person.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from .load import Answer, BrokenFlowError, Flow, request

# RFC 7636 Appendix B
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
FORM = re.compile(rb"<form.*?</form>", re.DOTALL)
HIDDEN = re.compile(rb'<input[^>]*?type="hidden"[^>]*>')
ATTRIBUTE = re.compile(rb'(name|value)="([^"]*)"')
AGENT = "Confluence/2.0 (iPhone; iOS 18.1)"


@dataclass
class Tokens:
    """The tokens of an exchange; a refresh replaces them."""

    access_token: str
    refresh_token: str


@dataclass
class Phone:
    """One connection's app and browser. Each exchange appends its tokens to ``tokens``."""

    facts: dict[str, Any]
    tokens: list[Tokens]
    cookies: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.cookies |= self.facts.get("cookies", {})
        self.host = {"Host": f"127.0.0.1:{self.facts['port']}", "User-Agent": AGENT}
        query = {
            "response_type": "code",
            "client_id": self.facts["client_id"],
            "redirect_uri": self.facts["redirect_uri"],
            "scope": self.facts["scope"],
            "state": "of-this-sign-in",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **self.facts.get("extra", {}),
        }
        self.authorize = f"{self.facts['authorize']}?{urlencode(query)}"

    def exchange(self) -> Flow:
        """Authorize with consent, as a browser does, and redeem the code."""
        path = self.authorize
        answer = yield self._browse("GET", path)
        for _step in range(12):
            self._take_cookies(answer)
            target = answer.header("Location")
            if target.startswith(self.facts["redirect_uri"]):
                break
            if target:
                path = _path(target)
                answer = yield self._browse("GET", path)
            elif answer.status == 200:
                answer = yield self._browse("POST", path, _form(answer, self.facts.get("button", {})))
            else:
                raise _broken(answer)
        else:
            raise BrokenFlowError("no callback after twelve steps")
        code = dict(parse_qsl(urlsplit(target).query)).get("code")
        if code is None:
            raise BrokenFlowError(f"the redirect to the app contains no code: {target}")
        form = {"grant_type": "authorization_code", "code": code, "code_verifier": VERIFIER}
        answer = yield self._post("token", {**form, "redirect_uri": self.facts["redirect_uri"]})
        self.tokens.append(_tokens(answer))

    def refresh(self, tokens: Tokens) -> Flow:
        """Replace the tokens in place, as the app does every hour."""
        answer = yield self._post("token", {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token})
        fresh = _tokens(answer)
        tokens.access_token, tokens.refresh_token = fresh.access_token, fresh.refresh_token

    def revoke(self, tokens: Tokens) -> Flow:
        answer = yield self._post("revoke", {"token": tokens.refresh_token})
        if answer.status != 200:
            raise _broken(answer)

    def introspect(self, tokens: Tokens) -> Flow:
        """Introspect the access token as a resource server; any response but active is a failure."""
        credential = base64.b64encode(":".join(self.facts["server"]).encode()).decode()
        headers = {**self.host, "Authorization": f"Basic {credential}"}
        answer = yield request("POST", self.facts["introspect"], headers, {"token": tokens.access_token})
        if answer.status != 200 or not json.loads(answer.body).get("active"):
            raise _broken(answer)

    def get(self, path: str) -> Flow:
        answer = yield request("GET", path, self.host)
        if answer.status != 200:
            raise _broken(answer)

    def info_login(self) -> Flow:
        """Send the app's first request."""
        return self.get(self.facts["info"])

    def _post(self, endpoint: str, form: dict[str, str]) -> bytes:
        return request("POST", self.facts[endpoint], self.host, {"client_id": self.facts["client_id"], **form})

    def _browse(self, method: str, path: str, form: dict[str, str] | None = None) -> bytes:
        headers = {**self.host, "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if form is not None:
            headers["Origin"] = f"http://{self.host['Host']}"
        return request(method, path, headers, form)

    def _take_cookies(self, answer: Answer) -> None:
        for line in answer.headers("Set-Cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value


def _form(answer: Answer, button: dict[str, str]) -> dict[str, str]:
    """Return the hidden fields of the form that contains the button, and the button."""
    name = f'name="{next(iter(button), "")}"'.encode()
    for form in FORM.findall(answer.body):
        if not button or name in form:
            fields = [dict(ATTRIBUTE.findall(field)) for field in HIDDEN.findall(form)]
            hidden = {
                field[b"name"].decode(): unescape(field.get(b"value", b"").decode())
                for field in fields
                if b"name" in field
            }
            return {**hidden, **button}
    raise BrokenFlowError(f"no form on the page: {answer.body[:300]!r}")


def _tokens(answer: Answer) -> Tokens:
    if answer.status != 200:
        raise _broken(answer)
    found = json.loads(answer.body)
    return Tokens(found["access_token"], found["refresh_token"])


def _path(target: str) -> str:
    parts = urlsplit(target)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _broken(answer: Answer) -> BrokenFlowError:
    return BrokenFlowError(f"{answer.status}: {answer.body[:300]!r}")
