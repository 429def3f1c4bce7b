"""The documented front: nginx with the repository's configuration and two web processes."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import time
from collections.abc import Iterator
from urllib.parse import quote

import pytest
import yaml
from django.conf import settings

from portal.pages import body_limits
from rollout.formats import app_inventory, site_csv
from tests.support.front import SIGN_IN, TEMPLATE, Front, front
from tests.support.paths import ROOT

CSRF = "c" * 32
FORM = "application/x-www-form-urlencoded"
LONG_QUERY = "q=" + quote("é" * 600)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    with front(tmp_path_factory.mktemp("front")) as running:
        yield running


@pytest.fixture(scope="module")
def session(served: Front) -> str:
    """The Cookie header of a signed-in administrator."""
    return f"gatepass_session={served.python('-c', SIGN_IN)}; gatepass_csrf={CSRF}"


def upload(served: Front, path: str, content: bytes, **headers: str) -> tuple[int, str]:
    """Send a form with one file as a browser does."""
    start = (
        f'--x\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n{CSRF}\r\n'
        '--x\r\nContent-Disposition: form-data; name="product"\r\n\r\nconfluence\r\n'
        '--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\nContent-Type: text/csv\r\n\r\n'
    ).encode()
    status, _headers, body = served.send(
        "POST",
        path,
        start + content + b"\r\n--x--\r\n",
        Content_Type="multipart/form-data; boundary=x",
        Origin=f"https://{served.host}",
        **headers,
    )
    return status, body.decode()


def healthy(served: Front) -> float:
    """Return the seconds that a health check through nginx takes."""
    started = time.monotonic()
    status, _headers, body = served.send("GET", "/healthz")
    assert (status, json.loads(body)) == (200, {"status": "ok"})
    return time.monotonic() - started


def test_the_sizes_are_those_of_the_application() -> None:
    sizes = re.findall(r"^ *client_max_body_size (\d+)m;", TEMPLATE.read_text(), re.MULTILINE)
    (largest,) = body_limits.UPLOAD_LIMITS.values()
    assert [int(size) * body_limits.MIB for size in sizes] == [settings.DATA_UPLOAD_MAX_MEMORY_SIZE, largest]
    assert "64 MB for an app inventory, 2 MB for a CSV of sites" in TEMPLATE.read_text()
    assert (app_inventory.MAX_BYTES, site_csv.MAX_BYTES) == (64 * body_limits.MIB, 2 * body_limits.MIB)


def test_compose_uses_the_same_file() -> None:
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text())
    proxy = compose["services"]["proxy"]
    mounted, target, _mode = proxy["volumes"][0].split(":")
    assert (ROOT / mounted) == TEMPLATE
    assert target == "/etc/nginx/templates/gatepass.conf.template"
    directives = re.sub(r"^ *#.*$", "", TEMPLATE.read_text(), flags=re.MULTILINE)
    assert set(re.findall(r"\$\{(\w+)\}", directives)) == set(proxy["environment"]) - {"NGINX_ENVSUBST_FILTER"}
    (network,) = compose["networks"]["default"]["ipam"]["config"]
    assert compose["services"]["web"]["environment"]["TRUSTED_PROXIES"] == network["subnet"]


def test_long_addresses_do_not_take_a_web_process_out_of_service(served: Front) -> None:
    for _ in range(4):
        status, headers, _body = served.send("GET", f"/sites/?{LONG_QUERY}")
        assert (status, headers["Location"]) == (302, "/accounts/login/")
        healthy(served)
    assert "upstream sent too big header" not in served.nginx_log()


def test_the_longest_state_comes_through_the_sign_in(served: Front) -> None:
    path = "/rest/oauth2/latest/authorize?client_id=x&response_type=code&state="
    for state in ("s" * 4_096, quote("é" * 1_500)):
        status, headers, _body = served.send("GET", path + state)
        assert status == 302
        assert headers["Location"] == f"/accounts/login/?next={quote(path + state)}"
    healthy(served)


def test_the_public_address_and_the_client_reach_the_application(served: Front) -> None:
    status, headers, _body = served.send("GET", "/accounts/login/")
    assert status == 200  # no redirect to https in a circle
    assert "Secure" in headers["Set-Cookie"]
    status, _headers, body = served.send("GET", "/metrics", X_Forwarded_For="127.0.0.1")
    assert (status, b"django_http" in body) == (404, False)


def test_the_largest_upload_passes(served: Front, session: str) -> None:
    content = b"a,b\r\n".ljust(app_inventory.MAX_BYTES, b"x")
    status, page = upload(served, "/app-versions/import/", content, Cookie=session)
    assert (status, page) == (302, "")  # stored for a worker


@pytest.mark.parametrize(
    ("path", "size", "words"),
    [
        ("/app-versions/import/", app_inventory.MAX_BYTES + 1, "The file is larger than 64 MiB"),  # by the form
        ("/app-versions/import/", app_inventory.MAX_BYTES + 2 * body_limits.MIB, "<h1>File too large</h1>"),  # nginx
        ("/sites/import/", 5 * body_limits.MIB, "<h1>File too large</h1>"),
    ],
)
def test_a_larger_upload_is_refused_in_words(served: Front, session: str, path: str, size: int, words: str) -> None:
    status, page = upload(served, path, b"x" * size, Cookie=session)
    assert status in {413, 422}
    assert words in page
    healthy(served)


@pytest.mark.parametrize("size", [2 * body_limits.MIB, 4 * body_limits.MIB - 1000])
def test_without_a_session_one_mib_is_the_limit(served: Front, size: int) -> None:
    status, page = upload(served, "/sites/import/", b"x" * size)
    assert status == 413
    assert "larger than 1 MiB" in page
    healthy(served)


def test_a_large_upload_is_not_taken_in_without_a_session(served: Front) -> None:
    status, page = upload(served, "/app-versions/import/", b"x" * 60 * body_limits.MIB)
    assert (status, "<h1>Sign in to upload</h1>" in page) == (403, True)
    for cookie in ("", "Cookie: gatepass_session=unknown\r\n"):
        with contextlib.closing(served.connect()) as connection:
            connection.connect()
            head = f"Host: {served.host}\r\n{cookie}Content-Type: {FORM}\r\nContent-Length: 60000000\r\n"
            connection.sock.sendall(f"POST /app-versions/import/ HTTP/1.1\r\n{head}\r\n".encode())
            assert connection.sock.recv(100).startswith(b"HTTP/1.1 403 ")  # before any of the body
    healthy(served)


def test_the_page_of_the_upload_opens_as_any_other(served: Front, session: str) -> None:
    status, headers, _body = served.send("GET", "/app-versions/import/")
    assert (status, headers["Location"]) == (302, "/accounts/login/?next=/app-versions/import/")
    status, _headers, page = served.send("GET", "/app-versions/import/", Cookie=session)
    assert (status, b'type="file"' in page) == (200, True)


@pytest.mark.parametrize("path", ["/accounts/login/", "/nowhere/", "/rest/oauth2/latest/token", "/sites/"])
def test_a_body_that_is_not_read_is_no_error_of_the_proxy(served: Front, path: str) -> None:
    for _ in range(5):
        status, _headers, _body = served.send("POST", path, b"x" * (body_limits.MIB - 1), Content_Type=FORM)
        assert 300 < status < 500


@pytest.mark.parametrize("size", [2 * body_limits.MIB, 5 * body_limits.MIB])
def test_the_api_refuses_in_json(served: Front, size: int) -> None:
    status, headers, body = served.send("POST", "/api/v1/sites", b"x" * size, Content_Type="application/json")
    assert (status, headers["Content-Type"]) == (413, "application/json")
    assert json.loads(body)["error"]["code"] == "too_large"


def test_slow_bodies_occupy_no_thread(served: Front) -> None:
    head = f"Host: {served.host}\r\nContent-Type: {FORM}\r\nContent-Length: 1000\r\n"
    request = f"POST /rest/oauth2/latest/token HTTP/1.1\r\n{head}\r\n".encode()
    with contextlib.ExitStack() as stack:
        slow = []
        for _ in range(20):
            plain = stack.enter_context(socket.create_connection(("localhost", served.port), 5))
            slow.append(stack.enter_context(served.tls.wrap_socket(plain, server_hostname="localhost")))
            slow[-1].sendall(request)
        seconds = []
        for _second in range(3):
            for connection in slow:
                connection.sendall(b"x")
            seconds.append(healthy(served))
            time.sleep(1)
        assert min(seconds) < 1  # a busy machine may delay one check; threads that wait for bodies would delay all


def test_an_unknown_host_is_one_line(served: Front) -> None:
    status, _headers, body = served.send("GET", "/sites/", Host="evil.example")
    assert (status, body) == (400, b"Gatepass does not respond to this host name.\n")
    log = served.web_log()
    (line,) = [line for line in log.splitlines() if "evil.example" in line]
    assert "Refused host evil.example from 127.0.0.1" in line
    assert "Traceback" not in log
