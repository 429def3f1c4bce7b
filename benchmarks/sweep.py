"""A sweep of 10,000 sites by two workers, on PostgreSQL and Redis, beside what it could cost at the least.

Each site is a host of its own on a local server. Three measurements, each with workers fresh from the start:

- the server answers after 200 ms: the time of the sweep beside the floor, requests × latency / sites at once, and how
  many requests a host and all hosts were asked at once;
- the same with 1,000 sites: the most memory a worker had then, beside that at 10,000;
- the server answers at once: the CPU time of the workers, writing included, beside that of ``curl --parallel`` making
  the same requests afterwards.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.support import servers

from .processes import MassServer, cpu_seconds, peak_megabytes, workers

SITES = int(os.environ.get("BENCH_SITES", "10000"))
FEW = max(SITES // 10, 1)
LATENCY = 0.2
WORKERS = 2
LONGEST = 1800  # seconds, a sweep
MOST_TIME, MOST_CPU, MOST_MEMORY = 1.3, 3.0, 1.2


@dataclass(frozen=True)
class Run:
    """What one sweep took. ``counted`` is the server's account."""

    seconds: float
    cpu: float
    megabytes: float
    counted: dict[str, int]
    evaluated: int


def main() -> bool:
    """Print the table; return whether every goal is kept."""
    if not shutil.which("curl"):
        raise SystemExit("Missing on this machine: curl. On Debian: apt-get install curl")
    with tempfile.TemporaryDirectory(prefix="gps-") as name:
        directory = Path(name)
        chosen = servers.choose(directory)
        with chosen.running():
            environment = _environment(chosen, directory)
            os.environ.update(environment)
            import django

            django.setup()
            return _with_database(environment, directory)


def _environment(chosen: servers.Servers, directory: Path) -> dict[str, str]:
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "DATABASE_URL": chosen.database_url,
        "REDIS_URL": chosen.redis_url,
        "CELERY_BROKER_URL": chosen.broker_url,
        "CELERY_QUEUE": f"gatepass_bench_{os.getpid()}",
        "STATE_DIR": str(directory),
        "SECRET_KEY": "for benchmarks only: long enough, and known to everybody",
        "PUBLIC_URL": "http://127.0.0.1:8000",
        "PROBE_ALLOW_LOOPBACK": "1",
        "LOG_LEVEL": "ERROR",
    }


def _with_database(environment: dict[str, str], directory: Path) -> bool:
    from django.conf import settings
    from django.db import connection

    name = f"gatepass_bench_{os.getpid()}"
    connection.settings_dict["TEST"]["NAME"] = name
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    before = environment["DATABASE_URL"]
    environment = {**environment, "DATABASE_URL": f"{before.rpartition('/')[0]}/{name}"}
    server = MassServer()
    try:
        at_once = settings.PROBE_SITES_AT_ONCE
        few = sweep(FEW, LATENCY, server, environment, directory)
        many = sweep(SITES, LATENCY, server, environment, directory)
        log = directory / "requests.jsonl"
        quick = sweep(SITES, 0, server, environment, directory, log=log)
        curl = curl_cpu(log, directory, at_once)
        return report(few, many, quick, curl, at_once)
    finally:
        server.stop()
        connection.close()
        connection.creation.destroy_test_db("", verbosity=0)


def sweep(
    size: int,
    delay: float,
    server: MassServer,
    environment: dict[str, str],
    directory: Path,
    *,
    log: Path | None = None,
) -> Run:
    """Seed that many sites, sweep them once with fresh workers, and say what it took."""
    from rollout.models import CheckRun, RunState, Site
    from rollout.services.checks.sweeps import start_sweep

    _seed(size, server)
    with workers(WORKERS, environment, directory) as sessions:
        server.order(delay=delay, log=str(log) if log else None)
        used = cpu_seconds(sessions)
        began = time.monotonic()
        seconds = _until_finished(start_sweep(actor=None, trigger="command").pk, began)
        cpu, megabytes = cpu_seconds(sessions) - used, peak_megabytes(sessions)
        counted = server.order(delay=0, log=None)
    evaluated = CheckRun.objects.filter(state=RunState.DONE).values("site").distinct().count()
    if evaluated != Site.objects.count():
        raise SystemExit(f"Only {evaluated} of {size} sites were judged.")
    return Run(seconds, cpu, megabytes, counted, evaluated)


