"""Who wants to hear of what: what a person chose, and what holds for their role until they do."""

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
OF_SITES = (NoticeKind.VERDICT, NoticeKind.CLIENT_ID, NoticeKind.CERTIFICATE)
LOOKS_BACK = timedelta(days=1)  # what the first digest of a person tells


@dataclass(frozen=True)
class Wants:
    """What one person gets by e-mail. ``only_followed``: of those who see all sites, owned and followed ones only."""

    every: str
    kinds: tuple[str, ...]
    only_followed: bool = False
    hour: int = 8
    time_zone: str = ""

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone or settings.TIME_ZONE)

    def next_look(self, now: datetime, *, sent: bool) -> datetime | None:
        """When to look for news again; None for never."""
        if self.every == Every.NEVER:
            return None
        if self.every == Every.DAY:
            return digest.next_time(now, hour=self.hour, zone=self.zone)
        return now + timedelta(hours=1) if sent else now


def default_of(person: Actor) -> Wants:
    """Owners hear daily of their sites, administrators of all; auditors and members of nothing unless they ask."""
    if not person.works_with_sites:
        return Wants(Every.NEVER, ())
    is_reader = person.reads_all_sites and not person.is_administrator
    return Wants(Every.NEVER if is_reader else Every.DAY, kinds_for(person))


def wants_of(person: Actor, row: NotificationPreference | None) -> Wants:
    """What holds for this person, whose row this is."""
    default = default_of(person)
    if row is None or row.chosen_at is None or not person.works_with_sites:
        return default
    allowed = tuple(kind for kind in row.kinds if kind in kinds_for(person))
    return Wants(row.every, allowed, row.only_followed and person.reads_all_sites, row.hour, row.time_zone)


def kinds_for(person: Actor) -> tuple[str, ...]:
    """The kinds this person may hear of: a check of many sites is no business of those who see only theirs."""
    if person.is_administrator:
        return tuple(NoticeKind.values)
    return (*OF_SITES, NoticeKind.SWEEP) if person.reads_all_sites else tuple(OF_SITES)


def choose(*, actor: Actor, every: str, kinds: Collection[str], only_followed: bool, hour: int, time_zone: str) -> None:
    """Write what this person wants for themselves. Raises ValidationError by field.

    Who turned mail off and on again is not told what happened in between.
    """
    if every not in Every.values or not 0 <= hour <= 23:
        raise ValidationError({"every": _("Choose how often.")})
    if time_zone and time_zone not in time_zones():
        raise ValidationError({"time_zone": _("There is no time zone of this name. Choose one of the list.")})
    now = timezone.now()
    wants = Wants(every, tuple(kind for kind in kinds_for(actor) if kind in kinds), only_followed, hour, time_zone)
    with transaction.atomic():
        row, _made = NotificationPreference.objects.select_for_update(no_key=True).get_or_create(
            person_id=actor.pk, defaults={"digest_up_to": newest_notice()}
        )
        was_off = row.next_digest_at is None
        row.every, row.kinds, row.only_followed = wants.every, list(wants.kinds), wants.only_followed
        row.hour, row.time_zone, row.chosen_at = hour, time_zone, now
        row.next_digest_at = wants.next_look(now, sent=False)
        if was_off:
            row.digest_up_to = newest_notice()
        row.save()


@cache
def time_zones() -> frozenset[str]:
    """The names of all time zones; looking them up reads some hundred files."""
    return frozenset(available_timezones())


def follow(*, actor: Actor, site: Site, follows: bool) -> None:
    """Hear of this site, or be silent of it, whatever the role says."""
    SiteFollow.objects.update_or_create(person_id=actor.pk, site=site, defaults={"follows": follows})


def sites_told_to(person: Actor, wants: Wants) -> QuerySet[Site]:
    """The sites this person hears of: those they may see now, without the muted ones."""
    sites = Site.objects.visible_to(person).active()
    words = SiteFollow.objects.filter(person=person.pk)
    if wants.only_followed:
        theirs = Q(pk__in=words.filter(follows=True).values("site")) | Q(pk__in=person.owned_sites.values("pk"))
        sites = sites.filter(theirs)
    return sites.exclude(pk__in=words.filter(follows=False).values("site"))


def enroll(now: datetime) -> None:
    """Give everybody a row whom the role's default tells something, so that a worker finds them. Two statements."""
    queued = NotificationPreference.objects.filter(Q(chosen_at__isnull=False) | Q(next_digest_at__isnull=False))
    people: QuerySet[Any] = get_user_model()._default_manager.all()
    missing = people.filter(is_active=True, role__in=("administrator", "site_owner")).exclude(
        pk__in=queued.values("person")
    )
    rows = [(person, default_of(person)) for person in missing]
    if not rows:
        return
    start = newest_notice(before=now - LOOKS_BACK)
    NotificationPreference.objects.bulk_create(
        [
            NotificationPreference(person=person, every=wants.every, digest_up_to=start, next_digest_at=now)
            for person, wants in rows
        ],
        update_conflicts=True,
        unique_fields=["person"],
        update_fields=["digest_up_to", "next_digest_at"],
        batch_size=500,
    )


def newest_notice(before: datetime | None = None) -> int:
    """The number of the newest notice that may be told; 0 when there is none."""
    notices = Notice.objects.told()
    if before is not None:
        notices = notices.filter(at__lte=before)
    return notices.aggregate(newest=Max("pk"))["newest"] or 0


def is_told(person: Actor, site: Site) -> bool:
    """Whether this person hears of this site now. Two queries."""
    wants = wants_of(person, NotificationPreference.objects.filter(person=person.pk).first())
    return wants.every != Every.NEVER and sites_told_to(person, wants).filter(pk=site.pk).exists()
