"""Leases of hosts and of check runs: which worker checks which site.

1. A host's row has a lease; only its holder sends requests to the host, for one site after the other.
2. Leases are granted in one claim at a time, so that all workers together stay within PROBE_SITES_AT_ONCE.
3. A lease expires by itself. Its holder extends it while it runs, and stops before it could have expired.
4. Only the holder of a run's lease writes it, so a worker that resumes late changes nothing.
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
from rollout.models.waiting_times import is_ahead

LEASE = timedelta(seconds=45)
CLAIMS_LOCK = 0x67617465  # PostgreSQL's advisory lock for claims: an arbitrary number, used only here
# Beat wakes workers every 30 seconds: if runs wait for so long without being claimed, no worker is running.
STALLED_AFTER = timedelta(minutes=3)
ROWS_PER_RUN = 4  # rows read for each run that may be claimed: several may be on one host


def swap_leases(*, lease: str, released: Iterable[str] = (), limit: int) -> list[CheckRun]:
    """Release the hosts in ``released`` and claim runs to start now: at most ``limit``, each on a different host.

    Urgent runs come first, then the oldest; runs of a paused sweep are skipped. The runs come with their sites.
    """
    with transaction.atomic():
        _lock_claims()
        now = timezone.now()
        _release(lease, released, now)
        claimed = _claim(lease, limit, now) if limit > 0 else []
    return list(_with_sites(CheckRun.objects.filter(pk__in=claimed)))


def unconfirmed_runs(*, lease: str, excluding: Iterable[int]) -> list[CheckRun]:
    """Return runs of this lease whose claim was committed but not confirmed because the connection broke.

    ``excluding`` are the ids of known runs.
    """
    running = CheckRun.objects.filter(state=RunState.RUNNING, lease=lease, lease_until__gt=timezone.now())
    return list(_with_sites(running.exclude(pk__in=list(excluding))))


def release(*, lease: str, hosts: Iterable[str], pause: float | None = None) -> None:
    """End the lease of these hosts. Each gets no request for ``pause`` seconds, by default PROBE_HOST_PAUSE."""
    _release(lease, hosts, timezone.now(), pause)


def extend(*, lease: str, runs: Iterable[int], hosts: Iterable[str]) -> None:
    """Extend the lease of runs and hosts; an expired lease stays expired."""
    now = timezone.now()
    held = ProbeHost.objects.filter(lease=lease, host__in=list(hosts), leased_until__gt=now)
    held.update(leased_until=now + LEASE)
    running = CheckRun.objects.filter(pk__in=list(runs), lease=lease, state=RunState.RUNNING, lease_until__gt=now)
    running.update(lease_until=now + LEASE)


def waiting_runs(now: datetime) -> list[int]:
    """Return the ids of waiting runs, including abandoned ones, at most PROBE_SITES_AT_ONCE."""
    return list(_startable(now).values_list("pk", flat=True)[: settings.PROBE_SITES_AT_ONCE])


def has_runs_soon(now: datetime) -> bool:
    """Whether a run can be claimed as soon as the pause of its host ends: no other worker has the host, and there is
    a free slot.
    """
    leased = list(ProbeHost.objects.filter(_is_leased(now)).values_list("host", flat=True))
    return len(leased) < settings.PROBE_SITES_AT_ONCE and _startable(now).exclude(host__in=leased).exists()


def count_holders(now: datetime, *, excluding: str = "") -> int:
    """Return how many tasks hold leases of hosts, except the lease ``excluding``."""
    return ProbeHost.objects.filter(_is_leased(now)).exclude(lease=excluding).values("lease").distinct().count()


def is_stalled(now: datetime) -> bool:
    """Whether runs have been waiting for minutes without any request to a host: no worker runs, or none can be
    woken.
    """
    since = now - STALLED_AFTER
    if not _startable(now).filter(requested_at__lt=since).exists():
        return False
    recent = is_ahead("leased_until", since, STALLED_AFTER + LEASE) | is_ahead(
        "free_at", since, STALLED_AFTER + _pause()
    )
    return not ProbeHost.objects.filter(recent).exists()


def _is_leased(now: datetime) -> Q:
    return is_ahead("leased_until", now, LEASE)


def _pause() -> timedelta:
    return timedelta(seconds=settings.PROBE_HOST_PAUSE)


def _with_sites(runs: QuerySet[CheckRun]) -> QuerySet[CheckRun]:
    return runs.select_related("site").order_by("-urgent", "pk")


def _startable(now: datetime):  # type: ignore[no-untyped-def]
    """Return waiting runs in the order of claiming, without those of a paused sweep that are not urgent."""
    paused = list(Sweep.objects.filter(state=SweepState.PAUSED).values_list("pk", flat=True))
    runs = CheckRun.objects.all().waiting(now, LEASE).filter(state__in=UNFINISHED)
    if paused:
        runs = runs.filter(Q(urgent=True) | Q(sweep=None) | ~Q(sweep__in=paused))
    return runs.order_by("-urgent", "pk")


def _claim(lease: str, limit: int, now: datetime) -> list[int]:
    is_busy = _is_leased(now) | is_ahead("free_at", now, _pause())
    busy = list(ProbeHost.objects.filter(is_busy).values_list("host", "leased_until"))
    leased_now = sum(1 for _host, until in busy if until and until > now)
    limit = min(limit, settings.PROBE_SITES_AT_ONCE - leased_now)
    if limit <= 0:
        return []
    runs = _startable(now).exclude(host__in=[host for host, _until in busy])
    rows = runs.select_for_update(no_key=True, skip_locked=connection.features.has_select_for_update_skip_locked)
    run_by_host: dict[str, int] = {}
    for pk, host in rows.values_list("pk", "host")[: limit * ROWS_PER_RUN]:
        if len(run_by_host) < limit:
            run_by_host.setdefault(host, pk)
    until = now + LEASE
    _lease_hosts(sorted(run_by_host), lease, until)
    CheckRun.objects.filter(pk__in=run_by_host.values()).update(
        state=RunState.RUNNING, started_at=now, lease=lease, lease_until=until
    )
    return list(run_by_host.values())


def _lease_hosts(hosts: list[str], lease: str, until: datetime) -> None:
    """One statement for new and known hosts; none of them is leased, and claims are serialized."""
    ProbeHost.objects.bulk_create(
        [ProbeHost(host=host, lease=lease, leased_until=until) for host in hosts],
        update_conflicts=True,
        unique_fields=["host"],
        update_fields=["lease", "leased_until", "free_at"],
    )


def _release(lease: str, hosts: Iterable[str], now: datetime, pause: float | None = None) -> None:
    names = list(hosts)
    if names:
        pause = settings.PROBE_HOST_PAUSE if pause is None else pause
        free_at = now + timedelta(seconds=pause) if pause > 0 else None
        held = ProbeHost.objects.filter(lease=lease, host__in=names)
        held.update(lease="", leased_until=None, free_at=free_at)


def _lock_claims() -> None:
    """Held until the end of the transaction. SQLite has one writer at a time anyway."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        # A holder that takes longer is stuck; waiting longer would only let our own leases expire.
        cursor.execute("SELECT set_config('lock_timeout', '10s', true), pg_advisory_xact_lock(%s)", [CLAIMS_LOCK])
