"""Gatepass's own database, broker and pages: never asked by a probe, whatever ranges the settings open.

Addresses are compared, not names only: any name can be made to lead to the database.
"""

from __future__ import annotations

import socket  # noqa: TID251 - part of the door: binds, never connects
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import unquote

from .addresses import embedded_ipv4, is_loopback

Endpoint = tuple[str, int]  # an address or a host name in lower case, and a port
AddressesOf = Callable[[str], Sequence[str]]  # the addresses a host stands for; an address stands for itself


@dataclass(frozen=True)
class OwnServices:
    """``closed`` is refused always. ``portal`` is where our own pages are: of them only ``portal_paths``, the sites
    that Gatepass itself provides, may be asked, and only by the name that the pages are published under.

    ``portal_by_name`` is for an address that serves many names, a load balancer's: then only the portal's own name
    is refused there.
    """

    closed: frozenset[Endpoint] = frozenset()
    portal: frozenset[Endpoint] = frozenset()
    portal_host: str = ""
    portal_paths: tuple[str, ...] = ()
    portal_by_name: bool = False

    def hosts(self, port: int) -> tuple[str, ...]:
        """The hosts with something of ours at this port."""
        return tuple(sorted({own for own, own_port in self.closed | self.portal if own_port == port}))

    def why_closed(self, *, host: str, address: str, port: int, path: str, addresses_of: AddressesOf) -> str | None:
        """Which of our own services a request to this address and port would reach; None for a stranger."""

        def leads_to(endpoints: frozenset[Endpoint]) -> bool:
            near = [own for own, own_port in endpoints if own_port == port]
            return any(own == host or any(same_place(at, address) for at in addresses_of(own)) for own in near)

        host = host.rstrip(".")
        if leads_to(self.closed):
            return "a service of Gatepass itself"
        if (host, port) in self.portal or (not self.portal_by_name and leads_to(self.portal)):
            open_path = is_plain(path) and path.startswith(self.portal_paths)
            return None if open_path and host == self.portal_host else "Gatepass itself"
        return None


def same_place(own: str, address: str) -> bool:
    """Whether both are one address, or both addresses of this machine: who listens on all of them is on each."""
    first, second = _parsed(own), _parsed(address)
    if first is None or second is None:
        return False
    return first == second or (is_this_machine(first) and is_this_machine(second))


def is_this_machine(address: IPv4Address | IPv6Address) -> bool:
    """Whether a packet to the address stays here: only an address of one's own can be bound."""
    if is_loopback(str(address)) or address.is_unspecified:
        return True
    family = socket.AF_INET if isinstance(address, IPv4Address) else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as bound:
            bound.bind((str(address), 0))
    except OSError:
        return False
    return True


def is_plain(path: str) -> bool:
    """Whether every server reads the path alike: no dot segments, back slashes or doubled slashes, escaped or not."""
    read = unquote(path)
    dotted = any(segment in (".", "..") for segment in read.split("/"))
    return not (dotted or "%" in read or "\\" in read or "//" in read)


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    return embedded_ipv4(parsed) or parsed
