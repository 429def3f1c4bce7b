"""The network that would have to be allowed for a blocked address."""

from __future__ import annotations

import pytest

from rollout.http_client.addresses import allowing_network


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.255.255.1", "10.255.255.1/32"),
        ("192.168.1.20", "192.168.1.20/32"),
        ("fd00::7", "fd00::7/128"),
        ("169.254.169.254", ""),  # metadata services can never be allowed
        ("224.0.0.1", ""),
        ("127.0.0.1", ""),
        ("nonsense", ""),
    ],
)
def test_the_network(address: str, network: str) -> None:
    assert allowing_network(address) == network
