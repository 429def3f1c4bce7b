"""E-mail digests: one message for all notices, only to people who may see them, none lost."""

from __future__ import annotations

import smtplib
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.utils import timezone

from rollout.models import NotificationPreference, Sweep
from rollout.services.notifications import digests, notices, preferences
from tests.support.evaluated_notices import BROKEN, READY, evaluated, flip, tell

pytestmark = pytest.mark.django_db
TOMORROW = timedelta(days=1, minutes=1)


def choose(person, every="hour", kinds=("verdict", "certificate", "client_id", "sweep", "webhook"), **changes):
    fields = {"only_followed": False, "hour": 8, "time_zone": "", **changes}
    preferences.save_email_settings(actor=person, every=every, kinds=kinds, **fields)


def recipients():
    return sorted(message.to[0] for message in mail.outbox)


def test_it_works(site, alice, settings):
    flip(site)
    assert digests.send_due_digests() >= 1

    message = next(message for message in mail.outbox if message.to == [alice.email])
    assert message.subject == "Gatepass: The status of 1 site changed"
    assert f"{settings.PUBLIC_URL}/sites/{site.pk}/" in message.body
    assert "Engineering wiki" in message.body
    assert "MDM setup: Action needed (was Ready)" in message.body
    html = message.alternatives[0].content
    for body in (message.body, html):
        assert "Open each site to see what changed and what to fix." in body
    assert f'<a href="{settings.PUBLIC_URL}/sites/{site.pk}/">Engineering wiki</a>' in html
    assert message.extra_headers["List-Unsubscribe"] == f"<{settings.PUBLIC_URL}/me/notifications/>"
    mail.outbox.clear()
    assert digests.send_due_digests() == 0


def test_defaults_are_own_sites_for_owners_and_all_sites_for_administrators(
    site, make_site, alice, bob, charlie, administrator, auditor, member
):
    flip(make_site())
    digests.send_due_digests()
    assert recipients() == [administrator.email]

    flip(site)
    NotificationPreference.objects.update(next_digest_at=timezone.now())
    digests.send_due_digests()
    assert recipients() == sorted([administrator.email] * 2 + [alice.email, bob.email])


def test_sites_that_are_no_longer_visible_are_left_out(site, alice):
    flip(site)
    site.owners.remove(alice)
    digests.send_due_digests()

    assert alice.email not in recipients()


def test_deactivated_people_get_nothing(site, alice):
    flip(site)
    type(alice).objects.filter(pk=alice.pk).update(is_active=False)
    digests.send_due_digests()

    assert alice.email not in recipients()


def test_muted_and_followed_sites(site, make_site, administrator, alice):
    other = make_site()
    preferences.follow(actor=alice, site=site, follows=False)
    choose(administrator, only_followed=True)
    preferences.follow(actor=administrator, site=other, follows=True)
    tell(evaluated(site, BROKEN, READY), evaluated(other, BROKEN, READY))
    digests.send_due_digests()

    assert alice.email not in recipients()
    [message] = [message for message in mail.outbox if message.to == [administrator.email]]
    assert other.title in message.body
    assert site.title not in message.body


def test_kinds_that_were_not_selected_are_left_out(site, administrator):
    choose(administrator, kinds=["certificate"])
    flip(site)
    digests.send_due_digests()

    assert administrator.email not in recipients()


def test_ten_thousand_flips_are_one_message(make_site, administrator):
    tell(*[evaluated(make_site(title=f"Wiki {n:03}"), BROKEN, READY) for n in range(200)])
    digests.send_due_digests()

    [message] = mail.outbox
    assert message.subject == "Gatepass: The status of 200 sites changed"
    assert message.body.count("\n- ") == 20
    assert "and 180 more" in message.body


def test_the_number_of_queries_does_not_grow_with_the_notices(make_site, administrator, django_assert_max_num_queries):
    tell(*[evaluated(make_site(), BROKEN, READY) for _ in range(150)])
    with django_assert_max_num_queries(14):
        digests.send_due_digests()


