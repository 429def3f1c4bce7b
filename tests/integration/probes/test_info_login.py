"""``info/login``: every kind of response."""

from __future__ import annotations

import asyncio
import json

import pytest

from rollout.probes.info_login import probe_info_login
from rollout.probes.probe_session import ProbeSession


@pytest.fixture
def read(serve, policy, now):
    def call(respond):
        server = serve(respond)
        facts = asyncio.run(probe_info_login(ProbeSession.within(5, policy=policy, now=now), server.url + "/wiki"))
        return facts.app, server

    return call


@pytest.fixture
def read_all(serve, policy, now):
    def call(respond):
        server = serve(respond)
        return asyncio.run(
            probe_info_login(ProbeSession.within(5, policy=policy, now=now), server.url + "/wiki")
        ), server

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
        ("200 OK", {}, b'{"baseUrl": "https://wiki.example.com"}', "json"),
        ("200 OK", {}, b'{"title": "Wiki"}', "json"),
        ("200 OK", {"Content_Type": "text/plain"}, b'\xef\xbb\xbf{"a": NaN, "a": 1, "oauth": {}}', "json"),
        ("200 OK", {}, b"{}", "other_json"),
        ("200 OK", {}, b'{"title": "Not found", "status": 404}', "other_json"),
        ("200 OK", {}, b'{"code": 40101, "message": "no route"}', "other_json"),
        (
            "200 OK",
            {"Content_Type": "text/html"},
            b"<html><form action=/login><input name=os_username></form>",
            "login_page",
        ),
        ("200 OK", {"Content_Type": "text/plain"}, b"<!doctype html><html><body>Please sign in", "login_page"),
        ("200 OK", {"Content_Type": "text/html"}, b"<html><p>Something", "error"),
        ("200 OK", {"Content_Type": "text/html"}, b"<html><title>Maintenance</title>", "refused"),
        ("200 OK", {}, b"", "error"),
        ("200 OK", {}, b"[]", "error"),
        ("200 OK", {}, b"[" * 100_000, "error"),
        ("204 No Content", {}, b"", "error"),
        ("302 Found", {"Location": "https://sso.example.com/"}, b"", "redirect"),
        ("307 Temporary Redirect", {"Location": "http://127.0.0.1:1/login"}, b"", "redirect"),
        ("307 Temporary Redirect", {"Location": "/login"}, b"", "error"),  # which redirects to itself
        (
            "200 OK",
            {"Content_Type": "text/html"},
            b"<html><meta http-equiv=refresh content='0;url=//sso'>",
            "login_page",
        ),
        ("200 OK", {"Content_Type": "text/html"}, b"<html><script>top.location.href = '//sso'</script>", "login_page"),
        ("302 Found", {}, b"", "error"),
        ("401 Unauthorized", {}, b"{}", "unauthorized"),
        ("403 Forbidden", {}, b"", "refused"),
        ("404 Not Found", {}, b"", "missing"),
        ("404 Not Found", {"Mobile_App_Disabled": "true"}, b"", "disabled"),
        ("503 Service Unavailable", {"mobile_app_disabled": "True"}, b"", "disabled"),
        ("503 Service Unavailable", {}, b'{"mobile-app-disabled": true}', "disabled"),
        ("503 Service Unavailable", {}, b"", "refused"),
        ("500 Internal Server Error", {}, b"{}", "error"),
        ("429 Too Many Requests", {"Retry_After": "60"}, b"", "refused"),
    ],
    ids=str,
)
def test_kinds(read, make_answer, case) -> None:
    status, headers, body, kind = case
    facts, _ = read(make_answer(body, status=status, **headers))
    assert facts.kind == kind


def test_kind_without_a_response(read, make_answer) -> None:
    assert read(b"nonsense\r\n\r\n")[0].kind == "error"
    assert read(make_answer(b"x" * 300_000))[0].kind == "error"
    assert read(lambda request, handler: handler.connection.close())[0].kind in ("error", "unreachable")


def test_the_host_of_a_redirect(read, make_answer) -> None:
    facts, _ = read(
        make_answer(status="302 Found", Location="https://sso.example.com:8443/a?SAMLRequest=abcdefghijklmnop")
    )
    assert facts.redirect_host == "sso.example.com:8443"
    assert facts.answer.location == "https://sso.example.com:8443/a?SAMLRequest=abcd…"


def test_version_1_0_counts_where_1_1_is_missing(read_all, make_answer) -> None:
    def old(request, handler):
        return make_answer(b'{"title": "Wiki"}') if b"/1.0/" in request else make_answer(status="404 Not Found")

    facts, server = read_all(old)
    assert (facts.app.kind, facts.app.client_id, facts.app.title) == ("json", None, "Wiki")
    assert "/1.0/info/login" in facts.app.answer.url
    assert facts.old == facts.app
    assert facts.plain is None
    assert len(server.requests) == 2


