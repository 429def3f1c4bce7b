"""The fast path and the full middleware stack respond, count and log alike.

The other tests of machine endpoints compare the two answers for each of their requests (``tests.support.both_paths``);
here every kind of answer is held to the same metrics and log lines as well.
"""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import OperationalError, transaction
from django.urls import set_script_prefix
from prometheus_client import REGISTRY, generate_latest

from oauth_provider.limits import attempts
from oauth_provider.resource_servers import create_resource_server
from portal.serving.handler import Handler
from portal.serving.request_records import BATCH, write_counts
from rollout.models import Site
from tests.support.provider_fixtures import VERIFIER

pytestmark = pytest.mark.usefixtures("wsgi")
FORM = "application/x-www-form-urlencoded"
BASE = "/at/rehearsal/rest"
TOKEN, REVOKE, INTROSPECT = (f"{BASE}/oauth2/latest/{name}" for name in ("token", "revoke", "introspect"))

Sent = tuple[int, dict[str, str], bytes]


class Both:
    """Sends one request on each path, the fast one first and rolled back."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self.caplog = caplog

    def __call__(self, path: str, form: dict[str, str] | None = None, **environ: str) -> Sent:
        """Return the common response, after comparing responses, metrics and log lines of both paths."""
        fast = self._observe(self._fast, path, form, environ)
        plain = self._observe(lambda request: _send(WSGIHandler(), request), path, form, environ)
        assert fast == plain
        return plain[0]

    @staticmethod
    def _fast(request: dict[str, Any]) -> Sent:
        with transaction.atomic():
            sent = _send(Handler(), request)
            transaction.set_rollback(True)
        return sent

    def _observe(
        self, send: Callable[[dict[str, Any]], Sent], path: str, form: dict[str, str] | None, environ: dict[str, str]
    ) -> tuple[Sent, dict[str, float], list[str]]:
        self.caplog.clear()
        before = _samples()
        sent = send(_environ(path, form, environ))
        counted = {
            name: value - before.get(name, 0) for name, value in _samples().items() if value != before.get(name, 0)
        }
        return sent, counted, [_line(record) for record in self.caplog.records]


def _environ(path: str, form: dict[str, str] | None, changes: dict[str, str]) -> dict[str, Any]:
    body = urlencode(form or {}).encode()
    posted = {"REQUEST_METHOD": "POST", "CONTENT_TYPE": FORM, "CONTENT_LENGTH": str(len(body))}
    return {
        "REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": path, "QUERY_STRING": "", "SERVER_NAME": "testserver",
        "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "testserver", "REMOTE_ADDR": "10.1.2.3",
        "HTTP_USER_AGENT": "Confluence/2.0", "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(body),
        **(posted if form is not None else {}), **changes,
    }  # fmt: skip


def _send(handler: WSGIHandler, request: dict[str, Any]) -> Sent:
    started: list[Any] = []
    response: Any = handler(request, lambda status, headers: started.extend((status, headers)))
    content = b"".join(response)
    if hasattr(response, "close"):
        response.close()
    names = [name for name, _value in started[1]]
    assert len(names) == len(set(names)), "a header twice"
    content = re.sub(rb'nonce="[^"]+"', b"", re.sub(rb'"(access|refresh)_token": "[^"]+"', b"", content))
    headers = {name: re.sub(r"'nonce-[^']+'", "", value) for name, value in started[1]}
    return int(started[0][:3]), headers, content


def _samples() -> dict[str, float]:
    """Every sample of the web process's metrics; for durations, only their count."""
    write_counts()
    return {
        f"{sample.name}{sorted(sample.labels.items())}": sample.value
        for metric in REGISTRY.collect()
        for sample in metric.samples
        if sample.name.startswith(("django_http_", "gatepass_"))
        and not sample.name.endswith("_created")
        and not ("latency" in sample.name and not sample.name.endswith("_count"))
    }


def _line(record: logging.LogRecord) -> str:
    """A log line as written, without its time, request ID and traceback."""
    if not isinstance(record.msg, dict):
        return f"{record.name} {record.levelname} {record.getMessage()}"
    values = {name: str(value).splitlines()[-1:] for name, value in record.msg.items()}
    shown = sorted(item for item in values.items() if item[0] not in {"timestamp", "request_id", "_record", "_logger"})
    return f"{record.name} {record.levelname} {shown}"


@pytest.fixture
def both(provided_site: Site, settings: Any, caplog: pytest.LogCaptureFixture) -> Iterator[Both]:
    settings.ALLOWED_HOSTS = ["testserver"]
    caplog.set_level("INFO")
    yield Both(caplog)
    set_script_prefix("/")


def refresh(phone: Any, token: str, **changes: str) -> dict[str, str]:
    return {"grant_type": "refresh_token", "client_id": phone.client_id, "refresh_token": token} | changes


