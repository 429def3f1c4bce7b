"""Gatepass's own database, broker and pages are blocked for probes, whatever the settings allow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from rollout.http_client.own_services import OwnServices
from rollout.http_client.policy import FetchPolicy
from rollout.http_client.reply import Reply
from rollout.services import network

Get = Callable[..., Reply]


@pytest.mark.parametrize("own", ["127.0.0.1", "localhost", "::1", "0.0.0.0", "127.9.9.9", "database.test"])
def test_it_works(serve, make_answer, get: Get, own: str) -> None:
    """Compared by address: a server of this machine can be reached under all of its addresses."""
    server = serve(make_answer(b"PostgreSQL"))
    names = {"database.test": ["127.0.0.1"], "localhost": ["127.0.0.1"], "evil.test": ["127.0.0.1"]}
    policy = FetchPolicy(
        allow_loopback=True,
        allowed_networks=("127.0.0.0/8",),
        resolver=lambda host, port: names[host],
        own=OwnServices(blocked=frozenset({(own, server.port)})),
    )
    for host in ("127.0.0.1", "127.0.0.2", "evil.test", "localhost"):
        reply = get(f"http://{host}:{server.port}/", policy=policy)
        assert (reply.error, reply.answer.excerpt) == ("blocked_address", "a service of Gatepass")
    assert server.requests == []


def test_another_port_of_the_same_machine_is_allowed(serve, make_answer, get: Get) -> None:
    server = serve(make_answer(b"wiki"))
    policy = FetchPolicy(allow_loopback=True, own=OwnServices(blocked=frozenset({("127.0.0.1", server.port + 1)})))
    assert get(server.url, policy=policy).body == b"wiki"


def test_an_own_service_that_does_not_resolve_is_blocked_by_name(get: Get) -> None:
    def no_such_name(host: str, port: int) -> list[str]:
        raise OSError("unknown")

    policy = FetchPolicy(resolver=no_such_name, own=OwnServices(blocked=frozenset({("database.test", 5432)})))
    assert get("https://database.test:5432/", policy=policy).error in ("dns", "blocked_address")


def test_a_redirect_to_our_database_is_blocked(serve, make_answer, get: Get) -> None:
    database = serve(make_answer(b"PostgreSQL"))
    site = serve(make_answer(status="302 Found", Location=database.url + "/"))
    policy = FetchPolicy(allow_loopback=True, own=OwnServices(blocked=frozenset({("localhost", database.port)})))
    reply = get(site.url, policy=policy, follow=5)
    assert (reply.error, len(reply.answer.trace), database.requests) == ("blocked_address", 2, [])


def _portal(port: int) -> FetchPolicy:
    own = OwnServices(portal=frozenset({("127.0.0.1", port)}), portal_host="127.0.0.1", portal_paths=("/at/",))
    return FetchPolicy(
        allow_loopback=True, connect_seconds=1, total_seconds=2, own=own, resolver=lambda h, p: ["127.0.0.1"]
    )


@pytest.mark.parametrize("path", ["/at/demo/rest/applinks/1.0/manifest", "/at/demo/x?next=/../admin", "/at/a%20b/"])
def test_hosted_sites_are_allowed(serve, make_answer, get: Get, path: str) -> None:
    server = serve(make_answer(b"hosted"))
    assert get(server.url + path, policy=_portal(server.port)).body == b"hosted"


@pytest.mark.parametrize(
    "path",
    ["/", "/metrics", "/at", "/AT/demo/", "/admin/", "/at/../metrics", "/at/%2e%2e/metrics", "/at/%252e%252e/metrics",
     "/at/..%2fmetrics", "/at//metrics", "/at/x/./../../metrics", "//at/", "/%61t/demo/", "/attic/"],
)  # fmt: skip
def test_other_pages_of_gatepass_are_blocked(serve, make_answer, get: Get, path: str) -> None:
    server = serve(make_answer(b"page"))
    reply = get(server.url + path, policy=_portal(server.port))
    assert (reply.error, reply.answer.excerpt, server.requests) == ("blocked_address", "Gatepass itself", [])


def test_the_portal_is_blocked_under_other_names_and_addresses(serve, make_answer, get: Get) -> None:
    server = serve(make_answer(b"page"))
    for host in ("localhost", "127.0.0.3", "evil.test"):
        assert get(f"http://{host}:{server.port}/at/demo/", policy=_portal(server.port)).error == "blocked_address"
    assert server.requests == []


def test_on_a_shared_address_only_the_portals_own_name_is_blocked(serve, make_answer, get: Get) -> None:
    server = serve(make_answer(b"wiki"))
    separate = _portal(server.port)
    shared = replace(separate, own=replace(separate.own, portal_by_name=True))
    assert get(f"http://wiki.test:{server.port}/", policy=separate).error == "blocked_address"
    assert get(f"http://wiki.test:{server.port}/", policy=shared).body == b"wiki"
    assert get(f"http://127.0.0.1:{server.port}/metrics", policy=shared).error == "blocked_address"


def test_a_reused_connection_is_checked_again(serve, get: Get, now) -> None:
    import asyncio

    from rollout.http_client.client import visit

    def keep_alive(request, handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        handler.handle()

    server = serve(keep_alive)

    async def fetch_all() -> list[str | None]:
        async with visit(_portal(server.port)) as one:
            return [(await one.fetch("GET", server.url + path)).error for path in ("/at/x/", "/metrics", "/at/y/")]

    assert asyncio.run(fetch_all()) == [None, "blocked_address", None]
    assert [request.split()[1] for request in server.requests] == [b"/at/x/", b"/at/y/"]


def test_the_real_database_and_broker_are_blocked(get: Get, settings) -> None:
    for own in (f"127.0.0.1:{settings.DATABASES['default'].get('PORT') or 5432}", settings.REDIS_URL.split("/")[2]):
        if settings.DATABASES["default"]["ENGINE"].endswith("postgresql"):
            reply = get(f"http://{own.rpartition('@')[2]}/", policy=network.policy())
            assert (reply.error, reply.answer.excerpt) == ("blocked_address", "a service of Gatepass")
