"""Evaluation alone: observations per second on one core, all rules and both setups, without network and database.

Beside it the floor: what it takes to call as many functions with the same two arguments and to gather what they
return, on this machine at this minute. Time is CPU time of this process, so that a busy machine slows both alike.
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
    """Sites of every kind, each with an address of its own: ready, old, behind single sign-on, switched off, away."""
    for number in range(SITES):
        yield _observation(f"https://wiki-{number}.example.com/wiki", number % 5)


def _observation(base: str, kind: int) -> Observation:
    def answer(path: str, status: int | None = 200, **fields: Any) -> Answer:
        url = f"{base}/{path}"
        return Answer("GET", url, NOW, None if kind == 4 else status, "timeout" if kind == 4 else None,
                      "application/json", hops=(url,), **fields)  # fmt: skip

    asked = answer("rest/nativemobile/1.1/info/login")
    info = InfoLogin(asked, "json", None if kind == 3 else "abc")
    if kind == 2:
        to = "https://sso.example.com/login"
        info = InfoLogin(replace(asked, status=302, location=to), "redirect", redirect_host="sso.example.com")
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


def _nothing(observation: Observation, matrix: object) -> Observation:
    return observation


def floor(observation: Observation) -> list[object]:
    return [found for function in _CALLS if (found := function(observation, MATRIX)) is not None]


_CALLS = [_nothing] * len(RULES)


def per_second(work: Callable[[Observation], object], rows: list[Observation]) -> float:
    """How many observations a second of CPU, the best of a few rounds."""
    best = 0.0
    for _round in range(ROUNDS):
        began = time.process_time()
        for row in rows:
            work(row)
        best = max(best, len(rows) / (time.process_time() - began))
    return best


def main() -> bool:
    """Print the two numbers; return whether judging keeps its goal."""
    rows = list(observations())
    per_second(evaluate, rows[:200])  # warms caches up
    evaluated, called = per_second(evaluate, rows), per_second(floor, rows)
    kept = evaluated >= GOAL
    print(f"{'judging':<34}{'measured':>34}{'':>10}{'goal':>8}")
    measured = f"{evaluated:,.0f} a second and core"
    print(f"{f'observations, {len(RULES)} rules each':<34}{measured:>34}{'':>10}{GOAL:>8,}{'' if kept else '  missed'}")
    times = called / evaluated
    print(f"Calling {len(RULES)} functions alone: {called:,.0f} a second; a judgement takes {times:.1f} times that.")
    return kept
