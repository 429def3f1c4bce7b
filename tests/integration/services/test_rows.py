"""Bulk updates: each row gets its own values, for every column type."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.models import User
from rollout.models import CheckRun, RunState, Site
from rollout.services.rows import update_rows


def test_it_works(administrator: User) -> None:
    now = timezone.now()
    site = Site.objects.create(title="Wiki", base_url="https://wiki.example.com", created_at=now, updated_at=now)
    runs = [
        CheckRun.objects.create(site=site, state=state, requested_at=now) for state in (RunState.DONE, RunState.FAILED)
    ]
    untouched = CheckRun.objects.create(site=site, state=RunState.QUEUED, requested_at=now, failure="as it was")
    for number, run in enumerate(runs):
        run.failure = f"{number}: it's 100 % \\ 日本"
        run.observation = {"number": number, "text": "\u2028'\""} if number else None
        run.finished_at = now + timedelta(seconds=number) if number else None
        run.requested_by = administrator if number else None
        run.trigger = "not written"
    with CaptureQueriesContext(
        connection,
    ) as statements:
        update_rows(runs, ["failure", "observation", "finished_at", "requested_by"])
    assert len(statements) == 1
    for run in runs:
        found = CheckRun.objects.get(pk=run.pk)
        for name in ("failure", "observation", "finished_at", "requested_by"):
            assert getattr(found, name) == getattr(run, name), name
        assert found.trigger != "not written"
    untouched.refresh_from_db()
    assert untouched.failure == "as it was"


def test_no_rows_send_no_statement(db: None) -> None:
    with CaptureQueriesContext(connection) as statements:
        update_rows([], ["failure"])
    assert len(statements) == 0
