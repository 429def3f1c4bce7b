"""``info/login``: every kind of answer, and the search for the client ID."""

from __future__ import annotations

import asyncio
import json

import pytest

from rollout.probes.asking import Asking
from rollout.probes.info_login import ask_info_login, find_client_id, host_of


@pytest.fixture
def read(serve, door, now):
    def call(respond):
        server = serve(respond)
        facts = asyncio.run(ask_info_login(Asking.within(5, door=door, now=now), server.url + "/wiki"))
        return facts, server

    return call


def test_it_works(read, make_answer) -> None:
    facts, server = read(
        make_answer(b'{"title": "Wiki", "oauth": {"clientId": "abc123"}}', Content_Type="application/json")
    )
    assert (facts.kind, facts.client_id) == ("json", "abc123")
    request = server.requests[0].decode()
    assert request.startswith("GET /wiki/rest/nativemobile/1.1/info/login ")
    assert "AtlassianMobileApp\r\n" in request
    assert "authorization" not in request.lower()
    assert "cookie" not in request.lower()


@pytest.mark.parametrize(
    "case",
    [
        ("200 OK", {}, b"{}", "json"),
        ("200 OK", {"Content_Type": "text/plain"}, b'\xef\xbb\xbf{"a": NaN, "a": 1}', "json"),
        (
            "200 OK",
            {"Content_Type": "text/html"},
            b"<html><form action=/login><input name=os_username></form>",
            "login_page",
        ),
        ("200 OK", {"Content_Type": "text/plain"}, b"<!doctype html><html><body>Please sign in", "login_page"),
        ("200 OK", {"Content_Type": "text/html"}, b"<html><p>Maintenance", "error"),
        ("200 OK", {}, b"", "error"),
        ("200 OK", {}, b"[]", "error"),
        ("200 OK", {}, b"[" * 100_000, "error"),
        ("204 No Content", {}, b"", "error"),
        ("302 Found", {"Location": "https://sso.example.com/"}, b"", "redirect"),
        ("307 Temporary Redirect", {"Location": "/login"}, b"", "redirect"),
        ("302 Found", {}, b"", "error"),
        ("401 Unauthorized", {}, b"{}", "unauthorized"),
        ("403 Forbidden", {}, b"", "unauthorized"),
        ("404 Not Found", {}, b"", "missing"),
        ("404 Not Found", {"Mobile_App_Disabled": "true"}, b"", "disabled"),
        ("503 Service Unavailable", {"mobile_app_disabled": "True"}, b"", "disabled"),
        ("503 Service Unavailable", {}, b'{"mobile-app-disabled": true}', "disabled"),
        ("503 Service Unavailable", {}, b"", "error"),
        ("500 Internal Server Error", {}, b"{}", "error"),
        ("429 Too Many Requests", {}, b"", "error"),
    ],
    ids=str,
)
def test_kinds(read, make_answer, case) -> None:
    status, headers, body, kind = case
    facts, _ = read(make_answer(body, status=status, **headers))
    assert facts.kind == kind


def test_kind_of_what_is_no_answer(read, make_answer) -> None:
    assert read(b"nonsense\r\n\r\n")[0].kind == "error"
    assert read(make_answer(b"x" * 300_000))[0].kind == "error"
    assert read(lambda request, handler: handler.connection.close())[0].kind in ("error", "unreachable")


def test_the_host_of_a_redirect(read, make_answer) -> None:
    facts, _ = read(
        make_answer(status="302 Found", Location="https://sso.example.com:8443/a?SAMLRequest=abcdefghijklmnop")
    )
    assert facts.redirect_host == "sso.example.com:8443"
    assert facts.answer.location == "https://sso.example.com:8443/a?SAMLRequest=abcd…"


def test_version_1_0_is_asked_where_1_1_is_missing(read, make_answer) -> None:
    def old(request, handler):
        return make_answer(b'{"title": "Wiki"}') if b"/1.0/" in request else make_answer(status="404 Not Found")

    facts, server = read(old)
    assert (facts.kind, facts.client_id) == ("json", None)
    assert "/1.0/info/login" in facts.answer.url
    assert len(server.requests) == 2


def test_both_missing(read, make_answer) -> None:
    facts, _ = read(make_answer(status="404 Not Found"))
    assert facts.kind == "missing"
    assert "/1.1/" in facts.answer.url


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ({"clientId": "a"}, "a"),
        ({"clientID": "a"}, "a"),
        ({"client_id": "a"}, "a"),
        ({"x": [{"y": {"client_id": "deep"}}]}, "deep"),
        ({"x": {"clientId": "deep"}, "clientID": "top"}, "top"),
        ({"clientId": " padded "}, "padded"),
        ({"clientId": 5}, None),
        ({"clientId": None}, None),
        ({"clientId": {"clientId": "inner"}}, "inner"),
        ({"clientId": ""}, None),
        ({"clientId": "a b"}, None),
        ({"clientId": "a\x00"}, None),
        ({"clientId": "x" * 256}, None),
        ({"CLIENTID": "a"}, None),
        ({"clientSecret": "a"}, None),
        ([], None),
        ("clientId", None),
    ],
)
def test_the_search_for_a_client_id(data, found) -> None:
    assert find_client_id(data) == found


def test_the_search_ends_in_deep_and_wide_values() -> None:
    deep = json.loads('{"a":' * 900 + '{"clientId":"x"}' + "}" * 900)
    assert find_client_id(deep) == "x"
    assert find_client_id([[]] * 100_000) is None


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://a.example.com/x", "a.example.com"),
        ("https://a.example.com:443/", "a.example.com"),
        ("http://a.example.com:8080/", "a.example.com:8080"),
        ("https://[::1]:8443/", "::1:8443"),
        ("https://[", None),
        ("https://h:99999/", None),
        ("/relative", None),
        (None, None),
    ],
)
def test_host_of(url, host) -> None:
    assert host_of(url) == host
