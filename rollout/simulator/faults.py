"""Simulated sites that misbehave on the wire: too slow, too much, cut off, or not HTTP at all.

Each writer ends by itself after a while, so that no connection to the fleet lasts for ever.
"""

from __future__ import annotations

import asyncio
import gzip
from functools import lru_cache

from .http_server import head
from .simulated_site import READY_MDM, READY_NON_MDM, UNKNOWN, Response, SimulatedSite, Wire

DRIPS = 200
DRIP_SECONDS = 0.1
ENDLESS = 256  # blocks of 64 KiB: far more than anybody should read
BOMB = 32 * 1024 * 1024
HEADERS = 10_000


async def drip(wire: Wire, response: Response) -> None:
    """One byte of an endless header now and then: only a deadline for the whole answer helps."""
    await wire.send(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    for _ in range(DRIPS):
        await wire.send(b"z")
        await asyncio.sleep(DRIP_SECONDS)


async def endless(wire: Wire, response: Response) -> None:
    await wire.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n")
    for _ in range(ENDLESS):
        await wire.send(b" " * 65536)


async def bomb(wire: Wire, response: Response) -> None:
    """A few kilobytes that become many megabytes."""
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
    """The connection is reset in the middle of the body."""
    content = response.content
    await wire.send(
        head(200, {"Content-Type": "application/xml", "Content-Length": str(len(content) + 5000)}) + content
    )
    await asyncio.sleep(0.05)  # so that it arrives before the reset
    wire.reset()


async def other_protocol(wire: Wire, response: Response) -> None:
    await wire.send(b"SSH-2.0-OpenSSH_9.6\r\n")


async def http_1_0(wire: Wire, response: Response) -> None:
    """No length, no reuse: the end of the connection is the end of the answer (RFC 1945)."""
    headers = {"Content-Type": response.content_type, **response.headers}
    await wire.send(head(response.status, headers, version="1.0") + response.content)


ROWS = (
    SimulatedSite(
        name="slow-headers",
        title="Mountain Station",
        story="Sends one byte now and then and never comes to an end.",
        offset=70,
        mdm=UNKNOWN,
        non_mdm=UNKNOWN,
        mdm_rule="MANIFEST-REACHABLE",
        non_mdm_rule="MANIFEST-REACHABLE",
        error="timeout",
        sent=drip,
    ),
    SimulatedSite(
        name="endless-body",
        title="Measurement Archive",
        story="Its answers never end.",
        offset=71,
        mdm=UNKNOWN,
        non_mdm=UNKNOWN,
        mdm_rule="MANIFEST-REACHABLE",
        non_mdm_rule="MANIFEST-REACHABLE",
        error="too_large",
        sent=endless,
    ),
    SimulatedSite(
        name="gzip-bomb",
        title="Scanned Forms",
        story="Its answers are small on the wire and grow to megabytes when they are unpacked.",
        offset=72,
        mdm=UNKNOWN,
        non_mdm=UNKNOWN,
        mdm_rule="MANIFEST-REACHABLE",
        non_mdm_rule="MANIFEST-REACHABLE",
        error="too_large",
        sent=bomb,
        in_demo=True,
        people=25,
    ),
    SimulatedSite(
        name="header-flood",
        title="Old Load Balancer",
        story="Sends ten thousand headers with every answer.",
        offset=73,
        mdm=UNKNOWN,
        non_mdm=UNKNOWN,
        mdm_rule="MANIFEST-REACHABLE",
        non_mdm_rule="MANIFEST-REACHABLE",
        error="bad_answer",
        sent=flood_of_headers,
    ),
    SimulatedSite(
        name="chunk-garbage",
        title="Broken Gateway",
        story="Its chunked answers are garbage after the first chunk.",
        offset=74,
        mdm=UNKNOWN,
        non_mdm=UNKNOWN,
        mdm_rule="MANIFEST-REACHABLE",
        non_mdm_rule="MANIFEST-REACHABLE",
        error="bad_answer",
        sent=garbage_in_chunks,
    ),
    SimulatedSite(
        name="reset",
        title="Flaky Uplink",
        story="Drops the connection in the middle of every answer.",
        offset=75,
        mdm=UNKNOWN,
        non_mdm=UNKNOWN,
        mdm_rule="MANIFEST-REACHABLE",
        non_mdm_rule="MANIFEST-REACHABLE",
        error="refused",
        sent=cut_off,
        in_demo=True,
        people=40,
    ),
    SimulatedSite(
        name="not-http",
        title="Jump Host",
        story="Another protocol is spoken at this port.",
        offset=76,
        mdm=UNKNOWN,
        non_mdm=UNKNOWN,
        mdm_rule="MANIFEST-REACHABLE",
        non_mdm_rule="MANIFEST-REACHABLE",
        error="bad_answer",
        sent=other_protocol,
    ),
    SimulatedSite(
        name="http-1-0",
        title="Museum Wiki",
        story="Stands behind a proxy that speaks HTTP/1.0 only.",
        offset=77,
        mdm=READY_MDM,
        non_mdm=READY_NON_MDM,
        mdm_rule="TOKEN-REACHABLE",
        non_mdm_rule="INFO-LOGIN-OPEN",
        sent=http_1_0,
    ),
    SimulatedSite(
        name="ipv6-only",
        title="New Network Wiki",
        story="Listens on IPv6 only.",
        offset=78,
        mdm=READY_MDM,
        non_mdm=READY_NON_MDM,
        mdm_rule="TOKEN-REACHABLE",
        non_mdm_rule="INFO-LOGIN-OPEN",
        host="::1",
    ),
)
