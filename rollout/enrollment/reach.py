"""Whether a phone can open an address of a pass or of its sites. Pure, and without a DNS lookup.

Sources: RFC 6761 and RFC 6762 appendix G (names of private networks), RFC 9476 (.internal), RFC 8375 (home.arpa), and
IANA's registries of special-purpose addresses, as in Python's ``ipaddress``.
"""

from __future__ import annotations

from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import urlsplit

from rollout.base_url import is_loopback
from rollout.message_ids import gettext_noop as _


class Reach(StrEnum):
    """Why a phone cannot open an address. With the first two no phone can, with the others only some phones."""

    LOOPBACK = "loopback"
    HTTP = "http"
    PRIVATE_ADDRESS = "private-address"
    PRIVATE_NAME = "private-name"


NO_PHONE = frozenset({Reach.LOOPBACK, Reach.HTTP})
# Each follows the address and a colon.
MESSAGES = {
    Reach.LOOPBACK: _("this computer itself, which no phone can open."),
    Reach.HTTP: _("plain http. The app signs in over https only, and others could read the link of a pass."),
    Reach.PRIVATE_ADDRESS: _("a private IP address. Only phones in the same network or VPN can open it."),
    Reach.PRIVATE_NAME: _("a name of a private network. Only phones in this network or its VPN can open it."),
}
_PRIVATE_NAMES = "corp home home.arpa internal intranet invalid lan local localdomain private test"
_PRIVATE_SUFFIXES = tuple(f".{name}" for name in _PRIVATE_NAMES.split())


def reach_problems(url: str) -> tuple[Reach, ...]:
    """Return why a phone cannot open this absolute http or https URL, most severe first; empty if it probably can."""
    parts = urlsplit(url)
    host = (parts.hostname or "").removesuffix(".")
    if is_loopback(host) or _is_unspecified(host):
        return (Reach.LOOPBACK,)
    private = _private(host)
    return (*((Reach.HTTP,) if parts.scheme == "http" else ()), *((private,) if private else ()))


def origin_of(url: str) -> str:
    """Return the scheme, host and port of a URL, as it is written."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _is_unspecified(host: str) -> bool:
    try:
        return ip_address(host).is_unspecified
    except ValueError:
        return False


def _private(host: str) -> Reach | None:
    try:
        return None if ip_address(host).is_global else Reach.PRIVATE_ADDRESS
    except ValueError:
        return Reach.PRIVATE_NAME if "." not in host or host.endswith(_PRIVATE_SUFFIXES) else None
