"""The guarded HTTP client: what it fetches and what it refuses, against real servers on loopback."""

from __future__ import annotations

import gzip
import json
import socket
import struct
import time
import zlib
from dataclasses import replace

import brotli
import pytest

from rollout.http_client.policy import FetchPolicy

COMPRESS = {
    "gzip": lambda body: gzip.compress(body, 9),
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "identity": bytes,
}


def test_it_works(serve, make_answer, get, now) -> None:
    server = serve(make_answer(b'{"a": 1}', Content_Type="application/json; charset=utf-8", X_Mark="yes"))
    reply = get(server.url + "/wiki/status?x=1", now=now)
    assert (reply.status, reply.error, reply.json()) == (200, None, {"a": 1})
    assert reply.answer.content_type == "application/json"
    assert reply.answer.url == server.url + "/wiki/status?x=1"
    assert reply.answer.at == now()
    assert reply.headers["x-mark"] == "yes"
    assert reply.answer.hops == (server.url + "/wiki/status?x=1",)
    request = server.requests[0].decode()
    assert request.startswith("GET /wiki/status?x=1 HTTP/1.1\r\n")
    assert f"host: 127.0.0.1:{server.port}" in request.lower()
    assert "user-agent: gatepass/" in request.lower()
    assert "cookie:" not in request.lower()


def test_a_form_and_cookies_are_sent(serve, make_answer, get) -> None:
    server = serve(make_answer())
    get(server.url, method="POST", form={"code": "a b&c"}, cookies={"s": "1"}, headers={"User-Agent": "phone"})
    request = server.requests[0].decode()
    assert request.startswith("POST ")
    assert request.endswith("code=a+b%26c")
    assert "cookie: s=1" in request.lower()
    assert "user-agent: phone" in request.lower()


@pytest.mark.parametrize("value", ["a\r\nX-Forged: 1", "a\nb", "a\rb", "a\0b"])
def test_a_line_break_in_a_header_is_never_sent(serve, make_answer, get, value) -> None:
    server = serve(make_answer())
    for options in ({"headers": {"X-A": value}}, {"headers": {value: "a"}}, {"cookies": {"s": value}}):
        reply = get(server.url, **options)
        assert (reply.error, reply.answer.excerpt) == ("bad_answer", "a header of the request contains a line break")
    assert server.requests == []


