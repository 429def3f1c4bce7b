"""E-mail notification settings: a person's own choice, or the default for their role."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from rollout.actor import Actor
from rollout.models import Notice, NoticeKind, NotificationPreference, Site, SiteFollow
from rollout.notifications import digest

Every = NotificationPreference.Every
SITE_KINDS = (NoticeKind.VERDICT, NoticeKind.CLIENT_ID, NoticeKind.CERTIFICATE)
FIRST_DIGEST_PERIOD = timedelta(days=1)  # the first digest of a person covers this period


@dataclass(frozen=True)
class EmailSettings:
    """The settings of one person. ``only_followed`` limits people who see all sites to owned and followed ones."""

    every: str
    kinds: tuple[str, ...]
    only_followed: bool = False
    hour: int = 8
    time_zone: str = ""

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone or settings.TIME_ZONE)

    def next_check(self, now: datetime, *, sent: bool) -> datetime | None:
        """Return when to check for new notices again, or None for never."""
        if self.every == Every.NEVER:
            return None
        if self.every == Every.DAY:
            return digest.next_time(now, hour=self.hour, zone=self.zone)
        return now + timedelta(hours=1) if sent else now


def default_email_settings(person: Actor) -> EmailSettings:
    """Return the default for the role: daily for owners (their sites) and administrators (all), none for others."""
    if not person.works_with_sites:
        return EmailSettings(Every.NEVER, ())
    is_auditor = person.reads_all_sites and not person.is_administrator
    return EmailSettings(Every.NEVER if is_auditor else Every.DAY, kinds_for(person))


def email_settings_of(person: Actor, row: NotificationPreference | None) -> EmailSettings:
    """Return the settings in effect for this person. ``row`` is their stored choice, if any."""
    default = default_email_settings(person)
    if row is None or row.chosen_at is None or not person.works_with_sites:
        return default
    allowed = tuple(kind for kind in row.kinds if kind in kinds_for(person))
    return EmailSettings(row.every, allowed, row.only_followed and person.reads_all_sites, row.hour, row.time_zone)


def kinds_for(person: Actor) -> tuple[str, ...]:
    """Return the kinds this person may get: sweeps only if they see all sites, webhooks only administrators."""
    if person.is_administrator:
        return tuple(NoticeKind.values)
    return (*SITE_KINDS, NoticeKind.SWEEP) if person.reads_all_sites else tuple(SITE_KINDS)


def save_email_settings(
    *, actor: Actor, every: str, kinds: Collection[str], only_followed: bool, hour: int, time_zone: str
) -> None:
    """Save the settings of the signed-in person. Raises ValidationError by field.

    After e-mail was off, the next digest does not include notices from that time.
    """
    if every not in Every.values or not 0 <= hour <= 23:
        raise ValidationError({"every": _("Choose how often to get e-mail.")})
    if time_zone and time_zone not in time_zones():
        raise ValidationError({"time_zone": _("This time zone is unknown. Choose one from the list.")})
    now = timezone.now()
    chosen = EmailSettings(
        every, tuple(kind for kind in kinds_for(actor) if kind in kinds), only_followed, hour, time_zone
    )
    with transaction.atomic():
        row, _created = NotificationPreference.objects.select_for_update(no_key=True).get_or_create(
            person_id=actor.pk, defaults={"digest_up_to": newest_notice()}
        )
        was_off = row.next_digest_at is None
        row.every, row.kinds, row.only_followed = chosen.every, list(chosen.kinds), chosen.only_followed
        row.hour, row.time_zone, row.chosen_at = hour, time_zone, now
        row.next_digest_at = chosen.next_check(now, sent=False)
        if was_off:
            row.digest_up_to = newest_notice()
        row.save()


@cache
def time_zones() -> frozenset[str]:
    """Return the names of all time zones. Cached, because this reads hundreds of files."""
    return frozenset(available_timezones())


def follow(*, actor: Actor, site: Site, follows: bool) -> None:
    """Follow or mute the site. This overrides the default for the role."""
    SiteFollow.objects.update_or_create(person_id=actor.pk, site=site, defaults={"follows": follows})


def subscribed_sites(person: Actor, chosen: EmailSettings) -> QuerySet[Site]:
    """Return the sites this person is notified about: the visible ones without the muted ones."""
    sites = Site.objects.visible_to(person).active()
    follows = SiteFollow.objects.filter(person=person.pk)
    if chosen.only_followed:
        theirs = Q(pk__in=follows.filter(follows=True).values("site")) | Q(pk__in=person.owned_sites.values("pk"))
        sites = sites.filter(theirs)
    return sites.exclude(pk__in=follows.filter(follows=False).values("site"))


def enroll(now: datetime) -> None:
    """Create rows for people whose role gets e-mail by default, so that workers find them. Two statements."""
    queued = NotificationPreference.objects.filter(Q(chosen_at__isnull=False) | Q(next_digest_at__isnull=False))
    people: QuerySet[Any] = get_user_model()._default_manager.all()
    missing = people.filter(is_active=True, role__in=("administrator", "site_owner")).exclude(
        pk__in=queued.values("person")
    )
    rows = [(person, default_email_settings(person)) for person in missing]
    if not rows:
        return
    start = newest_notice(before=now - FIRST_DIGEST_PERIOD)
    NotificationPreference.objects.bulk_create(
        [
            NotificationPreference(person=person, every=default.every, digest_up_to=start, next_digest_at=now)
            for person, default in rows
        ],
        update_conflicts=True,
        unique_fields=["person"],
        update_fields=["digest_up_to", "next_digest_at"],
        batch_size=500,
    )


def newest_notice(before: datetime | None = None) -> int:
    """Return the id of the newest released notice, or 0."""
    notices = Notice.objects.released()
    if before is not None:
        notices = notices.filter(at__lte=before)
    return notices.aggregate(newest=Max("pk"))["newest"] or 0


def is_subscribed(person: Actor, site: Site) -> bool:
    """Return whether this person gets e-mail about this site. Two queries."""
    chosen = email_settings_of(person, NotificationPreference.objects.filter(person=person.pk).first())
    return chosen.every != Every.NEVER and subscribed_sites(person, chosen).filter(pk=site.pk).exists()
