"""The outbound proxy: used only if the policy says so, for checked addresses only, and its password is never shown."""

from __future__ import annotations

import base64
import logging
import select
import socket
import socketserver
import threading
from collections.abc import Iterator

import pytest

from rollout.http_client.policy import FetchPolicy


class _Tunnel(socketserver.StreamRequestHandler):
    """A small CONNECT proxy that forwards bytes until one side closes."""

    timeout = 5

    def handle(self) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = self.rfile.readline(10_000)
            if not line:
                return
            head += line
        self.server.heads.append(head.decode("latin-1"))
        if self.server.answer:
            self.wfile.write(self.server.answer)
            return
        host, _, port = head.split()[1].decode().rpartition(":")
        with socket.create_connection((host.strip("[]"), int(port)), timeout=5) as upstream:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            self._forward(upstream)

    def _forward(self, upstream: socket.socket) -> None:
        pair = {self.connection: upstream, upstream: self.connection}
        while True:
            for ready in select.select(list(pair), [], [], 5)[0]:
                data = ready.recv(65536)
                if not data:
                    return
                pair[ready].sendall(data)


@pytest.fixture
def proxy() -> Iterator[socketserver.ThreadingTCPServer]:
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Tunnel)
    server.daemon_threads, server.heads, server.answer = True, [], b""
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def _proxy_policy(proxy: socketserver.ThreadingTCPServer, user: str = "", **more: object) -> FetchPolicy:
    address = f"http://{user}127.0.0.1:{proxy.server_address[1]}"
    settings = {"allow_loopback": True, "resolver": lambda host, port: ["127.0.0.1"], **more}
    return FetchPolicy(proxy=address, through_proxy=True, connect_seconds=1, total_seconds=2, **settings)


def test_it_works(serve, make_answer, get, proxy) -> None:
    server = serve(make_answer(b"behind the proxy"))
    reply = get(f"http://wiki.test:{server.port}/x?y=1", policy=_proxy_policy(proxy))
    assert (reply.body, reply.answer.address) == (b"behind the proxy", "loopback")
    assert proxy.heads[0].startswith(f"CONNECT 127.0.0.1:{server.port} HTTP/1.1\r\n")  # an address, never the name
    assert "wiki.test" not in proxy.heads[0]
    assert f"host: wiki.test:{server.port}".encode() in server.requests[0].lower()
    assert b"proxy-authorization" not in server.requests[0].lower()


def test_the_proxy_is_used_only_if_the_policy_says_so(serve, make_answer, get, proxy) -> None:
    from dataclasses import replace

    server = serve(make_answer(b"direct"))
    assert get(server.url, policy=replace(_proxy_policy(proxy), through_proxy=False)).body == b"direct"
    assert proxy.heads == []


def test_without_a_proxy_url_nothing_is_sent_directly(serve, make_answer, get, policy) -> None:
    from dataclasses import replace

    server = serve(make_answer())
    reply = get(server.url, policy=replace(policy, through_proxy=True))
    assert (reply.error, reply.answer.excerpt, server.requests) == ("proxy", "PROBE_PROXY is not set", [])


def test_only_the_proxy_gets_its_password(serve, make_answer, get, proxy, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    server = serve(make_answer())
    policy = _proxy_policy(proxy, user="gate%40pass:s%3Acret@")
    reply = get(f"http://wiki.test:{server.port}/", policy=policy)
    assert reply.status == 200
    assert base64.b64encode(b"gate@pass:s:cret").decode() in proxy.heads[0]
    for text in (repr(policy), repr(reply), caplog.text, server.requests[0].decode()):
        assert "cret" not in text


@pytest.mark.parametrize("address", ["10.0.0.1", "169.254.169.254", "::ffff:127.0.0.1"])
def test_blocked_addresses_are_not_sent_to_the_proxy(get, proxy, address) -> None:
    policy = _proxy_policy(proxy, resolver=lambda host, port: [address])
    assert get("https://wiki.test/", policy=policy).error == "blocked_address"
    assert proxy.heads == []


def test_a_redirect_behind_the_proxy_is_checked(serve, make_answer, get, proxy) -> None:
    server = serve(make_answer(status="302 Found", Location="https://10.0.0.1/"))
    assert get(f"http://wiki.test:{server.port}/", policy=_proxy_policy(proxy), follow=3).error == "blocked_address"
    assert len(proxy.heads) == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 6\r\n\r\nsecret",
        b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\nContent-Length: 0\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 50,
        b"\r\n",
        b"X" * 200_000,
    ],
)
def test_a_proxy_that_refuses_or_sends_garbage(serve, make_answer, get, proxy, answer) -> None:
    server = serve(make_answer())
    proxy.answer = answer
    reply = get(f"http://wiki.test:{server.port}/", policy=_proxy_policy(proxy))
    assert (reply.status, reply.error, server.requests) == (None, "proxy", [])
    assert "secret" not in reply.answer.excerpt


def test_an_unreachable_proxy(get) -> None:
    policy = FetchPolicy(
        allow_loopback=True,
        proxy="http://u:secret@127.0.0.1:1",
        through_proxy=True,
        resolver=lambda h, p: ["127.0.0.1"],
    )
    reply = get("http://wiki.test:81/", policy=policy)
    assert reply.error == "proxy"
    assert "secret" not in repr(reply)
