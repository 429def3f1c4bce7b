"""What a request may reach, and its limits."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field

from rollout import __version__

from .guard import Resolver, resolve_by_system
from .own_services import OwnServices

USER_AGENT = f"Gatepass/{__version__} (compatibility check)"


@dataclass(frozen=True)
class FetchPolicy:
    """Allowed targets and time limits of requests.

    ``allowed_networks`` are CIDR texts that allow private ranges; ``own`` are our own services, always blocked;
    ``plain_http`` allows http to other machines. ``ca_bundle`` is a site's own PEM bundle, used when the system's
    trust store (or ``ssl_context`` instead of it) does not verify. ``client_certificate`` (PEM: the chain and its
    unencrypted private key) is presented to the host of a visit's first request, and to no other; it excludes
    ``ssl_context``. ``proxy`` is used only if ``through_proxy`` is set.
    ``resolver`` replaces the system's (tests). Times are in seconds for the whole request, including redirects.
    """

    allowed_networks: tuple[str, ...] = ()
    allow_loopback: bool = False
    user_agent: str = USER_AGENT
    connect_seconds: float = 3
    total_seconds: float = 8
    max_bytes: int = 262144
    plain_http: bool = False
    own: OwnServices = field(default_factory=OwnServices)
    through_proxy: bool = False
    proxy: str = field(default="", repr=False)
    ca_bundle: str = field(default="", repr=False)
    client_certificate: str = field(default="", repr=False)
    ssl_context: ssl.SSLContext | None = field(default=None, repr=False)
    resolver: Resolver = field(default=resolve_by_system, repr=False)
