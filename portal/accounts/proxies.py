"""The client's address behind trusted reverse proxies (setting ``TRUSTED_PROXIES``).

``REMOTE_ADDR`` becomes the last address in ``X-Forwarded-For`` that is not a trusted proxy's. Addresses that a client
puts into that header come before it and are ignored. All other code reads ``REMOTE_ADDR``.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from rollout.client_address import request_from

PEER = "gatepass.peer"  # in request.META: the address of the connection itself


class ProxyMiddleware:
    """The first middleware, so that all others can trust ``REMOTE_ADDR``."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        set_client_address(request.META)
        with request_from(request.META.get("REMOTE_ADDR", "")):
            return self.get_response(request)


def set_client_address(meta: dict[str, Any]) -> None:
    """Replace the proxy's address in a WSGI environment by the client's."""
    if settings.TRUSTED_PROXIES:
        meta[PEER] = meta.get("REMOTE_ADDR", "")
        meta["REMOTE_ADDR"] = client_address(meta[PEER], meta.get("HTTP_X_FORWARDED_FOR", ""))


def is_trusted(text: str) -> bool:
    """Return whether this is the address of a trusted reverse proxy."""
    address = _address(text)
    return address is not None and any(address in network for network in _networks(tuple(settings.TRUSTED_PROXIES)))


def client_address(peer: str, forwarded: str) -> str:
    """Return the client's address according to trusted proxies; ``forwarded`` is the ``X-Forwarded-For`` header."""
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
