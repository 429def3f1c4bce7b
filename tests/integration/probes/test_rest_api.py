"""The REST API with an invalid token: the product rejects it, or something in front of it responds."""

from __future__ import annotations

import asyncio

import pytest

from rollout.probes.probe_session import ProbeSession
from rollout.probes.rest_api import probe_rest_api

JSON = {"Content_Type": "application/json"}
HTML = {"Content_Type": "text/html"}


@pytest.fixture
def probe(serve, policy, now):
    def call(respond, product="confluence"):
        server = serve(respond)

        async def run():
            async with ProbeSession.within(5, policy=policy, now=now) as session:
                return await probe_rest_api(session, server.url + "/wiki", product=product)

        return asyncio.run(run()), server

    return call


@pytest.mark.parametrize(
    ("status", "headers", "body", "kind"),
    [
        ("401 Unauthorized", JSON, b'{"message": "no", "status-code": 401}', "answers"),
        ("403 Forbidden", JSON, b'{"statusCode": 403, "message": "not permitted"}', "answers"),
        ("401 Unauthorized", JSON, b'{"errorMessages": ["no"], "errors": {}}', "answers"),
        ("200 OK", JSON, b'{"type": "anonymous", "displayName": "Anonymous"}', "answers"),
        ("401 Unauthorized", {**HTML, "X_Confluence_Request_Time": "1"}, b"<html>Unauthorized", "answers"),
        ("401 Unauthorized", JSON, b'{"message": "Unauthorized"}', "intercepted"),  # of a gateway
        ("401 Unauthorized", {"WWW_Authenticate": "Bearer realm=proxy"}, b"", "intercepted"),
        ("302 Found", {"Location": "https://sso.example.com/start"}, b"", "intercepted"),
        ("302 Found", {"Location": "/login.action", "X_Confluence_Request_Time": "1"}, b"", "intercepted"),
        ("200 OK", HTML, b"<html><title>Sign in</title></html>", "intercepted"),
        ("200 OK", HTML, b"<html><title>Welcome to the portal</title></html>", "intercepted"),
        ("403 Forbidden", HTML, b"<html><title>Request blocked</title></html>", "refused"),
        ("429 Too Many Requests", JSON, b"{}", "refused"),
        ("404 Not Found", HTML, b"<html>Not found", "missing"),
        ("500 Oops", {}, b"", "error"),
    ],
)
def test_kinds(probe, make_answer, status, headers, body, kind) -> None:
    assert probe(make_answer(body, status=status, **headers))[0].kind == kind


def test_one_request_with_a_token_that_was_never_issued(probe, make_answer) -> None:
    tokens = set()
    for product, path in (("confluence", b"/wiki/rest/api/user/current "), ("jira", b"/wiki/rest/api/2/myself ")):
        found, server = probe(make_answer(status="429 Too Many Requests", Retry_After="0"), product)
        assert len(server.requests) == 1
        assert server.requests[0].startswith(b"GET " + path)
        tokens.add(server.requests[0].partition(b"Authorization: Bearer ")[2].split(b"\r\n")[0])
        assert found.answer.method == "GET"
    assert len(tokens) == 2
    assert all(len(token) >= 40 for token in tokens)
