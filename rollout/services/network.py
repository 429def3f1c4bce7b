"""The fetch policy of probes and the virtual phone, built from the settings."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse

from rollout.http_client.own_services import OwnServices
from rollout.http_client.policy import FetchPolicy
from rollout.http_url import DEFAULT_PORTS
from rollout.models import Site

SERVICE_PORTS = {**DEFAULT_PORTS, "redis": 6379, "rediss": 6379, "amqp": 5672, "amqps": 5671, "sentinel": 26379}
DATABASE_PORTS = {"postgresql": 5432, "mysql": 3306}  # by the last part of the engine
# The only paths of Gatepass that probes may request: hosted sites and their OAuth metadata.
PROVIDED_PATHS = ("/at/", "/.well-known/oauth-authorization-server/at/")


def policy(site: Site | None = None, *, sign_in_url: str | None = None) -> FetchPolicy:
    """Return the fetch policy, with the CA bundle and proxy setting of ``site`` if one is given.

    ``sign_in_url`` is the page where the virtual phone's browser signs in to a hosted site; it is allowed too.
    """
    own = own_services(
        tuple(
            (database.get("ENGINE", "").rpartition(".")[2], database.get("HOST", ""), str(database.get("PORT", "")))
            for database in settings.DATABASES.values()
        ),
        (settings.CELERY_BROKER_URL, settings.REDIS_URL),
        (settings.EMAIL_HOST or "", settings.EMAIL_PORT or 0),
        tuple(settings.PROBE_OWN_SERVICES),
        settings.PUBLIC_URL,
        shares_address=settings.PROBE_PORTAL_SHARES_ADDRESS,
    )
    if sign_in_url:
        own = replace(own, portal_paths=(*own.portal_paths, urlsplit(sign_in_url).path, reverse(settings.LOGIN_URL)))
    return FetchPolicy(
        allowed_networks=tuple(settings.PROBE_ALLOWED_NETWORKS),
        allow_loopback=settings.PROBE_ALLOW_LOOPBACK,
        own=own,
        proxy=settings.PROBE_PROXY,
        through_proxy=site.through_proxy if site else False,
        ca_bundle=site.ca_bundle if site else "",
    )


@lru_cache(maxsize=8)
def own_services(
    databases: tuple[tuple[str, str, str], ...],
    brokers: tuple[str, ...],
    mail: tuple[str, int],
    named: tuple[str, ...],
    public_url: str,
    *,
    shares_address: bool,
) -> OwnServices:
    """Return the addresses of Gatepass's own services, which probes must not reach.

    Services without a host, such as a socket file or a queue of files, are left out: probes cannot reach them.
    """
    closed = {_database(engine, host, port) for engine, host, port in databases}
    closed |= {_endpoint(url) for urls in brokers for url in urls.split(";")}
    closed |= {(mail[0].lower(), mail[1])}
    closed |= {_endpoint(f"//{text.strip()}") for text in named}
    public = urlsplit(public_url)
    return OwnServices(
        blocked=frozenset((host, port) for host, port in closed if host and port),
        portal=frozenset({_endpoint(public_url)}),
        portal_host=(public.hostname or "").rstrip("."),
        portal_paths=tuple(public.path.rstrip("/") + path for path in PROVIDED_PATHS),
        portal_by_name=shares_address,
    )


def _database(engine: str, host: str, port: str) -> tuple[str, int]:
    """Return host and port. A database with a socket file usually listens on the loopback interface too."""
    if engine not in DATABASE_PORTS:
        return "", 0
    return ("127.0.0.1" if not host or host.startswith("/") else host.lower()), int(port or DATABASE_PORTS[engine])


def _endpoint(url: str) -> tuple[str, int]:
    try:
        parts = urlsplit(url.strip())
        return (parts.hostname or "").rstrip("."), parts.port or SERVICE_PORTS.get(parts.scheme, 0)
    except ValueError:
        return "", 0