def test_both_missing(read_all, make_answer) -> None:
    facts, _ = read_all(make_answer(status="404 Not Found"))
    assert (facts.app.kind, facts.old.kind, facts.plain) == ("missing", "missing", None)
    assert "/1.1/" in facts.app.answer.url


def test_version_1_0_is_not_requested_if_1_1_responds(read_all, make_answer) -> None:
    facts, server = read_all(make_answer(b'{"clientId": "a"}'))
    assert facts.old is None
    assert facts.plain.client_id == "a"
    agents = [request.partition(b"User-Agent: ")[2].split(b"\r\n")[0] for request in server.requests]
    assert [agent.endswith(b"AtlassianMobileApp") for agent in agents] == [True, False]


def test_a_filter_that_reacts_to_the_app(read_all, make_answer) -> None:
    def firewall(request, handler):
        if b"AtlassianMobileApp" in request:
            return make_answer(status="403 Forbidden")
        return make_answer(b'{"clientId": "a"}')

    facts, _ = read_all(firewall)
    assert (facts.app.kind, facts.plain.kind, facts.old) == ("refused", "json", None)


def test_a_redirect_on_the_same_host_is_followed_and_recorded(read, make_answer) -> None:
    def moved(request, handler):
        if b"/moved" in request:
            return make_answer(b'{"clientId": "a"}')
        return make_answer(status="301 Moved Permanently", Location="/moved")

    facts, server = read(moved)
    assert (facts.kind, facts.client_id) == ("json", "a")
    assert facts.answer.hops == (server.url + "/wiki/rest/nativemobile/1.1/info/login", server.url + "/moved")
    assert [hop.status for hop in facts.answer.trace] == [301, 200]
    assert facts.answer.url.endswith("/1.1/info/login")


def test_another_host_is_recorded_but_gets_no_request(read, serve, make_answer) -> None:
    other = serve(make_answer())
    facts, _ = read(make_answer(status="302 Found", Location=other.url + "/login"))
    assert facts.redirect_host == other.url.removeprefix("http://")
    assert other.requests == []


def test_at_most_five_redirects_are_followed(read, make_answer) -> None:
    count = iter(range(1000))
    facts, server = read(lambda request, handler: make_answer(status="302 Found", Location=f"/{next(count)}"))
    assert (facts.kind, facts.answer.error) == ("error", "too_many_redirects")
    assert len(facts.answer.trace) == 6
    assert len(server.requests) == 12  # with the app's and a plain User-Agent


def test_names_are_recorded_and_values_are_not(read, make_answer) -> None:
    facts, _ = read(
        make_answer(b'{"title": "Wiki", "oauth": {"clientId": "abc123", "x": [{"y": "hunter2"}]}, "url": 1}')
    )
    assert facts.fields == ("title", "url", "oauth.clientId", "oauth.x.y")
    assert facts.client_id_field == "oauth.clientId"
    assert (facts.title, facts.base_url) == ("Wiki", None)


def test_hostile_names_are_bounded(read, make_answer) -> None:
    body = json.dumps({f"{n}\x00" + "x" * 500: n for n in range(300)}).encode()
    facts, _ = read(make_answer(body))
    assert len(facts.fields) == 60
    assert all(name.isprintable() and len(name) <= 200 for name in facts.fields)


@pytest.mark.parametrize(
    ("body", "oddities", "client_id"),
    [
        (b'{"clientId": "a"}', (), "a"),
        (b'\xef\xbb\xbf{"clientId": "a"}', ("byte_order_mark",), "a"),
        ('{"clientId": "a"}'.encode("utf-16"), ("not_utf8", "byte_order_mark"), "a"),
        ('{"clientId": "a"}'.encode("utf-16-le"), ("not_utf8",), "a"),
        ('{"clientId": "a", "t": "ü"}'.encode("latin-1"), ("not_utf8",), "a"),
        (b'{"clientId": "a", "n": NaN}', ("not_a_number",), "a"),
        (b'{"x": 1, "x": 2, "clientId": "a"}', ("duplicate_keys",), "a"),
        (b'{"clientId": "a", "clientId": "a"}', ("duplicate_keys",), "a"),
        (b'{"clientId": "a", "clientId": "b"}', ("duplicate_keys", "two_client_ids"), None),
    ],
)
def test_oddities(read, make_answer, body, oddities, client_id) -> None:
    facts, _ = read(make_answer(body))
    assert (facts.kind, facts.oddities, facts.client_id) == ("json", oddities, client_id)
