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

import h11  # noqa: TID251 - this is the door

from rollout.compatibility.observation import Certificate
from rollout.formats.certificates import read_certificate

from .connection import Wire
from .guard import Guard, Place
from .http1 import LimitError, NothingCameError, ask
from .reply import PeerCertificate, certificate_of
from .trust import no_trust, site_trust, system_trust

CHAIN_SECONDS = 2.0


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

    wire: Wire
    address: str
    certificate: PeerCertificate | None = None
    http: h11.Connection | None = None

    def close(self) -> None:
        self.wire.close()


async def connect(route: Route, place: Place, *, reached: Callable[[str], None]) -> Connection:
    """Connect to the first checked address that responds. ``reached`` is called with each address tried.

    Raises the guard's exceptions, OSError, TimeoutError, ProxyFailedError and TlsFailedError.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + route.connect_seconds
    async with asyncio.timeout_at(deadline):
        addresses = await route.guard.addresses(place)
    failure: Exception = OSError("no address")
    for position, address in enumerate(addresses):
        # An unresponsive address must leave time for the next one.
        share = (deadline - loop.time()) / (len(addresses) - position)
        if share <= 0:
            raise TimeoutError("no address answered in time")
        reached(address)
        try:
            wire = await _open(route, address, place.port, share)
        except (OSError, TimeoutError, ProxyFailedError) as error:
            failure = error
            continue
        return await _secured(route, place, address, wire) if place.scheme == "https" else Connection(wire, address)
    raise failure


async def _open(route: Route, address: str, port: int, seconds: float) -> Wire:
    if not route.proxy:
        return await Wire.open(address, port, seconds=seconds)
    try:
        async with asyncio.timeout(seconds):
            return await _through_proxy(urlsplit(route.proxy), address, port, seconds)
    except (OSError, TimeoutError, LimitError, NothingCameError, h11.ProtocolError) as error:
        raise ProxyFailedError("the outbound proxy did not answer") from error


async def _through_proxy(proxy: SplitResult, address: str, port: int, seconds: float) -> Wire:
    """Open a tunnel to the address (RFC 9110 section 9.3.6). The proxy gets no host name, so it cannot resolve it
    again.
    """
    target = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    headers = [(b"Host", target.encode())]
    if proxy.username is not None:
        pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
        headers.append((b"Proxy-Authorization", b"Basic " + base64.b64encode(pair.encode())))
    wire = await Wire.open(proxy.hostname or "", proxy.port or 3128, seconds=seconds)
    try:
        _http, answer = await ask(wire, None, method="CONNECT", target=target, headers=headers)
    except BaseException:
        wire.close()
        raise
    if not 200 <= answer.status < 300:
        wire.close()
        raise ProxyFailedError(f"the outbound proxy answered {answer.status}")
    return wire


async def _secured(route: Route, place: Place, address: str, wire: Wire) -> Connection:
    """Return the connection after a verified handshake: by the system's trust store, else by the site's own bundle."""
    ways = [("system", route.trust or system_trust())]
    if route.ca_bundle:
        with contextlib.suppress(ssl.SSLError, ValueError):  # the site's form rejects an invalid bundle
            ways.append(("site", site_trust(route.ca_bundle)))
    for trust, context in ways:
        try:
            await wire.start_tls(context, place.host, seconds=route.connect_seconds)
        except ssl.SSLCertVerificationError as error:
            wire.close()
            if trust == ways[-1][0]:
                raise TlsFailedError(error, await _shown_chain(route, place, address)) from error
            wire = await _open(route, address, place.port, route.connect_seconds)
        except ssl.SSLError as error:
            wire.close()
            raise TlsFailedError(error, ()) from error
        except BaseException:
            wire.close()
            raise
        else:
            return Connection(wire, address, certificate_of(wire.ssl_object, trust, chain_of(wire.ssl_object)))
    raise AssertionError("a handshake ends one way or the other")


async def _shown_chain(route: Route, place: Place, address: str) -> tuple[Certificate, ...]:
    """Return the untrusted certificates from a second handshake to the same address; no request is sent."""
    try:
        async with asyncio.timeout(CHAIN_SECONDS):
            wire = await _open(route, address, place.port, CHAIN_SECONDS)
            try:
                await wire.start_tls(no_trust(), place.host, seconds=CHAIN_SECONDS)
                return chain_of(wire.ssl_object)
            finally:
                wire.close()
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
