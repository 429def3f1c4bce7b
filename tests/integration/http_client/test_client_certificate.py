"""A site's client certificate is presented to that site, and to no other."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rollout.http_client import trust
from rollout.http_client.client import visit
from rollout.http_client.policy import FetchPolicy
from tests.support.tls_servers import Issued, TlsServer, issue, server_context

HOST, OTHER_HOST = "wiki.test", "other.test"
AUTHORITY = issue("Example root", is_authority=True)
PHONE, SECOND = issue("phone-17", AUTHORITY), issue("phone-18", AUTHORITY)


def client_pem(own: Issued) -> str:
    return own.pem + own.key_pem


@pytest.fixture
def serve_tls() -> Iterator[Callable[..., TlsServer]]:
    """Start a server that requires a client certificate, or takes one if it is offered."""
    servers: list[TlsServer] = []

    def start(host: str = HOST, *, required: bool = True, version: ssl.TLSVersion | None = None, **options: object):
        context = server_context(issue(host, AUTHORITY), client_authority=AUTHORITY)
        context.verify_mode = ssl.CERT_REQUIRED if required else ssl.CERT_OPTIONAL
        if version:
            context.minimum_version = context.maximum_version = version
        servers.append(TlsServer(context, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def tls_policy() -> FetchPolicy:
    return FetchPolicy(
        allow_loopback=True,
        connect_seconds=2,
        total_seconds=5,
        resolver=lambda host, port: ["127.0.0.1"],
        ca_bundle=AUTHORITY.pem,
    )


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_it_works(serve_tls, tls_policy, get, version) -> None:
    server = serve_tls(version=version)
    reply = get(f"https://{HOST}:{server.port}/", policy=replace(tls_policy, client_certificate=client_pem(PHONE)))
    assert (reply.status, reply.certificate.trust, server.subjects) == (200, "site", ["phone-17"])


def test_with_the_systems_trust_store(serve_tls, tls_policy, get, tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "root.pem").write_text(AUTHORITY.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "root.pem"))
    trust.system_trust.cache_clear()
    try:
        server = serve_tls()
        policy = replace(tls_policy, ca_bundle="", client_certificate=client_pem(PHONE))
        reply = get(f"https://{HOST}:{server.port}/", policy=policy)
    finally:
        trust.system_trust.cache_clear()
    assert (reply.status, reply.certificate.trust, server.subjects) == (200, "system", ["phone-17"])


def test_each_policy_presents_its_own(serve_tls, tls_policy, get) -> None:
    """Contexts are cached: neither another site's certificate nor none may turn up in their place."""
    server = serve_tls(required=False)
    url = f"https://{HOST}:{server.port}/"
    for own in (PHONE, None, SECOND, PHONE, None):
        assert get(url, policy=replace(tls_policy, client_certificate=client_pem(own) if own else "")).status == 200
    assert server.subjects == ["phone-17", None, "phone-18", "phone-17", None]


def test_another_host_does_not_get_it(serve_tls, tls_policy, get) -> None:
    """Neither by a redirect nor by a later request of the visit."""
    other = serve_tls(OTHER_HOST, required=False)
    target = f"https://{OTHER_HOST}:{other.port}/"

    def redirect(secured: ssl.SSLSocket) -> None:
        server.subjects.append("redirected" if secured.getpeercert() else None)
        secured.recv(65536)
        secured.sendall(f"HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n".encode())

    server = serve_tls(handle=redirect)
    policy = replace(tls_policy, client_certificate=client_pem(PHONE))
    first = f"https://{HOST}:{server.port}/"
    assert get(first, policy=policy, follow=3).status == 200

    async def one_after_the_other() -> list[int | None]:
        async with visit(policy) as one:
            return [(await one.fetch("GET", url)).status for url in (first, target, first)]

    assert asyncio.run(one_after_the_other()) == [302, 200, 302]
    assert server.subjects == ["redirected"] * 3
    assert other.subjects == [None, None]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_one_of_another_authority_is_refused(serve_tls, tls_policy, get, version) -> None:
    server = serve_tls(version=version)
    foreign = issue("phone-19", issue("Other root", is_authority=True))
    reply = get(f"https://{HOST}:{server.port}/", policy=replace(tls_policy, client_certificate=client_pem(foreign)))
    assert (reply.error, reply.tls_failure.code) == ("client_certificate", "client_certificate")
    assert reply.tls_failure.detail == "unknown ca"
    assert reply.answer.excerpt == "the host refused the client certificate: unknown ca"


def test_one_that_is_unreadable_is_an_error_not_an_exception(serve_tls, tls_policy, get) -> None:
    server = serve_tls(required=False)
    reply = get(f"https://{HOST}:{server.port}/", policy=replace(tls_policy, client_certificate="nonsense"))
    assert (reply.status, reply.error, server.subjects) == (None, "client_certificate", [])
    assert "no readable certificate" in reply.answer.excerpt


def test_no_file_is_left_behind(serve_tls, tls_policy, get, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    server = serve_tls()
    own = issue("phone-20", AUTHORITY)
    policy = replace(tls_policy, client_certificate=client_pem(own))
    assert get(f"https://{HOST}:{server.port}/", policy=policy).status == 200
    monkeypatch.delattr("os.memfd_create")
    trust.site_trust.cache_clear()
    assert get(f"https://{HOST}:{server.port}/", policy=policy).status == 200
    assert list(tmp_path.iterdir()) == []