def test_a_refresh_an_exchange_and_a_revocation(both: Both, phone: Any) -> None:
    token = phone.tokens()["refresh_token"]
    status, headers, _body = both(TOKEN, refresh(phone, token))
    assert (status, headers["Cache-Control"]) == (200, "no-store")
    code = {"grant_type": "authorization_code", "client_id": phone.client_id, "code": phone.code()}
    assert both(TOKEN, code | {"code_verifier": VERIFIER})[0] == 200
    assert both(REVOKE, {"client_id": phone.client_id, "token": token})[0] == 200


def test_introspection(both: Both, phone: Any, provided_site: Site) -> None:
    server = create_resource_server(name="Gateway", issuer=provided_site.base_url)[1]
    sent = {"token": phone.tokens()["access_token"], "client_id": server.client_id, "client_secret": server.secret}
    assert json.loads(both(INTROSPECT, sent)[2])["active"] is True
    assert both(f"{INTROSPECT}/status", sent)[0] == 204
    assert both(f"{INTROSPECT}/status", sent | {"token": "unknown"})[0] == 401
    status, headers, _body = both(INTROSPECT, {"token": "x"})
    assert (status, headers["WWW-Authenticate"]) == (401, 'Basic realm="introspection"')


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "NONSENSE"])
def test_info_login(both: Both, version: str, method: str) -> None:
    status, headers, _body = both(f"{BASE}/nativemobile/{version}/info/login", REQUEST_METHOD=method)
    assert status == (200 if method in {"GET", "HEAD"} else 405)
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("form", "environ", "status"),
    [
        ({}, {}, 400),
        ({"grant_type": "password", "client_id": "x"}, {}, 400),
        ({"grant_type": "refresh_token", "client_id": "unknown", "refresh_token": "x"}, {}, 401),
        ({"grant_type": "refresh_token"}, {"HTTP_AUTHORIZATION": "Basic eDp5"}, 401),
        ({"grant_type": "refresh_token"}, {"CONTENT_TYPE": "application/json"}, 400),
        ({"grant_type": "refresh_token"}, {"QUERY_STRING": "token=hidden"}, 400),
        ({"grant_type": "refresh_token"}, {"CONTENT_LENGTH": "20000"}, 413),
        ({"grant_type": "refresh_token"}, {"CONTENT_LENGTH": "many"}, 400),
        ({"grant_type": "refresh_token"}, {"REQUEST_METHOD": "PUT"}, 405),
        ({"grant_type": "refresh_token"}, {"HTTP_X_REQUESTED_WITH": "XMLHttpRequest"}, 401),
        ({"grant_type": "refresh_token"}, {"HTTP_COOKIE": "gatepass_session=x"}, 401),
        ({"grant_type": "refresh_token"}, {"HTTP_HOST": "evil.example"}, 400),
        (None, {}, 405),
    ],
)
@pytest.mark.parametrize("path", ["/rest/oauth2/latest/token", TOKEN])
def test_refused_requests(
    both: Both, path: str, form: dict[str, str] | None, environ: dict[str, str], status: int
) -> None:
    assert both(path, form, **environ)[0] == status


def test_a_reached_limit(both: Both, phone: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "token_address": "100/60"}
    counted: list[object] = []
    monkeypatch.setattr(attempts.limiter, "take_all", lambda wanted: counted.append(wanted) or 17)
    status, headers, _body = both(TOKEN, refresh(phone, "x"))
    assert (status, headers["Retry-After"]) == (429, "17")
    assert len(counted) == 2  # once on each path


