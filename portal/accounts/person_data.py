"""Everything that is stored about one person: their rows in every table, what names them elsewhere, and their events.

Rows are found by their foreign keys, so a new table is included as soon as it has one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from allauth.mfa.models import Authenticator
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import ForeignKey, Model, Q, QuerySet
from django.utils import timezone

from oauth_provider.models import Device
from portal.models import AccountNotice, User
from rollout.models import (
    AppInventory,
    AuditEvent,
    ConfigurationRelease,
    Enrollment,
    EnrollmentPass,
    InventoryImport,
    InventoryPhone,
    MatrixEdition,
    PhoneResult,
    Site,
)
from rollout.secret_names import is_secret_name
from rollout.services import audit
from rollout.services.audit_erasure import events_of

# Free texts in which a person may be named; docs/privacy.md lists them.
TEXTS: list[tuple[type[Model], str]] = [
    (EnrollmentPass, "label"),
    (PhoneResult, "tried_by"), (PhoneResult, "note"), (PhoneResult, "withdrawal_reason"),
    (InventoryPhone, "device"), (AppInventory, "file_name"), (InventoryImport, "file_name"),
    (AccountNotice, "actor_label"), (AccountNotice, "about"),
    (Site, "notes"), (ConfigurationRelease, "note"), (MatrixEdition, "note"),
]  # fmt: skip
_NOT_EXPORTED = {"digest"}  # besides the names of secrets
_WITHOUT = {Authenticator: {"data"}}


class Mention(NamedTuple):
    """A row whose free text names a person."""

    row: Model
    field: str


def rows_of(person: User) -> Iterator[QuerySet[Any]]:
    """Return the rows about a person, one query per table: those that belong to them, and what belongs to these."""
    for relation in User._meta.related_objects:
        if isinstance(relation.field, ForeignKey):
            yield relation.related_model._default_manager.filter(**{relation.field.name: person})
    yield Device._default_manager.filter(refresh_token__user=person)
    yield Enrollment._default_manager.filter(enrollment_pass__person=person)
    yield operations_log_about(person)


def operations_log_about(person: User) -> QuerySet[LogEntry]:
    """Return the entries of Django admin's own log about this account."""
    return LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(User), object_id=str(person.pk)
    ).exclude(user=person)


def mentions_of(person: User) -> list[Mention]:
    """Return the free texts that are the person's name or contain their e-mail address."""
    found = []
    for model, field in TEXTS:
        names = Q(**{f"{field}__icontains": person.email})
        if person.get_full_name():
            names |= Q(**{f"{field}__iexact": person.get_full_name()})
        rows = model._default_manager.filter(names)
        found += [Mention(row, field) for row in rows if without_person(getattr(row, field), person, "") is not None]
    return found


def without_person(text: str, person: User, mark: str) -> str | None:
    """Return the text with ``mark`` in place of the person, or None if it does not name them."""
    if text.strip().lower() == person.get_full_name().lower() != "":
        return mark
    address = re.compile(rf"(?<![\w.+-]){re.escape(person.email)}(?![\w-]|\.\w)", re.IGNORECASE)
    changed = address.sub(mark, text)
    return changed if changed != text else None


def passes_of(person: User) -> list[int]:
    """Return the numbers of the passes that are for this person or are labeled with them."""
    labeled = {mention.row.pk for mention in mentions_of(person) if isinstance(mention.row, EnrollmentPass)}
    return sorted(labeled.union(person.passes.values_list("pk", flat=True)))


def export_person(*, actor: User | None, person: User) -> dict[str, Any]:
    """Return everything that is stored about a person as JSON data, without secrets, and record the export."""
    with transaction.atomic():
        audit.record(actor=actor, action="person.exported", target=person)
    data: dict[str, list[Any]] = {}
    for rows in rows_of(person):
        if found := [_exported(row) for row in rows]:
            data.setdefault(rows.model._meta.label_lower, []).extend(found)
    return {
        "exported_at": timezone.now(),
        "account": _exported(person),
        "owned_sites": list(person.owned_sites.order_by("pk").values_list("title", flat=True)),
        "rows": data,
        "mentions": [
            {"in": row._meta.label_lower, "id": row.pk, "field": field, "text": getattr(row, field)}
            for row, field in mentions_of(person)
        ],
        "audit_log": [_event(event, person) for event in events_of(person=person.pk, passes=passes_of(person))],
    }


def _exported(row: Model) -> dict[str, Any]:
    hidden = _WITHOUT.get(type(row), set()) | _NOT_EXPORTED
    names = [field.attname for field in row._meta.concrete_fields]
    return {name: getattr(row, name) for name in names if name not in hidden and not is_secret_name(name)}


def _event(event: AuditEvent, person: User) -> dict[str, Any]:
    """Return an event without the names of other people."""
    is_actor = event.actor_id == person.pk
    return {
        "number": event.number,
        "at": event.at,
        "action": event.action,
        "actor": event.actor_name if is_actor else event.actor_id,
        "object": event.target_type,
        "object_id": event.target_id,
        "address": event.address if is_actor or event.actor_id is None else "",
        "details": event.details,
    }
