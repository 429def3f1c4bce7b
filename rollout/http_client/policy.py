"""What a request may reach, and how much it may cost."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field

from rollout import __version__

from .guard import Resolver, resolve_by_system
from .own_services import OwnServices

USER_AGENT = f"Gatepass/{__version__} (compatibility check)"


@dataclass(frozen=True)
class FetchPolicy:
    """What may be reached and how long it may take.

    ``allowed_networks`` are CIDR texts that open private ranges; ``own`` are our own services, always closed;
    ``plain_http`` lets http be asked of other machines too. ``ca_bundle`` is a site's own PEM, asked when the system's
    trust store (or ``ssl_context`` in its place) does not vouch. ``proxy`` is used when ``through_proxy`` says so and
    only then. ``resolver`` replaces the system's (tests). Seconds are for the whole request, all hops included.
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
    ssl_context: ssl.SSLContext | None = field(default=None, repr=False)
    resolver: Resolver = field(default=resolve_by_system, repr=False)
