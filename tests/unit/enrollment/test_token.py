from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout.enrollment.token import digest, is_well_formed, mint


def test_it_works() -> None:
    token = mint()
    assert len(token) == 26
    assert is_well_formed(token)
    assert digest(token) == hashlib.sha256(token.encode()).hexdigest()


def test_it_carries_128_bits_of_the_given_randomness() -> None:
    asked = []

    def random_bytes(count: int) -> bytes:
        asked.append(count)
        return bytes(range(count))

    token = mint(random_bytes)
    assert asked == [16]
    assert base64.b32decode(token + "======") == bytes(range(16))


def test_two_tokens_differ() -> None:
    assert len({mint() for _ in range(100)}) == 100


@given(st.binary(min_size=16, max_size=16))
def test_every_minted_token_is_well_formed_in_both_cases(random: bytes) -> None:
    token = mint(lambda count: random)
    assert token == token.upper()
    assert is_well_formed(token)
    assert is_well_formed(token.lower())
    assert digest(token) == digest(token.lower()) == digest(token.swapcase())


GOOD = "A" * 26


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A" * 25,
        "A" * 27,
        GOOD + "\n",
        " " + GOOD,
        "A" * 25 + "B",  # the last letter of 128 bits is one of eight
        "0" + "A" * 25,
        "1" + "A" * 25,
        "A" * 25 + "=",
        "Ａ" * 26,
        "ſ" + "A" * 25,  # a long s, whose capital is S
        "\u212a" + "A" * 25,  # the Kelvin sign
        "\ud800" + "A" * 25,
    ],
)
def test_not_well_formed(text: str) -> None:
    assert not is_well_formed(text)


@pytest.mark.parametrize(
    ("token", "other"),
    [(GOOD, GOOD + " "), (GOOD, GOOD + "\n"), ("S" + GOOD, "ſ" + GOOD), ("I" + GOOD, "ı" + GOOD), (GOOD, GOOD + "=")],
)
def test_only_ascii_case_is_ignored(token: str, other: str) -> None:
    assert digest(token) != digest(other)


def test_any_text_has_a_digest() -> None:
    assert len(digest("\ud800\0")) == 64
