"""Dashboard pages with 100 and with 10,000 sites: the same number of queries, and p95 at most 1.5 times as long.

Two portals, one of each size, are measured in turn, so that a change in the machine's speed affects both.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support import servers

SMALL, LARGE = 100, 10_000
WARM_UP, ROUNDS = 5, 120
MAX_RATIO = 1.5
PAGES = {
    "Overview": "/",
    "Sites": "/sites/",
    "Sites, filtered and sorted": "/sites/?q=wiki&sort=-people",
    "Sites, page 2": "/sites/?page=2",
    "Site": "/sites/1/",
    "Configurations": "/configurations/",
    "Passes": "/passes/",
    "Activity": "/activity/",
}


@dataclass
class Portal:
    """One portal, controlled through a pipe."""

    process: subprocess.Popen[str]

    @classmethod
    def start(cls, size: int, environment: dict[str, str]) -> Portal:
        command = [sys.executable, "-m", "benchmarks.portal", str(size)]
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        return cls(process)

    def answer(self) -> dict[str, Any]:
        line = self.process.stdout.readline() if self.process.stdout else ""
        if not line:
            raise SystemExit(f"A portal exited with code {self.process.wait()}. Its output is above.")
        return json.loads(line)

    def get(self, path: str) -> dict[str, Any]:
        assert self.process.stdin
        self.process.stdin.write(path + "\n")
        self.process.stdin.flush()
        answer = self.answer()
        if answer["status"] != 200:
            raise SystemExit(f"{path} returned status {answer['status']}")
        return answer

    def stop(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(60)


def p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def main() -> bool:
    """Print the table; return whether every page meets both goals."""
    with tempfile.TemporaryDirectory(prefix="gpb-") as directory:
        running = servers.choose(Path(directory))
        environment = {
            **os.environ,
            "DATABASE_URL": running.database_url,
            "REDIS_URL": running.redis_url,
            "CELERY_BROKER_URL": running.broker_url,
            "STATE_DIR": directory,
            "SECRET_KEY": "a public key for benchmarks only, long enough for Django",
            "PUBLIC_URL": "http://127.0.0.1:8000",
            "LOG_LEVEL": "ERROR",
        }
        with running.running():
            portals = [Portal.start(size, environment) for size in (SMALL, LARGE)]
            try:
                for portal in portals:
                    portal.answer()
                met = [report(name, path, *portals) for name, path in PAGES.items()]
                return all(met)
            finally:
                for portal in portals:
                    portal.stop()


def report(name: str, path: str, small: Portal, large: Portal) -> bool:
    """Measure one page of both portals in turn and print its row."""
    answers: list[list[dict[str, Any]]] = [[], []]
    for turn in range(WARM_UP + ROUNDS):
        for index, portal in enumerate((small, large)):
            answer = portal.get(path)
            if turn >= WARM_UP:
                answers[index].append(answer)
    slow = [p95([answer["ms"] for answer in side]) for side in answers]
    middle = [statistics.median(answer["ms"] for answer in side) for side in answers]
    queries = [{answer["queries"] for answer in side} for side in answers]
    ratio = slow[1] / slow[0]
    met = ratio <= MAX_RATIO and queries[0] == queries[1]
    if name == next(iter(PAGES)):
        print(f"{'page':<28}{'queries':>16}{'median ms':>18}{'p95 ms':>18}{'p95 ratio':>11}")
        print(f"{'':<28}{f'{SMALL} / {LARGE:,}':>16}{'':>18}{'':>18}{f'goal {MAX_RATIO}':>11}")
    counts = " / ".join("–".join(map(str, sorted(side))) for side in queries)
    print(
        f"{name:<28}{counts:>16}{f'{middle[0]:.1f} / {middle[1]:.1f}':>18}"
        f"{f'{slow[0]:.1f} / {slow[1]:.1f}':>18}{ratio:>11.2f}{'' if met else '  missed'}"
    )
    return met
