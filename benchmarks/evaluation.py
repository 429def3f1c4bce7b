"""Evaluations per second on one core: all rules for both setups, without network and database.

Compared with the lower bound: calling as many functions with the same two arguments and collecting their results.
Times are CPU times of this process, so that other load on the machine matters less.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from rollout.compatibility.matrix import MATRIX
from rollout.compatibility.observation import Answer, Endpoint, InfoLogin, Manifest, Observation, PluginVersions, Tls
from rollout.compatibility.rules import RULES, evaluate

GOAL = 20_000
SITES = 2_000
ROUNDS = 5
NOW = datetime(2025, 3, 4, 12, 30, tzinfo=UTC)


def observations() -> Iterator[Observation]:
    """Yield sites of every kind with different URLs: ready, outdated, behind single sign-on, OAuth off, unreachable."""
    for number in range(SITES):
        yield _observation(f"https://wiki-{number}.example.com/wiki", number % 5)


def _observation(base: str, kind: int) -> Observation:
    def answer(path: str, status: int | None = 200, **fields: Any) -> Answer:
        url = f"{base}/{path}"
        return Answer("GET", url, NOW, None if kind == 4 else status, "timeout" if kind == 4 else None,
                      "application/json", hops=(url,), **fields)  # fmt: skip

    info_answer = answer("rest/nativemobile/1.1/info/login")
    info = InfoLogin(info_answer, "json", None if kind == 3 else "abc")
    if kind == 2:
        to = "https://sso.example.com/login"
        info = InfoLogin(replace(info_answer, status=302, location=to), "redirect", redirect_host="sso.example.com")
    away = kind == 4
    ends = "unreachable" if away else "answers"
    manifest = answer("rest/applinks/1.0/manifest")
    return Observation(
        base_url=base,
        product="confluence",
        observed_at=NOW,
        manifest=Manifest(manifest)
        if away
        else Manifest(manifest, "confluence", "8.5.4" if kind == 1 else "9.2.1", "Wiki", base),
        info_login=InfoLogin(info.answer, "unreachable") if away else info,
        authorize=Endpoint(answer("rest/oauth2/latest/authorize"), ends),
        token=Endpoint(answer("rest/oauth2/latest/token"), ends),
        tls=Tls("unreachable" if away else "valid", "TLSv1.3", "Example CA", NOW + timedelta(days=90)),
        plugins=PluginVersions("4.1.1", "19.1.47", "manual", NOW),
    )


def _empty_rule(observation: Observation, matrix: object) -> Observation:
    return observation


def call_empty_rules(observation: Observation) -> list[object]:
    return [found for function in _EMPTY_RULES if (found := function(observation, MATRIX)) is not None]


_EMPTY_RULES = [_empty_rule] * len(RULES)


def per_second(work: Callable[[Observation], object], rows: list[Observation]) -> float:
    """Return how many observations are processed per second of CPU time, the best of several rounds."""
    best = 0.0
    for _round in range(ROUNDS):
        started = time.process_time()
        for row in rows:
            work(row)
        best = max(best, len(rows) / (time.process_time() - started))
    return best


def main() -> bool:
    """Print both rates; return whether evaluation meets its goal."""
    rows = list(observations())
    per_second(evaluate, rows[:200])  # warms up caches
    evaluated, called = per_second(evaluate, rows), per_second(call_empty_rules, rows)
    met = evaluated >= GOAL
    print(f"{'evaluation':<34}{'measured':>34}{'':>10}{'goal':>8}")
    measured = f"{evaluated:,.0f} per second and core"
    print(f"{f'observations, {len(RULES)} rules each':<34}{measured:>34}{'':>10}{GOAL:>8,}{'' if met else '  missed'}")
    times = called / evaluated
    print(
        f"Calling {len(RULES)} empty functions: {called:,.0f} per second; evaluation takes {times:.1f} times as long."
    )
    return met
