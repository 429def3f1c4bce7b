"""A sweep of 10,000 sites by two workers, on PostgreSQL and Redis, compared with lower bounds.

Each site is on a different host of a local server. Three measurements, each with freshly started workers:

- The server responds after 200 ms: the time of the sweep compared with the lower bound, requests × latency / sites at
  once, and how many requests one host and all hosts got at the same time.
- The same with 1,000 sites: the peak memory of a worker compared with that for 10,000 sites.
- The server responds at once: the CPU time of the workers, including writing, compared with that of
  ``curl --parallel`` for the same requests.
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
FEWER_SITES = max(SITES // 10, 1)
LATENCY = 0.2
WORKERS = 2
MAX_SECONDS = 1800  # per sweep
MAX_TIME_RATIO, MAX_CPU_RATIO, MAX_MEMORY_RATIO = 1.2, 2.0, 1.2


@dataclass(frozen=True)
class Run:
    """The result of one sweep. ``counted`` are the server's counts."""

    seconds: float
    cpu: float
    megabytes: float
    counted: dict[str, int]
    evaluated: int


def main() -> bool:
    """Print the table; return whether every goal was met."""
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
        "SECRET_KEY": "a public key for benchmarks only, long enough for Django",
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
        small = sweep(FEWER_SITES, LATENCY, server, environment, directory)
        large = sweep(SITES, LATENCY, server, environment, directory)
        log = directory / "requests.jsonl"
        immediate = sweep(SITES, 0, server, environment, directory, log=log)
        curl = curl_cpu(log, directory, at_once)
        return report(small, large, immediate, curl, at_once)
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
    """Create this many sites and sweep them once with fresh workers; return the result."""
    from rollout.models import CheckRun, RunState, Site
    from rollout.services.checks.sweeps import start_sweep

    _seed(size, server)
    with workers(WORKERS, environment, directory) as sessions:
        server.order(delay=delay, log=str(log) if log else None)
        used = cpu_seconds(sessions)
        started = time.monotonic()
        seconds = _until_finished(start_sweep(actor=None, trigger="command").pk, started)
        cpu, megabytes = cpu_seconds(sessions) - used, peak_megabytes(sessions)
        counted = server.order(delay=0, log=None)
    evaluated = CheckRun.objects.filter(state=RunState.DONE).values("site").distinct().count()
    if evaluated != Site.objects.count():
        raise SystemExit(f"Only {evaluated} of {size} sites were evaluated.")
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


def _until_finished(pk: int, started: float) -> float:
    """Wait until the sweep is finished, waking workers as beat does; return the seconds."""
    from rollout.models import Sweep
    from rollout.services.queue import wake_worker

    woken = time.monotonic()
    while Sweep.objects.filter(pk=pk, finished_at=None).exists():
        if time.monotonic() > started + MAX_SECONDS:
            raise SystemExit(f"The sweep did not end in time: {Sweep.objects.filter(pk=pk).values()}")
        if time.monotonic() > woken + 30:
            wake_worker("pick_up_waiting_work")
            woken = time.monotonic()
        time.sleep(0.1)
    return time.monotonic() - started


def curl_cpu(log: Path, directory: Path, at_once: int) -> float:
    """Return the CPU seconds of one curl that sends the requests of the log, ``at_once`` in parallel."""
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
        if method == "POST":  # curl would send its data to every URL of the same section
            one = ["next", *one, f"data = {json.dumps(body)}", "next"]
        lines += one
    return lines


def report(small: Run, large: Run, immediate: Run, curl: float, at_once: int) -> bool:
    floor = large.counted["requests"] * LATENCY / at_once
    rows: list[tuple[str, str, float, float]] = [
        (
            f"time of {SITES:,} sites at {LATENCY * 1000:.0f} ms",
            f"{large.seconds:.1f} s / lower bound {floor:.1f} s",
            large.seconds / floor,
            MAX_TIME_RATIO,
        ),
        (
            f"CPU of {SITES:,} sites without latency",
            f"{immediate.cpu:.1f} s / curl {curl:.1f} s",
            immediate.cpu / max(curl, 0.01),
            MAX_CPU_RATIO,
        ),
        (
            f"memory at {SITES:,} and {FEWER_SITES:,} sites",
            f"{large.megabytes:.0f} MB / {small.megabytes:.0f} MB",
            large.megabytes / small.megabytes,
            MAX_MEMORY_RATIO,
        ),
        ("requests at once on one host", f"{large.counted['max_per_host']}", float(large.counted["max_per_host"]), 1.0),
    ]
    print(f"{'sweep':<34}{'measured':>34}{'ratio':>10}{'goal':>8}")
    for name, measured, ratio, maximum in rows:
        print(f"{name:<34}{measured:>34}{ratio:>10.2f}{maximum:>8.1f}{'' if ratio <= maximum else '  missed'}")
    requests = large.counted["requests"]
    print(
        f"{requests:,} requests, {requests / large.seconds:,.0f} per second at {LATENCY * 1000:.0f} ms and "
        f"{immediate.counted['requests'] / immediate.seconds:,.0f} per second without latency; at most "
        f"{large.counted['max_at_once']} of {at_once} allowed in flight."
    )
    return all(ratio <= maximum for _name, _measured, ratio, maximum in rows)
