"""The outbound proxy: used when the door says so, asked for judged addresses only, its password kept to itself."""

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
    """A small CONNECT proxy that passes bytes on until one side ends."""

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
        with socket.create_connection((host.strip("[]"), int(port)), timeout=5) as there:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            self._pass_on(there)

    def _pass_on(self, there: socket.socket) -> None:
        pair = {self.connection: there, there: self.connection}
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


def _door(proxy: socketserver.ThreadingTCPServer, user: str = "", **more: object) -> FetchPolicy:
    address = f"http://{user}127.0.0.1:{proxy.server_address[1]}"
    settings = {"allow_loopback": True, "resolver": lambda host, port: ["127.0.0.1"], **more}
    return FetchPolicy(proxy=address, through_proxy=True, connect_seconds=1, total_seconds=2, **settings)


def test_it_works(serve, make_answer, get, proxy) -> None:
    server = serve(make_answer(b"behind the proxy"))
    reply = get(f"http://wiki.test:{server.port}/x?y=1", policy=_door(proxy))
    assert (reply.body, reply.answer.address) == (b"behind the proxy", "loopback")
    assert proxy.heads[0].startswith(f"CONNECT 127.0.0.1:{server.port} HTTP/1.1\r\n")  # an address, never the name
    assert "wiki.test" not in proxy.heads[0]
    assert f"host: wiki.test:{server.port}".encode() in server.requests[0].lower()
    assert b"proxy-authorization" not in server.requests[0].lower()


def test_only_when_the_door_says_so(serve, make_answer, get, proxy) -> None:
    from dataclasses import replace

    server = serve(make_answer(b"direct"))
    assert get(server.url, policy=replace(_door(proxy), through_proxy=False)).body == b"direct"
    assert proxy.heads == []


def test_a_door_that_wants_a_proxy_without_one_does_not_go_out_directly(serve, make_answer, get, policy) -> None:
    from dataclasses import replace

    server = serve(make_answer())
    reply = get(server.url, policy=replace(policy, through_proxy=True))
    assert (reply.error, reply.answer.excerpt, server.requests) == ("proxy", "PROBE_PROXY is not set", [])


def test_the_password_is_for_the_proxy_alone(serve, make_answer, get, proxy, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    server = serve(make_answer())
    policy = _door(proxy, user="gate%40pass:s%3Acret@")
    reply = get(f"http://wiki.test:{server.port}/", policy=policy)
    assert reply.status == 200
    assert base64.b64encode(b"gate@pass:s:cret").decode() in proxy.heads[0]
    for text in (repr(policy), repr(reply), caplog.text, server.requests[0].decode()):
        assert "cret" not in text


@pytest.mark.parametrize("address", ["10.0.0.1", "169.254.169.254", "::ffff:127.0.0.1"])
def test_the_guard_holds_behind_the_proxy(get, proxy, address) -> None:
    policy = _door(proxy, resolver=lambda host, port: [address])
    assert get("https://wiki.test/", policy=policy).error == "blocked_address"
    assert proxy.heads == []


def test_a_redirect_is_judged_behind_the_proxy(serve, make_answer, get, proxy) -> None:
    server = serve(make_answer(status="302 Found", Location="https://10.0.0.1/"))
    assert get(f"http://wiki.test:{server.port}/", policy=_door(proxy), follow=3).error == "blocked_address"
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
def test_a_proxy_that_will_not(serve, make_answer, get, proxy, answer) -> None:
    server = serve(make_answer())
    proxy.answer = answer
    reply = get(f"http://wiki.test:{server.port}/", policy=_door(proxy))
    assert (reply.status, reply.error, server.requests) == (None, "proxy", [])
    assert "secret" not in reply.answer.excerpt


def test_a_proxy_that_is_not_there(get) -> None:
    policy = FetchPolicy(
        allow_loopback=True,
        proxy="http://u:secret@127.0.0.1:1",
        through_proxy=True,
        resolver=lambda h, p: ["127.0.0.1"],
    )
    reply = get("http://wiki.test:81/", policy=policy)
    assert reply.error == "proxy"
    assert "secret" not in repr(reply)
