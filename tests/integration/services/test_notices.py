"""Notices: which events create one, and how repeats are limited."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from rollout.models import Notice, Sweep
from rollout.services.notifications import notices
from tests.support.evaluated_notices import BROKEN, READY, evaluated, flip, tell

pytestmark = pytest.mark.django_db


def test_it_works(site):
    flip(site)

    notice = Notice.objects.get()
    assert (notice.kind, notice.site, notice.held_until) == ("verdict", site, None)
    assert notice.details == {"was": list(READY), "now": list(BROKEN), "times": 1}


def test_a_first_evaluation_creates_no_notice(site):
    assert tell(evaluated(site, READY)) == 0
    assert not Notice.objects.exists()


def test_repeated_changes_are_merged_into_one_notice_with_a_count(site, time_machine):
    start = timezone.now()
    time_machine.move_to(start, tick=False)
    flip(site, READY, BROKEN)
    for minute in range(1, 6):
        time_machine.move_to(start + timedelta(minutes=minute), tick=False)
        flip(site, *((BROKEN, READY) if minute % 2 else (READY, BROKEN)))

    assert Notice.objects.released().count() == 1
    assert notices.release_held() == 0
    held = Notice.objects.get(held_until__isnull=False)

    time_machine.move_to(start + timedelta(hours=6, seconds=1), tick=False)
    assert notices.release_held() == 1
    released = Notice.objects.released().first()
    assert released.details == {"was": list(BROKEN), "now": list(READY), "times": 5}
    assert released.pk > held.pk  # readers that are past the old id must still get it
    assert notices.release_held() == 0

    time_machine.move_to(start + timedelta(hours=7), tick=False)
    flip(site, READY, BROKEN)
    assert Notice.objects.released().count() == 2, "the released notice starts another cool-down"


def test_a_change_after_the_cool_down_is_released_immediately(site, time_machine):
    start = timezone.now()
    time_machine.move_to(start, tick=False)
    flip(site)
    time_machine.move_to(start + timedelta(hours=6, seconds=1), tick=False)
    flip(site, BROKEN, READY)

    assert Notice.objects.released().count() == 2


def test_without_a_cool_down_all_changes_are_released(site, settings):
    settings.NOTICE_COOL_DOWN_HOURS = 0
    flip(site)
    flip(site, BROKEN, READY)

    assert Notice.objects.released().count() == 2


def test_an_expiring_certificate_creates_a_notice_at_30_7_and_1_days(site, time_machine):
    start = timezone.now()
    ends = start + timedelta(days=40)
    days = []
    for day in (0, 9, 11, 20, 32, 34, 39, 39.5, 41):
        time_machine.move_to(start + timedelta(days=day), tick=False)
        if tell(evaluated(site, expires_at=ends)):
            days.append(day)

    assert days == [11, 34, 39]
    assert [notice.details["within_days"] for notice in Notice.objects.order_by("pk")] == [30, 7, 1]


def test_a_renewed_certificate_creates_new_notices(site):
    now = timezone.now()
    tell(evaluated(site, expires_at=now + timedelta(days=5)))
    tell(evaluated(site, expires_at=now + timedelta(days=6)))

    assert Notice.objects.filter(kind="certificate").count() == 2


def test_an_unexpected_client_id_creates_one_notice_for_each_value(site):
    tell(evaluated(site, handed_out="abc", held="abc"))
    assert not Notice.objects.exists()
    tell(evaluated(site, handed_out="other", held="abc"))
    tell(evaluated(site, handed_out="other", held="abc"))
    tell(evaluated(site, handed_out="third", held="abc"))
    tell(evaluated(site, handed_out="other", held=None))

    handed = [notice.details["handed_out"] for notice in Notice.objects.order_by("pk")]
    assert handed == ["other", "third"]


def test_a_hostile_client_id_is_sanitized(site):
    tell(evaluated(site, handed_out="a\x00\n\ud800\u202e" + "x" * 5000, held="abc"))

    shown = Notice.objects.get().details["handed_out"]
    assert len(shown) == 80
    assert shown.startswith("a????x")


def test_a_failed_sweep_creates_one_notice(db):
    sweep = Sweep.objects.create(trigger="schedule", state="failed", started_at=timezone.now(), total=10, broken=10)
    for _ in range(2):
        with transaction.atomic():
            notices.notice_sweep_failure(sweep)

    notice = Notice.objects.get()
    assert (notice.kind, notice.site, notice.details["broken"]) == ("sweep", None, 10)


def test_the_number_of_statements_does_not_grow_with_the_batch(make_site):
    ends = timezone.now() + timedelta(days=5)

    def statements(count: int) -> int:
        sites = [make_site() for _ in range(count)]
        flips = [evaluated(site, BROKEN, READY, expires_at=ends, handed_out="b", held="a") for site in sites]
        with transaction.atomic(), CaptureQueriesContext(connection) as first:
            assert notices.notice_changes(flips) == 3 * count
        back = [evaluated(site, READY, BROKEN, expires_at=ends) for site in sites]
        with transaction.atomic(), CaptureQueriesContext(connection) as second:
            notices.notice_changes(back)
        with transaction.atomic(), CaptureQueriesContext(connection) as third:
            notices.notice_changes(back)
        return len(first), len(second), len(third)

    statements(1)  # creates the head of the chain
    assert statements(2) == statements(60)


def test_without_notices_nothing_is_locked(site, django_assert_num_queries):
    item = evaluated(site, READY)
    with django_assert_num_queries(0):
        notices.notice_changes([item])


def test_old_notices_are_deleted(site, time_machine):
    flip(site)
    assert notices.prune(now=timezone.now() + timedelta(days=89)) == 0
    assert notices.prune(now=timezone.now() + timedelta(days=91)) == 1
