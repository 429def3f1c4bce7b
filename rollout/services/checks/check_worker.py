"""Checks many sites at once: one Celery task of about a minute.

1. The task's event loop sends the requests; two threads access the database, one claims runs and returns
   hosts, one writes results. Neither a slow site nor a slow write delays the others.
2. A free slot is filled at once; there are no rounds that wait for the slowest site.
3. Memory does not grow with the bulk check: a run is claimed when there is a slot for it, and none are claimed while
   results wait to be written.
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
from .check_runs import answer, target_of
from .evaluations import ProbeResult, record

log = structlog.get_logger(__name__)
Result = TypeVar("Result")

SECONDS = 60.0  # how long a task starts sites
SLOWEST = SITE_SECONDS + 15  # a probe that takes longer is an error in Gatepass
BATCH = 50  # results written in one transaction
GATHER = 0.2  # seconds to collect results before they are written
TICK = 0.1  # seconds to collect free slots before they are filled
POLL_EVERY = 0.5  # seconds until the next claim after an empty one
EXTEND_EVERY = 10.0
STOP_BEFORE = 5.0  # seconds before a lease expires


class LeaseLostError(Exception):
    """The database was unreachable for so long that another worker may have our sites."""


def run_check_worker(*, seconds: float = SECONDS) -> int:
    """Probe and evaluate waiting sites; return how many were started."""
    return asyncio.run(CheckWorker(room=settings.PROBE_SITES_PER_TASK, seconds=seconds).run())


def wake_check_workers(*, but: str = "") -> int:
    """Wake as many tasks as the waiting runs can use, minus the running ones; return how many.

    ``but`` is the lease of a task that is about to end.
    """
    now = timezone.now()
    waiting = len(leases.waiting_runs(now))
    useful = -(-waiting // settings.PROBE_SITES_PER_TASK)
    most = -(-settings.PROBE_SITES_AT_ONCE // settings.PROBE_SITES_PER_TASK)
    wanted = max(0, min(useful, most - leases.holders(now, but=but)))
    for _number in range(wanted):
        wake_worker("run_check_worker")
    return wanted


class CheckWorker:
    """One task: up to ``room`` sites at once, each on a different host."""

    def __init__(self, *, room: int, seconds: float) -> None:
        self.room = room
        self.lease = uuid.uuid4().hex
        self.ends = time.monotonic() + seconds
        self.good_until = time.monotonic() + leases.LEASE.total_seconds() - STOP_BEFORE
        self.extended = time.monotonic()
        self.next_poll = 0.0
        self.started = 0
        self.answer_lost = False  # the connection broke: the last transaction may have been committed
        self.probing: dict[str, asyncio.Task[None]] = {}  # by host
        self.left: list[str] = []  # hosts that are finished and not returned yet
        self.held: set[int] = set()  # runs that are not written yet
        self.answers: asyncio.Queue[ProbeResult | None] = asyncio.Queue(maxsize=room + BATCH)
        self.freed = asyncio.Event()
        self.taker = ThreadPoolExecutor(1, "taker")
        self.writer = ThreadPoolExecutor(1, "writer")

    async def run(self) -> int:
        writing = asyncio.create_task(self._write())
        try:
            await self._probe_until_time_is_up()
            await self._wait_for_the_slowest()
            await self.answers.put(None)
            await writing
        except LeaseLostError:
            log.warning("shard_gave_up", runs=len(self.held))
        finally:
            await self._end(writing)
        return self.started

    async def _probe_until_time_is_up(self) -> None:
        while time.monotonic() < self.ends:
            await self._keep_leases()
            if self._has_places_to_fill():
                await self._swap_leases()
            if self.probing or self.left:
                await self._some_places_are_free()
            elif await self._in(self.taker, leases.more_soon, timezone.now()):
                await asyncio.sleep(max(TICK, settings.PROBE_HOST_PAUSE / 2))
            else:
                return
        await self._in(self.taker, _go_on, self.lease)

    def _has_places_to_fill(self) -> bool:
        return bool(self.left) or (self._places() > 0 and time.monotonic() >= self.next_poll)

    def _places(self) -> int:
        """Return how many sites may be started: fewer when results pile up."""
        return self.room - len(self.probing) - max(0, self.answers.qsize() - BATCH)

    async def _swap_leases(self) -> None:
        left, self.left = self.left, []
        taken = await self._in(self.taker, self._take, left, self._places())
        if not taken:
            self.next_poll = time.monotonic() + POLL_EVERY
        for run, target in taken:
            self.held.add(run.pk)
            self.probing[run.host] = asyncio.create_task(self._probe(run, target))
        self.started += len(taken)

    def _take(self, left: list[str], room: int) -> list[tuple[CheckRun, Target]]:
        runs = leases.unconfirmed_runs(lease=self.lease, but=self.held) if self.answer_lost else []
        runs = runs or leases.swap_leases(lease=self.lease, left=left, room=room)
        targets = target_of(runs) if runs else {}
        self.answer_lost = False
        return [(run, targets[run.pk]) for run in runs]

    async def _probe(self, run: CheckRun, target: Target) -> None:
        try:
            async with asyncio.timeout(SLOWEST):
                answered = await answer(run, target)
        except TimeoutError:
            answered = ProbeResult(run.pk, run.site_id, run.lease, failure=f"did not end within {SLOWEST:.0f} seconds")
        await self.answers.put(answered)
        del self.probing[run.host]
        self.left.append(run.host)
        if len(self.left) * 10 >= self.room or not self.probing:
            self.freed.set()

    async def _some_places_are_free(self) -> None:
        self.freed.clear()
        if self.left and not self.probing:
            return
        try:
            async with asyncio.timeout(TICK):
                await self.freed.wait()
        except TimeoutError:
            pass

    async def _wait_for_the_slowest(self) -> None:
        while self.probing or self.left:
            await self._keep_leases()
            if self.left:
                left, self.left = self.left, []
                await self._in(self.taker, _hand_back, self.lease, left)
            await self._some_places_are_free()

    async def _keep_leases(self) -> None:
        now = time.monotonic()
        if now >= self.extended + EXTEND_EVERY:
            hosts = [*self.probing, *self.left]
            await self._in(self.taker, _extend, self.lease, list(self.held), hosts)
            self.extended, self.good_until = now, now + leases.LEASE.total_seconds() - STOP_BEFORE

    async def _write(self) -> None:
        """Write results in batches until a None marks the end."""
        more = True
        while more:
            batch = [await self.answers.get()]
            if self.probing and self.answers.qsize() < BATCH:
                await asyncio.sleep(GATHER)
            while len(batch) < BATCH and not self.answers.empty():
                batch.append(self.answers.get_nowait())
            more = None not in batch
            answers = [one for one in batch if one is not None]
            if answers:
                await self._in(self.writer, _record, answers)
                self.held -= {one.run_id for one in answers}

    async def _in(self, thread: ThreadPoolExecutor, work: Callable[..., Result], *arguments: Any) -> Result:
        """Return the result of ``work``, run in that thread; retried while the database is unreachable. Raises
        LeaseLostError.
        """
        loop, pause = asyncio.get_running_loop(), 0.2
        while True:
            try:
                return await loop.run_in_executor(thread, _with_connection, work, *arguments)
            except (OperationalError, InterfaceError) as error:
                self.answer_lost = True
                log.warning("database_away", work=work.__name__, error=type(error).__name__)
                if time.monotonic() + pause > self.good_until:
                    raise LeaseLostError from error
                await asyncio.sleep(pause)
                pause = min(pause * 2, 3)

    async def _end(self, writing: asyncio.Task[None]) -> None:
        for task in (*self.probing.values(), writing):
            task.cancel()
        await asyncio.gather(*self.probing.values(), writing, return_exceptions=True)
        loop = asyncio.get_running_loop()
        for thread in (self.taker, self.writer):
            await loop.run_in_executor(thread, connections.close_all)
            thread.shutdown(wait=False)


def _with_connection(work: Callable[..., Result], *arguments: Any) -> Result:
    """Run in a worker's thread on that thread's own connection; a broken one is replaced the next time."""
    try:
        return work(*arguments)
    except (OperationalError, InterfaceError):
        connection.close()
        raise


def _go_on(lease: str) -> None:
    wake_check_workers(but=lease)


def _hand_back(lease: str, hosts: list[str]) -> None:
    leases.give_back(lease=lease, hosts=hosts)


def _extend(lease: str, runs: list[int], hosts: list[str]) -> None:
    leases.extend(lease=lease, runs=runs, hosts=hosts)


def _record(answers: list[ProbeResult]) -> None:
    record(answers)
    sweeps.finish_counted()
