"""Resolves names and checks every resolved address before a socket opens.

It returns addresses, and the socket is opened to one of them, never to a name, so DNS rebinding between two look-ups
has no effect.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket  # noqa: TID251 - part of the guarded client
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address

from .addresses import allowing_network, blocked_reason, is_loopback
from .own_services import OwnServices

# Takes host and port, returns addresses in the order to try. Raises OSError (``socket.gaierror``) if there are none.
Resolver = Callable[[str, int], list[str]]
MAX_ADDRESSES = 32


class AddressRefusedError(Exception):
    """The name resolves to an address that probes may not connect to.

    ``network`` is what the setting of allowed networks would have to contain, empty if it cannot allow the address.
    """

    def __init__(self, reason: str, network: str = "") -> None:
        super().__init__(reason)
        self.network = network


class PlainHttpRefusedError(Exception):
    """Plain http to a host other than this machine."""


class NameNotFoundError(Exception):
    """The name does not resolve."""


def resolve_by_system(host: str, port: int) -> list[str]:
    """Return the addresses of a host in the system's order of preference. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True)
class Destination:
    """The target of one request according to its URL, before resolution. ``path`` excludes the query."""

    scheme: str
    host: str
    port: int
    path: str


@dataclass(frozen=True)
class Guard:
    """What connections are allowed. ``plain_http`` allows http to other machines; to this machine it is always
    allowed.
    """

    allowed_networks: tuple[str, ...] = ()
    allow_loopback: bool = False
    plain_http: bool = False
    own: OwnServices = field(default_factory=OwnServices)
    resolver: Resolver = resolve_by_system

    async def resolve(self, destination: Destination) -> list[str]:
        """Return the checked addresses of a host. Raises the exceptions above; one blocked address blocks all."""
        if destination.scheme == "http" and not (self.plain_http or self.allow_loopback):
            raise PlainHttpRefusedError
        for host in self.own.hosts(destination.port):
            await _refresh_own_addresses(self.resolver, host, destination.port)
        try:
            found = [str(ip_address(destination.host))]
        except ValueError:
            try:
                found = await _resolve_in_thread(self.resolver, destination.host, destination.port)
            except (OSError, UnicodeError) as error:
                raise NameNotFoundError(destination.host) from error
        if not found:
            raise NameNotFoundError(destination.host)
        if len(found) > MAX_ADDRESSES:
            raise AddressRefusedError("too many addresses for one host name")
        for address in found:
            self.check(destination, address)
        return found

    def check(self, destination: Destination, address: str) -> None:
        """Check an address before a socket opens and before each further request on it. Raises the exceptions above."""
        reason = blocked_reason(address, allowed_networks=self.allowed_networks, allow_loopback=self.allow_loopback)
        network = allowing_network(address) if reason else ""
        reason = reason or self.own.blocked_reason(
            host=destination.host,
            address=address,
            port=destination.port,
            path=destination.path,
            addresses_of=self._own_addresses,
        )
        if reason:
            raise AddressRefusedError(reason, network)
        if destination.scheme == "http" and not self.plain_http and not is_loopback(address):
            raise PlainHttpRefusedError

    def _own_addresses(self, host: str) -> tuple[str, ...]:
        return _OWN_ADDRESSES.get((self.resolver, host), (0.0, (host,)))[1]


# The names of our own services are resolved when a probe uses their port, and again after a minute.
_OWN_ADDRESSES: dict[tuple[Resolver, str], tuple[float, tuple[str, ...]]] = {}
_OWN_TTL = 60.0


async def _refresh_own_addresses(resolver: Resolver, host: str, port: int) -> None:
    """Remember the addresses of one of our names. If it does not resolve, keep its previous addresses."""
    due, known = _OWN_ADDRESSES.get((resolver, host), (0.0, (host,)))
    if time.monotonic() < due or _is_address(host):
        return
    with contextlib.suppress(OSError, UnicodeError):
        known = (host, *await _resolve_in_thread(resolver, host, port))
    if len(_OWN_ADDRESSES) > 100:
        _OWN_ADDRESSES.clear()
    _OWN_ADDRESSES[resolver, host] = (time.monotonic() + _OWN_TTL, known)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


async def _resolve_in_thread(resolver: Resolver, host: str, port: int) -> list[str]:
    """Run the resolver in a daemon thread, because a hanging look-up must not delay the exit of the program."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[list[str]] = loop.create_future()

    def deliver(result: list[str] | None, error: BaseException | None) -> None:
        if not future.done():
            if error is None:
                future.set_result(result or [])
            else:
                future.set_exception(error)

    def run() -> None:
        result, error = None, None
        try:
            result = resolver(host, port)
        except Exception as caught:
            error = caught
        if not loop.is_closed():
            loop.call_soon_threadsafe(deliver, result, error)

    threading.Thread(target=run, name="resolve", daemon=True).start()
    return await future
