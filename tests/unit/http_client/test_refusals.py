"""What the HTTP client refuses before it opens a connection."""

from __future__ import annotations

import socket
import time
from dataclasses import replace

import pytest

from rollout.http_client.failures import ERRORS
from rollout.http_client.policy import FetchPolicy


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("", "bad_url"),
        ("example.com", "bad_url"),
        ("/path", "bad_url"),
        ("https://", "bad_url"),
        ("https:///path", "bad_url"),
        ("https://user:pw@example.com/", "bad_url"),
        ("https://exa mple.com/", "bad_url"),
        ("https://example.com/\r\nX: y", "bad_url"),
        ("https://example.com/\x00", "bad_url"),
        ("https://[::1", "bad_url"),
        ("https://example.com:99999/", "bad_url"),
        ("https://" + "a" * 5000, "bad_url"),
        ("ftp://example.com/", "bad_url"),
        ("file:///etc/passwd", "bad_url"),
        ("gopher://127.0.0.1/", "bad_url"),
        ("confluence-server://oauth-callback", "bad_url"),
        ("https://127.0.0.1/", "blocked_address"),
        ("https://127.1/", "blocked_address"),
        ("https://0x7f000001/", "blocked_address"),
        ("https://2130706433/", "blocked_address"),
        ("https://0177.0.0.1/", "blocked_address"),
        ("https://[::1]/", "blocked_address"),
        ("https://[::ffff:127.0.0.1]/", "blocked_address"),
        ("https://10.0.0.1/", "blocked_address"),
        ("https://169.254.169.254/latest/meta-data/", "blocked_address"),
        ("https://0.0.0.0/", "blocked_address"),
        ("http://127.0.0.1/", "not_https"),
        ("http://example.com/", "not_https"),
    ],
)
def test_refused_with_the_default_policy(get, url: str, error: str) -> None:
    reply = get(url, policy=FetchPolicy(connect_seconds=1, total_seconds=2))
    assert (reply.status, reply.error) == (None, error)
    assert error in ERRORS


def test_http_is_allowed_for_loopback_only(get) -> None:
    policy = FetchPolicy(allow_loopback=True, resolver=lambda host, port: ["93.184.216.34"])
    assert get("http://confluence.example.com/", policy=policy).error == "not_https"
    mixed = replace(policy, resolver=lambda host, port: ["127.0.0.1", "93.184.216.34"])
    assert get("http://confluence.example.com/", policy=mixed).error == "not_https"


def test_a_reason_is_given_but_not_the_address_behind_a_name(get) -> None:
    reply = get("https://wiki.example.com/", policy=FetchPolicy(resolver=lambda host, port: ["10.1.2.3"]))
    assert reply.error == "blocked_address"
    assert reply.answer.excerpt == "private"


def test_one_blocked_address_blocks_the_name(get) -> None:
    policy = FetchPolicy(resolver=lambda host, port: ["93.184.216.34", "169.254.169.254"])
    assert get("https://rebind.example.com/", policy=policy).error == "blocked_address"


def test_a_name_with_too_many_addresses_is_refused(get) -> None:
    policy = FetchPolicy(resolver=lambda host, port: [f"93.184.216.{n}" for n in range(1, 60)])
    assert get("https://many.example.com/", policy=policy).error == "blocked_address"


@pytest.mark.parametrize("problem", [socket.gaierror(-2, "unknown"), UnicodeError("label too long")])
def test_an_unknown_name(get, problem) -> None:
    def resolver(host, port):
        raise problem

    assert get("https://nowhere.example.com/", policy=FetchPolicy(resolver=resolver)).error == "dns"


def test_a_name_without_addresses(get) -> None:
    assert get("https://empty.example.com/", policy=FetchPolicy(resolver=lambda host, port: [])).error == "dns"


def test_a_resolver_that_hangs(get) -> None:
    started = time.monotonic()
    policy = FetchPolicy(connect_seconds=0.3, resolver=lambda host, port: time.sleep(3) or [])
    assert get("https://slow.example.com/", policy=policy).error == "dns"
    assert time.monotonic() - started < 2
