"""What is worth a notice, once, and without storms."""

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


def test_a_first_judgement_is_no_news(site):
    assert tell(evaluated(site, READY)) == 0
    assert not Notice.objects.exists()


def test_a_site_that_goes_back_and_forth_is_told_once_and_then_once_with_a_count(site, time_machine):
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
    told = Notice.objects.released().first()
    assert told.details == {"was": list(BROKEN), "now": list(READY), "times": 5}
    assert told.pk > held.pk  # a new number, so that readers who came past the old one see it
    assert notices.release_held() == 0

    time_machine.move_to(start + timedelta(hours=7), tick=False)
    flip(site, READY, BROKEN)
    assert Notice.objects.released().count() == 2, "what was just told starts a cool-down of its own"


def test_after_the_cool_down_a_flip_is_told_at_once(site, time_machine):
    start = timezone.now()
    time_machine.move_to(start, tick=False)
    flip(site)
    time_machine.move_to(start + timedelta(hours=6, seconds=1), tick=False)
    flip(site, BROKEN, READY)

    assert Notice.objects.released().count() == 2


def test_a_cool_down_of_nothing_tells_every_flip(site, settings):
    settings.NOTICE_COOL_DOWN_HOURS = 0
    flip(site)
    flip(site, BROKEN, READY)

    assert Notice.objects.released().count() == 2


def test_a_certificate_is_told_at_thirty_seven_and_one_days_once_each(site, time_machine):
    start = timezone.now()
    ends = start + timedelta(days=40)
    told = []
    for day in (0, 9, 11, 20, 32, 34, 39, 39.5, 41):
        time_machine.move_to(start + timedelta(days=day), tick=False)
        if tell(evaluated(site, expires_at=ends)):
            told.append(day)

    assert told == [11, 34, 39]
    assert [notice.details["within_days"] for notice in Notice.objects.order_by("pk")] == [30, 7, 1]


def test_a_renewed_certificate_is_told_anew(site):
    now = timezone.now()
    tell(evaluated(site, expires_at=now + timedelta(days=5)))
    tell(evaluated(site, expires_at=now + timedelta(days=6)))

    assert Notice.objects.filter(kind="certificate").count() == 2


def test_another_client_id_is_told_once_for_each_value(site):
    tell(evaluated(site, handed_out="abc", held="abc"))
    assert not Notice.objects.exists()
    tell(evaluated(site, handed_out="other", held="abc"))
    tell(evaluated(site, handed_out="other", held="abc"))
    tell(evaluated(site, handed_out="third", held="abc"))
    tell(evaluated(site, handed_out="other", held=None))

    handed = [notice.details["handed_out"] for notice in Notice.objects.order_by("pk")]
    assert handed == ["other", "third"]


def test_what_a_hostile_site_hands_out_is_made_harmless(site):
    tell(evaluated(site, handed_out="a\x00\n\ud800\u202e" + "x" * 5000, held="abc"))

    shown = Notice.objects.get().details["handed_out"]
    assert len(shown) == 80
    assert shown.startswith("a????x")


def test_a_failed_sweep_is_told_once(db):
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

    statements(1)  # makes the end of the chain
    assert statements(2) == statements(60)


def test_nothing_new_locks_nothing(site, django_assert_num_queries):
    item = evaluated(site, READY)
    with django_assert_num_queries(0):
        notices.notice_changes([item])


def test_old_notices_go(site, time_machine):
    flip(site)
    assert notices.prune(now=timezone.now() + timedelta(days=89)) == 0
    assert notices.prune(now=timezone.now() + timedelta(days=91)) == 1
