"""Requests are read from traces, logs and archives, with headers, body and the reason of a refusal."""

from __future__ import annotations

import json

import pytest

from rollout.compatibility.refusals import RefusalKind
from rollout.troubleshooting.log_lines import MAX_LINE_LENGTH, read_log_line
from rollout.troubleshooting.paste import parse_paste

PATH = "/rest/nativemobile/1.1/info/login"
URL = f"https://wiki.example.com{PATH}"


@pytest.mark.parametrize(
    "line",
    [
        f'192.0.2.1 - - [03/Nov/2026:09:00:00 +0000] "GET {PATH} HTTP/2.0" 302 0 "-" "Mozilla/5.0 (iPhone)"',
        f"[03/Nov/2026:09:14:03 +0100] - http-nio-8090-exec-3 192.0.2.14 GET {PATH} HTTP/1.1 302 81ms 2002 - -",
        f"2026-11-03 08:12:45 10.20.1.5 GET {PATH} - 443 - 192.0.2.9 Mozilla/5.0+(iPhone) - 302 0 0 46",
        "haproxy[8]: 192.0.2.8:51 [03/Nov/2026:09:11:02.123] https~ wiki/w1 0/0/1/3/4 302 312 - - ---- 1/1/0/0/0 0/0 "
        f'"GET {PATH} HTTP/1.1"',
        "https 2026-11-03T09:11:02.18Z app/wiki 192.0.2.8:2817 - -1 -1 -1 302 - 312 290 "
        f'"GET https://wiki.example.com:443{PATH} HTTP/2.0" "Confluence"',
        f'192.0.2.8:4 - id - - [2026/11/03 09:11:02] wiki.example.com GET - "{PATH}" HTTP/1.1 "Confluence" 302 8 0.1',
        f"Access to {URL} (method GET) is not authorized to user <anonymous>, responding with status code 302",
        f'{{"DownstreamStatus":302,"RequestMethod":"GET","RequestPath":"{PATH}"}}',
        f'{{"request":{{"method":"GET","uri":"{PATH}"}},"status":302}}',
        f"at=info method=GET path={PATH} status=302",
        f"GET {URL} → 302",
        f"{PATH} returned HTTP 302",
        f"{PATH} liefert 302",
        f"{PATH} が 302 を返します",
        "info/login gives a 302",
    ],
)
def test_a_line_of_a_log_is_read(line: str) -> None:
    exchange = read_log_line(line)
    assert exchange is not None
    assert "info/login" in exchange.url
    assert exchange.status == 302
    assert exchange.method in {"GET", ""}


@pytest.mark.parametrize(
    "line",
    [
        "The wiki has 302 pages",
        f"Open {PATH} in a private window",
        "GET it done by 2026",
        f"{PATH} is requested 302/day",
        f'"GET {PATH} HTTP/1.1" 302 0' + "x" * MAX_LINE_LENGTH,
    ],
)
def test_other_lines_are_not_read(line: str) -> None:
    assert read_log_line(line) is None


def test_a_redirect_in_a_log_keeps_its_location() -> None:
    line = (
        f"Access to {URL} (method GET) is not authorized to user <anonymous>, responding with status code 302 "
        "with location redirect to https://auth.example.com/?rd=x"
    )
    exchange = read_log_line(line)
    assert exchange is not None
    assert exchange.location == "https://auth.example.com/?rd=x"
    assert exchange.refusal is not None
    assert exchange.refusal.kind is RefusalKind.SIGN_IN


@pytest.mark.parametrize(
    ("substatus", "kind"),
    [(6, RefusalKind.ADDRESS_LIST), (7, RefusalKind.CLIENT_CERTIFICATE), (16, RefusalKind.CLIENT_CERTIFICATE),
     (501, RefusalKind.RATE_LIMIT), (0, RefusalKind.FORBIDDEN)],
)  # fmt: skip
def test_a_sub_status_of_iis_names_the_reason(substatus: int, kind: RefusalKind) -> None:
    exchange = read_log_line(f"10.0.0.5 GET {PATH} - 443 - 192.0.2.9 Mozilla/5.0 - 403 {substatus} 5 46")
    assert exchange is not None
    assert exchange.refusal is not None
    assert exchange.refusal.kind is kind


def test_a_response_has_its_headers_and_body() -> None:
    (exchange,) = parse_paste(
        f"$ curl -i {URL}\nHTTP/1.1 403 Forbidden\nServer: nginx\nRetry-After: 5\n\n"
        "<html>\n<p>Not: a header</p>\n</html>"
    ).exchanges
    assert exchange.url == URL
    assert exchange.headers == {"server": "nginx", "retry-after": "5"}
    assert exchange.body == "<html>\n<p>Not: a header</p>\n</html>"
    assert exchange.is_html


def test_the_lines_of_curl_are_not_part_of_a_body() -> None:
    paste = parse_paste(f"> GET {PATH} HTTP/1.1\n< HTTP/1.1 200 OK\n< \n{{}}\n* Connection left intact\ntext")
    assert paste.exchanges[0].body == "{}"


def test_the_second_response_of_a_redirect_has_the_url_of_the_first_location() -> None:
    first, second = parse_paste(
        f"$ curl -IL {URL}\nHTTP/1.1 302 Found\nLocation: https://sso.example.com/a\n\nHTTP/1.1 200 OK\n"
    ).exchanges
    assert (first.url, second.url) == (URL, "https://sso.example.com/a")
    assert first.other_host == "sso.example.com"


def test_a_redirect_to_itself_is_no_sign_in() -> None:
    for headers, kind in (("", None), ("Set-Cookie: a=b\n", RefusalKind.COOKIE_CHECK)):
        (exchange,) = parse_paste(
            f"GET {URL}\n\nHTTP/1.1 307 Temporary Redirect\n{headers}Location: {PATH}\n"
        ).exchanges
        assert exchange.redirects_to_itself
        assert (exchange.refusal.kind if exchange.refusal else None) is kind


def test_an_archive_has_headers_and_body_of_the_responses_only() -> None:
    entry = {
        "request": {"method": "GET", "url": URL, "headers": [{"name": "Server", "value": "mine"}]},
        "response": {
            "status": 400,
            "headers": [{"name": "Server", "value": "nginx"}],
            "content": {"mimeType": "text/html", "text": "<h1>No required SSL certificate was sent</h1>\n"},
            "redirectURL": "",
        },
    }
    exchanges = parse_paste(json.dumps({"log": {"entries": [entry, entry]}})).exchanges
    assert len(exchanges) == 2
    for exchange in exchanges:
        assert exchange.headers == {"server": "nginx", "content-type": "text/html"}
        assert exchange.refusal is not None
        assert exchange.refusal.kind is RefusalKind.CLIENT_CERTIFICATE


def test_one_spelling_of_quotes_spaces_and_letters_is_searched() -> None:
    paste = parse_paste("L’adresse\u00a0« x » n&rsquo;est pas g&uuml;ltig: not+allowed, a%20b &lt;script&gt;")
    assert paste.plain == "L'adresse \" x \" n'est pas gültig: not allowed, a b &lt;script&gt;"
    assert len(parse_paste("İ ÄÖ").folded) == len("İ ÄÖ")
