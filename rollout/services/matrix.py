"""Editions of the version matrix: the one in force, drafts copied from another, and putting one in force.

An edition in force is never edited again, so what was read of it is never stale. Only which edition is in force is
asked again, every few seconds, so that all processes follow a change soon.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from rollout.actor import Actor
from rollout.compatibility.matrix import MATRIX, Matrix, Requirement
from rollout.compatibility.matrix_text import LineError, errors_between, gaps, read_line
from rollout.models import MatrixEdition, MatrixLine, Product

from . import audit
from .queue import wake_worker

KEPT_SECONDS = 5.0
FIELDS = (
    "product", "source", "redirect_url", "app", "since", "below", "server", "oauth_plugin", "mobile_plugin", "unclear",
)  # fmt: skip


@dataclass
class _Newest:
    """Which edition is in force, and until when (``time.monotonic``) that is taken for granted."""

    edition: MatrixEdition | None = None
    until: float = 0.0


_newest = _Newest()


def edition_in_force() -> MatrixEdition | None:
    """Return the edition put in force last; None when there is none."""
    return MatrixEdition.objects.filter(in_force_at__isnull=False).order_by("-in_force_at", "-pk").first()


def matrix_in_force() -> Matrix:
    """Return the matrix to judge by: the edition in force, else the built-in one. At most seconds old."""
    if time.monotonic() >= _newest.until:
        _newest.edition, _newest.until = edition_in_force(), time.monotonic() + KEPT_SECONDS
    edition = _newest.edition
    return MATRIX if edition is None else _read(edition.pk, edition.in_force_at)


def forget() -> None:
    """Ask the database again at the next judgement, not seconds later."""
    _newest.until = 0.0


@lru_cache(maxsize=8)
def _read(edition_id: int, in_force_at: Any) -> Matrix:
    return matrix_of(MatrixEdition.objects.get(pk=edition_id))


def matrix_of(edition: MatrixEdition) -> Matrix:
    """Return the edition as the rules take it. Raises ValidationError with every fault of its lines."""
    rows, faults = read_lines(list(edition.lines.all()))
    if faults:
        raise ValidationError([said(fault) for fault in faults])
    return Matrix(as_of=edition.as_of, source=edition.source, requirements=tuple(rows), edition=edition.pk)


def read_lines(lines: list[MatrixLine]) -> tuple[list[Requirement], list[LineError]]:
    """Return what the lines say, and every fault of one of them or of all together."""
    rows, faults = [], []
    for line in lines:
        row, found = read_line(texts_of(line))
        faults += found
        rows += [row] if row else []
    return rows, faults or errors_between(rows)


def texts_of(line: MatrixLine) -> dict[str, str]:
    return {name: str(getattr(line, name) or "") for name in FIELDS}


def gaps_of(edition: MatrixEdition) -> list[str]:
    """Return a sentence for each range of versions, and each product, that the edition says nothing of."""
    rows, _faults = read_lines(list(edition.lines.all()))
    return [said(gap) for gap in gaps(rows, Product.values)]


def differences(edition: MatrixEdition) -> tuple[list[Requirement], list[Requirement]]:
    """Return the lines in force that the edition lacks, and those that it has instead. Raises like ``matrix_of``."""
    now, then = matrix_in_force().requirements, matrix_of(edition).requirements
    return [row for row in now if row not in then], [row for row in then if row not in now]


def said(fault: LineError) -> str:
    """The fault as a sentence in the reader's language."""
    return _(fault.message) % fault.values


def copy_edition(*, actor: Actor, edition: MatrixEdition) -> MatrixEdition:
    """Return a draft with the same lines, to be edited and put in force."""
    with transaction.atomic():
        draft = MatrixEdition.objects.create(
            as_of=edition.as_of, source=edition.source, created_by_id=actor.pk, created_at=timezone.now()
        )
        MatrixLine.objects.bulk_create(
            MatrixLine(edition=draft, position=line.position, **texts_of(line)) for line in edition.lines.all()
        )
        audit.record(actor=actor, action="matrix.copied", target=draft, details={"from": str(edition)})
    return draft


def change_draft(*, actor: Actor, edition: MatrixEdition, write: Callable[[], None]) -> None:
    """Let ``write`` save a draft and its lines. Raises ValidationError when it was put in force in the meantime."""
    with transaction.atomic():
        _lock_draft(edition)
        write()
        audit.record(actor=actor, action="matrix.edited", target=edition)


def delete_draft(*, actor: Actor, edition: MatrixEdition) -> None:
    """Delete a draft with its lines. Raises ValidationError when it was put in force in the meantime."""
    with transaction.atomic():
        _lock_draft(edition)
        audit.record(actor=actor, action="matrix.deleted", target=edition)
        edition.delete()


def _lock_draft(edition: MatrixEdition) -> None:
    if not MatrixEdition.objects.select_for_update(no_key=True).filter(pk=edition.pk, in_force_at=None).exists():
        raise ValidationError(_("This edition was put in force in the meantime. Create a new one from it."))


def put_in_force(*, actor: Actor, edition: MatrixEdition) -> MatrixEdition:
    """Judge by this edition from now on, and have every stored newest observation judged again by it.

    Raises ValidationError when it already is or was in force, or when its lines have faults; then nothing changes.
    """
    with transaction.atomic():
        edition = MatrixEdition.objects.select_for_update(no_key=True).get(pk=edition.pk)
        if edition.in_force_at:
            raise ValidationError(_("This edition has already been in force. Create a new edition from it."))
        matrix = matrix_of(edition)
        before = matrix_in_force().name
        edition.in_force_at = timezone.now()
        edition.save(update_fields=["in_force_at"])
        audit.record(
            actor=actor,
            action="matrix.in_force",
            target=edition,
            details={"instead_of": before, "lines": len(matrix.requirements)},
        )
        transaction.on_commit(forget)
        wake_worker("reevaluate_sites")
    return edition
