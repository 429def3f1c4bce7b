"""Allowed and blocked addresses."""

from __future__ import annotations

import pytest

from rollout.http_client.addresses import RANGES, AllowedBy, blocked_reason, embedded_ipv4, is_loopback

BLOCKED = [
    ("127.0.0.1", "loopback"),
    ("127.255.255.254", "loopback"),
    ("::1", "loopback"),
    ("10.0.0.1", "private"),
    ("10.255.255.255", "private"),
    ("172.16.0.1", "private"),
    ("172.31.255.255", "private"),
    ("192.168.1.1", "private"),
    ("fc00::1", "private"),
    ("fd12:3456:789a::1", "private"),
    ("100.64.0.1", "shared (carrier NAT)"),
    ("100.127.255.254", "shared (carrier NAT)"),
    ("169.254.1.1", "link-local"),
    ("fe80::1", "link-local"),
    ("fe80::1%eth0", "link-local"),
    ("febf::1", "link-local"),
    ("169.254.169.254", "cloud metadata"),
    ("169.254.170.2", "cloud metadata"),
    ("100.100.100.200", "cloud metadata"),
    ("168.63.129.16", "cloud metadata"),
    ("192.0.0.192", "cloud metadata"),
    ("fd00:ec2::254", "cloud metadata"),
    ("fd00:ec2::23", "cloud metadata"),
    ("fd20:ce::254", "cloud metadata"),
    ("0.0.0.0", "unspecified"),
    ("0.1.2.3", "unspecified"),
    ("::", "unspecified"),
    ("224.0.0.1", "multicast"),
    ("239.255.255.255", "multicast"),
    ("ff02::1", "multicast"),
    ("255.255.255.255", "broadcast"),
    ("240.0.0.1", "reserved"),
    ("192.0.0.1", "reserved"),
    ("192.88.99.1", "reserved"),
    ("192.0.2.1", "documentation"),
    ("198.51.100.7", "documentation"),
    ("203.0.113.9", "documentation"),
    ("2001:db8::1", "documentation"),
    ("3fff::1", "documentation"),
    ("198.18.0.1", "benchmarking"),
    ("198.19.255.255", "benchmarking"),
    ("2001:2::1", "benchmarking"),
    ("2001:10::1", "reserved"),
    ("2001:20::1", "reserved"),
    ("5f00::1", "reserved"),
    ("4000::1", "reserved"),
    ("fec0::1", "site-local"),
    ("100::1", "discard-only"),
    ("::ffff:127.0.0.1", "loopback"),
    ("::ffff:10.0.0.1", "private"),
    ("::ffff:169.254.169.254", "cloud metadata"),
    ("::ffff:93.184.216.34", "IPv4 inside IPv6"),
    ("::127.0.0.1", "loopback"),
    ("::ffff:0:127.0.0.1", "loopback"),
    ("2002:7f00:1::", "loopback"),
    ("2002:a00:1::1", "private"),
    ("2002:5db8:d822::1", "IPv4 inside IPv6"),
    ("64:ff9b::7f00:1", "loopback"),
    ("64:ff9b::a9fe:a9fe", "cloud metadata"),
    ("64:ff9b::5db8:d822", "IPv4 inside IPv6"),
    ("64:ff9b:1::a00:1", "private"),
    ("2001:0:4136:e378:8000:63bf:80ff:fffe", "loopback"),
    ("2606:4700::5efe:10.0.0.1", "private"),
    ("2606:4700::200:5efe:7f00:1", "loopback"),
    ("not an address", "not an IP address"),
    ("", "not an IP address"),
    ("2130706433", "not an IP address"),
]
ALLOWED = ["93.184.216.34", "1.1.1.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "192.0.3.1", "223.255.255.254"]
ALLOWED += ["2606:4700:4700::1111", "2a00:1450:4001:82a::200e", "2001:4860:4860::8888", "2606:4700::1%eth0"]


@pytest.mark.parametrize("address", ALLOWED)
def test_it_works(address: str) -> None:
    assert blocked_reason(address) is None


@pytest.mark.parametrize(("address", "reason"), BLOCKED)
def test_blocked(address: str, reason: str) -> None:
    assert blocked_reason(address) == reason


@pytest.mark.parametrize("row", RANGES, ids=lambda row: str(row.network))
def test_every_range_is_blocked_at_both_ends(row: object) -> None:
    assert blocked_reason(str(row.network[0]))
    assert blocked_reason(str(row.network[-1]))


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1"])
def test_only_the_loopback_setting_allows_loopback(address: str) -> None:
    assert blocked_reason(address, allow_loopback=True) is None
    assert blocked_reason(address, allowed_networks=["127.0.0.0/8", "::/0", "0.0.0.0/0"]) == "loopback"


def test_the_loopback_setting_does_not_allow_embedded_loopback() -> None:
    for address in ("::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"):
        assert blocked_reason(address, allow_loopback=True) == "IPv4 inside IPv6"


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.1.2.3", "10.1.0.0/16"),
        ("fd12::1", "fd12::/16"),
        ("100.64.0.9", "100.64.0.0/10"),
        ("192.0.2.2", "192.0.2.2"),
    ],
)
def test_an_allowed_network_allows_its_range_only(address: str, network: str) -> None:
    assert blocked_reason(address, allowed_networks=[network]) is None
    assert blocked_reason("10.2.0.1", allowed_networks=[network]) == "private"


@pytest.mark.parametrize(
    "row", [row for row in RANGES if row.allowed_by is AllowedBy.NEVER], ids=lambda row: str(row.network)
)
def test_no_setting_allows_metadata_link_local_or_multicast(row: object) -> None:
    everything = ["0.0.0.0/0", "::/0"]
    assert blocked_reason(str(row.network[0]), allowed_networks=everything, allow_loopback=True)


def test_a_tunnel_prefix_needs_an_allowed_embedded_address() -> None:
    assert blocked_reason("64:ff9b::5db8:d822", allowed_networks=["64:ff9b::/96"]) is None
    assert blocked_reason("64:ff9b::a9fe:a9fe", allowed_networks=["64:ff9b::/96"]) == "cloud metadata"
    assert blocked_reason("64:ff9b::a00:1", allowed_networks=["64:ff9b::/96"]) == "private"


def test_an_invalid_network_in_the_settings_blocks_everything() -> None:
    assert blocked_reason("93.184.216.34", allowed_networks=["10.0.0.0/33"]) == "not an IP address"


def test_decoding() -> None:
    from ipaddress import ip_address

    assert str(embedded_ipv4(ip_address("2002:c000:204::1"))) == "192.0.2.4"
    assert str(embedded_ipv4(ip_address("2001:0:4136:e378:8000:63bf:3fff:fdd2"))) == "192.0.2.45"  # RFC 4380 example
    assert embedded_ipv4(ip_address("2606:4700:4700::1111")) is None
    assert is_loopback("127.0.0.1")
    assert not is_loopback("::ffff:127.0.0.1")
    assert not is_loopback("localhost")
