"""DNS rebinding, and redirects into private ranges, against real servers on loopback."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest

from rollout.http_client.policy import FetchPolicy


def test_the_checked_address_is_the_one_connected_to(serve, make_answer, get, policy) -> None:
    """DNS rebinding between the look-up and the connection: there is no second look-up to change."""
    server, resolved = serve(make_answer(b"checked")), []

    def changing(host: str, port: int) -> list[str]:
        resolved.append(host)
        return ["127.0.0.1"] if len(resolved) == 1 else ["169.254.169.254"]

    reply = get(f"http://rebind.test:{server.port}/", policy=replace(policy, resolver=changing))
    assert (reply.body, resolved) == (b"checked", ["rebind.test"])
    assert f"host: rebind.test:{server.port}".encode() in server.requests[0].lower()
    assert reply.answer.address == "loopback"


@pytest.mark.parametrize(
    ("target", "error"),
    [
        ("https://10.0.0.1/", "blocked_address"),
        ("https://192.168.1.1:8443/", "blocked_address"),
        ("//169.254.169.254/latest/meta-data/", "blocked_address"),
        ("https://[fd12::1]/", "blocked_address"),
        ("https://0xa000001/", "blocked_address"),
        ("https://inside.test/", "blocked_address"),
        ("http://inside.test/", "blocked_address"),
    ],
)
def test_a_redirect_into_a_private_range(serve, make_answer, get, policy, target: str, error: str) -> None:
    server = serve(make_answer(status="302 Found", Location=target))
    names = {"wiki.test": ["127.0.0.1"], "inside.test": ["10.1.2.3"]}
    policy = replace(policy, resolver=lambda host, port: names[host])
    reply = get(f"http://wiki.test:{server.port}/", policy=policy, follow=5)
    assert reply.error == error
    assert [hop.status for hop in reply.answer.trace] == [302, None]
    assert [hop.address for hop in reply.answer.trace] == ["loopback", ""]


def test_ipv6_of_this_machine(get, make_answer, serve) -> None:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("no IPv6 on this machine")
    with socket.socket(socket.AF_INET6) as taken:
        taken.bind(("::1", 0))
        port = taken.getsockname()[1]
        reply = get(f"http://[::1]:{port}/", policy=FetchPolicy(allow_loopback=True, connect_seconds=1))
    assert (reply.error, reply.answer.address) == ("refused", "loopback")