def test_proxy_variables_of_the_environment_are_ignored(serve, make_answer, get, monkeypatch) -> None:
    server = serve(make_answer(b"direct"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert get(server.url).body == b"direct"


def test_this_machine_is_refused_by_name(get) -> None:
    reply = get("https://localhost/", policy=FetchPolicy(connect_seconds=1, total_seconds=2))
    assert (reply.status, reply.error) == (None, "blocked_address")


def test_the_next_address_is_tried(serve, make_answer, get, policy) -> None:
    """Of ``localhost``, for example: a server may listen on the IPv4 address only."""
    server = serve(make_answer(b"there"))
    policy = replace(policy, resolver=lambda host, port: ["::1", "127.0.0.1"])
    assert get(f"http://localhost:{server.port}/", policy=policy).body == b"there"


def test_a_name_is_checked_again_at_every_hop(serve, make_answer, get, policy) -> None:
    """DNS rebinding: the first look-up is harmless, the second is not."""
    answers = [["127.0.0.1"], ["169.254.169.254"]]
    policy = replace(policy, resolver=lambda host, port: answers.pop(0))
    server = serve(make_answer(status="302 Found", Location="/next"))
    reply = get(f"http://rebind.test:{server.port}/", policy=policy, follow=3)
    assert reply.error == "blocked_address"
    assert len(server.requests) == 1
    assert f"host: rebind.test:{server.port}" in server.requests[0].decode().lower()


def test_the_second_address_is_tried_when_the_first_is_silent(serve, make_answer, get, policy) -> None:
    server = serve(make_answer(b"here"))
    policy = replace(policy, resolver=lambda host, port: ["127.0.0.9", "127.0.0.1"])
    assert get(f"http://two.test:{server.port}/", policy=policy).body == b"here"


def test_a_port_without_a_server(get) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert get(f"http://127.0.0.1:{taken.getsockname()[1]}/").error == "refused"


def test_slow_headers(serve, get, policy) -> None:
    def drip(request, handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for _ in range(40):
            handler.wfile.write(b"X-A: b\r\n")
            time.sleep(0.1)

    started = time.monotonic()
    assert get(serve(drip).url, policy=replace(policy, total_seconds=0.5)).error == "timeout"
    assert time.monotonic() - started < 2


def test_a_server_that_never_responds(serve, get, policy) -> None:
    server = serve(lambda request, handler: time.sleep(3))
    assert get(server.url, policy=replace(policy, total_seconds=0.3)).error == "timeout"


def test_informational_answers_without_end(serve, get, policy) -> None:
    def chatter(request, handler):
        for _ in range(100):
            handler.wfile.write(b"HTTP/1.1 102 Processing\r\n\r\n")
            time.sleep(0.05)

    assert get(serve(chatter).url, policy=replace(policy, total_seconds=0.4)).error == "timeout"


def test_an_endless_body(serve, get) -> None:
    sent = []

    def endless(request, handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        for _ in range(10000):
            handler.wfile.write(b"x" * 65536)
            sent.append(1)

    assert get(serve(endless).url).error == "too_large"
    assert len(sent) < 9000


def test_a_body_of_exactly_the_limit(serve, make_answer, get, policy) -> None:
    policy = replace(policy, max_bytes=1000)
    assert get(serve(make_answer(b"x" * 1000)).url, policy=policy).status == 200
    assert get(serve(make_answer(b"x" * 1001)).url, policy=policy).error == "too_large"


@pytest.mark.parametrize("layers", ["gzip", "gzip, gzip", "deflate", "br", "br, gzip", "gzip, br"])
def test_a_decompression_bomb(serve, make_answer, get, layers) -> None:
    body = b"\0" * 50_000_000
    for layer in layers.split(", "):
        body = COMPRESS[layer](body)
    assert len(body) < 262144
    assert get(serve(make_answer(body, Content_Encoding=layers)).url).error == "too_large"


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate", "br", "BR", "br, gzip", "gzip,br", "identity, br"])
@pytest.mark.parametrize("piece", [1, 7, 100_000])
def test_a_compressed_body_is_read(serve, get, encoding, piece) -> None:
    text = "".join(f"Größe {number} " for number in range(500))
    body = text.encode()
    for layer in encoding.lower().replace(" ", "").split(","):
        body = COMPRESS[layer](body)

    def respond(request, handler):
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {len(body)}\r\n\r\n"
        handler.wfile.write(head.encode())
        for start in range(0, len(body), piece):
            handler.wfile.write(body[start : start + piece])

    server = serve(respond)
    assert get(server.url).text() == text
    assert b"accept-encoding: gzip, deflate, br\r\n" in server.requests[0].lower()


@pytest.mark.parametrize("encoding", ["br", "gzip", "deflate"])
@pytest.mark.parametrize("damage", [lambda body: body[:-1], lambda body: body[:10], lambda body: b"<html>" + body])
def test_a_truncated_or_corrupt_compressed_body(serve, make_answer, get, encoding, damage) -> None:
    body = damage(COMPRESS[encoding](bytes(range(256)) * 40))
    reply = get(serve(make_answer(body, Content_Encoding=encoding)).url)
    assert (reply.status, reply.error) == (None, "bad_answer")
    assert reply.answer.excerpt in ("corrupt compressed body", "incomplete compressed body")


@pytest.mark.parametrize(
    ("encoding", "detail"),
    [
        ("zstd", "compressed with zstd"),
        ("gzip, ZSTD", "compressed with zstd"),
        ("compress", "compressed with compress"),
        ("<b>" + "x" * 99, "compressed with an unknown encoding"),
    ],
)
def test_what_cannot_be_read_is_named(serve, make_answer, get, encoding, detail) -> None:
    reply = get(serve(make_answer(b"(\xb5/\xfd", Content_Encoding=encoding)).url)
    assert (reply.status, reply.error, reply.answer.excerpt) == (None, "encoding", detail)


def test_an_empty_body_needs_no_decoder(serve, make_answer, get) -> None:
    assert get(serve(make_answer(b"", Content_Encoding="zstd", status="302 Found", Location="/x")).url).status == 302


@pytest.mark.parametrize(
    "raw",
    [
        b"\r\n\r\n",
        b"\x00\x01\x02\xff" * 50 + b"\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\x00b\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(2000)) + b"Content-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 300_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffffff\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: " + b",".join([b"gzip"] * 50) + b"\r\nContent-Length: 1\r\n\r\nx",
        b"HTTP/1.1 99999 Eh\r\n\r\n",
    ],
)
def test_invalid_http(serve, get, raw: bytes) -> None:
    reply = get(serve(raw).url)
    assert reply.status is None
    assert reply.error == "bad_answer"


def test_a_reset_in_the_middle(serve, get) -> None:
    def reset(request, handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc")
        handler.wfile.flush()
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.connection.close()

    assert get(serve(reset).url).error in ("reset", "bad_answer")  # the data may or may not arrive before the reset


def test_nul_bytes_in_a_body_do_not_reach_the_evidence(serve, make_answer, get) -> None:
    reply = get(serve(make_answer(b"a\x00b\x1b[31mc\x7f", Content_Type="text/plain\x85")).url)
    assert reply.status == 200
    assert reply.answer.excerpt == "a b [31mc"


@pytest.mark.parametrize(
    ("content_type", "body_and_text"),
    [
        ("text/html; charset=iso-8859-1", ("é".encode("latin-1"), "é")),
        ("text/html; charset=utf-8", (b"\xff\xfe\xe9", None)),
        ("text/html; charset=punycode", (b"abc-", "abc-")),
        ("text/html; charset=zlib", (b"abc", "abc")),
        ("text/html; charset=utf-16", (b"abc", None)),
        ("text/html", (b"\xef\xbb\xbfabc", "abc")),
        ("text/html; charset=latin-1", (b"\xef\xbb\xbf\xc3\xa9", "é")),
        ("", (b"\xc3\x28", "\ufffd(")),
    ],
)
def test_character_sets(serve, make_answer, get, content_type, body_and_text) -> None:
    body, text = body_and_text
    reply = get(serve(make_answer(body, Content_Type=content_type)).url)
    assert isinstance(reply.text(), str)
    assert text is None or reply.text() == text


def test_a_redirect_is_an_answer_by_default(serve, make_answer, get) -> None:
    server = serve(make_answer(status="302 Found", Location="/login?token=abcdefghijklmnop&next=1"))
    reply = get(server.url + "/x")
    assert reply.status == 302
    assert reply.location == server.url + "/login?token=abcdefghijklmnop&next=1"
    assert reply.answer.location == server.url + "/login?token=abcd…&next=1"
    assert len(server.requests) == 1


def test_a_custom_scheme_is_never_followed(serve, make_answer, get) -> None:
    server = serve(
        make_answer(status="302 Found", Location="confluence-server://oauth-callback?code=abcdefghijkl&state=s")
    )
    reply = get(server.url, follow=5)
    assert (reply.status, reply.answer.location) == (302, "confluence-server://oauth-callback?code=abcd…&state=…")


def test_redirects_are_followed_on_request(serve, make_answer, get) -> None:
    def respond(request, handler):
        if request.startswith(b"GET /end"):
            return make_answer(b"there")
        return make_answer(status="302 Found", Location="/end")

    server = serve(respond)
    reply = get(server.url + "/start", follow=1)
    assert (reply.status, reply.body) == (200, b"there")
    assert reply.answer.hops == (server.url + "/start", server.url + "/end")


def test_a_redirect_loop(serve, make_answer, get) -> None:
    server = serve(make_answer(status="302 Found", Location="/"))
    assert get(server.url + "/", follow=5).error == "too_many_redirects"
    assert len(server.requests) == 1


def test_redirects_without_end(serve, get, make_answer) -> None:
    server = serve(lambda request, handler: make_answer(status="302 Found", Location=f"/{len(server.requests)}"))
    assert get(server.url + "/", follow=99).error == "too_many_redirects"
    assert len(server.requests) == 6


@pytest.mark.parametrize(
    ("target", "error"),
    [
        ("https://169.254.169.254/latest/meta-data/", "blocked_address"),
        ("https://10.0.0.1/", "blocked_address"),
        ("http://10.0.0.1/", "blocked_address"),
        ("http://[::ffff:127.0.0.1]/", "blocked_address"),
        ("https://user:pw@127.0.0.1/", "bad_url"),
        ("http://exa\tmple .com/", "bad_url"),
        ("https://127.0.0.1:1/", "refused"),
    ],
)
def test_a_redirect_to_a_blocked_address(serve, make_answer, get, target, error) -> None:
    reply = get(serve(make_answer(status="302 Found", Location=target)).url, follow=3)
    assert reply.error == error
    assert len(reply.answer.hops) == 2


def test_credentials_stay_with_their_origin(serve, make_answer, get) -> None:
    other = serve(make_answer(b"other"))
    server = serve(make_answer(status="302 Found", Location=other.url + "/"))
    reply = get(server.url, follow=2, cookies={"s": "secret"}, headers={"Authorization": "Bearer secret"})
    assert reply.body == b"other"
    assert b"secret" in server.requests[0]
    assert b"secret" not in other.requests[0]


def test_a_form_is_never_carried_to_another_origin(serve, make_answer, get) -> None:
    other = serve(make_answer(b"other"))
    server = serve(make_answer(status="307 Temporary Redirect", Location=other.url + "/"))
    assert get(server.url, method="POST", form={"code": "secret"}, follow=2).status == 307
    assert other.requests == []


def test_a_form_becomes_a_get_after_303(serve, make_answer, get) -> None:
    def respond(request, handler):
        return make_answer(status="303 See Other", Location="/x") if request.startswith(b"POST") else make_answer(b"ok")

    server = serve(respond)
    assert get(server.url, method="POST", form={"code": "secret"}, follow=1).body == b"ok"
    assert b"secret" not in server.requests[1]


def test_json_is_read_tolerantly(serve, make_answer, get) -> None:
    reply = get(
        serve(make_answer(b'\xef\xbb\xbf{"a": NaN, "a": Infinity, "b": "\\u0000"}', Content_Type="text/html")).url
    )
    assert reply.json() == {"a": None, "b": "\x00"}


@pytest.mark.parametrize("body", [b"", b"<html>", b"[" * 100_000, b'{"a":' * 40_000, b"9" * 10_000, b"\xff\xfe"])
def test_invalid_json(serve, make_answer, get, body) -> None:
    reply = get(serve(make_answer(body)).url)
    with pytest.raises(ValueError, match=r"\w"):
        reply.json()


def test_nothing_raw_shows_in_a_reply_printed_by_accident(serve, make_answer, get) -> None:
    body = json.dumps({"access_token": "abcdefghijklmnopqrstuvwxyz"}).encode()
    reply = get(serve(make_answer(body, Set_Cookie="sid=verysecretvalue")).url)
    assert "efghijklm" not in repr(reply)
    assert "verysecret" not in repr(reply)
