"""The provider beside its peers, in one run: stock django-oauth-toolkit, and node oidc-provider with Redis.

Each has two web processes; all of them run the whole time and are asked in turn, so that a machine whose speed drifts
slows all. Gatepass has everything on: hashed tokens, the audit event and the device of a sign-in, rate limits, the
check of the person, security headers. ``BENCH_SECONDS`` sets how long each is asked each time, ``BENCH_TOKENS`` how
many tokens "many" are.
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
FEW = 1000  # other phones that are signed in: an empty table is a case of its own
MANY = int(os.environ.get("BENCH_TOKENS", "1000000"))
STEADY_REQUESTS = 200_000
GROWTH = 1.05  # of memory, the most over the steady requests


@dataclass(frozen=True)
class Goal:
    """``unit`` of Gatepass at least ``ratio`` times as often as of ``peer``."""

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
    """What each peer did of each unit, a run each round."""

    def __init__(self) -> None:
        self.runs: dict[tuple[str, str], list[tuple[Result, float]]] = defaultdict(list)

    def add(self, name: str, unit: str, run: tuple[Result, float]) -> None:
        self.runs[name, unit].append(run)

    def rates(self, name: str, unit: str) -> list[float]:
        return [result.rate for result, _cpu in self.runs[name, unit]]

    def ratio(self, unit: str, name: str, over: str) -> float:
        """The median over the rounds: the two stood side by side in each of them."""
        pairs = zip(self.rates(name, unit), self.rates(over, unit), strict=True)
        return statistics.median(mine / theirs for mine, theirs in pairs)

    def row(self, name: str, unit: str) -> str:
        """Rate, percentiles and CPU: the median run of each."""
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
            kept = [evaluate(goal, runs) for goal in GOALS]
            kept.append(evaluate_info_login(runs))
            kept.append(evaluate_many(runs, many))
            kept.append(evaluate_memory(peers["Gatepass"]))
            return all(kept)


def measure(peers: dict[str, Peer], many: Peer, floor: Peer) -> Runs:
    """Every unit of every peer, in turn; exchanges first, because their tokens are what the others work with."""
    runs = Runs()
    for _round in range(ROUNDS):
        for name, peer in peers.items():
            runs.add(name, "exchange", peer.run(lambda phone, _number: phone.exchange(), seconds=SECONDS))
        hands = {name: hand_out(peer) for name, peer in [*peers.items(), ("many", many)]}
        for name, peer in [*peers.items(), ("many", many)]:
            runs.add(name, "refresh", peer.run(refreshing(hands[name]), seconds=SECONDS))
        for name, peer in peers.items():
            runs.add(name, "introspect", peer.run(introspecting(hands[name]), seconds=SECONDS / 2))
        for name, peer in peers.items():
            runs.add(name, "revoke", peer.run(revoking(peer)))
        runs.add(
            "Gatepass", "info/login", peers["Gatepass"].run(lambda phone, _: phone.info_login(), seconds=SECONDS / 2)
        )
        runs.add("empty WSGI", "info/login", floor.run(lambda phone, _: phone.get("/"), seconds=SECONDS / 2))
    return runs


Hands = list[Iterator[Tokens]]


def hand_out(peer: Peer) -> Hands:
    """Some sign-ins for each connection, in turn without end: a fleet, not one phone. Made now if there are too few."""
    if (missing := CONNECTIONS * PHONES - len(peer.kept)) > 0:
        peer.run(lambda phone, _number: phone.exchange(), units=missing)
    return [itertools.cycle([peer.kept.pop() for _ in range(PHONES)]) for _ in range(CONNECTIONS)]


def refreshing(hands: Hands) -> Callable[[Phone, int], Flow]:
    return lambda phone, number: phone.refresh(next(hands[number]))


def introspecting(hands: Hands) -> Callable[[Phone, int], Flow]:
    return lambda phone, number: phone.introspect(next(hands[number]))


def revoking(peer: Peer) -> Callable[[Phone, int], Flow | None]:
    """Each sign-in that the exchanges left, once."""
    return lambda phone, _number: phone.revoke(peer.kept.pop()) if peer.kept else None


def report(peers: dict[str, Peer], runs: Runs) -> None:
    print(f"{PROCESSES} web processes, {CONNECTIONS} connections, median of {ROUNDS} rounds; CPU of the web processes")
    print(f"{'':<14}{'':<16}{'a second':>10}{'p50 ms':>9}{'p95':>9}{'p99':>9}{'CPU ms':>10}{'SQL':>6}")
    for unit in ("exchange", "refresh", "introspect", "revoke", "info/login"):
        for name in (*peers, "empty WSGI"):
            if (name, unit) in runs.runs:
                counted: dict[str, Any] = peers[name].facts.get("statements", {}) if name in peers else {}
                print(f"{unit:<14}{name:<16}{runs.row(name, unit)}{counted.get(unit, '–'):>6}")


def evaluate(goal: Goal, runs: Runs) -> bool:
    return verdict(f"{goal.unit}: {goal.peer}", runs.ratio(goal.unit, "Gatepass", goal.peer), goal.ratio)


def evaluate_info_login(runs: Runs) -> bool:
    """5,000 a second, or 0.8 of an empty answer of the same server."""
    rate, ratio = (
        statistics.median(runs.rates("Gatepass", "info/login")),
        runs.ratio("info/login", "Gatepass", "empty WSGI"),
    )
    kept = rate >= 5000 or ratio >= 0.8
    print(f"{'info/login':<40}{rate:>10,.0f}/s, {ratio:.2f} of an empty answer (goal 5,000/s or 0.8){missed(kept)}")
    return kept


def evaluate_many(runs: Runs, many: Peer) -> bool:
    pairs = zip(runs.rates("many", "refresh"), runs.rates("Gatepass", "refresh"), strict=True)
    ratio = statistics.median(large / small for large, small in pairs)
    kept = verdict(f"refresh at {MANY:,} living tokens", ratio, 0.9)
    with psycopg.connect(many.facts["database"]) as connection:
        for table in ("oauth2_provider_refreshtoken", "oauth2_provider_accesstoken", "oauth_provider_device"):
            rows, size = connection.execute(  # one of three names above
                f"SELECT count(*), pg_size_pretty(pg_total_relation_size('{table}')) FROM {table}"
            ).fetchone() or (0, "")
            print(f"  {table:<38}{rows:>10,} rows, {size} with indexes; a refresh adds none")
    return kept


def evaluate_memory(peer: Peer) -> bool:
    """Resident memory of the web processes after a tenth of the requests and at their end."""
    hand = hand_out(peer)
    peer.run(refreshing(hand), units=STEADY_REQUESTS // 10)
    before = resident(peer)
    peer.run(refreshing(hand), units=STEADY_REQUESTS * 9 // 10)
    growth = resident(peer) / before
    kept = growth <= GROWTH
    print(
        f"{f'memory over {STEADY_REQUESTS:,} requests':<40}{growth:>10.2f} times (goal at most {GROWTH}){missed(kept)}"
    )
    return kept


def resident(peer: Peer) -> float:
    """Megabytes of all its processes now."""
    total = 0
    for pid in of_session(peer.process.pid):
        with contextlib.suppress(OSError):
            total += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return total * os.sysconf("SC_PAGE_SIZE") / 2**20


def verdict(what: str, ratio: float, goal: float) -> bool:
    kept = ratio >= goal
    print(f"{what:<40}{ratio:>10.2f} times (goal {goal:g}){missed(kept)}")
    return kept


def missed(kept: bool) -> str:
    return "" if kept else "  missed"
