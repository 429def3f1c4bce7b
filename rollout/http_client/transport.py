"""Opens connections: to a checked address, through the outbound proxy if one is set, then TLS."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

import h11  # noqa: TID251 - part of the guarded client

from rollout.compatibility.observation import Certificate
from rollout.formats.certificates import read_certificate

from .byte_stream import ByteStream
from .guard import Destination, Guard
from .http1 import LimitError, NoResponseError, send_request
from .reply import PeerCertificate, certificate_of
from .trust import site_trust, system_trust, unverified

CHAIN_TIMEOUT = 2.0


class ProxyFailedError(Exception):
    """The outbound proxy was unreachable or refused to connect. The message never contains its password."""


class TlsFailedError(Exception):
    """The handshake failed: ``cause`` is OpenSSL's error, ``chain`` what the server sent."""

    def __init__(self, cause: ssl.SSLError, chain: tuple[Certificate, ...]) -> None:
        super().__init__(str(cause))
        self.cause, self.chain = cause, chain


@dataclass(frozen=True)
class Route:
    """How to connect. ``proxy`` is the operator's and is not checked; it gets checked addresses only, so the guard
    applies behind it too. ``ca_bundle`` is a site's own PEM bundle, ``trust`` replaces the system's store.
    """

    guard: Guard
    connect_seconds: float = 3.0
    proxy: str = field(default="", repr=False)
    ca_bundle: str = field(default="", repr=False)
    trust: ssl.SSLContext | None = field(default=None, repr=False)


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

    Raises the guard's exceptions, OSError, TimeoutError, ProxyFailedError and TlsFailedError.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + route.connect_seconds
    async with asyncio.timeout_at(deadline):
        addresses = await route.guard.resolve(destination)
    failure: Exception = OSError("no address")
    for position, address in enumerate(addresses):
        # An unresponsive address must leave time for the next one.
        share = (deadline - loop.time()) / (len(addresses) - position)
        if share <= 0:
            raise TimeoutError("no address responded in time")
        on_attempt(address)
        try:
            stream = await _open(route, address, destination.port, share)
        except (OSError, TimeoutError, ProxyFailedError) as error:
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
    trust_stores = [("system", route.trust or system_trust())]
    if route.ca_bundle:
        with contextlib.suppress(ssl.SSLError, ValueError):  # the site's form rejects an invalid bundle
            trust_stores.append(("site", site_trust(route.ca_bundle)))
    for trust, context in trust_stores:
        try:
            await stream.start_tls(context, destination.host, seconds=route.connect_seconds)
        except ssl.SSLCertVerificationError as error:
            stream.close()
            if trust == trust_stores[-1][0]:
                raise TlsFailedError(error, await _untrusted_chain(route, destination, address)) from error
            stream = await _open(route, address, destination.port, route.connect_seconds)
        except ssl.SSLError as error:
            stream.close()
            raise TlsFailedError(error, ()) from error
        except BaseException:
            stream.close()
            raise
        else:
            return Connection(stream, address, certificate_of(stream.ssl_object, trust, chain_of(stream.ssl_object)))
    raise AssertionError("unreachable: the last trust store returns or raises")


async def _untrusted_chain(route: Route, destination: Destination, address: str) -> tuple[Certificate, ...]:
    """Return the untrusted certificates from a second handshake to the same address; no request is sent."""
    try:
        async with asyncio.timeout(CHAIN_TIMEOUT):
            stream = await _open(route, address, destination.port, CHAIN_TIMEOUT)
            try:
                await stream.start_tls(unverified(), destination.host, seconds=CHAIN_TIMEOUT)
                return chain_of(stream.ssl_object)
            finally:
                stream.close()
    except (OSError, TimeoutError, ProxyFailedError):
        return ()


def chain_of(ssl_object: Any) -> tuple[Certificate, ...]:
    """Return the certificates that the server sent, its own first. The call is public only from Python 3.13."""
    if ssl_object is None:
        return ()
    public = getattr(ssl_object, "get_unverified_chain", None)
    if public is not None:
        ders = public()
    else:
        inner: Any = getattr(ssl_object, "_sslobj", None)
        found = inner.get_unverified_chain() if inner is not None else None
        ders = [ssl.PEM_cert_to_DER_cert(one.public_bytes()) for one in found or ()]
        ders = ders or [ssl_object.getpeercert(binary_form=True)]
    return tuple(found for der in (ders or ())[:10] if der and (found := read_certificate(der)))