def _seed(size: int, server: MassServer) -> None:
    from django.db import connection
    from django.utils import timezone

    from rollout.models import Site

    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE rollout_site, rollout_sweep, rollout_probehost CASCADE")
    now = timezone.now()
    Site.objects.bulk_create(
        [
            Site(
                title=f"Site {number:05}",
                base_url=server.base_url(number),
                oauth_plugin_version="4.1.1",
                mobile_plugin_version="19.1.47",
                created_at=now,
                updated_at=now,
            )
            for number in range(size)
        ],
        batch_size=1000,
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _until_finished(pk: int, began: float) -> float:
    """Seconds until the sweep is finished; wakes waiting work every so often, as the beat does."""
    from rollout.models import Sweep
    from rollout.services.queue import wake_worker

    woken = time.monotonic()
    while Sweep.objects.filter(pk=pk, finished_at=None).exists():
        if time.monotonic() > began + LONGEST:
            raise SystemExit(f"The sweep did not end: {Sweep.objects.filter(pk=pk).values()}")
        if time.monotonic() > woken + 30:
            wake_worker("pick_up_waiting_work")
            woken = time.monotonic()
        time.sleep(0.1)
    return time.monotonic() - began


def curl_cpu(log: Path, directory: Path, at_once: int) -> float:
    """CPU seconds of one curl that makes the requests of the log, so many at once."""
    config = directory / "curl.txt"
    config.write_text("\n".join(_curl_lines(log)) + "\n")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = ["curl", "--silent", "--parallel", "--parallel-immediate", "--parallel-max", str(min(at_once, 300))]
    subprocess.run(
        [*command, "--config", str(config)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _curl_lines(log: Path) -> list[str]:
    lines: list[str] = []
    for row in log.read_text().splitlines():
        method, url, body = json.loads(row)
        one = [f"url = {json.dumps(url)}", 'output = "/dev/null"']
        if method == "POST":  # its data would be sent with every address of the same part
            one = ["next", *one, f"data = {json.dumps(body)}", "next"]
        lines += one
    return lines


def report(few: Run, many: Run, quick: Run, curl: float, at_once: int) -> bool:
    floor = many.counted["requests"] * LATENCY / at_once
    rows: list[tuple[str, str, float, float]] = [
        (
            f"time of {SITES:,} sites at {LATENCY * 1000:.0f} ms",
            f"{many.seconds:.1f} s / floor {floor:.1f} s",
            many.seconds / floor,
            MOST_TIME,
        ),
        (
            f"CPU of {SITES:,} sites at once",
            f"{quick.cpu:.1f} s / curl {curl:.1f} s",
            quick.cpu / max(curl, 0.01),
            MOST_CPU,
        ),
        (
            f"memory at {SITES:,} and {FEW:,} sites",
            f"{many.megabytes:.0f} MB / {few.megabytes:.0f} MB",
            many.megabytes / few.megabytes,
            MOST_MEMORY,
        ),
        ("requests at once on one host", f"{many.counted['most_a_host']}", float(many.counted["most_a_host"]), 1.0),
    ]
    print(f"{'sweep':<34}{'measured':>34}{'ratio':>10}{'goal':>8}")
    for name, measured, ratio, most in rows:
        print(f"{name:<34}{measured:>34}{ratio:>10.2f}{most:>8.1f}{'' if ratio <= most else '  missed'}")
    asked = many.counted["requests"]
    print(
        f"{asked:,} requests, {asked / many.seconds:,.0f} a second at {LATENCY * 1000:.0f} ms and "
        f"{quick.counted['requests'] / quick.seconds:,.0f} a second at once; at most "
        f"{many.counted['most_at_once']} of {at_once} allowed in flight."
    )
    return all(ratio <= most for _name, _measured, ratio, most in rows)
