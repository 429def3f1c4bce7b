"""Creates webhook deliveries from notices and sends them.

1. Deliveries are created in one transaction: up to 100 notices become one row, and ``Webhook.sent_up_to`` moves to the
   last of them. So every notice is in exactly one delivery, even if a worker dies.
2. Sending takes a lease, and a webhook gets one delivery at a time. Each attempt is stored before it is sent, so an
   attempt whose worker died counts too. All attempts carry the same ID, so the receiver can detect repeats.
3. A failed delivery is retried with growing delays for about a day, and the receiver gets no other message during a
   shorter pause. A webhook is paused if its receiver returns 410 Gone or accepts nothing for 24 hours.
4. The response body is not stored, only the status or the error.
"""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from rollout import __version__
from rollout.actor import Actor
from rollout.http_client.client import fetch
from rollout.http_client.reply import Reply
from rollout.message_ids import gettext_noop as _
from rollout.models import AttemptError, DeliveryState, Notice, Site, Webhook, WebhookDelivery
from rollout.models.waiting_times import is_ahead, is_over
from rollout.notifications import back_off, payload
from rollout.notifications.signing import headers
from rollout.services import audit, vault
from rollout.services.network import policy
from rollout.services.queue import wake_worker

from .preferences import newest_notice
from .webhooks import pause_webhook, signing_secrets

log = structlog.get_logger(__name__)
LEASE = timedelta(seconds=60)
ROUND_SECONDS = 60
BATCH_SIZE = 1000  # notices of one webhook per run
MAX_NOTICE_AGE = timedelta(days=3)  # older notices are not sent after a pause
RETENTION = timedelta(days=30)
MAX_FAILING_TIME = timedelta(days=1)
GONE = _("The receiver returned 410 Gone.")
FAILING = _("The receiver accepted no message for 24 hours.")


def make_deliveries() -> int:
    """Create deliveries of new notices for all active webhooks, and wake workers. Return the number of deliveries."""
    created = 0
    for pk in Webhook.objects.filter(is_active=True, sent_up_to__lt=newest_notice()).values_list("pk", flat=True):
        with transaction.atomic():
            webhook = Webhook.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=pk).first()
            if webhook is not None and webhook.is_active:
                created += _create_deliveries(webhook)
    return created


def _create_deliveries(webhook: Webhook) -> int:
    now, up_to = timezone.now(), newest_notice()
    wanted = Notice.objects.released().filter(
        pk__gt=webhook.sent_up_to, pk__lte=up_to, kind__in=webhook.kinds, at__gte=now - MAX_NOTICE_AGE
    )
    chosen = webhook.sites.values("pk")
    wanted = wanted.filter(site__in=chosen) if chosen.exists() else wanted.filter(site__archived_at=None)
    notices = [_notice_payload(notice) for notice in wanted.select_related("site").order_by("pk")[:BATCH_SIZE]]
    rows = [
        _row(webhook, payload.NOTICES, payload.notices_body(batch, created_at=now), now)
        for batch in payload.batches(notices)
    ]
    WebhookDelivery.objects.bulk_create(rows)
    webhook.sent_up_to = notices[-1].id if len(notices) == BATCH_SIZE else up_to
    webhook.save(update_fields=["sent_up_to"])
    if rows:
        wake_worker("deliver_webhook", webhook.pk)
    return len(rows)


def _notice_payload(notice: Notice) -> payload.NoticePayload:
    site = _site_payload(notice.site) if notice.site else None
    return payload.NoticePayload(notice.pk, notice.kind, notice.at, notice.details, site)


def _site_payload(site: Site) -> payload.SitePayload:
    url = settings.PUBLIC_URL + reverse("site", args=[site.pk])
    return payload.SitePayload(id=site.pk, title=site.title, base_url=site.base_url, url=url)


def _row(webhook: Webhook, event: str, body: dict[str, Any], now: datetime) -> WebhookDelivery:
    return WebhookDelivery(
        webhook=webhook, key=uuid.uuid4(), event=event, body=body, created_at=now, next_attempt_at=now
    )


