"""Sends digests by e-mail: one message for each person, however much happened.

1. The rows are the queue: a worker leases the preference of one person, reads what came after their last digest, sends
   it outside any transaction, and then moves the mark forward, if the lease is still its own.
2. The mark moves after the mail server took the message. So nothing is lost; a worker that dies between the two costs
   one message sent twice. Two workers never send to one person at the same time.
3. A mail server that fails is asked again with growing pauses, and never given up: the news keep.
4. What a person may see is asked when the digest is made, not when the notice was.
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
from rollout.notifications import back_off
from rollout.notifications.digest import Entry, Section, sections

from . import preferences
from .preferences import Every, Wants

log = structlog.get_logger(__name__)
LEASE = timedelta(minutes=5)  # longer than a task may run
ROUND_SECONDS = 60
OLDEST = timedelta(days=30)  # what came before is no news any more
NO_SERVER = (OSError, smtplib.SMTPServerDisconnected, smtplib.SMTPConnectError)


def send_due_digests() -> int:
    """Send what is due for about a minute; return how many digests were sent."""
    preferences.enroll(timezone.now())
    sent, end = 0, time.monotonic() + ROUND_SECONDS
    while time.monotonic() < end:
        row = _claim(timezone.now())
        if row is None:
            break
        try:
            sent += _look(row)
        except Exception as error:  # whatever a mail server, a network or a template does, the digest waits for a retry
            _failed(row, error)
            if isinstance(error, NO_SERVER):
                break  # nobody is there: the others need not find out one by one
    return sent


def _claim(now: datetime) -> NotificationPreference | None:
    """The next person's row under a lease, None when nobody is due. Who hears hourly is due once there is news."""
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    news = ~Q(every=Every.HOUR) | Q(digest_up_to__lt=preferences.newest_notice())
    due = NotificationPreference.objects.filter(free, news, next_digest_at__lte=now, person__is_active=True)
    for row in due.select_related("person").order_by("next_digest_at", "pk")[:5]:
        if NotificationPreference.objects.filter(free, pk=row.pk).update(lease_until=now + LEASE):
            row.lease_until = now + LEASE
            return row
    return None


def _look(row: NotificationPreference) -> bool:
    """Send this person's digest if there is anything to tell, and move their mark; return whether it was sent."""
    now, up_to = timezone.now(), preferences.newest_notice()
    wants = preferences.wants_of(row.person, row)
    found = sections(_entries(row, wants, up_to, now)) if wants.every != Every.NEVER else ()
    if found:
        _send(row.person, wants, found)
    _advance(row, wants, up_to=max(up_to, row.digest_up_to), sent=bool(found))
    return bool(found)


def _entries(row: NotificationPreference, wants: Wants, up_to: int, now: datetime) -> Iterator[Entry]:
    told = Q(site__in=preferences.sites_told_to(row.person, wants).values("pk"))
    if row.person.reads_all_sites:
        told |= Q(site=None)
    notices = Notice.objects.told().filter(
        told, pk__gt=row.digest_up_to, pk__lte=up_to, kind__in=wants.kinds, at__gte=now - OLDEST
    )
    fields = notices.order_by("pk").values_list("kind", "subject", "at", "details", "site_id", "site__title")
    for kind, subject, at, details, site_id, title in fields.iterator(chunk_size=2000):
        key = f"{kind}:{site_id}" if site_id else subject
        yield Entry(kind, key, at, details, site_id, title or "")


def _send(person: Actor, wants: Wants, found: tuple[Section, ...]) -> None:
    """Hand one message to the mail server. Raises what it raises."""
    page = settings.PUBLIC_URL + reverse("my_notifications")
    context = {"sections": found, "person": person, "public_url": settings.PUBLIC_URL, "page": page}
    with translation.override(settings.LANGUAGE_CODE), timezone.override(wants.zone):
        subject = " ".join(render_to_string("notifications/mail/subject.txt", context).split())
        text = render_to_string("notifications/mail/digest.txt", context)
        page_text = render_to_string("notifications/mail/digest.html", context)
    message = EmailMultiAlternatives(
        subject,
        text,
        to=[person.email],
        # RFC 2369: a page to leave by, which asks for a sign-in; RFC 3834: no answers of machines to a machine.
        headers={"List-Unsubscribe": f"<{page}>", "Auto-Submitted": "auto-generated"},
        connection=get_connection(),
    )
    message.attach_alternative(page_text, "text/html")
    message.send()


def _advance(row: NotificationPreference, wants: Wants, *, up_to: int, sent: bool) -> None:
    now = timezone.now()
    fields: dict[str, Any] = {"digest_at": now} if sent else {}
    NotificationPreference.objects.filter(pk=row.pk, lease_until=row.lease_until).update(
        digest_up_to=up_to,
        next_digest_at=wants.next_look(now, sent=sent),
        lease_until=None,
        failures=0,
        failed_because="",
        **fields,
    )


def _failed(row: NotificationPreference, error: Exception) -> None:
    failures = min(row.failures + 1, 1000)
    pause = back_off.next_mail(failures, random.random())  # noqa: S311 - jitter
    because = type(error).__name__
    log.warning("digest_not_sent", person_id=row.person_id, error=because, failures=failures, again_in=str(pause))
    NotificationPreference.objects.filter(pk=row.pk, lease_until=row.lease_until).update(
        failures=failures, failed_because=because, next_digest_at=timezone.now() + pause, lease_until=None
    )
