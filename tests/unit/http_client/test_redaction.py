"""Masking: no secret in evidence, nothing that a database or terminal chokes on."""

from __future__ import annotations

import pytest

from rollout.http_client.redaction import clean, excerpt, is_secret_name, mask, safe_url

SECRET = "Zq7xWv1kPp0dTt9sLmN3"


def test_it_works() -> None:
    assert excerpt('{"version": "9.2.1", "client_secret": "abcdefghijklmnop"}') == (
        '{"version": "9.2.1", "client_secret": "abcd…"}'
    )
    assert safe_url("https://w.example.com/a?client_id=abc&code=abcdefghijklmnop&state=short") == (
        "https://w.example.com/a?client_id=abc&code=abcd…&state=…"
    )


@pytest.mark.parametrize(
    "text",
    [
        '{"client_secret": "%s"}',
        '{"clientSecret":"%s"}',
        '{"access_token" : "%s"}',
        "{'refresh_token': '%s'}",
        '{"code": "%s"}',
        '{"a": {"b": [{"id_token": "%s"}]}}',
        '{"client_secret": "%s',
        "access_token=%s&x=1",
        "Location: confluence-server://oauth-callback?code=%s",
        "os_destination=%%2Frest%%3Fcode%%3D%s%%26x",
        "Set-Cookie: JSESSIONID=%s; Path=/",
        '<input type="hidden" name="csrfmiddlewaretoken" value="%s">',
        "<input value='%s' name='atl_token'/>",
        '<meta name="ajs-atl-token" content="%s">',
        '<meta name="ajs-atl-token" content="%s',
        "<access_token>%s</access_token>",
        "<clientSecret>%s",
        "Authorization: Bearer %s",
        "Basic %s",
        "eyJhbGciOi.%s.sig",
    ],
)
def test_secrets_are_masked_in_an_excerpt(text: str) -> None:
    assert SECRET not in excerpt(text % SECRET)
    assert SECRET[4:] not in excerpt(text % SECRET)
    assert SECRET[4:12] not in excerpt("x" * 170 + " " + text % SECRET), "a cut must not bare a secret"


@pytest.mark.parametrize(
    "url",
    [
        "https://h/?code=%s",
        "https://h/?x=1&STATE=%s",
        "https://h/?access_token=%s",
        "https://h/#access_token=%s&token_type=bearer",
        "https://h/?SAMLRequest=%s",
        "https://h/?RelayState=%s",
        "https://h/?code_challenge=%s",
        "https://h/a;jsessionid=%s?x=1",
        "https://user:%s@h/",
        "https://h/login?os_destination=%%2Frest%%2Foauth2%%3Fstate%%3D%s",
        "https://h/login?next=/a?b=/c?code=%s",
        "https://h/login?next=%%252Fa%%253Fcode%%253D%s",
        "https://h/?%s",
        "//h/?code=%s",
        "confluence-server://oauth-callback?code=%s&iss=x",
    ],
)
def test_secrets_are_masked_in_a_url(url: str) -> None:
    assert SECRET[4:] not in safe_url(url % SECRET)


@pytest.mark.parametrize(
    "name", ["token_type", "client_id", "clientID", "version", "token_endpoint", "codec", "country"]
)
def test_facts_are_not_secrets(name: str) -> None:
    assert not is_secret_name(name)


def test_a_plain_url_is_left_as_it_is() -> None:
    for url in (
        "https://wiki.example.com/wiki",
        "https://h:8443/a/b?x=1&y=two",
        "https://h/login.action?os_destination=%2Findex",
    ):
        assert safe_url(url).replace("%2F", "/") == url.replace("%2F", "/")


@pytest.mark.parametrize(
    "hostile", ["https://[", "https://h/?" + "&" * 5000, "https://h/?" + "a=1&" * 3000, "\x00\ud800"]
)
def test_hostile_urls_do_not_raise(hostile: str) -> None:
    assert len(safe_url(hostile)) <= 1000


def test_clean() -> None:
    assert clean("a\x00b\n\tc\u202e\ud800d\x1b[0m") == "a b c d [0m"
    assert clean("x" * 900) == "x" * 500
    assert clean("é 東京 🙂") == "é 東京 🙂"


def test_an_excerpt_is_short() -> None:
    assert len(excerpt("<p>" + "word " * 5000)) <= 200


def test_mask_shows_four_characters_at_most() -> None:
    assert mask("abcdefghijklmnop") == "abcd…"
    assert mask("abcdefgh") == "…"
    assert mask("") == "…"


@pytest.mark.parametrize("filler", [400, 650, 900, 1900, 9000])
def test_the_name_of_a_field_may_come_long_after_its_value(filler: int) -> None:
    """Only the beginning of a response is masked, and the cut may be anywhere in a tag."""
    assert SECRET[4:] not in excerpt(f"<input value='{SECRET}' data-x='{'y' * filler}' name='atl_token'>")
    assert SECRET[4:] not in excerpt(f'{{"client_secret": "{SECRET}{"y" * filler}", "a": 1}}')


def test_an_excerpt_skips_white_space() -> None:
    assert excerpt("\n" * 7000 + "hello") == "hello"
    assert excerpt("<p>" + " " * 700 + "hello") == "<p> hello"
    assert excerpt("a" * 100 + " " * 590 + "b" * 300) == "a" * 100 + " " + "b" * 99