def send_test(*, actor: Actor, webhook: Webhook) -> WebhookDelivery:
    """Queue a test message without notices."""
    now = timezone.now()
    with transaction.atomic():
        _clear_pause(webhook)
        body = payload.test_body(created_at=now, webhook=webhook.name)
        row = _row(webhook, payload.TEST, body, now)
        row.save()
        audit.record(actor=actor, action="webhook.tested", target=webhook)
        wake_worker("deliver_webhook", webhook.pk)
    return row


def send_again(*, actor: Actor, delivery: WebhookDelivery) -> bool:
    """Queue a finished delivery again under the same ID. Return False if it is already waiting."""
    now = timezone.now()
    with transaction.atomic():
        _clear_pause(delivery.webhook)
        finished = WebhookDelivery.objects.filter(pk=delivery.pk).exclude(state=DeliveryState.WAITING)
        if not finished.update(state=DeliveryState.WAITING, tries=0, next_attempt_at=now, finished_at=None):
            return False
        audit.record(
            actor=actor, action="webhook.sent_again", target=delivery.webhook, details={"delivery": delivery.pk}
        )
        wake_worker("deliver_webhook", delivery.webhook_id)
    return True


def _clear_pause(webhook: Webhook) -> None:
    Webhook.objects.filter(pk=webhook.pk).update(not_before=None)


def waiting_webhooks() -> list[int]:
    """Return the ids of webhooks with due deliveries, including those whose Celery message was lost."""
    now = timezone.now()
    due = WebhookDelivery.objects.filter(_is_due(now), state=DeliveryState.WAITING)
    hooks = Webhook.objects.filter(_not_paused(now), is_active=True, pk__in=due.values("webhook"))
    return list(hooks.order_by("pk").values_list("pk", flat=True))


def deliver(*, webhook_id: int) -> int:
    """Send the due deliveries of one webhook for about a minute. Return the number of attempts."""
    attempts, end = 0, time.monotonic() + ROUND_SECONDS
    while time.monotonic() < end:
        delivery = _claim(webhook_id)
        if delivery is None:
            break
        attempts += 1
        _finish(delivery, *_attempt(delivery))
    return attempts


def _not_paused(now: datetime) -> Q:
    return Q(not_before=None) | is_over("not_before", now, back_off.LONGEST_PAUSE)


def _is_due(now: datetime) -> Q:
    return is_over("next_attempt_at", now, back_off.LONGEST_DELIVERY_DELAY)


def _claim(webhook_id: int) -> WebhookDelivery | None:
    """Lease the next due delivery. None if there is none, the receiver is paused, or another worker is sending."""
    now = timezone.now()
    with transaction.atomic():
        hooks = Webhook.objects.select_for_update(no_key=True, skip_locked=True)
        webhook = hooks.filter(_not_paused(now), pk=webhook_id, is_active=True).first()
        if webhook is None or webhook.deliveries.filter(is_ahead("lease_until", now, LEASE)).exists():
            return None
        due = webhook.deliveries.filter(_is_due(now), state=DeliveryState.WAITING)
        delivery = due.order_by("next_attempt_at", "pk").first()
        if delivery is None:
            return None
        delivery.lease_until, delivery.webhook = now + LEASE, webhook
        delivery.tries += 1
        delivery.next_attempt_at = now + LEASE
        delivery.attempts = [*delivery.attempts, _attempt_entry(now, error=AttemptError.LOST.value)]
        delivery.save(update_fields=["lease_until", "tries", "next_attempt_at", "attempts"])
    return delivery


