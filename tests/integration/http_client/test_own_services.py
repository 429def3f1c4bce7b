"""Gatepass's own database, broker and pages stay closed to probes, whatever the settings open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.conf import settings as django_settings

from rollout.http_client.client import Door, OwnServices, Reply
from rollout.models import Site
from rollout.services import network

Get = Callable[..., Reply]


@pytest.mark.parametrize("own", ["127.0.0.1", "localhost", "::1", "0.0.0.0", "127.9.9.9", "database.test"])
def test_it_works(serve, make_answer, get: Get, own: str) -> None:
    """Compared by address: whoever listens on this machine is reached by every address of it."""
    server = serve(make_answer(b"PostgreSQL"))
    names = {"database.test": ["127.0.0.1"], "localhost": ["127.0.0.1"], "evil.test": ["127.0.0.1"]}
    door = Door(
        allow_loopback=True,
        allowed_networks=("127.0.0.0/8",),
        resolver=lambda host, port: names[host],
        own=OwnServices(closed=frozenset({(own, server.port)})),
    )
    for host in ("127.0.0.1", "127.0.0.2", "evil.test", "localhost"):
        reply = get(f"http://{host}:{server.port}/", door=door)
        assert (reply.error, reply.answer.excerpt) == ("blocked_address", "a service of Gatepass itself")
    assert server.requests == []


def test_another_port_of_the_same_machine_is_a_stranger(serve, make_answer, get: Get) -> None:
    server = serve(make_answer(b"wiki"))
    door = Door(allow_loopback=True, own=OwnServices(closed=frozenset({("127.0.0.1", server.port + 1)})))
    assert get(server.url, door=door).body == b"wiki"


def test_a_name_of_ours_that_does_not_resolve_is_still_refused_by_name(get: Get) -> None:
    def nobody(host: str, port: int) -> list[str]:
        raise OSError("unknown")

    door = Door(resolver=nobody, own=OwnServices(closed=frozenset({("database.test", 5432)})))
    assert get("https://database.test:5432/", door=door).error in ("dns", "blocked_address")


def test_a_redirect_to_our_database(serve, make_answer, get: Get) -> None:
    database = serve(make_answer(b"PostgreSQL"))
    site = serve(make_answer(status="302 Found", Location=database.url + "/"))
    door = Door(allow_loopback=True, own=OwnServices(closed=frozenset({("localhost", database.port)})))
    reply = get(site.url, door=door, follow=5)
    assert (reply.error, len(reply.answer.trace), database.requests) == ("blocked_address", 2, [])


def _portal(port: int) -> Door:
    own = OwnServices(portal=frozenset({("127.0.0.1", port)}), portal_host="127.0.0.1", portal_paths=("/at/",))
    return Door(allow_loopback=True, connect_seconds=1, total_seconds=2, own=own, resolver=lambda h, p: ["127.0.0.1"])


@pytest.mark.parametrize("path", ["/at/demo/rest/applinks/1.0/manifest", "/at/demo/x?next=/../admin", "/at/a%20b/"])
def test_sites_that_gatepass_provides_are_asked(serve, make_answer, get: Get, path: str) -> None:
    server = serve(make_answer(b"provided"))
    assert get(server.url + path, door=_portal(server.port)).body == b"provided"


@pytest.mark.parametrize(
    "path",
    ["/", "/metrics", "/at", "/AT/demo/", "/admin/", "/at/../metrics", "/at/%2e%2e/metrics", "/at/%252e%252e/metrics",
     "/at/..%2fmetrics", "/at//metrics", "/at/x/./../../metrics", "//at/", "/%61t/demo/", "/attic/"],
)  # fmt: skip
def test_other_pages_of_gatepass_are_not(serve, make_answer, get: Get, path: str) -> None:
    server = serve(make_answer(b"page"))
    reply = get(server.url + path, door=_portal(server.port))
    assert (reply.error, reply.answer.excerpt, server.requests) == ("blocked_address", "Gatepass itself", [])


def test_the_portal_by_another_name_or_address_is_not(serve, make_answer, get: Get) -> None:
    server = serve(make_answer(b"page"))
    for host in ("localhost", "127.0.0.3", "evil.test"):
        assert get(f"http://{host}:{server.port}/at/demo/", door=_portal(server.port)).error == "blocked_address"
    assert server.requests == []


def test_a_shared_address_closes_the_portals_own_name_only(serve, make_answer, get: Get) -> None:
    server = serve(make_answer(b"wiki"))
    closed = _portal(server.port)
    shared = replace(closed, own=replace(closed.own, portal_by_name=True))
    assert get(f"http://wiki.test:{server.port}/", door=closed).error == "blocked_address"
    assert get(f"http://wiki.test:{server.port}/", door=shared).body == b"wiki"
    assert get(f"http://127.0.0.1:{server.port}/metrics", door=shared).error == "blocked_address"


def test_an_open_connection_does_not_lead_past_the_guard(serve, get: Get, now) -> None:
    import asyncio

    from rollout.http_client.client import visit

    def keep_alive(request, handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        handler.handle()

    server = serve(keep_alive)

    async def ask() -> list[str | None]:
        async with visit(_portal(server.port)) as one:
            return [(await one.fetch("GET", server.url + path)).error for path in ("/at/x/", "/metrics", "/at/y/")]

    assert asyncio.run(ask()) == [None, "blocked_address", None]
    assert [request.split()[1] for request in server.requests] == [b"/at/x/", b"/at/y/"]


# --- What the settings make of it ------------------------------------------------------------------------------


def test_the_settings_name_database_broker_mail_and_portal(settings, monkeypatch) -> None:
    monkeypatch.setattr(
        django_settings,
        "DATABASES",
        {"default": {"ENGINE": "django.db.backends.postgresql", "HOST": "Postgres", "PORT": ""}},
    )
    settings.REDIS_URL = "redis://:secret@redis:6380/0"
    settings.CELERY_BROKER_URL = "sentinel://one:26379;sentinel://two"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "mail.example.com", 587
    settings.PROBE_OWN_SERVICES = ["web:8000", " [fd00::5]:9000"]
    settings.PUBLIC_URL = "https://gatepass.example.com/portal"
    own = network.door().own
    assert own.closed == {
        ("postgres", 5432), ("redis", 6380), ("one", 26379), ("two", 26379), ("mail.example.com", 587), ("web", 8000),
        ("fd00::5", 9000),
    }  # fmt: skip
    assert own.portal == {("gatepass.example.com", 443)}
    assert own.portal_paths[0] == "/portal/at/"
    assert "secret" not in repr(network.door())


def test_files_and_sockets_are_reached_by_no_probe(settings, monkeypatch) -> None:
    monkeypatch.setattr(
        django_settings, "DATABASES", {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "x"}}
    )
    settings.REDIS_URL, settings.CELERY_BROKER_URL = "", "filesystem://localhost"
    settings.EMAIL_HOST, settings.EMAIL_PORT = None, None
    assert network.door().own.closed == set()
    monkeypatch.setattr(
        django_settings,
        "DATABASES",
        {"default": {"ENGINE": "django.db.backends.postgresql", "HOST": "/run/postgresql"}},
    )
    assert network.door().own.closed == {("127.0.0.1", 5432)}


def test_a_sites_own_way_out(settings) -> None:
    settings.PROBE_PROXY = "http://user:secret@proxy.example.com:3128"
    site = Site(title="x", base_url="https://wiki.example.com", through_proxy=True, ca_bundle="PEM")
    assert not network.door().through_proxy
    assert (network.door(site).through_proxy, network.door(site).ca_bundle) == (True, "PEM")
    assert "secret" not in repr(network.door(site))


def test_the_sign_in_page_is_open_to_a_rehearsal_only(settings) -> None:
    url = settings.PUBLIC_URL + "/welcome/abc/"
    assert "/welcome/abc/" in network.door(sign_in_url=url).own.portal_paths
    assert "/welcome/abc/" not in network.door().own.portal_paths


def test_our_real_database_and_broker_are_closed(get: Get, settings) -> None:
    for own in (f"127.0.0.1:{settings.DATABASES['default'].get('PORT') or 5432}", settings.REDIS_URL.split("/")[2]):
        if settings.DATABASES["default"]["ENGINE"].endswith("postgresql"):
            reply = get(f"http://{own.rpartition('@')[2]}/", door=network.door())
            assert (reply.error, reply.answer.excerpt) == ("blocked_address", "a service of Gatepass itself")