def test_at_most_hourly(site, administrator, time_machine):
    start = timezone.now()
    time_machine.move_to(start, tick=False)
    choose(administrator)
    flip(site)
    digests.send_due_digests()
    sent = len([m for m in mail.outbox if m.to == [administrator.email]])
    time_machine.move_to(start + timedelta(minutes=30), tick=False)
    Sweep.objects.create(trigger="schedule", state="failed", started_at=timezone.now())
    notices.notice_sweep_failure(Sweep.objects.get())
    digests.send_due_digests()
    assert len([m for m in mail.outbox if m.to == [administrator.email]]) == sent == 1
    time_machine.move_to(start + timedelta(minutes=61), tick=False)
    digests.send_due_digests()
    assert len([m for m in mail.outbox if m.to == [administrator.email]]) == 2


def test_daily_at_the_hour_in_the_time_zone_of_the_person(site, administrator, time_machine):
    zone = ZoneInfo("Pacific/Auckland")
    time_machine.move_to(datetime(2026, 6, 1, 7, 0, tzinfo=zone), tick=False)
    choose(administrator, every="day", hour=9, time_zone="Pacific/Auckland")
    flip(site)
    for hour, sent in ((8, 0), (9, 1), (10, 1)):
        time_machine.move_to(datetime(2026, 6, 1, hour, 1, tzinfo=zone), tick=False)
        digests.send_due_digests()
        assert len([m for m in mail.outbox if m.to == [administrator.email]]) == sent, hour


class FailingBackend(EmailBackend):
    failing = True

    def send_messages(self, messages):
        if self.failing:
            raise smtplib.SMTPServerDisconnected("connection lost")
        return super().send_messages(messages)


def test_a_failing_mail_server_is_retried_and_nothing_is_lost(site, administrator, settings, time_machine):
    settings.EMAIL_BACKEND = f"{__name__}.FailingBackend"
    FailingBackend.failing = True
    start = timezone.now()
    time_machine.move_to(start, tick=False)
    site.owners.clear()
    flip(site)
    digests.send_due_digests()
    row = NotificationPreference.objects.get(person=administrator)
    assert (row.failures, row.failed_because, row.digest_at) == (1, "SMTPServerDisconnected", None)
    assert timedelta(minutes=1) <= row.next_digest_at - start <= timedelta(minutes=2)

    time_machine.move_to(start + timedelta(minutes=2), tick=False)
    digests.send_due_digests()
    row.refresh_from_db()
    assert row.failures == 2
    FailingBackend.failing = False
    time_machine.move_to(start + timedelta(minutes=10), tick=False)
    digests.send_due_digests()
    row.refresh_from_db()
    assert recipients() == [administrator.email]
    assert (row.failures, row.failed_because) == (0, "")


def test_a_worker_that_dies_after_sending_causes_one_duplicate(site, administrator, time_machine):
    site.owners.clear()
    flip(site)
    preferences.enroll(timezone.now())
    NotificationPreference.objects.exclude(person=administrator).delete()
    row = digests._claim(timezone.now())
    found = digests.sections(
        digests._entries(
            row, preferences.default_email_settings(administrator), preferences.newest_notice(), timezone.now()
        )
    )
    digests._send(administrator, preferences.default_email_settings(administrator), found)  # then the worker dies
    assert digests.send_due_digests() == 0, "the lease holds"

    time_machine.move_to(timezone.now() + digests.LEASE + timedelta(seconds=1))
    assert digests.send_due_digests() == 1
    assert len(mail.outbox) == 2
    time_machine.move_to(timezone.now() + TOMORROW)
    assert digests.send_due_digests() == 0


def test_notices_from_while_it_was_off_are_not_sent(site, administrator):
    choose(administrator, every="never")
    flip(site)
    choose(administrator, every="hour")
    digests.send_due_digests()

    assert administrator.email not in recipients()


def test_a_title_is_escaped(make_site, administrator):
    flip(make_site(title="<script>alert(1)</script> {{ x }}"))
    digests.send_due_digests()

    [message] = mail.outbox
    assert "<script>" not in message.alternatives[0].content
    assert "<script>alert(1)</script> {{ x }}: " in message.body
