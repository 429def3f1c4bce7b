"""Whatever is sent to whichever route, even by an administrator: an answer below 500,
and nothing left of a refusal."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import Client, RequestFactory

from oauth_provider.endpoints import machine
from rollout.models import Site
from tests.support.every_route import ROWS, World

HUGE = "9" * 40
OVER = str(2**63)
FORM = "application/x-www-form-urlencoded"
TAKES_A_POST = [name for name, (_arguments, _get, post) in ROWS.items() if "405" not in post.split()[-1]]
# Every parameter that some page reads, and one that none does.
NAMES = (
    "q", "page", "sort", "site", "sites", "sites_of", "all", "status", "state", "wave", "owner", "mdm", "non_mdm",
    "link", "product", "provider", "archived", "role", "active", "person", "target_id", "target_type", "family",
    "since", "until", "before", "after", "pick", "show", "format", "release", "device", "next", "find", "where",
    "size", "verdict", "on", "do", "do", "token", "labels", "label", "title", "base_url", "slug", "email", "name",
    "theme", "note", "seen", "text", "expiry", "expires_at", "uses", "max_uses", "audience", "people", "owners",
    "notes", "oauth_plugin_version", "mobile_plugin_version", "client_id", "redirect_url", "redirect_uri",
    "permission", "direction", "application_type", "form_id", "encoded", "apply", "search", "answer", "scope",
    "response_type", "code_challenge", "code_challenge_method", "code", "code_verifier", "grant_type",
    "refresh_token", "login", "password", "password1", "password2", "unheard-of",
)  # fmt: skip
VALUES = (
    "", "%00", "a%00b", "%ff%fe", "%ed%a0%80", "%zz", "-1", "0", HUGE, OVER, f"-{OVER}", "1e400", "NaN", "%D9%A1",
    "%C2%B2",
    "..%2f..%2fetc%2fpasswd", "%27%3B--", "%7B%7B7*7%7D%7D", "x" * 5000, "%F0%9F%92%A9" * 400, "%0d%0aSet-Cookie:x=y",
    "2026-02-30", "0001-01-01", "9999-12-31", "javascript:alert(1)", "//evil.example", "https://user:pw@evil.example",
    "%E2%80%AE", "%EF%BF%BE",
)  # fmt: skip


@contextmanager
def taken_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def rows() -> tuple[int, int]:
    """How many sites and events there are. That a rate limit was reached is the one event that a refusal writes."""
    events = "SELECT count(*) FROM rollout_auditevent WHERE action <> 'limit.reached'"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT (SELECT count(*) FROM rollout_site), ({events})")
        return cursor.fetchone()


@pytest.fixture
def send(world: World) -> Callable[..., Any]:
    """``send(method, url, cookies=…, **more)`` as an administrator; what it wrote is taken back."""
    signed_in = {name: morsel.value for name, morsel in world.clients["administrator"].cookies.items()}
    before = rows()

    def sent(method: str, url: str, cookies: dict[str, str] | None = None, **more: Any) -> Any:
        client = Client(raise_request_exception=False)
        client.cookies.load({**signed_in, **(cookies or {})})
        with taken_back():
            answer = client.generic(method, url, **more)
            if answer.streaming:
                b"".join(answer.streaming_content)
            assert answer.status_code < 500, f"{method} {url[:300]} {str(more)[:300]}"
            if answer.status_code >= 400:
                assert rows() == before, f"{method} {url[:200]} was refused and wrote"
        return answer

    return sent


def test_it_works(world: World, send: Callable[..., Any]) -> None:
    assert send("GET", world.url("sites")).status_code == 200


@pytest.mark.parametrize("turn", range(4))
def test_every_parameter_of_every_route(world: World, send: Callable[..., Any], turn: int) -> None:
    """All parameters at once, each with another value every turn, in the query of a GET and in the form of a POST."""
    values = [VALUES[(number * 7 + turn * 5) % len(VALUES)] for number in range(len(NAMES))]
    query = "&".join(f"{name}={value}" for name, value in zip(NAMES, values, strict=True))
    for name in ROWS:
        send("GET", f"{world.url(name)}?{query}")
        send("POST", world.url(name), data=query.encode(), content_type=FORM)


# What one bad value hides behind another: a form that stops at its first error never asks the database.
LONE = ("site", "sites", "sites_of", "page", "owner", "wave", "person", "q", "sort", "before", "since")
LISTS = (
    "sites", "sites_export", "configuration_build", "configurations", "waves", "wave", "passes", "passes_export",
    "people",
    "activity", "api:list_sites", "pass_create", "wave_create", "check_runs",
)  # fmt: skip


@pytest.mark.parametrize("value", ["%00", HUGE, OVER, f"-{OVER}"])
def test_one_bad_parameter_alone(world: World, send: Callable[..., Any], value: str) -> None:
    for name in LISTS:
        for parameter in LONE:
            send("GET", f"{world.url(name)}?{parameter}={value}")


def test_a_form_that_is_right_but_for_one_id(world: World, send: Callable[..., Any]) -> None:
    forms = {
        "pass_create": "form_id=x&audience=label&label=Team&expiry=7&uses=once",
        "wave_create": "title=Spring",
        "site_create": "provider=confluence&title=Wiki&product=confluence&base_url=https://new.example.com",
        "sites_check": "",
        "configuration_download": "format=json",
        "configuration_publish": "note=x&seen=y",
    }
    for name, form in forms.items():
        for value in (HUGE, OVER, f"-{OVER}", "%00", "1.5", "%D9%A1", "x"):
            body = f"{form}&sites={value}&site={value}&owners={value}"
            answer = send("POST", world.url(name), data=body.encode(), content_type=FORM)
            assert answer.status_code in {200, 302, 422}, (name, value)
    assert not Site.objects.filter(base_url="https://new.example.com").exists()


BODIES = (
    b"", b"null", b"{", b"\xff\xfe", b'{"title": "\\ud800"}', b'{"title": "\\u0000"}', b"[" * 100_000,
    b'{"people": ' + b"9" * 5000 + b"}", b'{"title": ' * 2000,
)  # fmt: skip
KINDS = ("application/json", "text/plain", FORM, "multipart/form-data; boundary=x", "", "\x7f/;=;;")


@pytest.mark.parametrize("turn", range(len(BODIES)), ids=lambda turn: repr(BODIES[turn][:24]))
def test_bodies_that_are_no_form(world: World, send: Callable[..., Any], turn: int) -> None:
    """Every body to every route as JSON, and as one other type: over all bodies, every route gets each type."""
    body = BODIES[turn]
    for number, name in enumerate(ROWS):
        other = KINDS[1 + (number + turn) % (len(KINDS) - 1)]
        for kind in (KINDS[0], other) if name in TAKES_A_POST else KINDS[:1]:
            send("POST", world.url(name), data=body, content_type=kind)
    for name in ("api:change_site", "api:get_site"):
        for method in ("PATCH", "PUT", "DELETE", "OPTIONS", "HEAD"):
            send(method, world.url(name), data=body, content_type="application/json")


@pytest.mark.parametrize(
    "content_type",
    ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=\xe9",
    "multipart/form-data; boundary=x"],
)  # fmt: skip
def test_broken_multipart(world: World, send: Callable[..., Any], content_type: str) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a\x00.csv"\r\n'
    bodies = [
        b"", b"--x", b"--x--", part, part + b"\r\n\xff\r\n--x--\r\n", part * 300,
        part + b"Content-Transfer-Encoding: base64\r\n\r\n!!!\r\n--x--\r\n", b"--x\r\n" + b"A: b\r\n" * 5000,
    ]  # fmt: skip
    for name in ("sites_import", "site_create", "theme", "account_login", "provided_token", "api:create_site"):
        for body in bodies:
            send("POST", world.url(name), data=body, content_type=content_type)


def test_too_much_is_refused_in_words(world: World, send: Callable[..., Any]) -> None:
    """Over the limits of Django: a page that says so, 400 or 413, not an error of ours."""
    too_large = b"text=" + b"x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
    too_many = b"&".join(b"site=1" for _ in range(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1))
    for name in TAKES_A_POST:
        for body in (too_large, too_many):
            answer = send("POST", world.url(name), data=body, content_type=FORM)
            assert answer.status_code < 500
    for body in (too_large, too_many):
        answer = send("POST", world.url("configuration_lint"), data=body, content_type=FORM)
        assert answer.status_code in {400, 413}
        assert b"<h1" in answer.content
    big = json.dumps({"title": "x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)})
    answer = send("POST", world.url("api:create_site"), data=big.encode(), content_type="application/json")
    assert answer.status_code in {400, 413, 422}


COOKIES = (
    "",
    '"',
    '"\\000"',
    '"\\000abcdefghijk"',
    "\\377",
    "x" * 4000,
    "%00",
    "..%2f",
    "é",
    '"\\ud800"',
    "0",
    "null",
    "🍪" * 50,
)


@pytest.mark.parametrize("value", COOKIES, ids=lambda value: ascii(value)[:24])
def test_junk_in_cookies(world: World, send: Callable[..., Any], value: str) -> None:
    """As they come over the wire: quoted values may spell any byte in octal."""
    names = (
        "gatepass_session", "gatepass_csrf", "theme", "time_zone", "messages", "gatepass_phone", "gatepass_phone_qr",
        "django_language", "sessionid",
    )  # fmt: skip
    raw = "; ".join(f"{name}={value}" for name in names).encode().decode("latin-1")
    for route in (
        "sites",
        "landing",
        "account_login",
        "theme",
        "api:list_sites",
        "provided_authorize",
        "welcome",
        "overview",
    ):
        for method in ("GET", "POST"):
            client = Client(raise_request_exception=False)
            with taken_back():
                answer = client.generic(method, world.url(route), HTTP_COOKIE=raw)
                assert answer.status_code < 500, route


ROUTES_FOR_HEADERS = (
    "overview", "sites", "site_create", "landing", "landing_done", "theme", "welcome", "account_login",
    "api:list_sites",
    "provided_manifest", "provided_authorize", "provided_token", "metrics", "activity_export",
)  # fmt: skip


@pytest.mark.parametrize(
    "header",
    [
        {"HTTP_HOST": "evil.example"}, {"HTTP_HOST": "a b"}, {"HTTP_HOST": ""}, {"HTTP_HOST": "127.0.0.1:99999999"},
        {"HTTP_HOST": "127.0.0.1\x00"}, {"HTTP_X_FORWARDED_HOST": "evil.example"},
        {"HTTP_X_FORWARDED_PROTO": "gopher"},
        {"HTTP_X_FORWARDED_FOR": "\x00, ::::, 1.2.3.4.5"}, {"HTTP_X_REQUEST_ID": "x\x00" * 500},
        {"HTTP_ACCEPT": ";;;q=x,*/"},
        {"HTTP_ACCEPT_LANGUAGE": "x" * 9000}, {"HTTP_USER_AGENT": "\x00" * 20 + "\xff iPhone OS " + "9" * 900},
        {"HTTP_AUTHORIZATION": "Bearer \x00"}, {"HTTP_AUTHORIZATION": "Bearer " + "x" * 9000},
        {"HTTP_AUTHORIZATION": "Basic %%%"},
        {"HTTP_REFERER": "\x00"}, {"HTTP_ORIGIN": "null"}, {"HTTP_HX_REQUEST": "true",
        "HTTP_HX_CURRENT_URL": "http://[:"},
        {"HTTP_RANGE": "bytes=9999999999-"}, {"HTTP_IF_NONE_MATCH": '"\x00'}, {"HTTP_IF_MODIFIED_SINCE": "never"},
        {"CONTENT_LENGTH": "-5"},
        {"REMOTE_ADDR": ""}, {"REMOTE_ADDR": "not an address"},
    ],
    ids=lambda header: ascii(header)[:50],
)  # fmt: skip
def test_hostile_headers(world: World, send: Callable[..., Any], header: dict[str, str]) -> None:
    for name in ROUTES_FOR_HEADERS:
        for method in ("GET", "POST"):
            answer = send(method, world.url(name), content_type=FORM, **header)
            assert "evil.example" not in answer.headers.get("Location", "")
            if header.get("HTTP_HOST") == "evil.example":
                assert answer.status_code == 400
                assert b"evil.example" not in answer.content


PATHS = (
    "/%ff", "/sites/%00/", "/sites/" + HUGE + "/", "/sites/" + OVER + "/", "/sites/-1/", "/sites/%D9%A1/", "/e/%00",
    "/e/" + "A" * 65, "/e/" + "A" * 5000, "/e/é", "/welcome/%00/", "/welcome/%ff%fe/", "/welcome/" + "x" * 9000 + "/",
    "/at/%00/", "/at/unknown/rest/oauth2/latest/token", "/at/PILOT/", "/at/" + "x" * 3000 + "/", "/passes/1/qr.%00",
    "/passes/1/qr.exe",
    "/passes/" + HUGE + "/qr.svg", "/configurations/" + HUGE + "/", "/configurations/" + OVER + "/",
    "/people/" + OVER + "/",
    "/waves/" + OVER + "/", "/rehearsals/" + OVER + "/", "/check-runs/" + OVER + "/", "/links/" + OVER + "/rotate/",
    "/me/devices/" + OVER + "/sign-out/", "/api/v1/sites/" + HUGE, "/api/v1/sites/%00", "/api/v1/check-runs/" + OVER,
    "/admin/rollout/site/%00/change/", "/admin/rollout/site/" + HUGE + "/change/", "/admin/rollout/site/?q=%00",
    "/admin/rollout/site/?id=" + HUGE, "/admin/rollout/site/?p=" + HUGE, "/admin/rollout/site/?o=9.9.9",
    "/admin/rollout/auditevent/?at__year=99999",
    "/admin/rollout/auditevent/?at__year=2026&at__month=99", "/admin/r/1/%00/",
    "/accounts/password/reset/key/%00-x/", "/accounts/password/reset/key/zzzzzzzzzzzzzzz-x/",
    "/accounts/confirm-email/%00/", "/.well-known/oauth-authorization-server/at/%00", "/static/%00",
    "/static/../../etc/passwd", "//evil.example/%2f..",
)  # fmt: skip


@pytest.mark.parametrize("path", PATHS, ids=lambda path: ascii(path)[:50])
def test_hostile_paths(send: Callable[..., Any], path: str) -> None:
    path = path if path.isascii() else quote(path)
    for method in ("GET", "HEAD", "POST", "PUT", "OPTIONS", "TRACE"):
        send(method, path, content_type=FORM)


@pytest.mark.parametrize("length", ["many", "-5", "9" * 5000])
def test_a_length_that_is_no_number_at_the_token_endpoint(world: World, length: str) -> None:
    """A web server in front refuses these; the endpoint strangers use does not count on it."""
    request = RequestFactory().post("/", b"", content_type=FORM, CONTENT_LENGTH=length)
    assert machine.token(request).status_code in {400, 413}


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE", "BREW"])
def test_unusual_methods(world: World, send: Callable[..., Any], method: str) -> None:
    for name in ROWS:
        send(method, world.url(name))
