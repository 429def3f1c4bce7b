"""Secrets are removed from a pasted text in any notation; everything else stays."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout.troubleshooting.pasted_secrets import MASK, redact

SECRET = "Zq8hunter2xKv"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJib2IifQ.c2lnbmF0dXJl"

# Each holds SECRET as often as values are to be removed.
ROWS = {
    "code in a redirect": "confluence-server://oauth-callback?code={}&error=none",
    "state in a redirect": "confluence-server://oauth-callback?error=invalid_scope&state={}",
    "challenge": "GET /authorize?code_challenge={}&code_challenge_method=S256",
    "verifier in a form": "grant_type=authorization_code&code_verifier={}",
    "fragment": "https://wiki.example.com/cb#access_token={}&token_type=bearer",
    "JSON": '{{"access_token": "{}", "token_type": "Bearer", "refresh_token": "{}", "expires_in": 3600}}',
    "JSON in single quotes": "{{'client_secret': '{}'}}",
    "escaped JSON": '"text": "{{\\"refresh_token\\":\\"{}\\"}}"',
    "JSON cut short": '{{"access_token":"{}',
    "bearer header": "> Authorization: Bearer {}\n> Host: wiki.example.com",
    "basic header": "Authorization: Basic {}",
    "proxy header": "Proxy-Authorization: Negotiate {}",
    "cookie header": "< Set-Cookie: JSESSIONID={}; Path=/; HttpOnly",
    "cookies of any name": "Cookie: seen={}",
    "HTTP/2 of curl": "* [HTTP/2] [1] [cookie: a={}]",
    "header in a command": "curl -H 'Cookie: a={}' https://wiki.example.com/",
    "user of curl": "curl -u bob:{} https://wiki.example.com/",
    "user of curl, joined": "curl -ubob:{} https://wiki.example.com/",
    "cookie of curl": 'curl --cookie "a={}" https://wiki.example.com/',
    "credentials in a URL": "https://bob:{}@wiki.example.com/wiki",
    "percent-encoded": "os_destination=%2Fauthorize%3Fx%3D1%26code%3D{}%26y%3D2",
    "encoded twice": "fromURI=%252Fauthorize%253Fcode%253D{}%2526y%253D2",
    "HAR header": '{{"name": "Authorization", "value": "Bearer {}"}}',
    "HAR header, value first": '{{"value": "{}", "name": "X-CSRF-Token"}}',
    "HAR cookies": '"cookies": [{{"name": "seen", "value": "{}", "path": "/"}}], "headers": []',
    "cookies as an object": '"cookies": {{"seen": "{}"}}',
    "hidden input": '<input type="hidden" name="SAMLResponse" value="{}"/>',
    "input, value first": "<input value='{}' name='password'>",
    "SAML in a form": "SAMLResponse={}&RelayState={}",
    "XML": "<saml:Assertion>{}</saml:Assertion>",
    "property list": "<key>clientSecret</key>\n<string>{}</string>",
    "multipart": 'Content-Disposition: form-data; name="j_password"\r\n\r\n{}\r\n--x',
    "header of another name": "X-Atlassian-Token-Value: {}",
    "settings file": "api_key = {}",
    "quoted in a settings file": 'password="{} with blanks"',
    "prose": "my password is {}",
    "prose with a colon": "Password: {}",
    "WS-Federation": "wa=wsignin1.0&wresult={}",
    "session in a path": "https://wiki.example.com/login.action;jsessionid={}",
    "invisible characters in the name": "co\u200bde={}",
    "colours of a terminal": "\x1b[1mAuthorization\x1b[0m: Bearer {}",
    "NUL": "pass\x00word={}",
}


def test_it_works() -> None:
    redacted = redact("confluence-server://oauth-callback?error=invalid_scope&state=abc123")
    assert redacted.text == f"confluence-server://oauth-callback?error=invalid_scope&state={MASK}"
    assert redacted.removed == 1


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_secret_is_removed_and_counted(row: str) -> None:
    redacted = redact(row.format(*[SECRET] * row.count("{}")))
    assert SECRET not in redacted.text
    assert MASK in redacted.text
    assert redacted.removed == row.count("{}")


@pytest.mark.parametrize(
    "text",
    [
        JWT,
        f"token {JWT}.",
        "NDc4NDkyNDg3ODE3OstHYSeYC1UgXqRacSqvUbookcZk",
        "The key NDc4NDkyNDg3ODE3OstHYSeY/C1UgXqRacSqvUbookcZk= does not work",
        "81c5a0e3a0f94be1b0d4b7d6a3c1e2f4",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKC\nabc\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nMIIEpAIBAAKC",
    ],
)
def test_a_value_that_looks_like_a_token_is_removed(text: str) -> None:
    redacted = redact(text)
    assert redacted.removed == 1
    assert not {part for part in text.replace(".", " ").split() if len(part) > 20} & set(redacted.text.split())


@pytest.mark.parametrize(
    "text",
    [
        "HTTP/1.1 302 Found\nLocation: https://sso.example.com/adfs/ls/?wa=wsignin1.0",
        "error=invalid_client&error_description=Client+authentication+failed",
        "grant_type=refresh_token&response_type=code&code_challenge_method=S256",
        "client_id=0123456789abcdef0123456789abcdef",
        '{"clientID": "0123456789abcdef0123456789abcdef"}',
        "HTTP status code: 302",
        "NSURLErrorDomain Code=-1004",
        'Error Domain=NSURLErrorDomain Code=-1200 "An SSL error has occurred"',
        "code=302",
        "code: 'DEPTH_ZERO_SELF_SIGNED_CERT'",
        '{"code": "ECONNREFUSED", "syscall": "connect"}',
        "The authorization code has expired.",
        "Bearer token rejected",
        "WWW-Authenticate: Negotiate",
        'WWW-Authenticate: Basic realm="wiki"',
        "Activity ID: 00000000-1111-2222-3333-444444444444",
        "https://confluence.atlassian.com/doc/configure-oauth-2-0-for-confluence-ios-1442846594.html",
        "com.atlassian.oauth2.provider.rest.TokenException: it is over",
        '"token_endpoint": "https://wiki.example.com/rest/oauth2/latest/token"',
        "Access-Control-Allow-Credentials: true",
        "curl -v https://wiki.example.com/rest/nativemobile/1.1/info/login",
    ],
)
def test_text_without_secrets_stays(text: str) -> None:
    redacted = redact(text)
    assert redacted.text == text
    assert redacted.removed == 0


@pytest.mark.parametrize("value", ["123456", "-100400", "4/0AY", "30", "999a", "-1004x9", "0302", "ERRATIC", "ECONN1"])
def test_a_code_that_is_no_error_number_is_removed(value: str) -> None:
    assert redact(f"confluence-server://oauth-callback?code={value}").text.endswith(f"code={MASK}")


def test_line_ends_and_invisible_characters_are_normalized() -> None:
    assert redact("a\r\nb\rc\x07\u202ed\ufeff").text == "a\nb\ncd"


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_redacted_text_is_not_redacted_again(row: str) -> None:
    once = redact(row.format(*[SECRET] * row.count("{}")))
    assert redact(once.text).text == once.text


ANY = st.text(max_size=60)
PLAIN = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=12, max_size=40).map(lambda text: f"Zq{text}")


@given(ANY, PLAIN, st.sampled_from(sorted(ROWS)), ANY)
def test_a_planted_secret_is_never_left(before: str, secret: str, row: str, after: str) -> None:
    """With any text on the lines before and after it."""
    planted = ROWS[row].format(*[secret] * ROWS[row].count("{}"))
    assert secret not in redact(f"{before}\n{planted}\n{after}").text


@given(st.text())
def test_any_text_is_accepted(text: str) -> None:
    redacted = redact(text)
    assert "\x00" not in redacted.text


@pytest.mark.parametrize(
    "piece",
    [
        "a", "=", '"', "\\", "<", "%", "%25", '{"a":', "<input ", 'name="a"', "https://", "eyJ", "-", "a:", "code=",
        '"name":"', '"cookies":[', '"cookies":{"', "cookie:", "<key>a</key>", "-----BEGIN A-----", " ", "\n", "-u ",
        "'", "Basic a", "password: ", "é", "password is ", "[", "@",
    ],
)  # fmt: skip
def test_no_text_takes_long(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    began = time.process_time()
    redact(text)
    assert time.process_time() - began < 3
