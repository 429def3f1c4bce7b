"""The authorize and token endpoints: the provider responds, a proxy in front of it, or nothing."""

from __future__ import annotations

import asyncio
import re
from urllib.parse import parse_qs, urlsplit

import pytest

from rollout.compatibility.observation import Endpoint
from rollout.probes import oauth_endpoints
from rollout.probes.oauth_endpoints import probe_token
from rollout.probes.probe_session import ProbeSession

LOGIN = b"<html><form action='/dologin.action'><input type=password name=os_password></form></html>"


async def probe_authorize(*args, **kwargs) -> Endpoint:
    """The response to the browser."""
    return (await oauth_endpoints.probe_authorize(*args, **kwargs)).browser


@pytest.fixture
def probe(serve, policy, now):
    def call(question, respond, client_id="abc"):
        server = serve(respond)
        session = ProbeSession.within(5, policy=policy, now=now)
        return asyncio.run(question(session, server.url + "/wiki", product="confluence", client_id=client_id)), server

    return call


def test_authorize_sends_the_request_of_the_app(probe, make_answer) -> None:
    facts, server = probe(
        probe_authorize, make_answer(status="302 Found", Location="/wiki/login.action?os_destination=x")
    )
    assert facts.kind == "answers"
    target = server.requests[0].split(b" ")[1].decode()
    query = {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}
    assert target.startswith("/wiki/rest/oauth2/latest/authorize?")
    assert query["client_id"] == "abc"
    assert query["redirect_uri"] == "confluence-server://oauth-callback"
    assert (query["response_type"], query["scope"], query["code_challenge_method"]) == ("code", "WRITE", "S256")
    assert re.fullmatch(r"[\w-]{43}", query["code_challenge"])
    assert query["state"] not in facts.answer.url
    assert query["code_challenge"] not in facts.answer.url


def test_each_challenge_is_fresh(probe, make_answer) -> None:
    requests = [probe(probe_authorize, make_answer())[1].requests[0] for _ in range(2)]
    assert requests[0].split(b" ")[1] != requests[1].split(b" ")[1]


@pytest.mark.parametrize(
    ("status", "location", "kind"),
    [
        ("302 Found", "/login.action", "answers"),
        ("302 Found", "confluence-server://oauth-callback?error=access_denied", "answers"),
        ("302 Found", "https://sso.example.com/login", "intercepted"),
        ("302 Found", "//sso.example.com/login", "intercepted"),
        ("302 Found", "http://127.0.0.1:1/login", "intercepted"),
        ("302 Found", "https://[", "intercepted"),
        ("302 Found", None, "error"),
        ("200 OK", None, "answers"),
        ("400 Bad Request", None, "answers"),
        ("401 Unauthorized", None, "refused"),
        ("403 Forbidden", None, "refused"),
        ("404 Not Found", None, "missing"),
        ("500 Internal Server Error", None, "error"),
    ],
)
def test_authorize_kinds(probe, make_answer, status, location, kind) -> None:
    headers = {"Location": location} if location else {}
    assert probe(probe_authorize, make_answer(LOGIN, status=status, **headers))[0].kind == kind


def test_token_sends_a_code_that_never_existed(probe, make_answer) -> None:
    facts, server = probe(
        probe_token, make_answer(b'{"error": "invalid_grant"}', status="400 Bad Request"), client_id=None
    )
    assert facts.kind == "answers"
    head, _, body = server.requests[0].decode().partition("\r\n\r\n")
    form = {name: values[0] for name, values in parse_qs(body).items()}
    assert head.startswith("POST /wiki/rest/oauth2/latest/token ")
    assert "application/x-www-form-urlencoded" in head
    assert form["grant_type"] == "authorization_code"
    assert form["client_id"] == "gatepass-compatibility-check"
    assert len(form["code_verifier"]) >= 43


@pytest.mark.parametrize(
    "case",
    [
        ("401 Unauthorized", {}, b'{"error": "invalid_client"}', "answers"),
        ("400 Bad Request", {"Content_Type": "text/html"}, b'{"error": "invalid_client"}', "answers"),
        ("400 Bad Request", {}, b'{"error": 5}', "error"),
        ("400 Bad Request", {}, b'{"error": "blocked by policy"}', "error"),
        ("400 Bad Request", {}, b"[]", "error"),
        ("400 Bad Request", {}, b"<html>", "error"),
        ("401 Unauthorized", {"WWW_Authenticate": "Negotiate"}, LOGIN, "intercepted"),
        ("403 Forbidden", {"Content_Type": "text/html"}, b"<html><title>Request blocked", "refused"),
        ("200 OK", {"Content_Type": "text/html"}, LOGIN, "intercepted"),
        ("200 OK", {}, b"{}", "error"),
        ("302 Found", {"Location": "https://sso.example.com/"}, b"", "intercepted"),
        ("302 Found", {"Location": "/login.action"}, b"", "intercepted"),
        ("404 Not Found", {}, b"", "missing"),
        ("405 Method Not Allowed", {}, b"", "error"),
        ("503 Service Unavailable", {}, b"", "refused"),
    ],
    ids=str,
)
def test_token_kinds(probe, make_answer, case) -> None:
    status, headers, body, kind = case
    facts, _ = probe(probe_token, make_answer(body, status=status, **headers))
    assert facts.kind == kind
