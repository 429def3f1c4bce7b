"""Sends digests by e-mail: one message per person for all new notices.

1. The rows of ``NotificationPreference`` are the queue: a worker leases one row, reads the notices after
   ``digest_up_to``, sends them outside any transaction, and then updates ``digest_up_to`` if it still holds the lease.
2. ``digest_up_to`` is updated after the mail server accepted the message. So no notice is lost; if a worker dies in
   between, one message is sent twice. Two workers never send to the same person at the same time.
3. After a failure of the mail server, the digest is retried with growing delays and never dropped.
4. Permissions are evaluated when the digest is created, not when the notice was.
"""

from __future__ import annotations

import random
import smtplib
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from rollout.actor import Actor
from rollout.models import Notice, NotificationPreference
from rollout.models.waiting_times import is_over
from rollout.notifications import back_off
from rollout.notifications.digest import Entry, Section, sections

from . import preferences
from .preferences import EmailSettings, Every

log = structlog.get_logger(__name__)
LEASE = timedelta(minutes=5)  # longer than a task may run
LONGEST_WAIT = max(timedelta(hours=25), back_off.LONGEST_MAIL_DELAY)  # until the next digest: a day when clocks go back
ROUND_SECONDS = 60
MAX_NOTICE_AGE = timedelta(days=30)
SERVER_ERRORS = (OSError, smtplib.SMTPServerDisconnected, smtplib.SMTPConnectError)


def send_due_digests() -> int:
    """Send due digests for about a minute. Return the number of digests sent."""
    preferences.enroll(timezone.now())
    sent, end = 0, time.monotonic() + ROUND_SECONDS
    while time.monotonic() < end:
        row = _claim(timezone.now())
        if row is None:
            break
        try:
            sent += _send_if_due(row)
        except Exception as error:  # of a mail server, the network or a template: the digest is retried later
            _mark_failed(row, error)
            if isinstance(error, SERVER_ERRORS):
                break  # the server is down, so the other digests would fail too
    return sent


def _claim(now: datetime) -> NotificationPreference | None:
    """Lease the next due row, or return None. Hourly digests are due as soon as there are new notices."""
    free = Q(lease_until=None) | is_over("lease_until", now, LEASE)
    has_notices = ~Q(every=Every.HOUR) | Q(digest_up_to__lt=preferences.newest_notice())
    is_due = is_over("next_digest_at", now, LONGEST_WAIT)
    due = NotificationPreference.objects.filter(free, has_notices, is_due, person__is_active=True)
    for row in due.select_related("person").order_by("next_digest_at", "pk")[:5]:
        if NotificationPreference.objects.filter(free, pk=row.pk).update(lease_until=now + LEASE):
            row.lease_until = now + LEASE
            return row
    return None


def _send_if_due(row: NotificationPreference) -> bool:
    """Send this person's digest if it has entries, and update their row. Return whether it was sent."""
    now, up_to = timezone.now(), preferences.newest_notice()
    chosen = preferences.email_settings_of(row.person, row)
    digest = sections(_entries(row, chosen, up_to, now)) if chosen.every != Every.NEVER else ()
    if digest:
        _send(row.person, chosen, digest)
    _advance(row, chosen, up_to=max(up_to, row.digest_up_to), sent=bool(digest))
    return bool(digest)


def _entries(row: NotificationPreference, chosen: EmailSettings, up_to: int, now: datetime) -> Iterator[Entry]:
    visible = Q(site__in=preferences.subscribed_sites(row.person, chosen).values("pk"))
    if row.person.reads_all_sites:
        visible |= Q(site=None)
    notices = Notice.objects.released().filter(
        visible, pk__gt=row.digest_up_to, pk__lte=up_to, kind__in=chosen.kinds, at__gte=now - MAX_NOTICE_AGE
    )
    fields = notices.order_by("pk").values_list("kind", "subject", "at", "details", "site_id", "site__title")
    for kind, subject, at, details, site_id, title in fields.iterator(chunk_size=2000):
        key = f"{kind}:{site_id}" if site_id else subject
        yield Entry(kind, key, at, details, site_id, title or "")


def _send(person: Actor, chosen: EmailSettings, digest: tuple[Section, ...]) -> None:
    """Send one message. Raises the mail backend's errors."""
    page = settings.PUBLIC_URL + reverse("my_notifications")
    context = {"sections": digest, "person": person, "public_url": settings.PUBLIC_URL, "page": page}
    with translation.override(settings.LANGUAGE_CODE), timezone.override(chosen.zone):
        subject = " ".join(render_to_string("notifications/mail/subject.txt", context).split())
        text = render_to_string("notifications/mail/digest.txt", context)
        html = render_to_string("notifications/mail/digest.html", context)
    message = EmailMultiAlternatives(
        subject,
        text,
        to=[person.email],
        # RFC 2369: where to unsubscribe (after a sign-in). RFC 3834: stops automatic replies.
        headers={"List-Unsubscribe": f"<{page}>", "Auto-Submitted": "auto-generated"},
        connection=get_connection(),
    )
    message.attach_alternative(html, "text/html")
    message.send()


def _advance(row: NotificationPreference, chosen: EmailSettings, *, up_to: int, sent: bool) -> None:
    now = timezone.now()
    fields: dict[str, Any] = {"digest_at": now} if sent else {}
    NotificationPreference.objects.filter(pk=row.pk, lease_until=row.lease_until).update(
        digest_up_to=up_to,
        next_digest_at=chosen.next_check(now, sent=sent),
        lease_until=None,
        failures=0,
        failed_because="",
        **fields,
    )


def _mark_failed(row: NotificationPreference, error: Exception) -> None:
    failures = min(row.failures + 1, 1000)
    pause = back_off.mail_delay(failures, random.random())  # noqa: S311 - jitter
    reason = type(error).__name__
    log.warning("digest_not_sent", person_id=row.person_id, error=reason, failures=failures, again_in=str(pause))
    NotificationPreference.objects.filter(pk=row.pk, lease_until=row.lease_until).update(
        failures=failures, failed_because=reason, next_digest_at=timezone.now() + pause, lease_until=None
    )