def _attempt(delivery: WebhookDelivery) -> tuple[dict[str, Any], bool]:
    """Send the delivery once. Return the log entry of the attempt and whether the receiver accepted it."""
    now, body = timezone.now(), payload.to_bytes(delivery.body)
    try:
        secrets = signing_secrets(delivery.webhook, now)
    except vault.VaultError:
        return _attempt_entry(now, error=AttemptError.NO_KEY.value), False
    signed = headers(secrets, message_id=str(delivery.key), timestamp=int(now.timestamp()), body=body)
    reply = _post(delivery.webhook.url, signed, body)
    accepted = reply.error is None and reply.status is not None and 200 <= reply.status < 300
    return _attempt_entry(now, status=reply.status, error=reply.error, elapsed_ms=reply.answer.elapsed_ms), accepted


def _post(url: str, signed: dict[str, str], body: bytes) -> Reply:
    """Send one request with the guarded HTTP client, which does not follow redirects."""
    fetch_policy = replace(policy(), user_agent=f"Gatepass/{__version__} (webhook)", total_seconds=10, max_bytes=65_536)
    return asyncio.run(
        fetch(fetch_policy, "POST", url, headers={**signed, "Content-Type": "application/json"}, body=body)
    )


def _attempt_entry(
    at: datetime, *, status: int | None = None, error: str | None = None, elapsed_ms: int | None = None
) -> dict[str, Any]:
    return {"at": at.isoformat(), "status": status, "error": error, "elapsed_ms": elapsed_ms}


def _finish(delivery: WebhookDelivery, entry: dict[str, Any], accepted: bool) -> None:
    """Store the result of the attempt if this worker still holds the lease, and update the webhook."""
    now = timezone.now()
    with transaction.atomic():
        webhook = Webhook.objects.select_for_update(no_key=True).filter(pk=delivery.webhook_id).first()
        leased = WebhookDelivery.objects.filter(pk=delivery.pk, lease_until=delivery.lease_until)
        row = leased.select_for_update(no_key=True).first()
        if webhook is None or row is None:
            return
        row.attempts = [*row.attempts[:-1], entry]
        row.lease_until = None
        _update_state(row, accepted, now)
        row.save(update_fields=["attempts", "lease_until", "state", "next_attempt_at", "finished_at"])
        _update_receiver(webhook, entry, accepted, now)


def _update_state(row: WebhookDelivery, accepted: bool, now: datetime) -> None:
    delay = None if accepted else back_off.delivery_delay(row.tries, random.random())  # noqa: S311 - jitter
    if delay is not None:
        row.next_attempt_at = now + delay
        return
    row.state = DeliveryState.DELIVERED if accepted else DeliveryState.FAILED
    row.next_attempt_at, row.finished_at = None, now


def _update_receiver(webhook: Webhook, entry: dict[str, Any], accepted: bool, now: datetime) -> None:
    """Count the receiver's consecutive failures, delay its next message, and pause the webhook if it keeps failing."""
    if accepted:
        if webhook.failures:
            webhook.failures, webhook.failing_since, webhook.not_before = 0, None, None
            webhook.save(update_fields=["failures", "failing_since", "not_before"])
        return
    webhook.failures += 1
    webhook.failing_since = webhook.failing_since or now
    webhook.not_before = now + back_off.receiver_pause(webhook.failures, random.random())  # noqa: S311 - jitter
    webhook.save(update_fields=["failures", "failing_since", "not_before"])
    log.warning("delivery_failed", webhook_id=webhook.pk, status=entry["status"], error=entry["error"])
    if entry["status"] == 410:
        pause_webhook(actor=None, webhook=webhook, because=GONE)
    elif now - webhook.failing_since >= MAX_FAILING_TIME and webhook.failures >= back_off.MAX_ATTEMPTS:
        pause_webhook(actor=None, webhook=webhook, because=FAILING)


def prune(*, now: datetime) -> int:
    """Delete deliveries that finished more than 30 days ago. Return how many."""
    old = WebhookDelivery.objects.filter(finished_at__lt=now - RETENTION).order_by("pk").values_list("pk", flat=True)
    return WebhookDelivery.objects.filter(pk__in=list(old[:10_000])).delete()[0]
