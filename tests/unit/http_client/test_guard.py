"""Every notation of a blocked address is blocked, and ambiguous URLs are rejected."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rollout.http_client.policy import FetchPolicy
from rollout.http_client.request_urls import BadUrlError, parse_url

BLOCKED = [
    # IPv4 in every notation that some resolver accepts
    ("https://127.0.0.1/", "loopback"),
    ("https://127.0.0.1./", "an IP address in an unusual notation"),
    ("https://127.1/", "an IP address in an unusual notation"),
    ("https://127.0.1/", "an IP address in an unusual notation"),
    ("https://2130706433/", "an IP address in an unusual notation"),
    ("https://0x7f000001/", "an IP address in an unusual notation"),
    ("https://0x7f.0.0.1/", "an IP address in an unusual notation"),
    ("https://0x7F.1/", "an IP address in an unusual notation"),
    ("https://0177.0.0.1/", "an IP address in an unusual notation"),
    ("https://017700000001/", "an IP address in an unusual notation"),
    ("https://0/", "an IP address in an unusual notation"),
    ("https://0x/", "an IP address in an unusual notation"),
    ("https://127.0.0.1.0x1/", "an IP address in an unusual notation"),
    ("https://256.256.256.256/", "an IP address in an unusual notation"),
    ("https://169.254.43518/", "an IP address in an unusual notation"),
    ("https://0251.0376.0251.0376/", "an IP address in an unusual notation"),
    ("https://2852039166/", "an IP address in an unusual notation"),
    ("https://1.1.1.1.1/", "an IP address in an unusual notation"),
    # IPv6, and IPv4 inside it
    ("https://[::1]/", "loopback"),
    ("https://[0:0:0:0:0:0:0:1]/", "loopback"),
    ("https://[::]/", "unspecified"),
    ("https://[::ffff:127.0.0.1]/", "loopback"),
    ("https://[::ffff:7f00:1]/", "loopback"),
    ("https://[0:0:0:0:0:ffff:7f00:0001]/", "loopback"),
    ("https://[::FFFF:10.0.0.1]/", "private"),
    ("https://[::ffff:169.254.169.254]/", "cloud metadata"),
    ("https://[::127.0.0.1]/", "loopback"),
    ("https://[::ffff:0:10.0.0.1]/", "private"),
    ("https://[2002:7f00:1::]/", "loopback"),
    ("https://[2002:a9fe:a9fe::1]/", "cloud metadata"),
    ("https://[64:ff9b::10.0.0.1]/", "private"),
    ("https://[64:ff9b::a9fe:a9fe]/", "cloud metadata"),
    ("https://[64:ff9b:1::7f00:1]/", "loopback"),
    ("https://[2001:0:4136:e378:8000:63bf:80ff:fffe]/", "loopback"),
    ("https://[fe80::1]/", "link-local"),
    ("https://[fc00::1]/", "private"),
    ("https://[fd00:ec2::254]/", "cloud metadata"),
    ("https://[fec0::1]/", "site-local"),
    ("https://[ff02::1]/", "multicast"),
    # Ranges
    ("https://0.0.0.0/", "unspecified"),
    ("https://10.0.0.1:8443/wiki", "private"),
    ("https://172.31.255.254/", "private"),
    ("https://192.168.0.1/", "private"),
    ("https://100.64.0.1/", "shared (carrier NAT)"),
    ("https://169.254.169.254/latest/meta-data/", "cloud metadata"),
    ("https://169.254.1.1/", "link-local"),
    ("https://168.63.129.16/", "cloud metadata"),
    ("https://100.100.100.200/", "cloud metadata"),
    ("https://224.0.0.1/", "multicast"),
    ("https://255.255.255.255/", "broadcast"),
    ("https://240.0.0.1/", "reserved"),
    ("https://198.18.0.1/", "benchmarking"),
    # Names
    ("https://localhost/", "loopback"),
    ("https://LOCALHOST/", "loopback"),
    ("https://localhost./", "loopback"),
]
AMBIGUOUS = [
    "https://[fe80::1%25eth0]/",
    "https://[fe80::1%eth0]/",
    "https://[::1]x/",
    "https://[127.0.0.1]/",
    "https://[v1.fe80::a]/",
    "https://::1/",
    "https://user@127.0.0.1/",
    "https://confluence.example.com@127.0.0.1/",
    "https://confluence.example.com:443@127.0.0.1/",
    "https://127.0.0.1\\@confluence.example.com/",
    "https://confluence.example.com\\@127.0.0.1/",
    "https://confluence.example.com%00.127.0.0.1/",
    "https://confluence.example.com%2e127.0.0.1/",
    "https://confluence.example.com%40127.0.0.1/",
    "https://confluence.example.com#@127.0.0.1/ ",
    "https://ⓛocalhost/",
    "https://127。0。0。1/",
    "https://１２７.0.0.1/",
    "https://lоcalhost/",
    "https://xn--/\n",
    "https:127.0.0.1/",
    "https:/127.0.0.1/",
    "//127.0.0.1/",
    "https://-.-/",
    "https://a..b/",
    "https://.127.0.0.1/",
    "https://127.0.0.1:65536/",
    "https://127.0.0.1:0/",
    "https://127.0.0.1:80:80/",
    "https://127.0.0.1:/",
    "https://127.0.0.1:080/",
    "https://xn--99999999.example.com/",
    "https://" + "a" * 64 + ".example.com/",
    "https://127.0.0.1:0x50/",
    "https://127.0.0.1:+80/",
    "https://127.0.0.1:８０/",
    "https://127.0.0.1,confluence.example.com/",
    "jar:https://127.0.0.1!/",
    "data:text/html,x",
    "unix:///var/run/docker.sock",
]


def _fail(host: str, port: int) -> list[str]:
    raise AssertionError(f"{host} was looked up")


@pytest.mark.parametrize(("url", "reason"), BLOCKED)
def test_a_blocked_address_in_any_notation(get, url: str, reason: str) -> None:
    policy = FetchPolicy(resolver=(lambda host, port: ["127.0.0.1"]) if "localhost" in url.lower() else _fail)
    reply = get(url, policy=policy)
    assert (reply.error, reply.answer.excerpt, reply.answer.address) == ("blocked_address", reason, "")


@pytest.mark.parametrize("url", AMBIGUOUS)
def test_a_url_that_parsers_read_differently_is_rejected(get, url: str) -> None:
    policy = FetchPolicy(connect_seconds=1, total_seconds=2, allow_loopback=True, resolver=_fail)
    assert get(url, policy=policy).error == "bad_url"


@pytest.mark.parametrize(
    ("url", "host", "port", "header"),
    [
        ("https://WIKI.Example.com/x?y", "wiki.example.com", 443, "wiki.example.com"),
        ("https://wiki.example.com:443/", "wiki.example.com", 443, "wiki.example.com"),
        ("https://wiki.example.com:8443", "wiki.example.com", 8443, "wiki.example.com:8443"),
        ("https://xn--bcher-kva.example/", "xn--bcher-kva.example", 443, "xn--bcher-kva.example"),
        ("https://wiki_1.example.com./", "wiki_1.example.com.", 443, "wiki_1.example.com."),
        ("https://[2606:4700:0::1111]:444/", "2606:4700::1111", 444, "[2606:4700:0::1111]:444"),
        ("https://0x7f.example.com/", "0x7f.example.com", 443, "0x7f.example.com"),
        ("https://93.184.216.34/@127.0.0.1", "93.184.216.34", 443, "93.184.216.34"),
    ],
)
def test_a_valid_url(url: str, host: str, port: int, header: str) -> None:
    parsed = parse_url(url)
    assert (parsed.destination.host, parsed.destination.port, parsed.host_header) == (host, port, header)


def test_a_label_that_is_too_long_is_rejected() -> None:
    with pytest.raises(BadUrlError):
        parse_url("https://" + "a" * 300 + ".example.com/")


def test_plain_http_to_another_machine_must_be_allowed(get) -> None:
    https_only = FetchPolicy(resolver=lambda host, port: ["10.0.0.1"])
    assert get("http://wiki.example.com/", policy=https_only).error == "not_https"
    assert get("http://wiki.example.com/", policy=replace(https_only, plain_http=True)).error == "blocked_address"
