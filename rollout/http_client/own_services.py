"""Gatepass's own database, broker and pages: never contacted by a probe, regardless of the allowed networks.

Addresses are compared, not only names, because any name can resolve to the database's address.
"""

from __future__ import annotations

import socket  # noqa: TID251 - binds, never connects
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import unquote

from .addresses import embedded_ipv4, is_loopback

Endpoint = tuple[str, int]  # an address or lower-case host name, and a port
AddressesOf = Callable[[str], Sequence[str]]  # the addresses of a host; an address resolves to itself


@dataclass(frozen=True)
class OwnServices:
    """``blocked`` is always blocked. ``portal`` is the address of our own pages: only ``portal_paths``, the sites
    hosted by Gatepass, are allowed there, and only under the public name.

    ``portal_by_name`` is for an address shared by many names, such as a load balancer's: only the portal's own name
    is blocked there.
    """

    blocked: frozenset[Endpoint] = frozenset()
    portal: frozenset[Endpoint] = frozenset()
    portal_host: str = ""
    portal_paths: tuple[str, ...] = ()
    portal_by_name: bool = False

    @cached_property
    def _ports(self) -> frozenset[int]:
        return frozenset(port for _host, port in self.blocked | self.portal)

    def hosts(self, port: int) -> tuple[str, ...]:
        """Return the hosts with one of our services at this port."""
        return tuple(sorted({own for own, own_port in self.blocked | self.portal if own_port == port}))

    def blocked_reason(self, *, host: str, address: str, port: int, path: str, addresses_of: AddressesOf) -> str | None:
        """Return which of our own services a request to this address and port would reach; None for other servers."""

        def reaches(endpoints: frozenset[Endpoint]) -> bool:
            at_port = [own for own, own_port in endpoints if own_port == port]
            return any(
                own == host or any(is_same_machine(own_address, address) for own_address in addresses_of(own))
                for own in at_port
            )

        if port not in self._ports:  # as in nearly every request of a check
            return None
        host = host.rstrip(".")
        if reaches(self.blocked):
            return "a service of Gatepass"
        if (host, port) in self.portal or (not self.portal_by_name and reaches(self.portal)):
            is_allowed_path = is_normalized(path) and path.startswith(self.portal_paths)
            return None if is_allowed_path and host == self.portal_host else "Gatepass itself"
        return None


def is_same_machine(own: str, address: str) -> bool:
    """Whether both are one address, or both addresses of this machine: a server that listens on all of them listens
    on each.
    """
    first, second = _parsed(own), _parsed(address)
    if first is None or second is None:
        return False
    return first == second or (is_local_address(first) and is_local_address(second))


def is_local_address(address: IPv4Address | IPv6Address) -> bool:
    """Whether the address belongs to this machine: only local addresses can be bound."""
    if is_loopback(str(address)) or address.is_unspecified:
        return True
    family = socket.AF_INET if isinstance(address, IPv4Address) else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as bound:
            bound.bind((str(address), 0))
    except OSError:
        return False
    return True


def is_normalized(path: str) -> bool:
    """Whether all servers interpret the path alike: no dot segments, backslashes or double slashes, escaped or not."""
    decoded = unquote(path)
    dotted = any(segment in (".", "..") for segment in decoded.split("/"))
    return not (dotted or "%" in decoded or "\\" in decoded or "//" in decoded)


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    return embedded_ipv4(parsed) or parsed