def test_an_unknown_site_is_a_page_and_counts_once(both: Both, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Phones of an archived site must not use up the failure limit of their office's address."""
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "token_failures": "100/60"}
    counted: list[object] = []
    monkeypatch.setattr(attempts.limiter, "take_all", counted.append)
    path = "/at/nowhere/rest/oauth2/latest/token"
    status, headers, body = both(path, {"grant_type": "refresh_token", "client_id": "x", "refresh_token": "x"})
    assert (status, headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert b"</html>" in body
    assert len(counted) == 2  # once on each path
    counted.clear()
    assert both(path, {"grant_type": "x"})[0] == 404
    assert not counted


@pytest.mark.parametrize(("error", "status"), [(RuntimeError, 500), (OperationalError, 503)])
def test_a_failure_is_a_page_and_is_reported(
    both: Both, monkeypatch: pytest.MonkeyPatch, error: type[Exception], status: int
) -> None:
    def broken(*_arguments: Any) -> None:
        raise error("the disk is full")

    monkeypatch.setattr("rollout.services.provided.provided_site", broken)
    sent, _headers, body = both(f"{BASE}/nativemobile/1.1/info/login")
    assert sent == status
    assert b"the disk is full" not in body
    assert "the disk is full" in both.caplog.text


def test_over_https(both: Both, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT, settings.SECURE_HSTS_SECONDS = True, 3600
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    path = f"{BASE}/nativemobile/1.1/info/login"
    status, headers, _body = both(path, HTTP_X_FORWARDED_PROTO="https")
    assert (status, headers["Strict-Transport-Security"][:12]) == (200, "max-age=3600")
    status, headers, _body = both(path, HTTP_X_FORWARDED_PROTO="http")
    assert (status, headers["Location"]) == (301, f"https://{urlsplit(settings.PUBLIC_URL).netloc}{path}")


def test_the_clients_address_is_logged_and_counted_not_the_proxys(
    both: Both, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.TRUSTED_PROXIES = ["10.1.2.3"]
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "token_address": "5/60", "token_failures": "5/60"}
    counted: list[str] = []
    monkeypatch.setattr(attempts.limiter, "take_all", lambda wanted: counted.extend(who for _limit, who in wanted))
    both(TOKEN, {"grant_type": "refresh_token"}, HTTP_X_FORWARDED_FOR="203.0.113.9")
    assert set(counted) == {"203.0.113.9"}
    assert "203.0.113.9" in both.caplog.text


def test_requests_that_the_fast_path_handles(both: Both, phone: Any) -> None:
    """The full stack handles those that need more than the view."""
    handler, token = Handler(), {"grant_type": "refresh_token"}
    assert handler.fast_answer(_environ(TOKEN, token, {})) is not None
    for changes in (
        {"HTTP_COOKIE": "a=b"}, {"SCRIPT_NAME": "/below"}, {"HTTP_HOST": "evil.example"}, {"CONTENT_LENGTH": "x"},
        {"PATH_INFO": f"{BASE}/oauth2/latest/authorize"}, {"PATH_INFO": "/"},
    ):  # fmt: skip
        assert handler.fast_answer(_environ(TOKEN, token, changes)) is None


def test_below_a_path(both: Both) -> None:
    status, _headers, body = both(f"{BASE}/nativemobile/1.1/info/login", SCRIPT_NAME="/below")
    assert (status, json.loads(body)["siteTitle"]) == (200, "Wiki rehearsal")


def test_metrics_include_buffered_records_and_full_batches_are_written(provided_site: Site, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["testserver"]

    def total() -> float:
        return REGISTRY.get_sample_value("django_http_requests_before_middlewares_total") or 0

    def refuse() -> None:
        assert Handler().fast_answer(_environ(TOKEN, None, {})) is not None

    write_counts()
    before = total()
    refuse()
    generate_latest(REGISTRY)
    assert total() == before + 1
    for _request in range(BATCH):
        refuse()
    assert total() == before + 1 + BATCH


# --- Refusals --------------------------------------------------------------------------------------------------
SECRET = "a-secret-that-no-log-may-have"
REFUSALS = [
    ("token", {"grant_type": "refresh_token", "client_id": SECRET, "refresh_token": SECRET}, 401, "invalid_client"),
    ("token", {"grant_type": SECRET, "client_id": "{client_id}"}, 400, "unsupported_grant_type"),
    (
        "token",
        {"grant_type": "refresh_token", "client_id": "{client_id}", "refresh_token": SECRET},
        400,
        "invalid_grant",
    ),
    ("token", {"client_id": "{client_id}", "code": "\x00"}, 400, "invalid_request"),
    ("token", None, 405, "method_not_allowed"),
    ("revoke", {"client_id": SECRET, "token": SECRET}, 401, "invalid_client"),
    ("introspect", {"client_id": SECRET, "client_secret": SECRET, "token": SECRET}, 401, "invalid_client"),
]


@pytest.mark.parametrize(("endpoint", "form", "status", "error"), REFUSALS)
def test_a_refusal_is_logged_and_counted_on_both_paths(
    both: Both, phone: Any, endpoint: str, form: dict[str, str] | None, status: int, error: str
) -> None:
    labels = {"endpoint": endpoint, "status": str(status), "error": error}
    sent = None if form is None else {name: value.format(client_id=phone.client_id) for name, value in form.items()}
    before = REGISTRY.get_sample_value("gatepass_oauth_refused_requests_total", labels) or 0
    assert both(f"{BASE}/oauth2/latest/{endpoint}", sent)[0] == status
    assert REGISTRY.get_sample_value("gatepass_oauth_refused_requests_total", labels) == before + 2
    lines = [record.msg for record in both.caplog.records if "oauth_request_refused" in str(record.msg)]
    assert [(line["endpoint"], line["status"], line["error"]) for line in lines] == [(endpoint, status, error)]
    assert SECRET not in both.caplog.text


def test_a_missing_site_is_no_refusal(both: Both, phone: Any) -> None:
    """It is a 404, which the metrics of all requests count."""
    assert both("/at/missing/rest/oauth2/latest/token", {"client_id": phone.client_id})[0] == 404
    assert "oauth_request_refused" not in both.caplog.text
