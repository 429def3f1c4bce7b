"""Simulated sites with faulty connections: too slow, too much data, cut off, or not HTTP at all.

Every ``send`` function ends after a while, so that no connection stays open indefinitely.
"""

from __future__ import annotations

import asyncio
import gzip
from functools import lru_cache

from .http_server import head
from .simulated_site import READY_MDM, READY_NON_MDM, UNKNOWN, Response, SimulatedSite, Wire

DRIPS = 200
DRIP_SECONDS = 0.1
ENDLESS = 256  # blocks of 64 KiB: far more than any client should read
BOMB = 32 * 1024 * 1024
HEADERS = 10_000


async def drip(wire: Wire, response: Response) -> None:
    """Send an endless header slowly: only a deadline for the whole response stops it."""
    await wire.send(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    for _ in range(DRIPS):
        await wire.send(b"z")
        await asyncio.sleep(DRIP_SECONDS)


async def endless(wire: Wire, response: Response) -> None:
    await wire.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n")
    for _ in range(ENDLESS):
        await wire.send(b" " * 65536)


async def bomb(wire: Wire, response: Response) -> None:
    """Send a few kilobytes that decompress to many megabytes."""
    content = _bomb()
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip", "Content-Length": str(len(content))}
    await wire.send(head(200, headers) + content)


@lru_cache(maxsize=1)
def _bomb() -> bytes:
    return gzip.compress(b" " * BOMB, 6, mtime=0)


async def flood_of_headers(wire: Wire, response: Response) -> None:
    headers = {f"X-Header-{number}": "z" * 40 for number in range(HEADERS)}
    await wire.send(head(200, {**headers, "Content-Length": "2"}) + b"{}")


async def garbage_in_chunks(wire: Wire, response: Response) -> None:
    headers = {"Content-Type": "application/json", "Transfer-Encoding": "chunked"}
    await wire.send(head(200, headers) + b'5\r\n{"a":\r\nnot a length\r\nzzz\r\n')


async def cut_off(wire: Wire, response: Response) -> None:
    """Reset the connection in the middle of the body."""
    content = response.content
    await wire.send(
        head(200, {"Content-Type": "application/xml", "Content-Length": str(len(content) + 5000)}) + content
    )
    await asyncio.sleep(0.05)  # so that it arrives before the reset
    wire.reset()


async def other_protocol(wire: Wire, response: Response) -> None:
    await wire.send(b"SSH-2.0-OpenSSH_9.6\r\n")


async def http_1_0(wire: Wire, response: Response) -> None:
    """Send neither length nor keep-alive: the response ends with the connection (RFC 1945)."""
    headers = {"Content-Type": response.content_type, **response.headers}
    await wire.send(head(response.status, headers, version="1.0") + response.content)


ROWS = (
    SimulatedSite(
        name="slow-headers",
        title="Mountain Station",
        description="Sends the response byte by byte and never ends it.",
        offset=70,
        mdm=UNKNOWN,
        non_mdm=UNKNOWN,
        mdm_rule="MANIFEST-REACHABLE",
        non_mdm_rule="MANIFEST-REACHABLE",
        error="timeout",
        send=drip,
    ),
    SimulatedSite(
        name="endless-body",
        title="Measurement Archive",
        description="Responses never end.",
        offset=71,
        mdm=UNKNOWN,
        non_mdm=UNKNOWN,
        mdm_rule="MANIFEST-REACHABLE",
        non_mdm_rule="MANIFEST-REACHABLE",
        error="too_large",
        send=endless,
    ),
    SimulatedSite(
        name="gzip-bomb",
        title="Scanned Forms",
        description="Responses are small but decompress to megabytes.",
        offset=72,
        mdm=UNKNOWN,
        non_mdm=UNKNOWN,
        mdm_rule="MANIFEST-REACHABLE",
        non_mdm_rule="MANIFEST-REACHABLE",
        error="too_large",
        send=bomb,
        in_demo=True,
        people=25,
    ),
    SimulatedSite(
        name="header-flood",
        title="Old Load Balancer",
        description="Sends ten thousand headers with every response.",
        offset=73,
        mdm=UNKNOWN,
        non_mdm=UNKNOWN,
        mdm_rule="MANIFEST-REACHABLE",
        non_mdm_rule="MANIFEST-REACHABLE",
        error="bad_answer",
        send=flood_of_headers,
    ),
    SimulatedSite(
        name="chunk-garbage",
        title="Broken Gateway",
        description="Chunked responses are invalid after the first chunk.",
        offset=74,
        mdm=UNKNOWN,
        non_mdm=UNKNOWN,
        mdm_rule="MANIFEST-REACHABLE",
        non_mdm_rule="MANIFEST-REACHABLE",
        error="bad_answer",
        send=garbage_in_chunks,
    ),
    SimulatedSite(
        name="reset",
        title="Flaky Uplink",
        description="Resets the connection in the middle of every response.",
        offset=75,
        mdm=UNKNOWN,
        non_mdm=UNKNOWN,
        mdm_rule="MANIFEST-REACHABLE",
        non_mdm_rule="MANIFEST-REACHABLE",
        error="reset",
        send=cut_off,
        in_demo=True,
        people=40,
    ),
    SimulatedSite(
        name="not-http",
        title="Jump Host",
        description="The port serves another protocol.",
        offset=76,
        mdm=UNKNOWN,
        non_mdm=UNKNOWN,
        mdm_rule="MANIFEST-REACHABLE",
        non_mdm_rule="MANIFEST-REACHABLE",
        error="bad_answer",
        send=other_protocol,
    ),
    SimulatedSite(
        name="http-1-0",
        title="Museum Wiki",
        description="Runs behind a proxy that supports only HTTP/1.0.",
        offset=77,
        mdm=READY_MDM,
        non_mdm=READY_NON_MDM,
        mdm_rule="TOKEN-REACHABLE",
        non_mdm_rule="INFO-LOGIN-OPEN",
        send=http_1_0,
    ),
    SimulatedSite(
        name="ipv6-only",
        title="New Network Wiki",
        description="Listens on IPv6 only.",
        offset=78,
        mdm=READY_MDM,
        non_mdm=READY_NON_MDM,
        mdm_rule="TOKEN-REACHABLE",
        non_mdm_rule="INFO-LOGIN-OPEN",
        host="::1",
    ),
)
