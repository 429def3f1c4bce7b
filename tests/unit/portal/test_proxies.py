"""Whose word about a visitor's address is believed."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import run_checks
from django.test import RequestFactory

from portal.accounts.proxies import ProxyMiddleware, client_address


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("10.0.0.5", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.5", "1.1.1.1, 203.0.113.9", "203.0.113.9"),  # what the visitor wrote stands in front
        ("10.0.0.5", "1.1.1.1, 203.0.113.9, 10.0.0.6", "203.0.113.9"),
        ("10.0.0.5", "", "10.0.0.5"),
        ("10.0.0.5", "nonsense", "10.0.0.5"),
        ("10.0.0.5", "203.0.113.9, nonsense", "10.0.0.5"),
        ("198.51.100.1", "203.0.113.9", "198.51.100.1"),  # not a proxy of ours
        ("10.0.0.5", "::ffff:203.0.113.9", "203.0.113.9"),
        ("", "203.0.113.9", ""),
        ("10.0.0.5", "2001:db8::7", "2001:db8::7"),
    ],
)
def test_only_trusted_proxies_are_believed(settings: Any, peer: str, forwarded: str, expected: str) -> None:
    settings.TRUSTED_PROXIES = ["10.0.0.0/24"]
    assert client_address(peer, forwarded) == expected


def test_without_proxies_the_header_means_nothing(settings: Any) -> None:
    settings.TRUSTED_PROXIES = []
    request = RequestFactory().get("/", REMOTE_ADDR="198.51.100.1", HTTP_X_FORWARDED_FOR="203.0.113.9")
    ProxyMiddleware(lambda seen: seen.META["REMOTE_ADDR"])(request)  # type: ignore[arg-type, return-value]
    assert request.META["REMOTE_ADDR"] == "198.51.100.1"


def test_a_proxy_that_cannot_be_read_stops_the_start(settings: Any) -> None:
    settings.TRUSTED_PROXIES = ["10.0.0.0/24", "the load balancer"]
    assert "gatepass.E013" in {message.id for message in run_checks()}
