"""Compares the provider with stock django-oauth-toolkit and with node oidc-provider on Redis, in one run.

Each has two web processes. All of them run the whole time and are measured in turn, so that a change in the machine's
speed affects all. Gatepass has all features on: hashed tokens, the audit event and device of a sign-in, rate limits,
the check of the person, security headers. ``BENCH_SECONDS`` is the duration of each measurement, ``BENCH_TOKENS`` the
number of tokens for the measurement with many tokens.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import statistics
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from tests.support import servers

from .exchange import Phone, Tokens
from .load import Flow, Result
from .peers import CONNECTIONS, PROCESSES, Peer, empty, gatepass, oidc_provider, stock
from .processes import of_session

SECONDS = float(os.environ.get("BENCH_SECONDS", "4"))
ROUNDS = 5
PHONES = 25  # of each connection
FEW = 1000  # other signed-in phones, because an empty table is a special case
MANY = int(os.environ.get("BENCH_TOKENS", "1000000"))
STEADY_REQUESTS = 200_000
GROWTH = 1.05  # the maximum growth of memory over the steady requests


@dataclass(frozen=True)
class Goal:
    """Gatepass completes ``unit`` at least ``ratio`` times as often as ``peer``."""

    unit: str
    peer: str
    ratio: float


GOALS = [
    Goal("refresh", "stock", 8),
    Goal("refresh", "oidc-provider", 1),
    Goal("exchange", "stock", 1.5),
    Goal("introspect", "stock", 100),
    Goal("introspect", "oidc-provider", 1),
]


class Runs:
    """The results of each peer and unit, one run per round."""

    def __init__(self) -> None:
        self.runs: dict[tuple[str, str], list[tuple[Result, float]]] = defaultdict(list)

    def add(self, name: str, unit: str, run: tuple[Result, float]) -> None:
        self.runs[name, unit].append(run)

    def rates(self, name: str, unit: str) -> list[float]:
        return [result.rate for result, _cpu in self.runs[name, unit]]

    def ratio(self, unit: str, name: str, over: str) -> float:
        """Return the median ratio over the rounds; in each round both are measured one after the other."""
        pairs = zip(self.rates(name, unit), self.rates(over, unit), strict=True)
        return statistics.median(mine / theirs for mine, theirs in pairs)

    def row(self, name: str, unit: str) -> str:
        """Return rate, percentiles and CPU, each the median over the runs."""
        runs = self.runs[name, unit]
        middle = [statistics.median(result.percentile(number) for result, _ in runs) for number in (50, 95, 99)]
        cpu = statistics.median(cpu for _, cpu in runs)
        times = "".join(f"{value:>9.2f}" for value in middle)
        return f"{statistics.median(self.rates(name, unit)):>10,.0f}{times}{cpu:>10.2f}"


def main() -> bool:
    """Print the tables; return whether every goal was met."""
    with tempfile.TemporaryDirectory(prefix="gpb-") as directory:
        running = servers.choose(Path(directory))
        with running.running(), contextlib.ExitStack() as stack:
            enter = stack.enter_context
            peers = {
                "Gatepass": enter(gatepass(running, Path(directory), FEW)),
                "stock": enter(stock(running)),
                "oidc-provider": enter(oidc_provider(running)),
            }
            many = enter(gatepass(running, Path(directory), MANY))
            floor = enter(empty())
            runs = measure(peers, many, floor)
            report(peers, runs)
            met = [evaluate(goal, runs) for goal in GOALS]
            met.append(evaluate_info_login(runs))
            met.append(evaluate_many(runs, many))
            met.append(evaluate_memory(peers["Gatepass"]))
            return all(met)


def measure(peers: dict[str, Peer], many: Peer, floor: Peer) -> Runs:
    """Measure every unit of every peer in turn; exchanges first, because the other units need their tokens."""
    runs = Runs()
    for _round in range(ROUNDS):
        for name, peer in peers.items():
            runs.add(name, "exchange", peer.run(lambda phone, _number: phone.exchange(), seconds=SECONDS))
        token_cycles = {name: token_cycles_of(peer) for name, peer in [*peers.items(), ("many", many)]}
        for name, peer in [*peers.items(), ("many", many)]:
            runs.add(name, "refresh", peer.run(refreshing(token_cycles[name]), seconds=SECONDS))
        for name, peer in peers.items():
            runs.add(name, "introspect", peer.run(introspecting(token_cycles[name]), seconds=SECONDS / 2))
        for name, peer in peers.items():
            runs.add(name, "revoke", peer.run(revoking(peer)))
        runs.add(
            "Gatepass", "info/login", peers["Gatepass"].run(lambda phone, _: phone.info_login(), seconds=SECONDS / 2)
        )
        runs.add("empty WSGI", "info/login", floor.run(lambda phone, _: phone.get("/"), seconds=SECONDS / 2))
    return runs


TokenCycles = list[Iterator[Tokens]]


def token_cycles_of(peer: Peer) -> TokenCycles:
    """Return an endless cycle of sign-ins for each connection, to simulate many phones. Creates missing ones."""
    if (missing := CONNECTIONS * PHONES - len(peer.tokens)) > 0:
        peer.run(lambda phone, _number: phone.exchange(), units=missing)
    return [itertools.cycle([peer.tokens.pop() for _ in range(PHONES)]) for _ in range(CONNECTIONS)]


def refreshing(token_cycles: TokenCycles) -> Callable[[Phone, int], Flow]:
    return lambda phone, number: phone.refresh(next(token_cycles[number]))


def introspecting(token_cycles: TokenCycles) -> Callable[[Phone, int], Flow]:
    return lambda phone, number: phone.introspect(next(token_cycles[number]))


def revoking(peer: Peer) -> Callable[[Phone, int], Flow | None]:
    """Revoke each remaining sign-in once."""
    return lambda phone, _number: phone.revoke(peer.tokens.pop()) if peer.tokens else None


def report(peers: dict[str, Peer], runs: Runs) -> None:
    print(f"{PROCESSES} web processes, {CONNECTIONS} connections, median of {ROUNDS} rounds; CPU of the web processes")
    print(f"{'':<14}{'':<16}{'per second':>10}{'p50 ms':>9}{'p95':>9}{'p99':>9}{'CPU ms':>10}{'SQL':>6}")
    for unit in ("exchange", "refresh", "introspect", "revoke", "info/login"):
        for name in (*peers, "empty WSGI"):
            if (name, unit) in runs.runs:
                counted: dict[str, Any] = peers[name].facts.get("statements", {}) if name in peers else {}
                print(f"{unit:<14}{name:<16}{runs.row(name, unit)}{counted.get(unit, '–'):>6}")


def evaluate(goal: Goal, runs: Runs) -> bool:
    return verdict(f"{goal.unit}: {goal.peer}", runs.ratio(goal.unit, "Gatepass", goal.peer), goal.ratio)


def evaluate_info_login(runs: Runs) -> bool:
    """Goal: 5,000 per second, or 0.8 of the rate of an empty response from the same server."""
    rate, ratio = (
        statistics.median(runs.rates("Gatepass", "info/login")),
        runs.ratio("info/login", "Gatepass", "empty WSGI"),
    )
    met = rate >= 5000 or ratio >= 0.8
    print(f"{'info/login':<40}{rate:>10,.0f}/s, {ratio:.2f} of an empty response (goal 5,000/s or 0.8){missed(met)}")
    return met


def evaluate_many(runs: Runs, many: Peer) -> bool:
    pairs = zip(runs.rates("many", "refresh"), runs.rates("Gatepass", "refresh"), strict=True)
    ratio = statistics.median(large / small for large, small in pairs)
    met = verdict(f"refresh with {MANY:,} valid tokens", ratio, 0.9)
    with psycopg.connect(many.facts["database"]) as connection:
        for table in ("oauth2_provider_refreshtoken", "oauth2_provider_accesstoken", "oauth_provider_device"):
            rows, size = connection.execute(  # one of three names above
                f"SELECT count(*), pg_size_pretty(pg_total_relation_size('{table}')) FROM {table}"
            ).fetchone() or (0, "")
            print(f"  {table:<38}{rows:>10,} rows, {size} with indexes; a refresh adds none")
    return met


def evaluate_memory(peer: Peer) -> bool:
    """Compare resident memory of the web processes after a tenth of the requests and at the end."""
    cycles = token_cycles_of(peer)
    peer.run(refreshing(cycles), units=STEADY_REQUESTS // 10)
    before = resident(peer)
    peer.run(refreshing(cycles), units=STEADY_REQUESTS * 9 // 10)
    growth = resident(peer) / before
    met = growth <= GROWTH
    print(
        f"{f'memory over {STEADY_REQUESTS:,} requests':<40}{growth:>10.2f} times (goal at most {GROWTH}){missed(met)}"
    )
    return met


def resident(peer: Peer) -> float:
    """Return the resident memory of all its processes in megabytes."""
    total = 0
    for pid in of_session(peer.process.pid):
        with contextlib.suppress(OSError):
            total += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return total * os.sysconf("SC_PAGE_SIZE") / 2**20


def verdict(what: str, ratio: float, goal: float) -> bool:
    met = ratio >= goal
    print(f"{what:<40}{ratio:>10.2f} times (goal {goal:g}){missed(met)}")
    return met


def missed(met: bool) -> str:
    return "" if met else "  missed"
