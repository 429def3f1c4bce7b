"""The web server's own way into Gatepass: what software asks of the provider is answered ahead of Django's handler."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest
from django.conf import settings
from django.test import Client
from django.urls import set_script_prefix
from prometheus_client import REGISTRY

from oauth_provider.limits import attempts
from portal.serving.handler import Handler
from rollout.models import Provider, Site

Ask = Callable[..., tuple[int, dict[str, str], bytes]]
pytestmark = pytest.mark.usefixtures("wsgi")

TOKEN = "/at/wiki/rest/oauth2/latest/token"
INFO = "/at/wiki/rest/nativemobile/1.1/info/login"


@pytest.fixture
def provided(make_site: Callable[..., Site]) -> Site:
    return make_site(title="Wiki", slug="wiki", provider=Provider.GATEPASS, base_url=f"{settings.PUBLIC_URL}/at/wiki")


@pytest.fixture
def ask() -> Iterator[Ask]:
    """``ask(path, form=None, **environ) -> (status, headers, body)``, through a checker of the WSGI standard."""

    def call(path: str, form: dict[str, str] | None = None, **environ: str) -> tuple[int, dict[str, str], bytes]:
        body = urlencode(form or {}).encode()
        request: dict[str, Any] = {
            "PATH_INFO": path,
            "SCRIPT_NAME": "",
            "HTTP_HOST": "testserver",
            "REMOTE_ADDR": "10.1.2.3",
        }
        if form is not None:
            request |= {"REQUEST_METHOD": "POST", "CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body)}
            request |= {"CONTENT_TYPE": "application/x-www-form-urlencoded"}
        request |= environ
        setup_testing_defaults(request)
        request.setdefault("QUERY_STRING", "")
        answered: list[Any] = []
        chunks = validator(Handler())(request, lambda status, headers, _error=None: answered.extend((status, headers)))
        try:
            content = b"".join(chunks)
        finally:
            chunks.close()
        names = [name for name, _value in answered[1]]
        assert len(names) == len(set(names)), "a header twice"
        return int(answered[0][:3]), dict(answered[1]), content

    yield call
    set_script_prefix("/")


@pytest.mark.parametrize(
    ("path", "form"),
    [(INFO, None), (TOKEN, {"grant_type": "refresh_token", "client_id": "x", "refresh_token": "x"}), (TOKEN, None)],
)
def test_the_same_answer_as_the_long_way(provided: Site, ask: Ask, path: str, form: dict[str, str] | None) -> None:
    body = urlencode(form or {})
    client = Client()
    expected = (
        client.get(path) if form is None else client.post(path, body, content_type="application/x-www-form-urlencoded")
    )
    status, headers, content = ask(path, form)
    assert (status, content) == (expected.status_code, expected.content)
    assert headers == dict(expected.items())
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_over_https_the_browser_is_told_to_stay(provided: Site, ask: Ask, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT, settings.SECURE_HSTS_SECONDS = True, 3600
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    status, headers, _body = ask(INFO, HTTP_X_FORWARDED_PROTO="https")
    assert status == 200
    assert headers["Strict-Transport-Security"].startswith("max-age=3600")
    status, headers, _body = ask(INFO, HTTP_X_FORWARDED_PROTO="http")
    assert (status, headers["Location"]) == (301, f"https://testserver{INFO}")


def test_a_site_that_is_not_there_is_a_page(db: None, ask: Ask) -> None:
    status, headers, body = ask("/at/nowhere/rest/oauth2/latest/token", {"grant_type": "refresh_token"})
    assert (status, headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert b"</html>" in body


def test_a_site_that_is_not_there_counts_once(
    db: None, ask: Ask, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Phones of an archived site must not use up what their office may fail."""
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "token_failures": "100/60"}
    counted: list[object] = []
    monkeypatch.setattr(attempts.limiter, "take_all", counted.append)
    for form in ({"grant_type": "refresh_token", "client_id": "x", "refresh_token": "x"}, {"grant_type": "x"}):
        counted.clear()
        status, _headers, _body = ask("/at/nowhere/rest/oauth2/latest/token", form)
        assert (status, len(counted)) == (404, 1 if "refresh_token" in form else 0)


def test_below_a_path_the_long_way_answers(provided: Site, ask: Ask) -> None:
    status, _headers, body = ask(INFO, SCRIPT_NAME="/below")
    assert (status, json.loads(body)["siteTitle"]) == (200, "Wiki")


def test_another_host_is_refused(provided: Site, ask: Ask) -> None:
    status, headers, _body = ask(INFO, HTTP_HOST="evil.example")
    assert status == 400
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


def test_what_breaks_is_an_answer_and_is_reported(
    provided: Site, ask: Ask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_args: Any) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr("rollout.services.provided.provided_site", broken)
    status, _headers, body = ask(INFO)
    assert status == 500
    assert b"the disk is full" not in body
    assert "the disk is full" in caplog.text


def test_the_visitor_is_counted_not_the_proxy(
    provided: Site, ask: Ask, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.TRUSTED_PROXIES = ["10.1.2.3"]
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "token_address": "5/60", "token_failures": "5/60"}
    counted: list[str] = []
    monkeypatch.setattr(attempts.limiter, "take_all", lambda wanted: counted.extend(who for _limit, who in wanted))
    ask(TOKEN, {"grant_type": "refresh_token"}, HTTP_X_FORWARDED_FOR="203.0.113.9")
    assert counted == ["203.0.113.9", "203.0.113.9"]


def test_requests_are_counted(provided: Site, ask: Ask) -> None:
    def total() -> float:
        return REGISTRY.get_sample_value("django_http_requests_before_middlewares_total") or 0

    before = total()
    ask(INFO)
    assert total() == before + 1
