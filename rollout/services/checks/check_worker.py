"""Asks many sites at once: what one task of a worker does for about a minute.

1. The loop in the task's thread asks sites; the database is asked in threads beside it, one that takes runs and hands
   hosts back, one that writes answers. A slow site or a slow write holds nobody up.
2. A place that becomes free is filled again at once: there is no wave that waits for its slowest site.
3. Nothing grows with the sweep: a run is taken when there is a place for it, and while answers wait to be written,
   nothing new is taken.
4. Leases are extended while the task lives. When the database could not be asked for so long that they may have ended,
   everything that is being asked is dropped: another worker has it, or will.
5. After a minute nothing new is started; the next message goes on, and this task waits for the sites it has asked.
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
SLOWEST = SITE_SECONDS + 15  # a probe that takes longer is our own fault
BATCH = 50  # answers written in one transaction
GATHER = 0.2  # seconds in which answers gather before they are written
TICK = 0.1  # seconds in which places gather before they are filled
POLL_EVERY = 0.5  # seconds until the queue is looked at again after it had nothing for us
EXTEND_EVERY = 10.0
STOP_BEFORE = 5.0  # seconds before a lease ends


class LeaseLostError(Exception):
    """The database could not be asked for so long that another worker may have our sites."""


def run_check_worker(*, seconds: float = SECONDS) -> int:
    """Ask and judge sites that wait; return how many were asked."""
    return asyncio.run(CheckWorker(room=settings.PROBE_SITES_PER_TASK, seconds=seconds).run())


def wake_check_workers(*, but: str = "") -> int:
    """Wake as many tasks as the waiting runs can use, less those that are at it; return how many.

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
    """One task: up to ``room`` sites at once, each on a host of its own."""

    def __init__(self, *, room: int, seconds: float) -> None:
        self.room = room
        self.lease = uuid.uuid4().hex
        self.ends = time.monotonic() + seconds
        self.good_until = time.monotonic() + leases.LEASE.total_seconds() - STOP_BEFORE
        self.extended = time.monotonic()
        self.next_poll = 0.0
        self.started = 0
        self.answer_lost = False  # the database went away: what it was told last may have been done all the same
        self.probing: dict[str, asyncio.Task[None]] = {}  # by host
        self.left: list[str] = []  # hosts that are done with, not handed back yet
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
        """How many sites may be started: fewer when answers pile up."""
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
        """Write answers in batches until a None says that there are no more."""
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
        """What ``work`` returns, in that thread; tried again while the database is away. Raises LeaseLostError."""
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
    """Run in a thread of the shard, on that thread's own connection; a broken one is replaced the next time."""
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
