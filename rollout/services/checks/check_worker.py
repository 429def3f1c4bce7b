"""Checks many sites at once: one Celery task of about a minute.

1. The task's event loop sends the requests; two threads access the database, one claims runs and returns
   hosts, one writes results. Neither a slow site nor a slow write delays the others.
2. A free slot is filled at once; there are no rounds that wait for the slowest site.
3. Memory does not grow with the bulk check: a run is claimed when there is a slot for it, and fewer are claimed while
   many results wait to be written.
4. Leases are extended while the task runs. If the database is unreachable for so long that they may have expired, all
   running probes are dropped: another worker takes over.
5. After a minute no new sites are started; the next message continues, and this task waits for its running probes.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, connections
from django.utils import timezone

from rollout.models import CheckRun
from rollout.probes.site import SITE_SECONDS, Target
from rollout.services.queue import wake_worker

from . import leases, sweeps
from .check_runs import probe, targets_of
from .evaluations import ProbeResult, record

log = structlog.get_logger(__name__)
Result = TypeVar("Result")

WORK_SECONDS = 60.0  # how long a task starts sites
SITE_TIMEOUT = SITE_SECONDS + 15  # a probe that takes longer is an error in Gatepass
WRITE_BATCH = 50  # results written in one transaction
GATHER_SECONDS = 0.2  # seconds to collect results before they are written
TICK_SECONDS = 0.1  # seconds to collect free slots before they are filled
POLL_SECONDS = 0.5  # seconds until the next claim after an empty one
EXTEND_SECONDS = 10.0
LEASE_MARGIN = 5.0  # seconds before a lease expires


class LeaseLostError(Exception):
    """The database was unreachable for so long that another worker may have our sites."""


def run_check_worker(*, seconds: float = WORK_SECONDS) -> int:
    """Probe and evaluate waiting sites; return how many were started."""
    return asyncio.run(CheckWorker(slots=settings.PROBE_SITES_PER_TASK, seconds=seconds).run())


def wake_check_workers(*, excluding: str = "") -> int:
    """Wake as many tasks as the waiting runs can use, minus the tasks that run already; return how many.

    ``excluding`` is the lease of a task that is about to end.
    """
    now = timezone.now()
    waiting = len(leases.waiting_runs(now))
    useful = -(-waiting // settings.PROBE_SITES_PER_TASK)
    max_tasks = -(-settings.PROBE_SITES_AT_ONCE // settings.PROBE_SITES_PER_TASK)
    wanted = max(0, min(useful, max_tasks - leases.count_holders(now, excluding=excluding)))
    for _number in range(wanted):
        wake_worker("run_check_worker")
    return wanted


class CheckWorker:
    """One task: up to ``slots`` sites at once, each on a different host."""

    def __init__(self, *, slots: int, seconds: float) -> None:
        self.slots = slots
        self.lease = uuid.uuid4().hex
        self.deadline = time.monotonic() + seconds
        self.lease_deadline = time.monotonic() + leases.LEASE.total_seconds() - LEASE_MARGIN
        self.extended = time.monotonic()
        self.next_poll = 0.0
        self.started = 0
        self.claim_unconfirmed = False  # the connection broke: the last transaction may have been committed
        self.probing: dict[str, asyncio.Task[None]] = {}  # by host
        self.finished_hosts: list[str] = []  # hosts that are finished and not returned yet
        self.unwritten_runs: set[int] = set()  # runs that are not written yet
        self.results: asyncio.Queue[ProbeResult | None] = asyncio.Queue(maxsize=slots + WRITE_BATCH)
        self.slot_freed = asyncio.Event()
        self.claim_thread = ThreadPoolExecutor(1, "claim_thread")
        self.write_thread = ThreadPoolExecutor(1, "write_thread")

    async def run(self) -> int:
        writing = asyncio.create_task(self._write_results())
        try:
            await self._probe_until_deadline()
            await self._wait_for_running_probes()
            await self.results.put(None)
            await writing
        except LeaseLostError:
            log.warning("check_worker_lost_leases", runs=len(self.unwritten_runs))
        finally:
            await self._shut_down(writing)
        return self.started

    async def _probe_until_deadline(self) -> None:
        while time.monotonic() < self.deadline:
            await self._keep_leases()
            if self._has_free_slots():
                await self._swap_leases()
            if self.probing or self.finished_hosts:
                await self._wait_for_free_slots()
            elif await self._run_in(self.claim_thread, leases.has_runs_soon, timezone.now()):
                await asyncio.sleep(max(TICK_SECONDS, settings.PROBE_HOST_PAUSE / 2))
            else:
                return
        await self._run_in(self.claim_thread, _wake_next, self.lease)

    def _has_free_slots(self) -> bool:
        return bool(self.finished_hosts) or (self._free_slots() > 0 and time.monotonic() >= self.next_poll)

    def _free_slots(self) -> int:
        """Return how many sites may be started: fewer when results pile up."""
        return self.slots - len(self.probing) - max(0, self.results.qsize() - WRITE_BATCH)

    async def _swap_leases(self) -> None:
        finished_hosts, self.finished_hosts = self.finished_hosts, []
        claimed = await self._run_in(self.claim_thread, self._claim, finished_hosts, self._free_slots())
        if not claimed:
            self.next_poll = time.monotonic() + POLL_SECONDS
        for run, target in claimed:
            self.unwritten_runs.add(run.pk)
            self.probing[run.host] = asyncio.create_task(self._probe(run, target))
        self.started += len(claimed)

    def _claim(self, finished_hosts: list[str], slots: int) -> list[tuple[CheckRun, Target]]:
        runs = (
            leases.unconfirmed_runs(lease=self.lease, excluding=self.unwritten_runs) if self.claim_unconfirmed else []
        )
        runs = runs or leases.swap_leases(lease=self.lease, released=finished_hosts, limit=slots)
        targets = targets_of(runs) if runs else {}
        self.claim_unconfirmed = False
        return [(run, targets[run.pk]) for run in runs]

    async def _probe(self, run: CheckRun, target: Target) -> None:
        try:
            async with asyncio.timeout(SITE_TIMEOUT):
                result = await probe(run, target)
        except TimeoutError:
            result = ProbeResult(run.pk, run.site_id, run.lease, failure=f"timed out after {SITE_TIMEOUT:.0f} seconds")
        await self.results.put(result)
        del self.probing[run.host]
        self.finished_hosts.append(run.host)
        if len(self.finished_hosts) * 10 >= self.slots or not self.probing:
            self.slot_freed.set()

    async def _wait_for_free_slots(self) -> None:
        self.slot_freed.clear()
        if self.finished_hosts and not self.probing:
            return
        try:
            async with asyncio.timeout(TICK_SECONDS):
                await self.slot_freed.wait()
        except TimeoutError:
            pass

    async def _wait_for_running_probes(self) -> None:
        while self.probing or self.finished_hosts:
            await self._keep_leases()
            if self.finished_hosts:
                finished_hosts, self.finished_hosts = self.finished_hosts, []
                await self._run_in(self.claim_thread, _release, self.lease, finished_hosts)
            await self._wait_for_free_slots()

    async def _keep_leases(self) -> None:
        now = time.monotonic()
        if now >= self.extended + EXTEND_SECONDS:
            hosts = [*self.probing, *self.finished_hosts]
            await self._run_in(self.claim_thread, _extend, self.lease, list(self.unwritten_runs), hosts)
            self.extended, self.lease_deadline = now, now + leases.LEASE.total_seconds() - LEASE_MARGIN

    async def _write_results(self) -> None:
        """Write results in batches until a None marks the end."""
        has_more = True
        while has_more:
            batch = [await self.results.get()]
            if self.probing and self.results.qsize() < WRITE_BATCH:
                await asyncio.sleep(GATHER_SECONDS)
            while len(batch) < WRITE_BATCH and not self.results.empty():
                batch.append(self.results.get_nowait())
            has_more = None not in batch
            results = [result for result in batch if result is not None]
            if results:
                await self._run_in(self.write_thread, _record, results)
                self.unwritten_runs -= {result.run_id for result in results}

    async def _run_in(self, thread: ThreadPoolExecutor, work: Callable[..., Result], *arguments: Any) -> Result:
        """Return the result of ``work``, run in that thread; retried while the database is unreachable. Raises
        LeaseLostError.
        """
        loop, delay = asyncio.get_running_loop(), 0.2
        while True:
            try:
                return await loop.run_in_executor(thread, _with_connection, work, *arguments)
            except (OperationalError, InterfaceError) as error:
                self.claim_unconfirmed = True
                log.warning("database_unreachable", work=work.__name__, error=type(error).__name__)
                if time.monotonic() + delay > self.lease_deadline:
                    raise LeaseLostError from error
                await asyncio.sleep(delay)
                delay = min(delay * 2, 3)

    async def _shut_down(self, writing: asyncio.Task[None]) -> None:
        for task in (*self.probing.values(), writing):
            task.cancel()
        await asyncio.gather(*self.probing.values(), writing, return_exceptions=True)
        loop = asyncio.get_running_loop()
        for thread in (self.claim_thread, self.write_thread):
            await loop.run_in_executor(thread, connections.close_all)
            thread.shutdown(wait=False)


def _with_connection(work: Callable[..., Result], *arguments: Any) -> Result:
    """Run in a worker's thread on that thread's own connection; a broken one is replaced the next time."""
    try:
        return work(*arguments)
    except (OperationalError, InterfaceError):
        connection.close()
        raise


def _wake_next(lease: str) -> None:
    wake_check_workers(excluding=lease)


def _release(lease: str, hosts: list[str]) -> None:
    leases.release(lease=lease, hosts=hosts)


def _extend(lease: str, runs: list[int], hosts: list[str]) -> None:
    leases.extend(lease=lease, runs=runs, hosts=hosts)


def _record(results: list[ProbeResult]) -> None:
    record(results)
    sweeps.finish_counted()
