"""Which addresses a phone can open, and why it cannot open the others."""

from __future__ import annotations

import pytest

from rollout.enrollment.reach import MESSAGES, NO_PHONE, Reach, origin_of, reach_problems

PUBLIC = [
    "https://gatepass.example.com",
    "https://gatepass.example.com:8443/portal",
    "https://GATEPASS.example.com.",
    "https://xn--bcher-kva.example",
    "https://8.8.8.8",
    "https://[2001:4860:4860::8888]",
    "https://172.32.0.1",
    "https://localhost.example.com",
    "https://internal.example.com",
]
LOOPBACK = [
    "http://localhost:8000",
    "https://localhost",
    "https://gatepass.localhost",
    "http://127.0.0.1:8000/e/abc",
    "https://127.9.9.9",
    "https://[::1]",
    "https://[::ffff:127.0.0.1]",
    "http://0.0.0.0:8000",
    "https://localhost.",
]
PRIVATE_ADDRESSES = [
    "https://10.1.2.3",
    "https://172.16.0.1",
    "https://192.168.1.10:8443",
    "https://100.64.0.1",
    "https://169.254.1.1",
    "https://[fd00::1]",
]
PRIVATE_NAMES = [
    "https://gatepass",
    "https://wiki:8443",
    "https://gatepass.local",
    "https://gatepass.corp",
    "https://gatepass.dc1.internal",
    "https://nas.home.arpa",
]


@pytest.mark.parametrize("url", PUBLIC)
def test_it_works(url: str) -> None:
    assert reach_problems(url) == ()


@pytest.mark.parametrize(
    ("urls", "reason"),
    [
        (LOOPBACK, Reach.LOOPBACK),
        (PRIVATE_ADDRESSES, Reach.PRIVATE_ADDRESS),
        (PRIVATE_NAMES, Reach.PRIVATE_NAME),
        (["http://gatepass.example.com", "HTTP://8.8.8.8"], Reach.HTTP),
    ],
)
def test_each_kind_of_address_has_its_reason(urls: list[str], reason: Reach) -> None:
    assert {url: reach_problems(url) for url in urls} == dict.fromkeys(urls, (reason,))


def test_an_address_can_have_two_reasons() -> None:
    assert reach_problems("http://gatepass:8000") == (Reach.HTTP, Reach.PRIVATE_NAME)
    assert reach_problems("http://10.0.0.1") == (Reach.HTTP, Reach.PRIVATE_ADDRESS)


def test_every_reason_has_a_message() -> None:
    assert set(MESSAGES) == set(Reach) > NO_PHONE


def test_the_origin_is_kept_as_it_is_written() -> None:
    assert origin_of("https://[fd00::1]:8443/wiki?a=b") == "https://[fd00::1]:8443"
