"""The observation of a site: complete, one request at a time, quick if the site is unreachable."""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from rollout.compatibility.next_steps import next_steps
from rollout.compatibility.observation import KnownLinks, Observation, PluginVersions
from rollout.compatibility.rules import evaluate
from rollout.compatibility.verdict import Verdict
from rollout.http_client.policy import FetchPolicy
from rollout.probes.site import Target, observe

MANIFEST = b"<manifest><typeId>confluence</typeId><version>9.2.1</version><url>https://w.example.com</url></manifest>"
LOGIN_PAGE = b"""<html><head><meta name="ajs-version-number" content="9.2.1"><meta name="ajs-base-url"
content="https://w.example.com"><meta name="ajs-context-path" content=""></head></html>"""


def _confluence(make_answer):
    def respond(request, handler):
        if b"/manifest" in request:
            return make_answer(MANIFEST, Content_Type="application/xml")
        if b"/info/login" in request:
            return make_answer(b'{"clientId": "abc"}', Content_Type="application/json")
        if b"/authorize" in request:
            return make_answer(status="302 Found", Location="/login.action?os_destination=x")
        if b"/login.action" in request:
            return make_answer(LOGIN_PAGE, Content_Type="text/html", X_Confluence_Request_Time="1")
        if b"/.well-known/" in request:
            return make_answer(b"<html>Not found", status="404 Not Found")
        return make_answer(b'{"error": "invalid_grant"}', status="400 Bad Request", Content_Type="application/json")

    return respond


def test_it_works(serve, make_answer, policy, now) -> None:
    server = serve(_confluence(make_answer))
    plugins = PluginVersions(oauth="4.1.1", source="manual", as_of=now())
    observation = asyncio.run(observe(Target(server.url + "/", "confluence", "abc", plugins), policy=policy, now=now))
    assert observation.base_url == server.url
    assert observation.manifest.version == "9.2.1"
    assert (observation.info_login.kind, observation.info_login.client_id) == ("json", "abc")
    assert (observation.authorize.kind, observation.token.kind, observation.tls.kind) == ("answers", "answers", "plain")
    assert observation.plugins == plugins
    assert observation.observed_at == now()
    assert Observation.from_json(observation.to_json()) == observation
    assert observation.info_login_plain.client_id == "abc"
    assert (observation.login_page.kind, observation.login_page.version) == ("page", "9.2.1")
    assert observation.fingerprint.product == "confluence"
    assert observation.metadata.offered is False
    assert (observation.status, observation.plain_http, observation.info_login_old) == (None, None, None)
    assert observation.token.oauth_error == "invalid_grant"
    assert observation.authorize_unknown.kind == "answers"
    assert observation.rest_api.kind == "error"
    assert len(server.requests) == 9


def test_links_are_kept_for_the_rules(serve, make_answer, policy, now) -> None:
    target = Target(serve(_confluence(make_answer)).url, "confluence", "abc", links=KnownLinks("abc", "xyz"))
    assert asyncio.run(observe(target, policy=policy, now=now)).links == KnownLinks("abc", "xyz")


def test_status_explains_an_unreadable_manifest(serve, make_answer, policy, now) -> None:
    def respond(request, handler):
        if b"GET /status" in request:
            return make_answer(b'{"state": "maintenance"}', status="503 Service Unavailable")
        return make_answer(status="503 Service Unavailable")

    observation = asyncio.run(observe(Target(serve(respond).url, "confluence"), policy=policy, now=now))
    assert observation.status.state == "MAINTENANCE"
    evaluation = evaluate(observation)
    assert {setup.verdict for setup in evaluation.setups()} == {Verdict.UNKNOWN}
    assert [found.rule for found in next_steps(evaluation.mdm)] == ["SERVER-STATUS"]


def test_the_site_s_own_authority_is_trusted(certificate, serve_tls, now) -> None:
    cert, key = certificate("wiki.test")
    target = Target(f"https://wiki.test:{serve_tls(cert, key)}", "confluence", ca_bundle=cert.read_text())
    observation = asyncio.run(observe(target, policy=_tls_door(), now=now))
    assert (observation.tls.kind, observation.tls.trust) == ("valid", "site")
    assert [certificate.subject for certificate in observation.tls.chain] == ["wiki.test"]
    assert "TLS-PRIVATE-CA" in {
        found.rule for found in evaluate(observation).mdm.findings if found.outcome == "WARNING"
    }


def test_requests_are_sent_one_at_a_time(serve, make_answer, policy, now) -> None:
    busy, most = [], []

    def respond(request, handler):
        busy.append(1)
        most.append(len(busy))
        time.sleep(0.02)
        busy.pop()
        return make_answer(status="404 Not Found")

    asyncio.run(observe(Target(serve(respond).url, "confluence"), policy=policy, now=now))
    assert set(most) == {1}


