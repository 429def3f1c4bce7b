"""Which authority verified a site's certificate, and the chain that the server sent, trusted or not."""

from __future__ import annotations

import hashlib
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization

from rollout.http_client.policy import FetchPolicy
from tests.support.tls_servers import Issued, issue


class _Quiet(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.hosts.append(self.headers["Host"])
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


class _Server(HTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore handshakes that the client aborts: these tests cause them."""


@pytest.fixture
def serve_tls(tmp_path: Path) -> Iterator[Callable[..., _Server]]:
    servers = []

    def start(*chain: Issued) -> _Server:
        server = _Server(("127.0.0.1", 0), _Quiet)
        server.hosts, server.names = [], []
        (tmp_path / "chain.pem").write_text("".join(one.pem for one in chain))
        (tmp_path / "key.pem").write_text(chain[0].key_pem)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tmp_path / "chain.pem", tmp_path / "key.pem")
        context.sni_callback = lambda sock, name, context: server.names.append(name)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def authority() -> Issued:
    return issue("Example private root", is_authority=True)


@pytest.fixture
def tls_policy() -> FetchPolicy:
    return FetchPolicy(
        allow_loopback=True, connect_seconds=2, total_seconds=5, resolver=lambda host, port: ["127.0.0.1"]
    )


def test_it_works(serve_tls, authority, tls_policy, get) -> None:
    """The site's own authority verifies what the system's store does not; SNI and Host header are the site's."""
    server = serve_tls(issue("wiki.test", authority))
    port = server.server_address[1]
    reply = get(f"https://wiki.test:{port}/", policy=replace(tls_policy, ca_bundle=authority.pem))
    assert (reply.status, reply.certificate.trust, reply.certificate.issuer) == (200, "site", "Example private root")
    assert server.names[-1] == "wiki.test"
    assert server.hosts == [f"wiki.test:{port}"]


def test_the_systems_store_comes_first(serve_tls, authority, tls_policy, get) -> None:
    server = serve_tls(issue("wiki.test", authority))
    system = ssl.create_default_context(cadata=authority.pem)
    url = f"https://wiki.test:{server.server_address[1]}/"
    for bundle in ("", authority.pem):
        reply = get(url, policy=replace(tls_policy, ssl_context=system, ca_bundle=bundle))
        assert (reply.status, reply.certificate.trust) == (200, "system")


@pytest.mark.parametrize("anchor", ["root", "intermediate", "itself"])
def test_any_certificate_of_the_bundle_is_an_anchor(serve_tls, authority, tls_policy, get, anchor) -> None:
    between = issue("Example issuing authority", authority, is_authority=True)
    own = issue("wiki.test", between)
    server = serve_tls(own, between)
    bundle = {"root": authority, "intermediate": between, "itself": own}[anchor].pem
    reply = get(
        f"https://wiki.test:{server.server_address[1]}/",
        policy=replace(tls_policy, ca_bundle=f"Wurzelzertifikat für das Büro\n{bundle}"),
    )
    assert (reply.status, reply.certificate.trust) == (200, "site")


def test_the_chain_is_reported_in_the_servers_order(serve_tls, authority, tls_policy, get) -> None:
    between = issue("Example issuing authority", authority, is_authority=True)
    own = issue("wiki.test", between)
    server = serve_tls(own, between)
    reply = get(f"https://wiki.test:{server.server_address[1]}/", policy=replace(tls_policy, ca_bundle=authority.pem))
    first, second = reply.certificate.chain
    assert (first.subject, first.issuer, first.names) == ("wiki.test", "Example issuing authority", ("wiki.test",))
    assert first.fingerprint == own.certificate.fingerprint(hashes.SHA256()).hex()
    assert first.expires_at == own.certificate.not_valid_after_utc
    assert (second.subject, second.issuer, second.names) == ("Example issuing authority", "Example private root", ())


@pytest.mark.parametrize(
    ("name", "days", "bundled", "code"),
    [("wiki.test", 30, False, 20), ("wiki.test", -1, True, 10), ("other.test", 30, True, 62)],
    ids=["unknown authority", "expired", "another host"],
)
def test_an_untrusted_chain_is_reported_and_nothing_is_sent(
    serve_tls, authority, tls_policy, get, name, days, bundled, code
) -> None:
    own = issue(name, authority, days=days)
    server = serve_tls(own)
    policy = replace(tls_policy, ca_bundle=authority.pem if bundled else "")
    reply = get(f"https://wiki.test:{server.server_address[1]}/", policy=policy)
    assert (reply.status, reply.error, reply.certificate) == (None, "tls", None)
    assert reply.tls_failure.verify_code == code
    der = own.certificate.public_bytes(serialization.Encoding.DER)
    assert [found.fingerprint for found in reply.tls_failure.chain] == [hashlib.sha256(der).hexdigest()]
    assert reply.answer.address == "loopback"
    assert server.hosts == []


def test_another_authoritys_bundle_does_not_verify(serve_tls, authority, tls_policy, get) -> None:
    server = serve_tls(issue("wiki.test", authority))
    other = issue("Example other root", is_authority=True)
    reply = get(f"https://wiki.test:{server.server_address[1]}/", policy=replace(tls_policy, ca_bundle=other.pem))
    assert reply.error == "tls"


def test_an_invalid_bundle_is_an_error_not_an_exception(serve_tls, authority, tls_policy, get) -> None:
    server = serve_tls(issue("wiki.test", authority))
    reply = get(f"https://wiki.test:{server.server_address[1]}/", policy=replace(tls_policy, ca_bundle="nonsense"))
    assert reply.error == "tls"


def test_a_bundle_applies_to_its_own_site_only(serve_tls, authority, tls_policy, get) -> None:
    server = serve_tls(issue("wiki.test", authority))
    url = f"https://wiki.test:{server.server_address[1]}/"
    assert get(url, policy=replace(tls_policy, ca_bundle=authority.pem)).status == 200
    assert get(url, policy=tls_policy).error == "tls"
