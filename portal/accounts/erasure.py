"""Erases one person: the account with everything that belongs to it, their name elsewhere, and their audit log entries.

What stays names them by a number only: events of the audit log.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import structlog
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model
from django.utils.translation import gettext as _

from oauth_provider.models import Client
from portal.models import User
from rollout.models import Enrollment, EnrollmentPass
from rollout.services import audit, audit_erasure

from .ended_access import end_all
from .people import lock_with_administrators, require_another_administrator
from .person_data import mentions_of, operations_log_about, passes_of, rows_of, without_person

log = structlog.get_logger(__name__)

MARK = "(erased)"
AUDIT_LOG = "audit_log"


@transaction.atomic
def plan_erasure(*, actor: User | None, person: User) -> dict[str, int]:
    """Return how many rows of each table ``erase_person`` would delete or change. Raises ValidationError."""
    return _count(_lock(actor, person))


@transaction.atomic
def erase_person(*, actor: User | None, person: User) -> dict[str, int]:
    """Erase a person and return how many rows of each table that deleted or changed. Raises ValidationError.

    The events of what ends are written before the entries of the audit log are erased, so these are among them.
    """
    person = _lock(actor, person)
    number, passes, counts = person.pk, passes_of(person), _count(person)
    with audit.gathered():
        end_all(actor=actor, person=person)
        for row, field in mentions_of(person):
            _write_mark(row, field, person)
        Enrollment.objects.filter(enrollment_pass__person=person).update(user_agent="")
        EnrollmentPass.objects.filter(person=person).update(label=MARK)
        Client.objects.filter(user=person).update(user=None)  # deleting the person would delete the client
        operations_log_about(person).delete()
        _delete_sessions(person)
        person.delete()
    counts[AUDIT_LOG] = audit_erasure.erase_person(actor=actor, person=number, passes=passes)
    # Outside the database, so that the person can be erased again after a backup was restored.
    transaction.on_commit(lambda: log.info("person_erased", person=number))
    return counts


def _lock(actor: User | None, person: User) -> User:
    """Lock the account and return it. Raises ValidationError if it must not be erased."""
    person, others = lock_with_administrators(person)
    if actor and actor.pk == person.pk:
        raise ValidationError(_("You cannot erase your own account. Ask another administrator."))
    require_another_administrator(person, others)
    return person


def _count(person: User) -> dict[str, int]:
    """Return the number of rows by the name of their table."""
    counts = Counter({_table(person): 1})
    for rows in rows_of(person):
        counts[_table(rows.model)] += rows.count()
    for row, _field in mentions_of(person):
        if not (isinstance(row, EnrollmentPass) and row.person_id == person.pk):  # counted above
            counts[_table(row)] += 1
    counts[AUDIT_LOG] = audit_erasure.count_person(person=person.pk, passes=passes_of(person))
    return {name: count for name, count in counts.items() if count}


def _write_mark(row: Model, field: str, person: User) -> None:
    text = without_person(getattr(row, field), person, MARK)
    if text is not None:
        column: Any = row._meta.get_field(field)
        type(row)._default_manager.filter(pk=row.pk).update(**{field: text[: column.max_length]})


def _delete_sessions(person: User) -> None:
    """Delete browser sessions that have no row on the page Sessions, such as that of a sign-in test."""
    for session in Session.objects.iterator():
        if session.get_decoded().get("_auth_user_id") == str(person.pk):
            session.delete()


def _table(model: Model | type[Model]) -> str:
    return model._meta.label_lower
