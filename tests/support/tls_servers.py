"""Certificates issued for a test, and TLS servers on loopback that use them."""

from __future__ import annotations

import socket
import ssl
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PEM = serialization.Encoding.PEM
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class Issued:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(PEM).decode()

    @property
    def key_pem(self) -> str:
        form = (PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return self.key.private_bytes(*form).decode()


def issue(
    name: str,
    by: Issued | None = None,
    *,
    is_authority: bool = False,
    days: int = 30,
    names: tuple[str, ...] | None = None,
) -> Issued:
    """Return a certificate for the name; ``names`` are its subject alternative names, none at all if empty."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    end = datetime.now(UTC) + timedelta(days=days)
    builder = x509.CertificateBuilder(
        by.certificate.subject if by else subject, subject, key.public_key(), 1 + len(name)
    )
    builder = builder.not_valid_before(end - timedelta(days=60)).not_valid_after(end)
    builder = builder.add_extension(x509.BasicConstraints(is_authority, None), critical=True)
    names = (() if is_authority else (name,)) if names is None else names
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), critical=False)
    return Issued(builder.sign(by.key if by else key, hashes.SHA256()), key)


def server_context(own: Issued, *, client_authority: Issued | None = None) -> ssl.SSLContext:
    """Return a server's context; ``client_authority`` makes it require a client certificate of that authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as name:
        Path(name, "chain.pem").write_text(own.pem)
        Path(name, "key.pem").write_text(own.key_pem)
        context.load_cert_chain(Path(name, "chain.pem"), Path(name, "key.pem"))
    if client_authority is not None:
        context.load_verify_locations(cadata=client_authority.pem)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


class TlsServer:
    """Serves one connection at a time. ``subjects`` are the common names of the client certificates, None for none;
    ``handle`` replaces the response after the handshake, ``take`` the handshake itself.
    """

    def __init__(
        self,
        context: ssl.SSLContext | None,
        *,
        handle: Callable[[ssl.SSLSocket], None] | None = None,
        take: Callable[[socket.socket], None] | None = None,
    ) -> None:
        self.subjects: list[str | None] = []
        self.requests: list[bytes] = []
        self.connections = 0
        self._context, self._handle, self._take = context, handle or self._respond, take
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)

    def _run(self) -> None:
        while True:
            try:
                connection, _address = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        with connection:
            try:
                if self._take is not None:
                    self._take(connection)
                    return
                assert self._context is not None
                with self._context.wrap_socket(connection, server_side=True) as secured:
                    self._handle(secured)
            except OSError:
                pass

    def _respond(self, secured: ssl.SSLSocket) -> None:
        while request := secured.recv(65536):
            peer = dict(part[0] for part in (secured.getpeercert() or {}).get("subject", ()))
            self.subjects.append(peer.get("commonName"))
            self.requests.append(request)
            secured.sendall(OK)
