"""Deliveries to webhooks: signed, grouped, retried, one at a time, none lost."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from rollout.models import AuditEvent, DeliveryState, Notice, Webhook, WebhookDelivery
from rollout.services.notifications import deliveries, webhooks
from tests.support.evaluated_notices import BROKEN, READY, evaluated, flip, tell
from tests.support.receiver import receiving, verifies

pytestmark = pytest.mark.django_db


@pytest.fixture
def receiver():
    with receiving() as running:
        yield running


@pytest.fixture
def hook(receiver, administrator):
    """A webhook for all events, and its secret."""
    return webhooks.create_webhook(actor=administrator, name="Chat", url=receiver.url, kinds=webhooks.KINDS)


def test_it_works(hook, receiver, site):
    webhook, secret = hook
    flip(site)
    assert deliveries.make_deliveries() == 1
    assert deliveries.deliver(webhook_id=webhook.pk) == 1

    [(headers, body)] = receiver.received
    assert verifies(secret, headers, body)
    assert not verifies(secret, headers, body + b" ")
    assert headers["content-type"] == "application/json"
    assert abs(int(headers["webhook-timestamp"]) - timezone.now().timestamp()) < 30
    [notice] = receiver.bodies[0]["data"]["notices"]
    assert receiver.bodies[0]["type"] == "gatepass.notices"
    assert (notice["kind"], notice["site"]["id"]) == ("verdict", site.pk)
    assert notice["details"] == {"was": list(READY), "now": list(BROKEN), "times": 1}
    row = WebhookDelivery.objects.get()
    assert (row.state, row.attempts[0]["status"], len(row.attempts)) == ("delivered", 204, 1)
    assert headers["webhook-id"] == str(row.key)
    assert deliveries.make_deliveries() == 0
    assert deliveries.deliver(webhook_id=webhook.pk) == 0


def test_notices_are_combined_in_one_delivery(hook, receiver, make_site):
    tell(*[evaluated(make_site(), BROKEN, READY) for _ in range(120)])

    assert deliveries.make_deliveries() == 2
    deliveries.deliver(webhook_id=hook[0].pk)
    assert [len(body["data"]["notices"]) for body in receiver.bodies] == [100, 20]


def test_only_the_selected_events_and_sites(receiver, administrator, site, make_site):
    other = make_site()
    narrow, _secret = webhooks.create_webhook(
        actor=administrator, name="Narrow", url=receiver.url, kinds=["verdict"], sites=[site]
    )
    soon = timezone.now() + timedelta(days=3)
    tell(evaluated(site, BROKEN, READY, expires_at=soon), evaluated(other, BROKEN, READY))
    deliveries.make_deliveries()
    deliveries.deliver(webhook_id=narrow.pk)

    [notice] = receiver.bodies[0]["data"]["notices"]
    assert (notice["kind"], notice["site"]["id"]) == ("verdict", site.pk)


def test_events_before_its_creation_are_not_sent(receiver, administrator, site):
    flip(site)
    webhooks.create_webhook(actor=administrator, name="New", url=receiver.url, kinds=["verdict"])

    assert deliveries.make_deliveries() == 0


@pytest.mark.parametrize("status", [302, 400, 429, 500, 503])
def test_a_rejected_delivery_is_retried_with_the_same_id(hook, receiver, site, status, time_machine):
    webhook, secret = hook
    receiver.answers = [status]
    flip(site)
    deliveries.make_deliveries()
    assert deliveries.deliver(webhook_id=webhook.pk) == 1, "it does not hammer"
    row = WebhookDelivery.objects.get()
    assert (row.state, row.attempts[0]["status"]) == ("waiting", status)
    assert timedelta(seconds=25) < row.next_attempt_at - timezone.now() < timedelta(seconds=40)
    assert deliveries.waiting_webhooks() == []

    time_machine.move_to(timezone.now() + timedelta(seconds=60))
    assert deliveries.waiting_webhooks() == [webhook.pk]
    deliveries.deliver(webhook_id=webhook.pk)
    row.refresh_from_db()
    assert (row.state, [attempt["status"] for attempt in row.attempts]) == ("delivered", [status, 204])
    assert len(receiver.received) == 2, "a redirect is not followed"
    first, second = receiver.received
    assert first[0]["webhook-id"] == second[0]["webhook-id"]
    assert verifies(secret, *second)


def test_an_unreachable_receiver_fails_after_eight_attempts_within_about_a_day(hook, site, time_machine):
    webhook, _secret = hook
    Webhook.objects.update(url="http://127.0.0.1:1/")
    start = timezone.now()
    time_machine.move_to(start, tick=False)
    flip(site)
    deliveries.make_deliveries()
    for _ in range(20):
        row = WebhookDelivery.objects.get()
        if row.state != DeliveryState.WAITING:
            break
        time_machine.move_to(max(timezone.now(), row.next_attempt_at, _rest(webhook)) + timedelta(1e-5), tick=False)
        deliveries.deliver(webhook_id=webhook.pk)

    assert (row.state, len(row.attempts)) == ("failed", 8)
    assert {attempt["error"] for attempt in row.attempts} == {"refused"}
    assert timedelta(hours=20) < timezone.now() - start < timedelta(hours=30)


def _rest(webhook):
    webhook.refresh_from_db()
    return webhook.not_before or timezone.now()


def test_a_failing_receiver_gets_no_other_delivery_during_its_pause(hook, receiver, make_site):
    webhook, _secret = hook
    receiver.answers = [500] * 50
    tell(*[evaluated(make_site(), BROKEN, READY) for _ in range(300)])
    assert deliveries.make_deliveries() == 3

    assert sum(deliveries.deliver(webhook_id=webhook.pk) for _ in range(5)) == 1


def test_410_pauses_it_and_notifies_administrators(hook, receiver, site, administrator):
    webhook, _secret = hook
    receiver.answers = [410]
    flip(site)
    deliveries.make_deliveries()
    deliveries.deliver(webhook_id=webhook.pk)

    webhook.refresh_from_db()
    assert (webhook.is_active, webhook.paused_because) == (False, deliveries.GONE)
    assert Notice.objects.filter(kind="webhook").count() == 1
    assert AuditEvent.objects.filter(action="webhook.paused", actor=None).count() == 1
    assert deliveries.make_deliveries() == 0

    webhooks.resume_webhook(actor=administrator, webhook=webhook)
    WebhookDelivery.objects.update(next_attempt_at=timezone.now())
    assert deliveries.deliver(webhook_id=webhook.pk) == 1
    assert WebhookDelivery.objects.get().state == "delivered"


def test_a_day_of_failures_pauses_it(hook, receiver, site, time_machine):
    webhook, _secret = hook
    receiver.answers = [500]
    Webhook.objects.update(failures=20, failing_since=timezone.now() - timedelta(days=1, minutes=1))
    flip(site)
    deliveries.make_deliveries()
    deliveries.deliver(webhook_id=webhook.pk)

    webhook.refresh_from_db()
    assert (webhook.is_active, webhook.paused_because) == (False, deliveries.FAILING)
    assert WebhookDelivery.objects.get().state == "waiting", "what waits is sent when it is resumed"


def test_both_secrets_are_valid_for_a_day(hook, receiver, site, administrator, time_machine):
    webhook, old = hook
    new = webhooks.rotate_secret(actor=administrator, webhook=webhook)
    deliveries.send_test(actor=administrator, webhook=webhook)
    deliveries.deliver(webhook_id=webhook.pk)
    [message] = receiver.received
    assert verifies(old, *message)
    assert verifies(new, *message)

    time_machine.move_to(timezone.now() + timedelta(hours=24, seconds=1))
    deliveries.send_test(actor=administrator, webhook=webhook)
    deliveries.deliver(webhook_id=webhook.pk)
    assert not verifies(old, *receiver.received[1])
    assert verifies(new, *receiver.received[1])


def test_a_worker_that_dies_uses_up_one_attempt(hook, receiver, site, time_machine):
    webhook, _secret = hook
    flip(site)
    deliveries.make_deliveries()
    assert deliveries._claim(webhook.pk)  # then the worker dies
    assert deliveries.deliver(webhook_id=webhook.pk) == 0, "the lease holds"

    time_machine.move_to(timezone.now() + deliveries.LEASE + timedelta(seconds=1))
    assert deliveries.waiting_webhooks() == [webhook.pk]
    assert deliveries.deliver(webhook_id=webhook.pk) == 1
    row = WebhookDelivery.objects.get()
    assert [attempt["error"] for attempt in row.attempts] == ["lost", None]
    assert row.state == "delivered"


def test_a_worker_that_lost_its_lease_writes_nothing(hook, site, time_machine):
    webhook, _secret = hook
    flip(site)
    deliveries.make_deliveries()
    late = deliveries._claim(webhook.pk)
    time_machine.move_to(timezone.now() + deliveries.LEASE + timedelta(seconds=1))
    deliveries.deliver(webhook_id=webhook.pk)
    deliveries._finish(late, {"at": "", "status": 500, "error": None, "elapsed_ms": 1}, False)

    assert WebhookDelivery.objects.get().state == "delivered"


def test_without_the_key_nothing_is_sent_unsigned(hook, receiver, site, settings):
    webhook, _secret = hook
    flip(site)
    deliveries.make_deliveries()
    settings.CREDENTIAL_KEYS = ["YW5vdGhlciBrZXkgICAgICAgICAgICAgICAgICAgICA="]
    deliveries.deliver(webhook_id=webhook.pk)

    assert receiver.received == []
    assert WebhookDelivery.objects.get().attempts[0]["error"] == "no_key"


def test_the_fetch_policy_applies(hook, receiver, site, settings):
    webhook, _secret = hook
    settings.PROBE_ALLOW_LOOPBACK = False
    flip(site)
    deliveries.make_deliveries()
    deliveries.deliver(webhook_id=webhook.pk)

    assert receiver.received == []
    assert WebhookDelivery.objects.get().attempts[0]["error"] in {"not_https", "blocked_address"}


def test_a_delivery_is_resent_manually(hook, receiver, site, administrator):
    webhook, _secret = hook
    flip(site)
    deliveries.make_deliveries()
    deliveries.deliver(webhook_id=webhook.pk)
    row = WebhookDelivery.objects.get()
    assert deliveries.send_again(actor=administrator, delivery=row)
    assert not deliveries.send_again(actor=administrator, delivery=row)
    deliveries.deliver(webhook_id=webhook.pk)

    assert len(receiver.received) == 2
    assert receiver.received[0][1] == receiver.received[1][1], "the same bytes"


def test_old_deliveries_are_deleted(hook, receiver, site):
    flip(site)
    deliveries.make_deliveries()
    deliveries.deliver(webhook_id=hook[0].pk)

    assert deliveries.prune(now=timezone.now() + timedelta(days=29)) == 0
    assert deliveries.prune(now=timezone.now() + timedelta(days=31)) == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_send_one_at_a_time_and_nothing_twice(hook, receiver, make_site):
    webhook, _secret = hook
    receiver.seconds = 0.05
    tell(*[evaluated(make_site(), BROKEN, READY) for _ in range(401)])
    deliveries.make_deliveries()

    def work() -> None:
        for _ in range(20):
            deliveries.deliver(webhook_id=webhook.pk)
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert receiver.most_at_once == 1
    assert len({headers["webhook-id"] for headers, _body in receiver.received}) == len(receiver.received) == 5
