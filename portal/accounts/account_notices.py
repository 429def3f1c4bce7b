"""Tells people what was done to their account: on their pages at once, and by e-mail.

The rows are the queue of the mails. A worker leases one row, sends its mail outside any transaction and then marks it,
so a worker that dies in between sends one mail twice. After a failure the next attempt waits longer; the last one is
after a day.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import F
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from portal.models import AccountNotice, Role, User
from rollout.models.waiting_times import is_over
from rollout.services.queue import wake_worker

log = structlog.get_logger(__name__)
Kind = AccountNotice.Kind
LEASE = timedelta(minutes=5)  # longer than the timeout of a mail server
DELAYS = [timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=4), timedelta(days=1)]
RETENTION = timedelta(days=90)
SHOWN = 20
# The page that a mail links to, if it is not the page Sessions.
PAGES: dict[str, str] = {Kind.TOKEN_REUSED: "my_devices", Kind.API_TOKEN: "my_tokens"}


def notify(*, person: User, kind: AccountNotice.Kind, actor: User | None, about: str = "") -> None:
    """Create a notice in the caller's transaction. ``actor`` is None for Gatepass itself."""
    now = timezone.now()
    AccountNotice.objects.create(
        person=person,
        kind=kind,
        actor_label=str(actor)[:200] if actor else "Gatepass",
        about=about[:200],
        at=now,
        due_at=now,
    )
    wake_worker("portal.tasks.send_account_notices")


def notify_administrators(*, kind: AccountNotice.Kind, about: User) -> None:
    """Create a notice about a person for every other active administrator, in the caller's transaction."""
    for administrator in User.objects.filter(role=Role.ADMINISTRATOR, is_active=True).exclude(pk=about.pk):
        notify(person=administrator, kind=kind, actor=None, about=str(about))


def send_due_notices() -> int:
    """Send the mails that are due and return how many were sent."""
    sent = 0
    while (row := _claim(timezone.now())) is not None:
        sent += _send(row)
    return sent


def delete_old_notices() -> None:
    """Delete notices older than 90 days."""
    AccountNotice.objects.filter(at__lt=timezone.now() - RETENTION).delete()


def _claim(now: datetime) -> AccountNotice | None:
    """Lease the next row whose mail is due, or return None."""
    due = AccountNotice.objects.filter(is_over("due_at", now, DELAYS[-1]), mailed_at=None, attempts__lte=len(DELAYS))
    for row in due.select_related("person").order_by("due_at", "pk")[:5]:
        leased = due.filter(pk=row.pk, attempts=row.attempts)
        if leased.update(attempts=F("attempts") + 1, due_at=now + LEASE):
            row.attempts += 1
            return row
    return None


def _send(row: AccountNotice) -> bool:
    """Send the mail of a leased row, or let it wait for its next attempt. Return whether it was sent."""
    page = PAGES.get(row.kind, "usersessions_list")
    context = {"notice": row, "page": settings.PUBLIC_URL + reverse(page), "public_url": settings.PUBLIC_URL}
    with translation.override(settings.LANGUAGE_CODE):
        subject = " ".join(render_to_string("people/mail/account_notice_subject.txt", context).split())
        text = render_to_string("people/mail/account_notice.txt", context)
    try:
        EmailMessage(subject, text, to=[row.person.email], headers={"Auto-Submitted": "auto-generated"}).send()
    except Exception as error:  # of a mail server or the network, whatever the backend raises
        log.warning("account_notice_not_sent", notice_id=row.pk, error=type(error).__name__, attempts=row.attempts)
        delay = DELAYS[min(row.attempts, len(DELAYS)) - 1]
        AccountNotice.objects.filter(pk=row.pk).update(due_at=timezone.now() + delay)
        return False
    AccountNotice.objects.filter(pk=row.pk).update(mailed_at=timezone.now())
    return True
