"""The login page: the site's own, that of another server, or only a script."""

from __future__ import annotations

import asyncio

import pytest

from rollout.probes.login_page import probe_login_page
from rollout.probes.probe_session import ProbeSession

OWN = b"""<!doctype html><html><head>
<meta name="ajs-version-number" content="9.2.1">
<META content='https://confluence.example.com/wiki' NAME='ajs-base-url' />
<meta name=ajs-context-path content=/wiki></head><body><form><input type=password></form></body></html>"""


@pytest.fixture
def read(serve, policy, now):
    def call(respond, product="confluence"):
        server = serve(respond)
        session = ProbeSession.within(5, policy=policy, now=now)
        return asyncio.run(probe_login_page(session, server.url + "/wiki", product=product)), server

    return call


def test_it_works(read, make_answer) -> None:
    page, server = read(make_answer(OWN, Content_Type="text/html;charset=UTF-8"))
    assert (page.kind, page.version, page.base_url) == ("page", "9.2.1", "https://confluence.example.com/wiki")
    assert page.context_path == "/wiki"
    assert server.requests[0].startswith(b"GET /wiki/login.action ")


def test_jira_has_another_page(read, make_answer) -> None:
    _, server = read(make_answer(OWN, Content_Type="text/html"), product="jira")
    assert server.requests[0].startswith(b"GET /wiki/login.jsp ")


@pytest.mark.parametrize(
    ("status", "headers", "body", "kind"),
    [
        ("200 OK", {}, b"<html><form><input name=account></form>", "intercepted"),
        ("200 OK", {}, b"<html><script>location.replace('https://sso.example.com')</script>", "script"),
        ("200 OK", {}, b"<html><body onload='document.forms[0].submit()'><form>", "script"),
        ("200 OK", {}, b"<html><meta http-equiv=refresh content='0; url=https://sso.example.com'>", "intercepted"),
        ("200 OK", {"Content_Type": "application/json"}, b"{}", "error"),
        ("302 Found", {"Location": "https://sso.example.com/"}, b"", "intercepted"),
        ("401 Unauthorized", {}, OWN, "error"),
        ("500 Internal Server Error", {}, OWN, "error"),
    ],
)
def test_kinds(read, make_answer, status, headers, body, kind) -> None:
    page, _ = read(make_answer(body, status=status, **{"Content_Type": "text/html", **headers}))
    assert (page.kind, page.version, page.base_url) == (kind, None, None)


def test_a_script_on_the_product_s_own_page_changes_nothing(read, make_answer) -> None:
    page, _ = read(make_answer(OWN + b"<script>window.location = '/x'</script>", Content_Type="text/html"))
    assert page.kind == "page"


def test_unreachable(read) -> None:
    page, _ = read(lambda request, handler: handler.connection.close())
    assert page.kind in ("unreachable", "error")


def test_values_are_cleaned_and_bounded(read, make_answer) -> None:
    body = (
        b"<html><meta name='ajs-version-number' content='9&#0;.2\x1b[31m" + b"x" * 900 + b"'>"
        b"<meta name='ajs-base-url' content='https://admin:hunter2@h/?token=abcdefghijklmno'>"
    )
    page, _ = read(make_answer(body, Content_Type="text/html"))
    assert page.version.isprintable()
    assert len(page.version) == 40
    assert page.base_url == "https://h/?token=abcd…"


@pytest.mark.parametrize(
    "body",
    [b"<meta " * 40_000, b"<meta name='" + b"a=" * 100_000, b"<" * 250_000, b"<meta name=ajs-version-number" * 8_000],
)
def test_hostile_pages_take_no_time(read, make_answer, body) -> None:
    page, _ = read(make_answer(b"<html>" + body, Content_Type="text/html"))
    assert page.kind == "intercepted"
