"""The simulated sites as real web servers on this machine, each at a port of its own, all in one event loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket  # noqa: TID251 - listens only
import ssl
import threading
import time
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
IDLE_SECONDS = 10  # until a connection that asks nothing is closed
LIFETIME_SECONDS = 60  # of any connection: of one whose other end does not read, too
PATIENCE = 10
SINGLE_SIGN_ON, PLAIN = "(single sign-on)", "(plain http)"  # places that are no persona
# By which header a product's answers are known.
_FINGERPRINTS = {"confluence": "X-Confluence-Request-Time", "jira": "X-AREQUESTID"}


@dataclass(frozen=True)
class _Place:
    """A bound socket; ``persona`` is None for the fleet's own two places."""

    name: str
    simulated: SimulatedSite | None
    bound: socket.socket
    tls: ssl.SSLContext | None = None

    @property
    def port(self) -> int:
        return int(self.bound.getsockname()[1])


class SimulatedFleet:
    """Serves personas until ``stop``; usable as a context manager.

    ``port_base`` fixes every port; without it the system chooses free ones. ``ca_pem`` is the authority that the
    https personas' certificates come from. ``left_out`` says why a persona is not served. Raises OSError when a port
    is taken.
    """

    def __init__(self, names: Iterable[str] | None = None, *, port_base: int | None = None) -> None:
        wanted = {name: PERSONAS[name] for name in (names if names is not None else PERSONAS)}
        self.left_out = {name: why for name in wanted if (why := _why_not_here(wanted[name]))}
        self.personas = {name: simulated for name, simulated in wanted.items() if name not in self.left_out}
        self.authority = Authority()
        self._places: dict[str, _Place] = {}
        self._servers: list[asyncio.Server] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="personas", daemon=True)
        try:
            self._bind(SINGLE_SIGN_ON, None, HOST, _port(port_base, SINGLE_SIGN_ON_OFFSET))
            self._bind(PLAIN, None, HOST, _port(port_base, PLAIN_OFFSET))
            for name, simulated in self.personas.items():
                self._bind(name, simulated, simulated.host, _port(port_base, simulated.offset))
            self._thread.start()
            asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(PATIENCE)
        except BaseException:
            self.stop()
            raise

    @property
    def ca_pem(self) -> str:
        return self.authority.pem

    @property
    def single_sign_on_url(self) -> str:
        return f"http://{HOST}:{self._places[SINGLE_SIGN_ON].port}"

    def base_url(self, name: str) -> str:
        """The base URL of a persona, as somebody entered it. Raises KeyError for one that is not served."""
        return self.personas[name].base_url(self._places[name].port)

    def stop(self) -> None:
        if self._thread.is_alive():
            with contextlib.suppress(TimeoutError):
                asyncio.run_coroutine_threadsafe(self._finish(), self._loop).result(PATIENCE)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(PATIENCE)
        for place in self._places.values():
            place.bound.close()
        if not self._loop.is_running():
            self._loop.close()

    def __enter__(self) -> SimulatedFleet:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.stop()

    def _bind(self, name: str, simulated: SimulatedSite | None, host: str, port: int) -> None:
        """Takes the port. A persona that does not listen keeps it taken and refuses every connection."""
        bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
        kind = simulated.certificate if simulated else None
        self._places[name] = _Place(name, simulated, bound, self.authority.server_context(kind) if kind else None)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))

    async def _listen(self) -> None:
        for place in self._places.values():
            if place.simulated is None or place.simulated.listens:
                self._servers.append(await self._server(place))

    async def _server(self, place: _Place) -> asyncio.Server:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            # Whoever goes away in the middle is no fault of ours; neither is a fleet that stops meanwhile.
            try:
                async with asyncio.timeout(LIFETIME_SECONDS):
                    await self._converse(place, reader, Connection(writer))
                    writer.close()
                    await writer.wait_closed()
            except (OSError, asyncio.IncompleteReadError, TimeoutError, asyncio.CancelledError):
                writer.transport.abort()

        return await asyncio.start_server(serve, sock=place.bound, ssl=place.tls)

    async def _converse(self, place: _Place, reader: asyncio.StreamReader, connection: Connection) -> None:
        keeps = True
        while keeps:
            try:
                async with asyncio.timeout(IDLE_SECONDS):
                    request = await read_request(reader)
            except RefusedError as refused:
                await _send(connection, Response(refused.status), place.simulated, keeps=False)
                return
            if request is None:
                return
            response = self._answer(place, request)
            if place.simulated and place.simulated.sent:
                await place.simulated.sent(connection, response)
                return
            keeps = request.keeps
            await _send(connection, response, place.simulated, keeps=keeps)

    def _answer(self, place: _Place, request: Request) -> Response:
        """The answer to a request. What cannot be read as one is refused."""
        if place.name == PLAIN:
            return self._back_to_https(request.target)
        simulated = place.simulated or next(iter(PERSONAS.values()))
        try:
            path = inner_path(request.target, simulated.context_path) or ""
            form = dict(parse_qsl(request.body, max_num_fields=50))
        except ValueError:
            return page(400, "Bad request", "This request cannot be read.")
        call = Call(
            simulated=simulated,
            base_url=simulated.origin(place.port) + simulated.context_path,
            port=place.port,
            single_sign_on_url=self.single_sign_on_url,
            plain_url=f"http://{HOST}:{self._places[PLAIN].port}",
            method=request.method,
            path=path,
            target=request.target,
            form=form,
            headers=request.headers,
        )
        return answer(call) if place.simulated else identity_provider(call)

    def _back_to_https(self, target: str) -> Response:
        """Where plain http of the persona that goes in a circle leads."""
        place = self._places.get("http-https-circle")
        if place is None or place.simulated is None:
            return page(404, "Page not found", "Nobody is here.")
        return Response(301, headers={"Location": place.simulated.origin(place.port) + target})

    async def _finish(self) -> None:
        for server in self._servers:
            server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


def _port(port_base: int | None, offset: int) -> int:
    return 0 if port_base is None else port_base + offset


async def _send(connection: Connection, response: Response, simulated: SimulatedSite | None, *, keeps: bool) -> None:
    content = response.content
    product = (simulated.says_product or simulated.product) if simulated else "confluence"
    headers = {
        "Server": "SimulatedConfluence",
        "Content-Type": response.content_type,
        "Content-Length": str(len(content)),
        "Connection": "keep-alive" if keeps else "close",
        _FINGERPRINTS[product]: str(round(time.time() * 1000)),
    }
    await connection.send(head(response.status, {**headers, **response.headers}) + content)


def _why_not_here(simulated: SimulatedSite) -> str | None:
    """Why this machine cannot serve a persona; None where it can."""
    if ":" not in simulated.host:
        return None
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as tried:
            tried.bind((simulated.host, 0))
    except OSError:
        return "this machine has no IPv6 loopback address"
    return None
