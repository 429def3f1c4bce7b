"""Reverse proxies: whose word about a visitor is believed.

``REMOTE_ADDR`` becomes the visitor's address: the last one in ``X-Forwarded-For`` that is not itself a trusted proxy's.
Whatever a visitor writes into that header stands before it and is never looked at. Limits, records and the rest of the
portal read ``REMOTE_ADDR`` and know nothing of proxies.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

PEER = "gatepass.peer"  # in request.META: the address of the connection itself


class ProxyMiddleware:
    """First in the row: everything behind it may believe ``REMOTE_ADDR``."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        set_client_address(request.META)
        return self.get_response(request)


def set_client_address(meta: dict[str, Any]) -> None:
    """Put the visitor's address into a WSGI environment, in place of the proxy's."""
    if settings.TRUSTED_PROXIES:
        meta[PEER] = meta.get("REMOTE_ADDR", "")
        meta["REMOTE_ADDR"] = client_address(meta[PEER], meta.get("HTTP_X_FORWARDED_FOR", ""))


def is_trusted(text: str) -> bool:
    """Whether this is the address of one of the reverse proxies."""
    address = _address(text)
    return address is not None and any(address in network for network in _networks(tuple(settings.TRUSTED_PROXIES)))


def client_address(peer: str, forwarded: str) -> str:
    """The visitor's address, as far as trusted proxies vouch for it; ``forwarded`` is the header of that name."""
    address = peer
    for hop in reversed(forwarded[-4096:].split(",")):
        if not is_trusted(address) or _address(hop) is None:
            break
        address = str(_address(hop))
    return address


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


@functools.lru_cache(maxsize=4)
def _networks(texts: Sequence[str]) -> list[IPv4Network | IPv6Network]:
    return [ip_network(text) for text in texts]
