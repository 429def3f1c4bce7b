"""Erases personal data of audit events, and proves later which event recorded it.

The event of an erasure contains the number of erased halves and a checksum over their positions. So marking a half as
erased in the database, without such an event, is found by ``audit_verification``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from rollout.actor import Actor
from rollout.models import AuditEvent, AuditPersonalData

from .audit import HALVES, is_gathering, lock_chain_head, record

BATCH = 5000  # events per erasure of old data; the head of the chain is locked for one batch


class Erasure(NamedTuple):
    """What one event erased: how many halves of personal data, and the checksum over their positions."""

    halves: int
    checksum: str


def erase_person(*, actor: Actor | None, person: int, passes: list[int]) -> int:
    """Erase a person from all events, as the actor and as the object, and record it; return how many halves.

    ``person`` is their number, the only thing that the event contains, and ``passes`` are the numbers of their passes.
    """
    with transaction.atomic():
        erasure = _erase(_halves_of(person, passes))
        record(actor=actor, action="person.erased", details={"person": person, **erasure._asdict()})
    return erasure.halves


def count_person(*, person: int, passes: list[int]) -> int:
    """Return how many halves of personal data ``erase_person`` would erase."""
    return sum(_with_data(half).filter(chosen).count() for half, chosen in _halves_of(person, passes).items())


def events_of(*, person: int, passes: list[int]) -> QuerySet[AuditEvent]:
    """Return all events by or about a person, newest last, with their personal data."""
    return AuditEvent.objects.with_names().filter(Q(actor=person) | _about(person, passes)).order_by("number")


def erase_old_data() -> int:
    """Erase personal data older than AUDIT_PERSONAL_DATA_DAYS, in batches, and return how many halves; 0 keeps it."""
    if not settings.AUDIT_PERSONAL_DATA_DAYS:
        return 0
    before, after, erased = timezone.now() - timedelta(days=settings.AUDIT_PERSONAL_DATA_DAYS), 0, 0
    while numbers := _old_numbers(before, after):
        with transaction.atomic():
            erasure = _erase(dict.fromkeys(HALVES, Q(pk__in=numbers)))
            record(actor=None, action="activity.erased", details=erasure._asdict())
        after, erased = numbers[-1], erased + erasure.halves
    return erased


def erasure_of(number: int) -> Erasure:
    """Return what the event with this number erased, according to the marks of the personal data."""
    checksum, halves = hashlib.sha256(), 0
    for position in _marked(number):
        checksum.update(position.encode())
        halves += 1
    return Erasure(halves, checksum.hexdigest())


def _halves_of(person: int, passes: list[int]) -> dict[str, Q]:
    """Return conditions for the halves that name a person.

    Without an actor, the address is that of the person whom the event is about, such as at a failed sign-in.
    """
    about = _about(person, passes)
    acted = Q(actor=person) | Q(about, actor=None)
    events = AuditEvent.objects.order_by()
    return {
        "actor": Q(pk__in=events.filter(acted).values("number")),
        "target": Q(pk__in=events.filter(about).values("number")),
    }


def _about(person: int, passes: list[int]) -> Q:
    is_pass = Q(target_type="enrollmentpass", target_id__in=[str(pk) for pk in passes])
    return Q(target_type="user", target_id=str(person)) | is_pass


def _with_data(half: str) -> QuerySet[AuditPersonalData]:
    return AuditPersonalData.objects.exclude(**{f"{half}_salt": ""})


def _old_numbers(before: datetime, after: int) -> list[int]:
    rows = AuditPersonalData.objects.exclude(actor_salt="", target_salt="").filter(event__at__lt=before, pk__gt=after)
    return list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])


def _erase(chosen: dict[str, Q]) -> Erasure:
    """Erase the chosen halves. The next event must record it; the head of the chain stays locked until then.

    Raises RuntimeError in a block of ``gathered()``, where the number of the next event is not known.
    """
    if is_gathering():
        raise RuntimeError("an erasure cannot be recorded inside gathered()")
    number = lock_chain_head().number + 1
    for half, condition in chosen.items():
        empty = dict.fromkeys((*HALVES[half], f"{half}_salt"), "")
        _with_data(half).filter(condition).update(**empty, **{f"{half}_erased_by": number})
    return erasure_of(number)


def _marked(number: int) -> Iterator[str]:
    """Return the positions of the halves that the event with this number erased, in a fixed order."""
    for half in HALVES:
        rows = AuditPersonalData.objects.filter(**{f"{half}_erased_by": number}).order_by("pk")
        for pk in rows.values_list("pk", flat=True).iterator():
            yield f"{half} {pk}\n"
