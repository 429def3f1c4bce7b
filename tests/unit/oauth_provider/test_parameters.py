"""Parameters are read strictly or not at all."""

from __future__ import annotations

import unicodedata
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oauth_provider.endpoints.parameters import MAX_BYTES, MAX_VALUE, ParameterError, parse_parameters
from oauth_provider.tokens import pkce


def test_it_works() -> None:
    assert parse_parameters(b"a=b&state=%C3%A9+%2B%26&empty=&flag&&tab=%09") == {
        "a": "b",
        "state": "é +&",
        "tab": "\t",
    }
    assert parse_parameters(b"") == {}


@pytest.mark.rfc("6749", "3.1")
@pytest.mark.parametrize("raw", [b"a=1&a=1", b"a=1&b=2&a=2", b"a&a", b"a=&a=1", b"%61=1&a=2"])
def test_a_repeated_parameter_is_refused(raw: bytes) -> None:
    with pytest.raises(ParameterError, match="more than once"):
        parse_parameters(raw)


@pytest.mark.rfc("6749", "B")
@pytest.mark.parametrize("raw", [b"a=%FF", b"a=\xff", b"a=%ED%A0%80", b"%C3=1", b"a=%C0%80"])
def test_invalid_utf_8_is_refused(raw: bytes) -> None:
    with pytest.raises(ParameterError, match="UTF-8"):
        parse_parameters(raw)


@pytest.mark.parametrize("raw", [b"a=%00", b"a=\x00", b"%00=a", b"a=%0d%0a", b"a=%7F", b"a=%1b"])
def test_control_characters_are_refused(raw: bytes) -> None:
    with pytest.raises(ParameterError, match="control"):
        parse_parameters(raw)


@pytest.mark.parametrize("raw", [b"a=%ZZ", b"a=%", b"a=%4", b"%G0=1"])
def test_broken_escapes_are_refused(raw: bytes) -> None:
    with pytest.raises(ParameterError, match="hexadecimal"):
        parse_parameters(raw)


def test_sizes_are_bounded() -> None:
    assert len(parse_parameters(b"a=" + b"x" * MAX_VALUE)["a"]) == MAX_VALUE
    with pytest.raises(ParameterError, match="too long"):
        parse_parameters(b"a=" + b"x" * (MAX_VALUE + 1))
    with pytest.raises(ParameterError, match="too large"):
        parse_parameters(b"a&" * MAX_BYTES)


@given(st.dictionaries(st.text(min_size=1, max_size=8), st.text(min_size=1, max_size=20), max_size=6))
def test_encoded_parameters_round_trip(parameters: dict[str, str]) -> None:
    try:
        raw = urlencode(parameters).encode()
    except UnicodeEncodeError:  # a lone surrogate
        return
    if any(
        unicodedata.category(character) == "Cc" for text in [*parameters, *parameters.values()] for character in text
    ):
        return  # refused above
    assert parse_parameters(raw) == parameters


@given(st.binary(max_size=60))
def test_any_bytes_raise_parameter_error_at_most(raw: bytes) -> None:
    try:
        found = parse_parameters(raw)
    except ParameterError:
        return
    assert found.items() <= dict(parse_qsl(raw.decode("latin-1").encode("latin-1").decode(), separator="&")).items()


@pytest.mark.rfc("7636", "4.1")
@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("a" * 42, False), ("a" * 43, True), ("a" * 128, True), ("a" * 129, False), ("A0-._~" * 8, True),
        ("a" * 42 + "+", False), ("a" * 42 + "é", False), ("a" * 43 + "\n", False), ("", False),
    ],
)  # fmt: skip
def test_verifier_shape(text: str, good: bool) -> None:
    assert pkce.is_verifier(text) is good


@pytest.mark.rfc("7636", "4.2")
@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", True), ("a" * 42, False), ("a" * 44, False),
        ("a" * 42 + "=", False), ("a" * 42 + "+", False), ("a" * 42 + ".", False), ("a" * 43 + "\n", False),
    ],
)  # fmt: skip
def test_challenge_shape(text: str, good: bool) -> None:
    assert pkce.is_challenge(text) is good
