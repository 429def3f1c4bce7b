"""Token format: one canonical encoding, tags that cannot be forged, and stable successors."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oauth_provider.tokens import token_format

KEY, OTHER = b"a key of this server", b"another key"
FAMILY = UUID("6f1ed002-ab55-4a6f-9f00-4f2d6f0c1b2a")
PAIR = token_format.first_pair(FAMILY, secret=b"s" * 32, key=KEY)


def test_a_pair_contains_its_family_and_is_genuine() -> None:
    assert token_format.family_in(PAIR.refresh_token) == token_format.family_in(PAIR.access_token) == FAMILY
    assert token_format.is_ours(PAIR.refresh_token, token_format.REFRESH, keys=(OTHER, KEY))
    assert token_format.is_ours(PAIR.access_token, token_format.ACCESS, keys=(KEY,))


def test_kinds_of_token_are_not_interchangeable() -> None:
    assert not token_format.is_ours(PAIR.access_token, token_format.REFRESH, keys=(KEY,))
    assert not token_format.is_ours(PAIR.refresh_token, token_format.ACCESS, keys=(KEY,))


def test_another_servers_token_is_not_genuine() -> None:
    assert not token_format.is_ours(PAIR.refresh_token, token_format.REFRESH, keys=(OTHER,))


@pytest.mark.parametrize("position", range(0, 86, 5))
def test_a_changed_character_is_detected(position: int) -> None:
    token = PAIR.refresh_token
    changed = token[:position] + ("A" if token[position] != "A" else "B") + token[position + 1 :]
    assert not token_format.is_ours(changed, token_format.REFRESH, keys=(KEY,))


def test_unused_bits_of_the_last_character_must_be_zero() -> None:
    token = PAIR.refresh_token
    for last in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_":
        if last != token[-1]:
            assert not token_format.is_ours(token[:-1] + last, token_format.REFRESH, keys=(KEY,))


def test_the_successor_is_always_the_same_and_differs_by_key_and_token() -> None:
    first = token_format.digest(PAIR.refresh_token)
    successor = token_format.next_pair(first, family=FAMILY, key=KEY)
    assert successor == token_format.next_pair(first, family=FAMILY, key=KEY)
    others = {
        token_format.next_pair(first, family=FAMILY, key=OTHER),
        token_format.next_pair(token_format.digest(successor.refresh_token), family=FAMILY, key=KEY),
        PAIR,
    }
    assert successor not in others
    assert len({text for pair in (*others, successor) for text in (pair.refresh_token, pair.access_token)}) == 8


@given(st.text(max_size=200))
def test_any_text_is_handled(text: str) -> None:
    assert not token_format.is_ours(text, token_format.REFRESH, keys=(KEY,))
    token_format.family_in(text)


@given(st.binary(min_size=32, max_size=32))
def test_every_pair_reads_back(secret: bytes) -> None:
    family = uuid4()
    pair = token_format.first_pair(family, secret=secret, key=KEY)
    assert token_format.family_in(pair.refresh_token) == family
    assert token_format.is_ours(pair.refresh_token, token_format.REFRESH, keys=(KEY,))
