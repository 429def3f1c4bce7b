"""Opens connections: to a checked address, through the outbound proxy if one is set, then TLS."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

import h11  # noqa: TID251 - part of the guarded client

from .byte_stream import ByteStream, ConnectionLostError
from .guard import Destination, Guard, NameNotFoundError
from .handshakes import Handshake, chain_of, inspect_handshake
from .http1 import LimitError, NoResponseError, send_request
from .reply import PeerCertificate, certificate_of
from .trust import site_trust, system_trust, unverified

INSPECT_SECONDS = 2.0


class ConnectTimeoutError(TimeoutError):
    """No address of the host accepted a connection in time."""


class ProxyFailedError(Exception):
    """The outbound proxy was unreachable or refused to connect. The message never contains its password."""


class TlsFailedError(Exception):
    """TLS failed: ``cause`` is OpenSSL's error, or the loss of the connection; ``seen`` is what a second handshake
    showed, without a request. ``presented`` is whether a client certificate was offered.
    """

    def __init__(self, cause: OSError, seen: Handshake, *, presented: bool = False) -> None:
        super().__init__(str(cause))
        self.cause, self.seen, self.presented = cause, seen, presented


@dataclass(frozen=True)
class Route:
    """How to connect. ``proxy`` is the operator's and is not checked; it gets checked addresses only, so the guard
    applies behind it too. ``ca_bundle`` is a site's own PEM bundle, ``trust`` replaces the system's store.
    ``client_certificate`` (PEM with its key) is presented to ``client_certificate_host`` only.
    """

    guard: Guard
    connect_seconds: float = 3.0
    proxy: str = field(default="", repr=False)
    ca_bundle: str = field(default="", repr=False)
    trust: ssl.SSLContext | None = field(default=None, repr=False)
    client_certificate: str = field(default="", repr=False)
    client_certificate_host: str = ""

    def client_certificate_for(self, host: str) -> str:
        """Return the client certificate for a host, or an empty text."""
        return self.client_certificate if host == self.client_certificate_host else ""


@dataclass
class Connection:
    """An open connection and the facts about its peer. ``http`` counts the requests on it."""

    stream: ByteStream
    address: str
    certificate: PeerCertificate | None = None
    http: h11.Connection | None = None

    def close(self) -> None:
        self.stream.close()


async def connect(route: Route, destination: Destination, *, on_attempt: Callable[[str], None]) -> Connection:
    """Connect to the first checked address that responds. ``on_attempt`` is called with each address tried.

    Raises the guard's exceptions, OSError, TimeoutError, ConnectionLostError, ProxyFailedError, TlsFailedError and
    ClientCertificateError.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + route.connect_seconds
    try:
        async with asyncio.timeout_at(deadline):
            addresses = await route.guard.resolve(destination)
    except TimeoutError as error:
        raise NameNotFoundError(destination.host) from error
    failure: Exception = OSError("no address")
    for position, address in enumerate(addresses):
        # An unresponsive address must leave time for the next one.
        share = (deadline - loop.time()) / (len(addresses) - position)
        if share <= 0:
            raise ConnectTimeoutError("no address responded in time")
        on_attempt(address)
        try:
            stream = await _open(route, address, destination.port, share)
        except TimeoutError:
            failure = ConnectTimeoutError("no address responded in time")
            continue
        except (OSError, ProxyFailedError) as error:
            failure = error
            continue
        if destination.scheme == "https":
            return await _start_tls(route, destination, address, stream)
        return Connection(stream, address)
    raise failure


async def _open(route: Route, address: str, port: int, seconds: float) -> ByteStream:
    if not route.proxy:
        return await ByteStream.open(address, port, seconds=seconds)
    try:
        async with asyncio.timeout(seconds):
            return await _through_proxy(urlsplit(route.proxy), address, port, seconds)
    except (OSError, TimeoutError, LimitError, NoResponseError, h11.ProtocolError) as error:
        raise ProxyFailedError("the outbound proxy did not respond") from error


async def _through_proxy(proxy: SplitResult, address: str, port: int, seconds: float) -> ByteStream:
    """Open a tunnel to the address (RFC 9110 section 9.3.6). The proxy gets no host name, so it cannot resolve it
    again.
    """
    target = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    headers = [(b"Host", target.encode())]
    if proxy.username is not None:
        pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
        headers.append((b"Proxy-Authorization", b"Basic " + base64.b64encode(pair.encode())))
    stream = await ByteStream.open(proxy.hostname or "", proxy.port or 3128, seconds=seconds)
    try:
        _http, response = await send_request(stream, None, method="CONNECT", target=target, headers=headers)
    except BaseException:
        stream.close()
        raise
    if not 200 <= response.status < 300:
        stream.close()
        raise ProxyFailedError(f"the outbound proxy returned {response.status}")
    return stream


async def _start_tls(route: Route, destination: Destination, address: str, stream: ByteStream) -> Connection:
    """Return the connection after a verified handshake: by the system's trust store, else by the site's own bundle."""
    presented = route.client_certificate_for(destination.host)
    trust_stores = [("system", route.trust or system_trust(presented))]
    if route.ca_bundle:
        with contextlib.suppress(ssl.SSLError, ValueError):  # the site's form rejects an invalid bundle
            trust_stores.append(("site", site_trust(route.ca_bundle, presented)))
    for trust, context in trust_stores:
        try:
            await stream.start_tls(context, destination.host, seconds=route.connect_seconds)
        except ssl.SSLCertVerificationError as error:
            stream.close()
            if trust == trust_stores[-1][0]:
                raise await _tls_failed(route, destination, address, error) from error
            stream = await _open(route, address, destination.port, route.connect_seconds)
        except (ssl.SSLError, ConnectionLostError) as error:
            stream.close()
            raise await _tls_failed(route, destination, address, error) from error
        except BaseException:
            stream.close()
            raise
        else:
            return Connection(stream, address, certificate_of(stream.ssl_object, trust, chain_of(stream.ssl_object)))
    raise AssertionError("unreachable: the last trust store returns or raises")


async def tls_refusal(
    route: Route, destination: Destination, connection: Connection, error: NoResponseError
) -> TlsFailedError | None:
    """Return why a server ended a new TLS connection instead of responding; None if TLS was not the reason.

    A TLS 1.3 server refuses a client certificate, or a missing one, with an alert after the handshake. The alert is
    lost if the connection is reset while the request is sent, so a second handshake without a request looks for it.
    """
    lost = error.__cause__
    alert = lost.__cause__ if lost is not None else None
    if connection.certificate is None or connection.certificate.protocol != "TLSv1.3":
        return None
    if isinstance(alert, ssl.SSLError):
        return await _tls_failed(route, destination, connection.address, alert)
    failed = await _tls_failed(route, destination, connection.address, ConnectionLostError("no response"))
    return failed if failed.seen.wants_certificate and failed.seen.is_refused else None


async def _tls_failed(route: Route, destination: Destination, address: str, error: OSError) -> TlsFailedError:
    """Return the error with what a second handshake to the same address shows."""
    presented = route.client_certificate_for(destination.host)
    seen = Handshake()
    with contextlib.suppress(OSError, ProxyFailedError):
        stream = await _open(route, address, destination.port, INSPECT_SECONDS)
        try:
            seen = await inspect_handshake(stream, unverified(presented), destination.host, seconds=INSPECT_SECONDS)
        finally:
            stream.close()
    return TlsFailedError(error, seen, presented=bool(presented))
