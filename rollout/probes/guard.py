"""The socket end of the door: resolves a name, judges every address it stands for, connects to a judged one only.

Because the judgement happens when the socket opens, redirects and names that change their address between two
look-ups are caught without anybody having to remember them.
"""

from __future__ import annotations

import asyncio
import socket  # noqa: TID251 - this is the door
import threading
from collections.abc import Callable, Iterable
from typing import Any

import httpcore2

from .addresses import is_loopback, judge

# Host and port in, addresses in the order to try out. Raises OSError (``socket.gaierror``) when there are none.
Resolver = Callable[[str, int], list[str]]
MAX_ADDRESSES = 32


class AddressRefusedError(Exception):
    """The name stands for an address that probes may not connect to."""


class PlainHttpRefusedError(Exception):
    """http was asked of a host that is not this machine."""


class NameNotFoundError(Exception):
    """The name stands for no address."""


def resolve_by_system(host: str, port: int) -> list[str]:
    """The addresses of a host in the system's order of preference. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class GuardedBackend(httpcore2.AsyncNetworkBackend):
    """httpcore's network backend, with a guard at ``connect_tcp``. Raises the exceptions above."""

    def __init__(
        self, *, resolver: Resolver, allowed_networks: Iterable[str], allow_loopback: bool, plain: bool
    ) -> None:
        self._resolver = resolver
        self._allowed_networks = tuple(allowed_networks)
        self._allow_loopback = allow_loopback
        self._plain = plain
        self._backend = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """A stream to one of the judged addresses; ``timeout`` covers the look-up and all attempts."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + (timeout or 3.0)
        try:
            async with asyncio.timeout_at(deadline):
                addresses = await _in_thread(self._resolver, host, port)
        except TimeoutError as error:
            raise httpcore2.ConnectTimeout("the name was not resolved in time") from error
        except (OSError, UnicodeError) as error:
            raise NameNotFoundError(host) from error
        self._judge(addresses)
        failure: Exception = NameNotFoundError(host)
        for position, address in enumerate(addresses):
            # An address that never answers must leave time for the next one.
            share = (deadline - loop.time()) / (len(addresses) - position)
            if share <= 0:
                raise httpcore2.ConnectTimeout("no address answered in time")
            try:
                return await self._backend.connect_tcp(address, port, timeout=share)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure

    def _judge(self, addresses: list[str]) -> None:
        """One bad address among good ones refuses them all: an honest name has none."""
        if len(addresses) > MAX_ADDRESSES:
            raise AddressRefusedError("too many addresses")
        for address in addresses:
            why = judge(address, allowed_networks=self._allowed_networks, allow_loopback=self._allow_loopback)
            if why:
                raise AddressRefusedError(why)
        if self._plain and not all(is_loopback(address) for address in addresses):
            raise PlainHttpRefusedError

    async def connect_unix_socket(self, *args: Any, **kwargs: Any) -> httpcore2.AsyncNetworkStream:
        raise AddressRefusedError("unix socket")

    async def sleep(self, seconds: float) -> None:
        await self._backend.sleep(seconds)


async def _in_thread(resolver: Resolver, host: str, port: int) -> list[str]:
    """The resolver's result. A daemon thread, because a hanging look-up must not hold up the end of the program."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[list[str]] = loop.create_future()

    def deliver(result: list[str] | None, error: BaseException | None) -> None:
        if not future.done():
            if error is None:
                future.set_result(result or [])
            else:
                future.set_exception(error)

    def look_up() -> None:
        result, error = None, None
        try:
            result = resolver(host, port)
        except Exception as caught:
            error = caught
        if not loop.is_closed():
            loop.call_soon_threadsafe(deliver, result, error)

    threading.Thread(target=look_up, name="resolve", daemon=True).start()
    return await future
