"""Serves the simulated sites as web servers on loopback, each on its own port, all in one event loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket  # noqa: TID251 - listens only
import ssl
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from .answers import answer, identity_provider, inner_path, page
from .authority import Authority
from .http_server import Connection, RefusedError, Request, head, read_request
from .simulated_site import Call, Response, SimulatedSite
from .table import PERSONAS, PLAIN_OFFSET, SINGLE_SIGN_ON_OFFSET

HOST = "127.0.0.1"
IDLE_SECONDS = 10  # until a connection without requests is closed
LIFETIME_SECONDS = 60  # of any connection, even if the client does not read
TIMEOUT_SECONDS = 10
SINGLE_SIGN_ON, PLAIN = "(single sign-on)", "(plain http)"  # listeners that belong to no site


@dataclass(frozen=True)
class _Listener:
    """A bound socket; ``simulated`` is None for the fleet's own two listeners."""

    name: str
    simulated: SimulatedSite | None
    bound: socket.socket
    tls: ssl.SSLContext | None = None

    @property
    def port(self) -> int:
        return int(self.bound.getsockname()[1])


class SimulatedFleet:
    """Serves simulated sites until ``stop``; a context manager.

    ``port_base`` determines every port; without it the system chooses free ones. ``ca_pem`` is the authority of the
    https sites' certificates. ``left_out`` has the reason for each site that is not served. Raises OSError if a port
    is in use.
    """

    def __init__(self, names: Iterable[str] | None = None, *, port_base: int | None = None) -> None:
        wanted = {name: PERSONAS[name] for name in (names if names is not None else PERSONAS)}
        self.left_out = {name: reason for name in wanted if (reason := _why_not_served(wanted[name]))}
        self.sites = {name: simulated for name, simulated in wanted.items() if name not in self.left_out}
        self.authority = Authority()
        self._listeners: dict[str, _Listener] = {}
        self._servers: list[asyncio.Server] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="simulated-sites", daemon=True)
        try:
            self._bind(SINGLE_SIGN_ON, None, HOST, _port(port_base, SINGLE_SIGN_ON_OFFSET))
            self._bind(PLAIN, None, HOST, _port(port_base, PLAIN_OFFSET))
            for name, simulated in self.sites.items():
                self._bind(name, simulated, simulated.host, _port(port_base, simulated.offset))
            self._thread.start()
            asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(TIMEOUT_SECONDS)
        except BaseException:
            self.stop()
            raise

    @property
    def ca_pem(self) -> str:
        return self.authority.pem

    @property
    def single_sign_on_url(self) -> str:
        return f"http://{HOST}:{self._listeners[SINGLE_SIGN_ON].port}"

    def base_url(self, name: str) -> str:
        """Return the base URL of a site as set in Gatepass. Raises KeyError for a site that is not served."""
        return self.sites[name].base_url(self._listeners[name].port)

    def stop(self) -> None:
        """Stop all servers and close all connections."""
        if self._thread.is_alive():
            with contextlib.suppress(TimeoutError):
                asyncio.run_coroutine_threadsafe(self._finish(), self._loop).result(TIMEOUT_SECONDS)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(TIMEOUT_SECONDS)
        for listener in self._listeners.values():
            listener.bound.close()
        if not self._loop.is_running():
            self._loop.close()

    def __enter__(self) -> SimulatedFleet:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.stop()

    def _bind(self, name: str, simulated: SimulatedSite | None, host: str, port: int) -> None:
        """Reserve the port. A site that does not listen keeps its port reserved and refuses every connection."""
        bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
        kind = simulated.certificate if simulated else None
        self._listeners[name] = _Listener(name, simulated, bound, self.authority.server_context(kind) if kind else None)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))

    async def _listen(self) -> None:
        for listener in self._listeners.values():
            if listener.simulated is None or listener.simulated.listens:
                self._servers.append(await self._server(listener))

    async def _server(self, listener: _Listener) -> asyncio.Server:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            # Clients may disconnect at any time, and the fleet may stop meanwhile.
            try:
                async with asyncio.timeout(LIFETIME_SECONDS):
                    await self._handle_connection(listener, reader, Connection(writer))
                    writer.close()
                    await writer.wait_closed()
            except (OSError, asyncio.IncompleteReadError, TimeoutError, asyncio.CancelledError):
                writer.transport.abort()

        return await asyncio.start_server(serve, sock=listener.bound, ssl=listener.tls)

    async def _handle_connection(
        self, listener: _Listener, reader: asyncio.StreamReader, connection: Connection
    ) -> None:
        keep_alive = True
        while keep_alive:
            try:
                async with asyncio.timeout(IDLE_SECONDS):
                    request = await read_request(reader)
            except RefusedError as refused:
                await _send(connection, Response(refused.status), keep_alive=False)
                return
            if request is None:
                return
            response = self._respond(listener, request)
            if listener.simulated and listener.simulated.send:
                await listener.simulated.send(connection, response)
                return
            keep_alive = request.keep_alive
            await _send(connection, response, keep_alive=keep_alive)

    def _respond(self, listener: _Listener, request: Request) -> Response:
        """Return the response to a request; an invalid one gets a 400."""
        if listener.name == PLAIN:
            return self._back_to_https(request.target)
        simulated = listener.simulated or next(iter(PERSONAS.values()))
        try:
            path = inner_path(request.target, simulated.context_path) or ""
            form = dict(parse_qsl(request.body, max_num_fields=50))
        except ValueError:
            return page(400, "Bad request", "The request is invalid.")
        call = Call(
            simulated=simulated,
            base_url=simulated.origin(listener.port) + simulated.context_path,
            port=listener.port,
            single_sign_on_url=self.single_sign_on_url,
            plain_url=f"http://{HOST}:{self._listeners[PLAIN].port}",
            method=request.method,
            path=path,
            target=request.target,
            form=form,
            headers=request.headers,
        )
        return answer(call) if listener.simulated else identity_provider(call)

    def _back_to_https(self, target: str) -> Response:
        """Redirect plain http to https, for the site that redirects in a loop."""
        listener = self._listeners.get("http-https-circle")
        if listener is None or listener.simulated is None:
            return page(404, "Page not found", "There is no site at this address.")
        return Response(301, headers={"Location": listener.simulated.origin(listener.port) + target})

    async def _finish(self) -> None:
        for server in self._servers:
            server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


def _port(port_base: int | None, offset: int) -> int:
    return 0 if port_base is None else port_base + offset


async def _send(connection: Connection, response: Response, *, keep_alive: bool) -> None:
    content = response.content
    headers = {
        "Server": "SimulatedConfluence",
        "Content-Type": response.content_type,
        "Content-Length": str(len(content)),
        "Connection": "keep-alive" if keep_alive else "close",
    }
    await connection.send(head(response.status, {**headers, **response.headers}) + content)


def _why_not_served(simulated: SimulatedSite) -> str | None:
    """The reason why this machine cannot serve a site; None if it can."""
    if ":" not in simulated.host:
        return None
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as tried:
            tried.bind((simulated.host, 0))
    except OSError:
        return "this machine has no IPv6 loopback address"
    return None