@pytest.mark.parametrize(
    ("policy", "base_url", "error"),
    [
        (FetchPolicy(resolver=lambda host, port: []), "https://nowhere.example.com", "dns"),
        (FetchPolicy(resolver=lambda host, port: ["10.0.0.1"]), "https://inside.example.com", "blocked_address"),
        (FetchPolicy(allow_loopback=True), "https://127.0.0.1:1", "refused"),
        (FetchPolicy(), "http://wiki.example.com", "not_https"),
        (FetchPolicy(), "nonsense", "bad_url"),
    ],
)
def test_an_unreachable_site_gets_one_request_and_one_repetition(policy, base_url, error, now) -> None:
    requested = []

    def counting(host, port):
        requested.append(host)
        return policy.resolver(host, port)

    observation = asyncio.run(
        observe(Target(base_url, "confluence"), policy=replace(policy, resolver=counting), now=now)
    )
    answers = [observation.manifest.answer, observation.info_login.answer, observation.authorize.answer]
    answers.append(observation.token.answer)
    assert [answer.error for answer in answers] == [error, *["not_sent"] * 3]
    assert [
        found.evidence()["asked"]
        for found in evaluate(observation).mdm.findings
        if found.answer and found.answer.error == "not_sent"
    ] == [None] * 3
    assert len(requested) <= (2 if error == "dns" else 1)
    assert (observation.info_login.kind, observation.authorize.kind, observation.token.kind) == ("unreachable",) * 3
    assert observation.tls.kind == ("plain" if base_url.startswith("http:") else "unreachable")


def test_a_site_that_does_not_respond_takes_one_deadline(serve, policy, now) -> None:
    server = serve(lambda request, handler: time.sleep(2))
    started = time.monotonic()
    policy = replace(policy, total_seconds=0.3)
    observation = asyncio.run(observe(Target(server.url, "confluence"), policy=policy, now=now))
    assert time.monotonic() - started < 1.5
    assert (observation.manifest.answer.error, observation.token.answer.error) == ("timeout", "not_sent")
    assert len(server.requests) == 2


class _Quiet(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_GET  # noqa: N815

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def certificate(tmp_path: Path):
    """``certificate(name, days=30)``: a self-signed certificate and its key, as files."""

    def make(name: str, days: int = 30) -> tuple[Path, Path]:
        private, issuer = (
            ec.generate_private_key(ec.SECP256R1()),
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]),
        )
        end = datetime.now(UTC) + timedelta(days=days)
        builder = x509.CertificateBuilder(issuer, issuer, private.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(end - timedelta(days=60)).not_valid_after(end)
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        signed = builder.sign(private, hashes.SHA256())
        cert, key = tmp_path / f"{name}.pem", tmp_path / f"{name}.key"
        cert.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        key.write_bytes(
            private.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return cert, key

    return make


@pytest.fixture
def serve_tls():
    servers = []

    def start(cert: Path, key: Path) -> int:
        server = HTTPServer(("127.0.0.1", 0), _Quiet)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        servers.append(server)
        return server.server_address[1]

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def _tls_door(trusted: Path | None = None) -> FetchPolicy:
    context = ssl.create_default_context(cafile=trusted) if trusted else None
    return FetchPolicy(allow_loopback=True, ssl_context=context, resolver=lambda host, port: ["127.0.0.1"])


def test_a_valid_certificate(certificate, serve_tls, now) -> None:
    cert, key = certificate("wiki.test")
    base_url = f"https://wiki.test:{serve_tls(cert, key)}"
    observation = asyncio.run(observe(Target(base_url, "confluence"), policy=_tls_door(cert), now=now))
    assert (observation.tls.kind, observation.tls.issuer) == ("valid", "wiki.test")
    assert observation.tls.protocol in ("TLSv1.2", "TLSv1.3")
    assert observation.tls.expires_at is not None
    assert observation.manifest.answer.status == 200


@pytest.mark.parametrize(("host", "kind"), [("wiki.test", "untrusted"), ("other.test", "wrong_host")])
def test_an_untrusted_certificate_or_one_for_another_host(certificate, serve_tls, now, host, kind) -> None:
    cert, key = certificate("wiki.test")
    policy = _tls_door(cert if kind == "wrong_host" else None)
    base_url = f"https://{host}:{serve_tls(cert, key)}"
    observation = asyncio.run(observe(Target(base_url, "confluence"), policy=policy, now=now))
    assert observation.tls.kind == kind
    assert observation.tls.detail
    assert observation.manifest.answer.error == "tls"
    assert observation.token.kind == "unreachable"


def test_an_expired_certificate(certificate, serve_tls, now) -> None:
    cert, key = certificate("wiki.test", days=-1)
    base_url = f"https://wiki.test:{serve_tls(cert, key)}"
    observation = asyncio.run(observe(Target(base_url, "confluence"), policy=_tls_door(cert), now=now))
    assert observation.tls.kind == "expired"


def test_tls_on_a_server_without_tls(serve, make_answer, now) -> None:
    server = serve(make_answer())
    policy = FetchPolicy(allow_loopback=True, total_seconds=2)
    observation = asyncio.run(observe(Target(f"https://127.0.0.1:{server.port}", "confluence"), policy=policy, now=now))
    assert observation.tls.kind in ("error", "unreachable")
    assert observation.manifest.answer.error in ("tls", "refused", "timeout")
