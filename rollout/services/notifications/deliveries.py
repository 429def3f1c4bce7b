"""Makes deliveries of notices, and sends them to webhooks.

1. Making is one transaction: up to a hundred notices become one row, and the webhook's mark moves to the last of them.
   So every notice is in exactly one delivery, whatever dies.
2. Sending is leased. One delivery at a time goes to a webhook; the attempt is written down before it is made, so that
   one whose worker died counts too. Every attempt carries the same id, by which a receiver knows a repeat.
3. A failure puts the delivery back with growing pauses, about a day in all, and leaves the receiver alone for a while
   whatever else waits for it. One that says 410 Gone, or took nothing for a day, is paused.
4. What a receiver answers is not kept: its status, or why there is none, is.
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
AT_ONCE = 1000  # notices in one round of one webhook
OLDEST = timedelta(days=3)  # what happened before is not sent to a webhook that was paused
KEPT = timedelta(days=30)
TOOK_NOTHING_FOR = timedelta(days=1)
GONE = _("The receiver answered 410 Gone.")
FAILING = _("The receiver took nothing for a day.")


def make_deliveries() -> int:
    """Turn new notices into deliveries for every active webhook; return how many. Wakes workers to send them."""
    made = 0
    for pk in Webhook.objects.filter(is_active=True, sent_up_to__lt=newest_notice()).values_list("pk", flat=True):
        with transaction.atomic():
            webhook = Webhook.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=pk).first()
            if webhook is not None and webhook.is_active:
                made += _make(webhook)
    return made


def _make(webhook: Webhook) -> int:
    now, up_to = timezone.now(), newest_notice()
    wanted = Notice.objects.told().filter(
        pk__gt=webhook.sent_up_to, pk__lte=up_to, kind__in=webhook.kinds, at__gte=now - OLDEST
    )
    chosen = webhook.sites.values("pk")
    wanted = wanted.filter(site__in=chosen) if chosen.exists() else wanted.filter(site__archived_at=None)
    told = [_told(notice) for notice in wanted.select_related("site").order_by("pk")[:AT_ONCE]]
    rows = [
        _row(webhook, payload.NOTICES, payload.notices_body(portion, made_at=now), now)
        for portion in payload.portions(told)
    ]
    WebhookDelivery.objects.bulk_create(rows)
    webhook.sent_up_to = told[-1].id if len(told) == AT_ONCE else up_to
    webhook.save(update_fields=["sent_up_to"])
    if rows:
        wake_worker("deliver_webhook", webhook.pk)
    return len(rows)


def _told(notice: Notice) -> payload.ToldNotice:
    site = _told_site(notice.site) if notice.site else None
    return payload.ToldNotice(notice.pk, notice.kind, notice.at, notice.details, site)


def _told_site(site: Site) -> payload.ToldSite:
    url = settings.PUBLIC_URL + reverse("site", args=[site.pk])
    return payload.ToldSite(id=site.pk, title=site.title, base_url=site.base_url, url=url)


def _row(webhook: Webhook, event: str, body: dict[str, Any], now: datetime) -> WebhookDelivery:
    return WebhookDelivery(
        webhook=webhook, key=uuid.uuid4(), event=event, body=body, created_at=now, next_attempt_at=now
    )


def send_test(*, actor: Actor, webhook: Webhook) -> WebhookDelivery:
    """Queue a message without news, to see whether the receiver takes it."""
    now = timezone.now()
    with transaction.atomic():
        _do_not_rest(webhook)
        body = payload.test_body(made_at=now, webhook=webhook.name)
        row = _row(webhook, payload.TEST, body, now)
        row.save()
        audit.record(actor=actor, action="webhook.tested", target=webhook)
        wake_worker("deliver_webhook", webhook.pk)
    return row


def send_again(*, actor: Actor, delivery: WebhookDelivery) -> bool:
    """Queue a delivery anew, under its old id; False when it waits already."""
    now = timezone.now()
    with transaction.atomic():
        _do_not_rest(delivery.webhook)
        finished = WebhookDelivery.objects.filter(pk=delivery.pk).exclude(state=DeliveryState.WAITING)
        if not finished.update(state=DeliveryState.WAITING, tries=0, next_attempt_at=now, finished_at=None):
            return False
        audit.record(
            actor=actor, action="webhook.sent_again", target=delivery.webhook, details={"delivery": delivery.pk}
        )
        wake_worker("deliver_webhook", delivery.webhook_id)
    return True


def _do_not_rest(webhook: Webhook) -> None:
    Webhook.objects.filter(pk=webhook.pk).update(not_before=None)


def waiting_webhooks() -> list[int]:
    """The ids of webhooks that something is due for, those whose message was lost among them."""
    now = timezone.now()
    due = WebhookDelivery.objects.filter(state=DeliveryState.WAITING, next_attempt_at__lte=now)
    hooks = Webhook.objects.filter(_is_awake(now), is_active=True, pk__in=due.values("webhook"))
    return list(hooks.order_by("pk").values_list("pk", flat=True))


def deliver(*, webhook_id: int) -> int:
    """Send what is due for one webhook, one after the other, for about a minute; return how many attempts it were."""
    attempts, end = 0, time.monotonic() + ROUND_SECONDS
    while time.monotonic() < end:
        delivery = _claim(webhook_id)
        if delivery is None:
            break
        attempts += 1
        _finish(delivery, *_attempt(delivery))
    return attempts


def _is_awake(now: datetime) -> Q:
    return Q(not_before=None) | Q(not_before__lte=now)


def _claim(webhook_id: int) -> WebhookDelivery | None:
    """The next due delivery under a lease; None when there is none, the receiver rests, or another worker sends."""
    now = timezone.now()
    with transaction.atomic():
        hooks = Webhook.objects.select_for_update(no_key=True, skip_locked=True)
        webhook = hooks.filter(_is_awake(now), pk=webhook_id, is_active=True).first()
        if webhook is None or webhook.deliveries.filter(lease_until__gt=now).exists():
            return None
        due = webhook.deliveries.filter(state=DeliveryState.WAITING, next_attempt_at__lte=now)
        delivery = due.order_by("next_attempt_at", "pk").first()
        if delivery is None:
            return None
        delivery.lease_until, delivery.webhook = now + LEASE, webhook
        delivery.tries += 1
        delivery.next_attempt_at = now + LEASE
        delivery.attempts = [*delivery.attempts, _noted(now, error=AttemptError.LOST.value)]
        delivery.save(update_fields=["lease_until", "tries", "next_attempt_at", "attempts"])
    return delivery


def _attempt(delivery: WebhookDelivery) -> tuple[dict[str, Any], bool]:
    """What is noted of this attempt, and whether the receiver took the message."""
    now, body = timezone.now(), payload.to_bytes(delivery.body)
    try:
        secrets = signing_secrets(delivery.webhook, now)
    except vault.VaultError:
        return _noted(now, error=AttemptError.NO_KEY.value), False
    signed = headers(secrets, message_id=str(delivery.key), timestamp=int(now.timestamp()), body=body)
    reply = _post(delivery.webhook.url, signed, body)
    took = reply.error is None and reply.status is not None and 200 <= reply.status < 300
    return _noted(now, status=reply.status, error=reply.error, elapsed_ms=reply.answer.elapsed_ms), took


def _post(url: str, signed: dict[str, str], body: bytes) -> Reply:
    """One request through the door; a redirect is an answer like any other."""
    ours = replace(policy(), user_agent=f"Gatepass/{__version__} (webhook)", total_seconds=10, max_bytes=65_536)
    return asyncio.run(fetch(ours, "POST", url, headers={**signed, "Content-Type": "application/json"}, body=body))


def _noted(
    at: datetime, *, status: int | None = None, error: str | None = None, elapsed_ms: int | None = None
) -> dict[str, Any]:
    return {"at": at.isoformat(), "status": status, "error": error, "elapsed_ms": elapsed_ms}


def _finish(delivery: WebhookDelivery, noted: dict[str, Any], took: bool) -> None:
    """Write the attempt's result, if the lease is still ours, and what follows for the receiver."""
    now = timezone.now()
    with transaction.atomic():
        webhook = Webhook.objects.select_for_update(no_key=True).filter(pk=delivery.webhook_id).first()
        held = WebhookDelivery.objects.filter(pk=delivery.pk, lease_until=delivery.lease_until)
        row = held.select_for_update(no_key=True).first()
        if webhook is None or row is None:
            return
        row.attempts = [*row.attempts[:-1], noted]
        row.lease_until = None
        _settle(row, took, now)
        row.save(update_fields=["attempts", "lease_until", "state", "next_attempt_at", "finished_at"])
        _remember(webhook, noted, took, now)


