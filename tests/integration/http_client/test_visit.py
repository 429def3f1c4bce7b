"""Several requests over one connection, and the facts of a response."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from rollout.http_client.client import visit
from rollout.http_client.reply import EVIDENCE_HEADERS, Reply


def _keep_open(answers: list[bytes]) -> Callable:
    """Send these responses one by one over one connection, and count the connections."""

    def respond(request, handler):
        handler.server.connections = getattr(handler.server, "connections", 0) + 1
        while request:
            if not answers:
                return None
            handler.wfile.write(answers.pop(0))
            handler.wfile.flush()
            request = b""
            while not request.endswith(b"\r\n\r\n"):
                line = handler.rfile.readline()
                if not line:
                    return None
                request += line
        return None

    return respond


def _fetch_all(policy, *urls: str, **options: object) -> list[Reply]:
    async def fetch_all() -> list[Reply]:
        async with visit(policy) as one:
            return [await one.fetch("GET", url, **options) for url in urls]

    return asyncio.run(fetch_all())


def _plain(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


def test_it_works(serve, policy) -> None:
    server = serve(_keep_open([_plain(b"one"), _plain(b"two"), _plain(b"three")]))
    resolved = []

    def resolver(host: str, port: int) -> list[str]:
        resolved.append(host)
        return ["127.0.0.1"]

    url = f"http://wiki.test:{server.port}"
    replies = _fetch_all(replace(policy, resolver=resolver), url + "/1", url + "/2", url + "/3")
    assert [reply.body for reply in replies] == [b"one", b"two", b"three"]
    assert resolved == ["wiki.test"]
    assert server._server.connections == 1


def test_a_closed_connection_is_replaced(serve, policy) -> None:
    server = serve(_keep_open([_plain(b"one")]))  # the second request finds the connection closed
    again = serve(lambda request, handler: _plain(b"each"))
    assert [reply.body for reply in _fetch_all(policy, again.url, again.url, again.url)] == [b"each"] * 3
    first, second = _fetch_all(policy, server.url, server.url)
    assert (first.body, second.error) == (b"one", "reset")


@pytest.mark.parametrize("more", [_plain(b"forged"), b"garbage"])
def test_an_unrequested_response_is_not_used_for_the_next_request(serve, policy, more) -> None:
    calls = []

    def respond(request, handler):
        calls.append(1)
        return _plain(b"one") + more if len(calls) == 1 else _plain(b"two")

    server = serve(respond)
    assert [reply.body for reply in _fetch_all(policy, server.url, server.url)] == [b"one", b"two"]


def test_the_facts_of_a_response(serve, make_answer, get) -> None:
    body = b"<html>" + b"x" * 100
    server = serve(
        make_answer(
            body, Server="Apache", X_Confluence_Request_Time="17", Set_Cookie="JSESSIONID=verysecretvalue; Path=/",
            WWW_Authenticate='Negotiate abcdefghijkl', X_ASEN="SEN-1234567", X_AUSERNAME="alice", X_Other="no",
            X_Seraph_LoginReason="OK", CF_RAY="1234-FRA",
        )
    )  # fmt: skip
    answer = get(server.url + "/a").answer
    assert answer.size == len(body)
    assert answer.address == "loopback"
    assert dict(answer.headers) == {
        "server": "Apache", "x-confluence-request-time": "17", "set-cookie": "JSESSIONID", "x-asen": "…",
        "www-authenticate": "Negotiate", "x-ausername": "…", "x-seraph-loginreason": "OK", "cf-ray": "…",
    }  # fmt: skip
    assert all(name == name.lower() for name in EVIDENCE_HEADERS)


def test_evidence_headers_are_bounded_and_clean(serve, get) -> None:
    lines = b"".join(b"Via: 1.1 proxy%d \x1b[31m\r\n" % n for n in range(60)) + b"Server: " + b"s" * 5000 + b"\r\n"
    server = serve(
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n" + lines.replace(b"\x1b", b"") + b"\r\n"
    )
    headers = get(server.url).answer.headers
    assert len(headers) == 40
    assert all(len(value) <= 200 for _name, value in headers)


def test_each_redirect_is_reported(serve, make_answer, get) -> None:
    def respond(request, handler):
        if request.startswith(b"GET /end"):
            return make_answer(b"there")
        return make_answer(status="302 Found", Location="/end?token=abcdefghijklmnop")

    server = serve(respond)
    answer = get(server.url + "/start", follow=5).answer
    assert [(hop.status, hop.url, hop.location, hop.address) for hop in answer.trace] == [
        (302, server.url + "/start", server.url + "/end?token=abcd…", "loopback"),
        (200, server.url + "/end?token=abcd…", None, "loopback"),
    ]
    assert answer.hops == tuple(hop.url for hop in answer.trace)


def test_another_host_is_named_but_not_contacted(serve, make_answer, get) -> None:
    foreign = serve(make_answer(b"foreign"))
    server = serve(make_answer(status="302 Found", Location=f"http://127.0.0.2:{foreign.port}/login"))
    reply = get(server.url, follow=5, same_host=True)
    assert (reply.status, reply.location, foreign.requests) == (302, f"http://127.0.0.2:{foreign.port}/login", [])
    assert get(server.url, follow=5).status is None or foreign.requests


def test_redirects_on_the_same_host_are_followed(serve, make_answer, get) -> None:
    other = serve(make_answer(b"same host"))
    server = serve(make_answer(status="301 Moved", Location=other.url + "/"))
    assert get(server.url, follow=5, same_host=True).body == b"same host"
