"""The simulated sites as servers: responses, addresses, and that they stop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import subprocess
import sys
import time
from urllib.parse import urlsplit

import pytest

from rollout.http_client.client import fetch
from rollout.simulator.fleet import SimulatedFleet
from rollout.simulator.table import DEMO, PERSONAS, PLAIN_OFFSET, SINGLE_SIGN_ON_OFFSET, base_url_of, ports
from tests.support.simulated_sites import FETCH_POLICY


def _get(url: str, **options):
    return asyncio.run(fetch(FETCH_POLICY, options.pop("method", "GET"), url, **options))


def test_the_responses_of_a_ready_site(fleet, observations) -> None:
    observation = observations["context-path"]
    assert observation.base_url.endswith("/wiki")
    assert observation.manifest.canonical_url == observation.base_url
    assert observation.manifest.answer.content_type == "application/xml"
    assert observation.info_login.client_id == PERSONAS["context-path"].client_id
    assert observation.authorize.answer.location.startswith(observation.base_url + "/login.action?os_destination=")
    assert observation.token.answer.status == 400


def test_single_sign_on_is_on_another_host(fleet, observations) -> None:
    observation = observations["behind-sso"]
    assert observation.info_login.redirect_host == fleet.single_sign_on_url.removeprefix("http://")
    assert (observation.authorize.kind, observation.token.kind) == ("intercepted", "intercepted")
    assert _get(fleet.base_url("behind-sso"), follow=2).text().count("Single sign-on") == 2


def test_an_unreachable_site_refuses_connections(fleet, observations) -> None:
    assert observations["unreachable"].manifest.answer.error == "refused"


FINGERPRINT = {"confluence": "x-confluence-request-time", "jira": "x-arequestid"}
POLITE = [
    name
    for name, simulated in PERSONAS.items()
    if simulated.listens and simulated.base_url(80) == f"http://127.0.0.1:80{simulated.context_path}"
    if not (simulated.front or simulated.send)
]


@pytest.mark.parametrize("name", [*POLITE, "behind-sso"])
def test_every_page_is_labeled_as_simulated(fleet, name) -> None:
    page = _get(fleet.base_url(name), follow=2)
    assert page.status == 200
    assert "simulated site" in page.text()
    simulated = PERSONAS[name]
    header = FINGERPRINT.get(simulated.actual_product or simulated.product)
    identified = page.headers.get(header, "") if header else ""
    assert identified.isdecimal() == (header is not None and simulated.front is None)


def test_the_login_page_contains_the_version(fleet) -> None:
    page = _get(fleet.base_url("ready-non-mdm") + "/login.action").text()
    assert '<meta name="ajs-version-number" content="9.2.1">' in page
    assert (
        _get(fleet.base_url("ready-non-mdm") + "/dologin.action", method="POST", form={"os_username": "a"}).status
        == 401
    )


def test_status(fleet) -> None:
    assert _get(fleet.base_url("ready-mdm") + "/status").json() == {"state": "RUNNING"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/rest/oauth2/latest/token", 405),
        ("POST", "/status", 405),
        ("GET", "/%00%ff<script>", 404),
        ("DELETE", "/", 501),
    ],
)
def test_other_requests_are_refused(fleet, method, path, status) -> None:
    assert _get(fleet.base_url("ready-mdm") + path, method=method).status == status


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),  # TLS spoken to a port without it
        (b"GET\r\n\r\n", 400),
        (b"GET http://example.com/ HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nX: " + b"z" * 70_000 + b"\r\n\r\n", 431),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 413),
        (b"CONNECT example.com:443 HTTP/1.1\r\n\r\n", 400),
        (b"GET //[ HTTP/1.1\r\n\r\n", 400),
    ],
)
def test_invalid_requests_are_refused(fleet, sent, status) -> None:
    with _connected(fleet, "ready-mdm") as connection:
        connection.sendall(sent)
        assert connection.recv(12) == b"HTTP/1.1 %d" % status


def test_a_connection_is_reused(fleet) -> None:
    with _connected(fleet, "ready-mdm") as connection:
        for _ in range(3):
            connection.sendall(b"GET /status HTTP/1.1\r\nHost: a\r\n\r\n")
            answer = connection.recv(4096)
            assert answer.startswith(b"HTTP/1.1 200")
            assert answer.endswith(b'{"state": "RUNNING"}')


def test_it_stops_at_once_despite_open_connections() -> None:
    fleet = SimulatedFleet(["slow-headers", "endless-body", "ready-mdm"])
    with contextlib.ExitStack() as connections:
        for name in fleet.sites:
            connection = connections.enter_context(_connected(fleet, name))
            if name != "ready-mdm":  # this connection waits for a request
                connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
                assert connection.recv(9) == b"HTTP/1.1 "
        began = time.monotonic()
        fleet.stop()
        assert time.monotonic() - began < 5
    fleet.stop()  # stopping twice is allowed


def test_no_probe_follows_a_redirect_to_an_internal_address(observations) -> None:
    observation = observations["leads-inside"]
    answers = [observation.manifest.answer, observation.info_login.answer, observation.authorize.answer]
    for answer in [*answers, observation.token.answer]:
        assert {urlsplit(hop).hostname for hop in answer.hops} == {"127.0.0.1"}
        assert answer.location.startswith("http://169.254.169.254/")


def test_no_probe_forwards_a_form_to_single_sign_on(observations) -> None:
    token = observations["sso-307"].token.answer
    assert (token.status, len(token.hops)) == (307, 1)


def _connected(fleet: SimulatedFleet, name: str) -> socket.socket:
    parts = urlsplit(fleet.base_url(name))
    return socket.create_connection((parts.hostname, parts.port), timeout=5)


def test_outside_the_context_path(fleet) -> None:
    assert _get(fleet.base_url("context-path").removesuffix("/wiki") + "/status").status == 404


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "unsupported_grant_type"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "authorization_code", "client_id": "unknown"}, "invalid_client"),
    ],
)
def test_the_token_endpoint_returns_oauth_errors(fleet, form, error) -> None:
    url = fleet.base_url("ready-mdm") + "/rest/oauth2/latest/token"
    assert _get(url, method="POST", form=form).json()["error"] == error


def test_ports_are_fixed_by_the_base() -> None:
    assert base_url_of("ready-mdm", 8101) == "http://127.0.0.1:8101"
    assert base_url_of("context-path", 8101) == "http://127.0.0.1:8109/wiki"
    assert base_url_of("context-path-missing", 8101) == "http://127.0.0.1:8124"
    assert base_url_of("ipv6-only", 8101) == "http://[::1]:8179"
    assert base_url_of("self-signed", 8101) == "https://127.0.0.1:8153"


def test_no_two_sites_share_a_port_or_title() -> None:
    offsets = [*(simulated.offset for simulated in PERSONAS.values()), PLAIN_OFFSET, SINGLE_SIGN_ON_OFFSET]
    assert len(set(offsets)) == len(offsets)
    assert set(ports(8101)) <= {8101 + offset for offset in offsets}
    assert len({simulated.title for simulated in PERSONAS.values()}) == len(PERSONAS)


@pytest.mark.parametrize(("arguments", "served"), [([], PERSONAS), (["--demo"], DEMO)])
def test_the_program_serves_until_sigterm(arguments, served) -> None:
    base = free_base()
    command = [sys.executable, "-m", "rollout.simulator", "--port-base", str(base), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        try:
            lines = [program.stdout.readline() for _ in served]
            assert lines[0].split()[:2] == ["ready-mdm", base_url_of("ready-mdm", base)]
            assert {line.split()[0] for line in lines} == set(served)
            assert _get(base_url_of("ready-mdm", base) + "/status").status == 200
        finally:
            program.send_signal(signal.SIGTERM)
        assert program.wait(timeout=10) == 0


def free_base() -> int:
    """The first of a hundred free ports, outside of the range that the system chooses from."""
    for base in range(18101, 31000, 100):
        with contextlib.ExitStack() as bound:
            try:
                for port in range(base, base + 100):
                    bound.enter_context(socket.create_server(("127.0.0.1", port)))
            except OSError:
                continue
            return base
    raise AssertionError("no hundred consecutive free ports")


def test_a_port_in_use_is_an_error_and_leaves_nothing_running() -> None:
    with SimulatedFleet(["ready-mdm"]) as running:
        port = int(running.base_url("ready-mdm").rpartition(":")[2])
        with pytest.raises(OSError, match="in use"):
            SimulatedFleet(["ready-mdm"], port_base=port)