def _settle(row: WebhookDelivery, took: bool, now: datetime) -> None:
    pause = None if took else back_off.next_delivery(row.tries, random.random())  # noqa: S311 - jitter
    if pause is not None:
        row.next_attempt_at = now + pause
        return
    row.state = DeliveryState.DELIVERED if took else DeliveryState.FAILED
    row.next_attempt_at, row.finished_at = None, now


def _remember(webhook: Webhook, noted: dict[str, Any], took: bool, now: datetime) -> None:
    """Count the receiver's failures, leave it alone for a while, and pause it when it is gone."""
    if took:
        if webhook.failures:
            webhook.failures, webhook.failing_since, webhook.not_before = 0, None, None
            webhook.save(update_fields=["failures", "failing_since", "not_before"])
        return
    webhook.failures += 1
    webhook.failing_since = webhook.failing_since or now
    webhook.not_before = now + back_off.rest(webhook.failures, random.random())  # noqa: S311 - jitter
    webhook.save(update_fields=["failures", "failing_since", "not_before"])
    log.warning("delivery_failed", webhook_id=webhook.pk, status=noted["status"], error=noted["error"])
    if noted["status"] == 410:
        pause_webhook(actor=None, webhook=webhook, because=GONE)
    elif now - webhook.failing_since >= TOOK_NOTHING_FOR and webhook.failures >= back_off.MOST_TRIES:
        pause_webhook(actor=None, webhook=webhook, because=FAILING)


def prune(*, now: datetime) -> int:
    """Delete deliveries that ended a month ago; return how many."""
    old = WebhookDelivery.objects.filter(finished_at__lt=now - KEPT).order_by("pk").values_list("pk", flat=True)
    return WebhookDelivery.objects.filter(pk__in=list(old[:10_000])).delete()[0]
