"""Who asks which site: leases of hosts and of check runs.

1. A host's row carries a lease; its holder is the only one that asks the host anything, one site after the other.
2. Leases are given one claim at a time, so that all workers together stay within PROBE_SITES_AT_ONCE.
3. A lease ends by itself. Its holder extends it while it lives and stops asking before it could have ended.
4. A run is written by the holder of its lease only, so a worker that woke up late changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from rollout.models import CheckRun, ProbeHost, RunState, Sweep, SweepState
from rollout.models.check_run import UNFINISHED

LEASE = timedelta(seconds=45)
CLAIMS_LOCK = 0x67617465  # PostgreSQL's advisory lock of this deed: any number that nobody else here uses
STANDSTILL = timedelta(minutes=3)  # work that nobody takes for so long has no worker; the beat wakes them every minute
LOOKED_AT = 4  # rows looked at for each run that may be taken: several of them may live on one host


def swap_leases(*, lease: str, left: Iterable[str] = (), room: int) -> list[CheckRun]:
    """Give the hosts of ``left`` back and return runs to start now: at most ``room``, each on a host of its own.

    Runs that somebody waits for come first, then the oldest; those of a paused sweep stay where they are.
    The runs come with their sites.
    """
    with transaction.atomic():
        _one_claim_at_a_time()
        now = timezone.now()
        _give_back(lease, left, now)
        taken = _take(lease, room, now) if room > 0 else []
    return list(_with_sites(CheckRun.objects.filter(pk__in=taken)))


def unconfirmed_runs(*, lease: str, but: Iterable[int]) -> list[CheckRun]:
    """The runs that an exchange gave to this lease without its answer arriving: all it has, ``but`` those known."""
    running = CheckRun.objects.filter(state=RunState.RUNNING, lease=lease, lease_until__gt=timezone.now())
    return list(_with_sites(running.exclude(pk__in=list(but))))


def give_back(*, lease: str, hosts: Iterable[str], pause: float | None = None) -> None:
    """End the lease of these hosts; each is left in peace for so many seconds, PROBE_HOST_PAUSE if not said."""
    _give_back(lease, hosts, timezone.now(), pause)


def extend(*, lease: str, runs: Iterable[int], hosts: Iterable[str]) -> None:
    """Hold on to runs and hosts for another while; a lease that ended is not brought back."""
    now = timezone.now()
    held = ProbeHost.objects.filter(lease=lease, host__in=list(hosts), leased_until__gt=now)
    held.update(leased_until=now + LEASE)
    running = CheckRun.objects.filter(pk__in=list(runs), lease=lease, state=RunState.RUNNING, lease_until__gt=now)
    running.update(lease_until=now + LEASE)


def waiting_runs(now: datetime) -> list[int]:
    """The ids of runs that wait for a worker, at most as many as are asked at once: abandoned ones among them."""
    return list(_startable(now).values_list("pk", flat=True)[: settings.PROBE_SITES_AT_ONCE])


def more_soon(now: datetime) -> bool:
    """Whether a run can be taken as soon as its host has rested: it waits for no other worker, and there is a place."""
    leased = list(ProbeHost.objects.filter(leased_until__gt=now).values_list("host", flat=True))
    return len(leased) < settings.PROBE_SITES_AT_ONCE and _startable(now).exclude(host__in=leased).exists()


def holders(now: datetime, *, but: str = "") -> int:
    """How many tasks hold leases of hosts, ``but`` this one."""
    return ProbeHost.objects.filter(leased_until__gt=now).exclude(lease=but).values("lease").distinct().count()


def stands_still(now: datetime) -> bool:
    """Whether runs have waited for minutes and no host was asked meanwhile: no worker runs, or none can be woken."""
    since = now - STANDSTILL
    if not _startable(now).filter(requested_at__lt=since).exists():
        return False
    return not ProbeHost.objects.filter(Q(leased_until__gt=since) | Q(free_at__gt=since)).exists()


def _with_sites(runs: QuerySet[CheckRun]) -> QuerySet[CheckRun]:
    return runs.select_related("site").order_by("-urgent", "pk")


def _startable(now: datetime):  # type: ignore[no-untyped-def]
    """Waiting runs in the order in which they are taken, but for those of a paused sweep that nobody waits for."""
    paused = list(Sweep.objects.filter(state=SweepState.PAUSED).values_list("pk", flat=True))
    runs = CheckRun.objects.all().waiting(now).filter(state__in=UNFINISHED)
    if paused:
        runs = runs.filter(Q(urgent=True) | Q(sweep=None) | ~Q(sweep__in=paused))
    return runs.order_by("-urgent", "pk")


def _take(lease: str, room: int, now: datetime) -> list[int]:
    busy = list(
        ProbeHost.objects.filter(Q(leased_until__gt=now) | Q(free_at__gt=now)).values_list("host", "leased_until")
    )
    leased_now = sum(1 for _host, until in busy if until and until > now)
    room = min(room, settings.PROBE_SITES_AT_ONCE - leased_now)
    if room <= 0:
        return []
    runs = _startable(now).exclude(host__in=[host for host, _until in busy])
    rows = runs.select_for_update(no_key=True, skip_locked=connection.features.has_select_for_update_skip_locked)
    first: dict[str, int] = {}
    for pk, host in rows.values_list("pk", "host")[: room * LOOKED_AT]:
        if len(first) < room:
            first.setdefault(host, pk)
    until = now + LEASE
    _lease_hosts(sorted(first), lease, until)
    CheckRun.objects.filter(pk__in=first.values()).update(
        state=RunState.RUNNING, started_at=now, lease=lease, lease_until=until
    )
    return list(first.values())


def _lease_hosts(hosts: list[str], lease: str, until: datetime) -> None:
    """One statement, whether a host was asked before or not; none of them is leased, and nobody else claims now."""
    ProbeHost.objects.bulk_create(
        [ProbeHost(host=host, lease=lease, leased_until=until) for host in hosts],
        update_conflicts=True,
        unique_fields=["host"],
        update_fields=["lease", "leased_until", "free_at"],
    )


def _give_back(lease: str, hosts: Iterable[str], now: datetime, pause: float | None = None) -> None:
    names = list(hosts)
    if names:
        pause = settings.PROBE_HOST_PAUSE if pause is None else pause
        free_at = now + timedelta(seconds=pause) if pause > 0 else None
        held = ProbeHost.objects.filter(lease=lease, host__in=names)
        held.update(lease="", leased_until=None, free_at=free_at)


def _one_claim_at_a_time() -> None:
    """Until the end of the transaction. SQLite has one writer at a time anyway."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        # Whoever holds it that long is stuck; waiting longer would only cost us our own leases.
        cursor.execute("SELECT set_config('lock_timeout', '10s', true), pg_advisory_xact_lock(%s)", [CLAIMS_LOCK])
