from __future__ import annotations

import base64
import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout.enrollment.token import digest, mint

# 26 letters carry 130 bits: the last two are zero, so only every fourth letter can end a token.
TOKEN = re.compile(r"[A-Z2-7]{25}[AEIMQUY4]", re.ASCII)


def test_it_works() -> None:
    token = mint()
    assert len(token) == 26
    assert TOKEN.fullmatch(token)
    assert digest(token) == hashlib.sha256(token.encode()).hexdigest()


def test_it_carries_128_bits_of_the_given_randomness() -> None:
    sizes = []

    def random_bytes(count: int) -> bytes:
        sizes.append(count)
        return bytes(range(count))

    token = mint(random_bytes)
    assert sizes == [16]
    assert base64.b32decode(token + "======") == bytes(range(16))


def test_two_tokens_differ() -> None:
    assert len({mint() for _ in range(100)}) == 100


@given(st.binary(min_size=16, max_size=16))
def test_every_token_is_base32_and_has_the_same_digest_in_both_cases(random: bytes) -> None:
    token = mint(lambda count: random)
    assert token == token.upper()
    assert TOKEN.fullmatch(token)
    assert digest(token) == digest(token.lower()) == digest(token.swapcase())


GOOD = "A" * 26


@pytest.mark.parametrize(
    ("token", "other"),
    [(GOOD, GOOD + " "), (GOOD, GOOD + "\n"), ("S" + GOOD, "ſ" + GOOD), ("I" + GOOD, "ı" + GOOD), (GOOD, GOOD + "=")],
)
def test_only_ascii_case_is_ignored(token: str, other: str) -> None:
    assert digest(token) != digest(other)


def test_any_text_has_a_digest() -> None:
    assert len(digest("\ud800\0")) == 64
