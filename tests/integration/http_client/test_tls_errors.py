"""Each reason why a TLS connection or its first response fails has an error code of its own."""

from __future__ import annotations

import socket
import ssl
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from rollout.http_client.failures import NO_ALTERNATIVE_NAME
from rollout.http_client.policy import FetchPolicy
from tests.support.tls_servers import Issued, TlsServer, issue, server_context

HOST = "wiki.test"
SETTINGS = b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64"
GOAWAY = b"\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\x01"


@pytest.fixture(scope="module")
def authority() -> Issued:
    return issue("Example root", is_authority=True)


@pytest.fixture(scope="module")
def own(authority: Issued) -> Issued:
    return issue(HOST, authority)


@pytest.fixture
def tls_policy(authority: Issued) -> FetchPolicy:
    return FetchPolicy(
        allow_loopback=True,
        connect_seconds=2,
        total_seconds=5,
        resolver=lambda host, port: ["127.0.0.1"],
        ca_bundle=authority.pem,
    )


@pytest.fixture
def serve_tls() -> Iterator[Callable[..., TlsServer]]:
    servers: list[TlsServer] = []

    def start(*args: object, **options: object) -> TlsServer:
        servers.append(TlsServer(*args, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def alert(number: int) -> Callable[[socket.socket], None]:
    """Answer the ClientHello with a fatal alert (RFC 8446 section 6)."""

    def take(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"\x15\x03\x03\x00\x02\x02" + bytes([number]))

    return take


def test_it_works(serve_tls, own, tls_policy, get) -> None:
    server = serve_tls(server_context(own))
    reply = get(f"https://{HOST}:{server.port}/", policy=tls_policy)
    assert (reply.status, reply.error, reply.tls_failure) == (200, None, None)
    assert server.connections == 2  # the system's trust store does not verify it, the site's own does


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_client_certificate_is_required(serve_tls, own, authority, tls_policy, get, version) -> None:
    """TLS 1.2 refuses within the handshake, TLS 1.3 after it, when the request may be on its way already."""
    context = server_context(own, client_authority=authority)
    context.minimum_version = context.maximum_version = version
    server = serve_tls(context)
    reply = get(f"https://{HOST}:{server.port}/", policy=tls_policy)
    assert (reply.status, reply.error) == (None, "client_certificate")
    assert (reply.tls_failure.code, reply.tls_failure.verify_code) == ("client_certificate", None)
    expected = {"handshake failure"} if version is ssl.TLSVersion.TLSv1_2 else {"certificate required"}
    assert {reply.tls_failure.detail, reply.answer.excerpt} == expected
    assert reply.tls_failure.chain[0].subject == HOST
    assert server.requests == []


def test_a_server_that_closes_without_an_alert_after_asking_for_a_certificate(
    serve_tls, own, authority, tls_policy, get
) -> None:
    context = server_context(own, client_authority=authority)
    context.verify_mode = ssl.CERT_OPTIONAL
    server = serve_tls(context, handle=lambda secured: None)
    reply = get(f"https://{HOST}:{server.port}/", policy=tls_policy)
    assert (reply.error, reply.tls_failure.code) == ("client_certificate", "client_certificate")


def test_a_reset_where_a_client_certificate_is_optional(serve_tls, own, authority, tls_policy, get) -> None:
    """The nearest other case: the server waits for a request, and something resets the connection then."""
    context = server_context(own, client_authority=authority)
    context.verify_mode = ssl.CERT_OPTIONAL

    def handle(secured: ssl.SSLSocket) -> None:
        if secured.recv(65536):
            reset(secured)

    reply = get(f"https://{HOST}:{serve_tls(context, handle=handle).port}/", policy=tls_policy)
    assert (reply.error, reply.tls_failure) == ("reset", None)


def test_the_servers_certificate_is_evaluated_before_its_request_for_one(
    serve_tls, own, authority, tls_policy, get
) -> None:
    server = serve_tls(server_context(own, client_authority=authority))
    reply = get(f"https://{HOST}:{server.port}/", policy=replace(tls_policy, ca_bundle=""))
    assert (reply.error, reply.tls_failure.code, reply.tls_failure.verify_code) == ("tls", "tls", 19)
    assert reply.tls_failure.chain[0].subject == HOST


@pytest.mark.parametrize(
    ("number", "error", "name"),
    [
        (120, "http2_only", "no application protocol"),
        (70, "tls_version", "protocol version"),
        (116, "client_certificate", "certificate required"),
        (40, "tls", "handshake failure"),  # without a request for a certificate
        (80, "tls", "internal error"),
        (112, "tls", "unrecognized name"),
        (49, "tls", "access denied"),
    ],
)
def test_an_alert_has_its_own_name(serve_tls, tls_policy, get, number, error, name) -> None:
    reply = get(f"https://{HOST}:{serve_tls(None, take=alert(number)).port}/", policy=tls_policy)
    assert (reply.error, reply.answer.excerpt) == (error, name)
    assert (reply.tls_failure.verify_code, reply.tls_failure.detail, reply.tls_failure.code) == (None, name, error)


def test_an_old_tls_version(serve_tls, tls_policy, get) -> None:
    def take(connection: socket.socket) -> None:
        """A ServerHello of TLS 1.1 without extensions."""
        connection.recv(65536)
        hello = b"\x03\x02" + bytes(32) + b"\0" + b"\xc0\x13" + b"\0"
        message = b"\x02" + len(hello).to_bytes(3, "big") + hello
        connection.sendall(b"\x16\x03\x02" + len(message).to_bytes(2, "big") + message)
        connection.recv(65536)

    reply = get(f"https://{HOST}:{serve_tls(None, take=take).port}/", policy=tls_policy)
    assert (reply.error, reply.tls_failure.code) == ("tls_version", "tls_version")


def test_plain_http_on_the_port(serve_tls, tls_policy, get) -> None:
    def take(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    reply = get(f"https://{HOST}:{serve_tls(None, take=take).port}/", policy=tls_policy)
    assert (reply.error, reply.answer.excerpt) == ("tls", "wrong version number")


@pytest.mark.parametrize("frame", [SETTINGS, GOAWAY])
def test_http2_frames_as_the_response(serve_tls, own, tls_policy, get, frame) -> None:
    def handle(secured: ssl.SSLSocket) -> None:
        secured.recv(65536)
        secured.sendall(frame)

    reply = get(f"https://{HOST}:{serve_tls(server_context(own), handle=handle).port}/", policy=tls_policy)
    assert (reply.status, reply.error) == (None, "http2_only")


@pytest.mark.parametrize("data", [b"\0\0\x06\x04\0\0\0\0\x01" + bytes(6), b"\0" * 20, b"\0\0\x06\x04"])
def test_other_binary_data_is_not_http2(serve, get, data) -> None:
    assert get(serve(data + b"\r\n\r\n").url).error == "bad_answer"


@pytest.mark.parametrize("where", ["connect", "ClientHello", "request"])
def test_a_connection_that_is_reset(serve_tls, own, tls_policy, get, where) -> None:
    """A connection that was made and is closed is not one that was refused."""

    def take(connection: socket.socket) -> None:
        if where == "ClientHello":
            connection.recv(65536)
        reset(connection)

    def handle(secured: ssl.SSLSocket) -> None:
        if secured.recv(65536):
            reset(secured)

    server = serve_tls(server_context(own), handle=handle) if where == "request" else serve_tls(None, take=take)
    reply = get(f"https://{HOST}:{server.port}/", policy=tls_policy)
    assert (reply.status, reply.error, reply.tls_failure) == (None, "reset", None)


@pytest.mark.parametrize("raw", [b"", None])
def test_a_connection_that_is_closed_without_a_response(serve, get, raw) -> None:
    reply = get(serve(lambda request, handler: raw).url)
    assert (reply.error, reply.answer.excerpt) == ("reset", "the connection was closed without a response")


def test_a_port_without_a_server_is_refused(tls_policy, get) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert get(f"https://{HOST}:{taken.getsockname()[1]}/", policy=tls_policy).error == "refused"


@pytest.mark.parametrize(("names", "detail"), [((), NO_ALTERNATIVE_NAME), (("other.test",), "Hostname mismatch")])
def test_only_the_subject_alternative_name_counts(serve_tls, authority, tls_policy, get, names, detail) -> None:
    """The common name is the right one in both, but phones do not read it."""
    server = serve_tls(server_context(issue(HOST, authority, names=names)))
    reply = get(f"https://{HOST}:{server.port}/", policy=tls_policy)
    assert (reply.error, reply.tls_failure.verify_code, reply.tls_failure.code) == ("tls", 62, "tls")
    assert reply.tls_failure.detail.startswith(detail)
    assert server.requests == []


def test_a_silent_handshake_times_out(serve_tls, tls_policy, get) -> None:
    server = serve_tls(None, take=lambda connection: time.sleep(1))
    policy = replace(tls_policy, connect_seconds=0.3)
    assert get(f"https://{HOST}:{server.port}/", policy=policy).error == "timeout"


def test_the_texts_of_all_codes_differ() -> None:
    from rollout.compatibility.evidence import REASONS
    from rollout.http_client.failures import ERRORS

    assert ERRORS.keys() == REASONS.keys()
    assert len(set(ERRORS.values())) == len(ERRORS)
    assert len(set(REASONS.values())) == len(REASONS)
