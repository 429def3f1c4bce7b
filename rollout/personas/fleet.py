"""The simulated sites as real web servers on 127.0.0.1, each at a port of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any

from .answers import NOTICE, Response, answer, page
from .table import PERSONAS, SINGLE_SIGN_ON_OFFSET, Persona

HOST = "127.0.0.1"
MAX_BODY = 65536
# Given method, target and body, the response.
Answering = Callable[[str, str, str], Response]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def server_bind(self) -> None:
        """Binds without the base class's look-up of the host's name, which waits for DNS where there is none."""
        TCPServer.server_bind(self)


class PersonaFleet:
    """Serves personas until ``stop``; usable as a context manager.

    ``port_base`` fixes every port; without it the system chooses free ones. Raises OSError when a port is taken.
    """

    def __init__(self, names: Iterable[str] | None = None, *, port_base: int | None = None) -> None:
        self.personas = {name: PERSONAS[name] for name in (names if names is not None else PERSONAS)}
        self._servers: dict[str, _Server] = {}
        self._threads: dict[str, threading.Thread] = {}
        try:
            self.single_sign_on_url = self._start("", port_base, SINGLE_SIGN_ON_OFFSET, listens=True)
            for name, persona in self.personas.items():
                self._start(name, port_base, persona.offset, listens=persona.listens)
        except OSError:
            self.stop()
            raise

    def base_url(self, name: str) -> str:
        """The persona's base URL, without a trailing slash. Raises KeyError for one that is not served."""
        return f"http://{HOST}:{self._servers[name].server_address[1]}{self.personas[name].context_path}"

    def stop(self) -> None:
        for name, thread in self._threads.items():
            self._servers[name].shutdown()
            thread.join(timeout=5)
        for server in self._servers.values():
            server.server_close()
        self._threads.clear()

    def __enter__(self) -> PersonaFleet:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.stop()

    def _start(self, name: str, port_base: int | None, offset: int, *, listens: bool) -> str:
        """The origin of a new server. One that does not listen keeps its port taken and refuses every connection."""
        answering = self._answering(self.personas[name]) if name else _identity_provider
        address = (HOST, 0 if port_base is None else port_base + offset)
        server = _Server(address, _handler(answering), bind_and_activate=False)
        self._servers[name] = server
        server.server_bind()
        if listens:
            server.server_activate()
            thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
            thread.start()
            self._threads[name] = thread
        return f"http://{HOST}:{server.server_address[1]}"

    def _answering(self, persona: Persona) -> Answering:
        def respond(method: str, target: str, body: str) -> Response:
            return answer(
                persona,
                base_url=self.base_url(persona.name),
                single_sign_on_url=self.single_sign_on_url,
                method=method,
                target=target,
                body=body,
            )

        return respond


def _identity_provider(method: str, target: str, body: str) -> Response:
    form = '<form method="post"><p><label>Work account <input name="account"></label></p><button>Next</button></form>'
    return page(200, "Single sign-on", NOTICE, form)


def _handler(answering: Answering) -> type[BaseHTTPRequestHandler]:
    """A request handler that answers by ``answering`` and says so with Confluence's own header."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 10
        server_version = "SimulatedConfluence"
        sys_version = ""

        def respond(self) -> None:
            length = self.headers.get("Content-Length", "0")
            if not length.isdecimal() or int(length) > MAX_BODY:
                self.send_error(413)
                return
            body = self.rfile.read(int(length)).decode("utf-8", "replace")
            response = answering(self.command, self.path, body)
            self.send_response(response.status)
            content = response.body.encode()
            own = {
                "Content-Type": response.content_type,
                "Content-Length": str(len(content)),
                "X-Confluence-Request-Time": str(round(time.time() * 1000)),
            }
            for name, value in {**own, **response.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing: a demo fleet's log is of no use to anybody."""

        do_GET = do_POST = respond  # noqa: N815

    return Handler
