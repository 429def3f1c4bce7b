"""The addresses that a probe may connect to: a pure table, applied when a socket opens.

Sources: the IANA IPv4 and IPv6 special-purpose address registries (RFC 6890), and the cloud providers'
documentation of their metadata services' addresses.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network


class AllowedBy(Enum):
    """What allows a range: nothing, the loopback setting, or a network in the settings."""

    NEVER = "never"
    LOOPBACK = "loopback"
    NAMED = "allowed"


@dataclass(frozen=True)
class Range:
    network: IPNetwork
    allowed_by: AllowedBy
    reason: str


def _ranges(allowed_by: AllowedBy, reason: str, *networks: str) -> tuple[Range, ...]:
    return tuple(Range(ip_network(network), allowed_by, reason) for network in networks)


# The first match applies, so narrow and never-allowed ranges come before wide ones.
RANGES: tuple[Range, ...] = (
    # Azure's and Oracle's metadata services have addresses that look public; AWS's and Alibaba's are inside ranges that
    # an operator may allow.
    *_ranges(
        AllowedBy.NEVER,
        "cloud metadata",
        "169.254.169.254/32",
        "169.254.170.2/32",
        "100.100.100.200/32",
        "168.63.129.16/32",
        "192.0.0.192/32",
        "fd00:ec2::/64",
        "fd20:ce::254/128",
    ),
    *_ranges(AllowedBy.NEVER, "unspecified", "0.0.0.0/8", "::/128"),
    *_ranges(AllowedBy.NEVER, "link-local", "169.254.0.0/16", "fe80::/10"),
    *_ranges(AllowedBy.NEVER, "multicast", "224.0.0.0/4", "ff00::/8"),
    *_ranges(AllowedBy.NEVER, "broadcast", "255.255.255.255/32"),
    *_ranges(AllowedBy.NEVER, "site-local", "fec0::/10"),
    *_ranges(AllowedBy.NEVER, "discard-only", "100::/64"),
    *_ranges(AllowedBy.LOOPBACK, "loopback", "127.0.0.0/8", "::1/128"),
    *_ranges(AllowedBy.NAMED, "private", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"),
    *_ranges(AllowedBy.NAMED, "shared (carrier NAT)", "100.64.0.0/10"),
    *_ranges(
        AllowedBy.NAMED, "IPv4 inside IPv6", "::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "2002::/16", "2001::/32"
    ),
    *_ranges(AllowedBy.NAMED, "IPv4 inside IPv6", "64:ff9b::/96", "64:ff9b:1::/48"),
    *_ranges(AllowedBy.NAMED, "documentation", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"),
    *_ranges(AllowedBy.NAMED, "documentation", "2001:db8::/32", "3fff::/20"),
    *_ranges(AllowedBy.NAMED, "benchmarking", "198.18.0.0/15", "2001:2::/48"),
    *_ranges(AllowedBy.NAMED, "reserved", "192.0.0.0/24", "192.88.99.0/24", "240.0.0.0/4"),
    *_ranges(AllowedBy.NAMED, "reserved", "2001::/23", "5f00::/16"),
)
GLOBAL_UNICAST_V6 = ip_network("2000::/3")


def blocked_reason(address: str, *, allowed_networks: Iterable[str] = (), allow_loopback: bool = False) -> str | None:
    """Return reason connections to this address are not allowed, in one or two words; None if they are.

    ``allowed_networks`` allows ranges that are blocked by default; it never allows metadata services, link-local,
    multicast or unspecified addresses. IPv4 inside IPv6 is decoded, and the embedded address must be allowed as well.
    """
    return _blocked_reason(address, tuple(allowed_networks), allow_loopback)


@lru_cache(maxsize=4096)
def _blocked_reason(address: str, allowed_networks: tuple[str, ...], allow_loopback: bool) -> str | None:
    try:
        parsed = ip_address(address.partition("%")[0])
        allowed = tuple(ip_network(network, strict=False) for network in allowed_networks)
    except ValueError:
        return "not an IP address"
    refusal = _reason_for(parsed, allowed=allowed, allow_loopback=allow_loopback)
    if refusal == "IPv4 inside IPv6" and (inner := embedded_ipv4(parsed)) is not None:
        # The embedded address is the more useful reason.
        return _reason_for(inner, allowed=allowed, allow_loopback=allow_loopback) or refusal
    if refusal is None and (inner := embedded_ipv4(parsed)) is not None:
        return _reason_for(inner, allowed=allowed, allow_loopback=allow_loopback)
    return refusal


def allowing_network(address: str) -> str:
    """Return the network of one address that the setting of allowed networks can contain, ``10.1.2.3/32``; empty if
    it cannot allow the address.
    """
    try:
        network = ip_network(address.partition("%")[0])
    except ValueError:
        return ""
    is_blocked = blocked_reason(address, allowed_networks=(str(network),)) is not None
    return "" if is_blocked else str(network)


@lru_cache(maxsize=4096)
def address_class(address: str) -> str:
    """Return ``public``, or the table's class of the address: ``private``, ``loopback``, ``shared (carrier NAT)`` …

    It describes the network without revealing the address; empty for an invalid address.
    """
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    row = next((row for row in RANGES if parsed in row.network), None)
    if row is not None:
        return row.reason
    return "reserved" if isinstance(parsed, IPv6Address) and parsed not in GLOBAL_UNICAST_V6 else "public"


@lru_cache(maxsize=4096)
def is_loopback(address: str) -> bool:
    """True for 127.0.0.0/8 and ::1 only, not for addresses that decode to them."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in row.network for row in RANGES if row.allowed_by is AllowedBy.LOOPBACK)


def embedded_ipv4(address: IPAddress) -> IPv4Address | None:
    """The IPv4 address embedded in an IPv6 address: mapped, compatible, translated, 6to4, Teredo, NAT64, ISATAP."""
    if isinstance(address, IPv4Address) or int(address) <= 1:  # :: and ::1 embed none
        return None
    number = int(address)
    if address in ip_network("2002::/16"):
        return IPv4Address((number >> 80) & 0xFFFFFFFF)
    if address in ip_network("2001::/32"):
        return IPv4Address((number & 0xFFFFFFFF) ^ 0xFFFFFFFF)  # Teredo stores it inverted (RFC 4380 section 4)
    with_low_bits = ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48")
    if any(address in ip_network(network) for network in with_low_bits):
        return IPv4Address(number & 0xFFFFFFFF)
    if (number >> 32) & 0xFCFFFFFF == 0x00005EFE:  # ISATAP (RFC 5214 section 6.1), with or without the u and g bits
        return IPv4Address(number & 0xFFFFFFFF)
    return None


def _reason_for(address: IPAddress, *, allowed: tuple[IPNetwork, ...], allow_loopback: bool) -> str | None:
    row = next((row for row in RANGES if address in row.network), None)
    if row is None:
        unassigned = isinstance(address, IPv6Address) and address not in GLOBAL_UNICAST_V6
        blocked = "reserved" if unassigned or not address.is_global or address.is_multicast else None
    elif row.allowed_by is AllowedBy.NEVER:
        return row.reason
    elif row.allowed_by is AllowedBy.LOOPBACK:
        return None if allow_loopback else row.reason
    else:
        blocked = row.reason
    return None if any(address in network for network in allowed) else blocked
