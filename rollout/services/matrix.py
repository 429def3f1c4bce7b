"""Editions of the compatibility matrix: read the one in force, copy one to a draft, put a draft in force.

An edition that was put in force is never edited, so its parsed matrix stays cached. Which edition is in force is read
again every ``CACHE_SECONDS``, so that all processes apply a change within seconds.
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

CACHE_SECONDS = 5.0
FIELDS = (
    "product", "source", "redirect_url", "app", "since", "below", "server", "oauth_plugin", "mobile_plugin", "unclear",
)  # fmt: skip


@dataclass
class _Cache:
    """The edition in force; ``until`` (``time.monotonic``) is when it must be read again."""

    edition: MatrixEdition | None = None
    until: float = 0.0


_cache = _Cache()


def edition_in_force() -> MatrixEdition | None:
    """Return the edition that was put in force last, or None."""
    return MatrixEdition.objects.filter(in_force_at__isnull=False).order_by("-in_force_at", "-pk").first()


def matrix_in_force() -> Matrix:
    """Return the matrix of the edition in force, or the built-in one. At most ``CACHE_SECONDS`` old."""
    if time.monotonic() >= _cache.until:
        _cache.edition, _cache.until = edition_in_force(), time.monotonic() + CACHE_SECONDS
    edition = _cache.edition
    return MATRIX if edition is None else _cached_matrix(edition.pk, edition.in_force_at)


def clear_cache() -> None:
    """Make the next call of ``matrix_in_force`` read which edition is in force."""
    _cache.until = 0.0


@lru_cache(maxsize=8)
def _cached_matrix(edition_id: int, in_force_at: Any) -> Matrix:
    return matrix_of(MatrixEdition.objects.get(pk=edition_id))


def matrix_of(edition: MatrixEdition) -> Matrix:
    """Return the edition as a ``Matrix``. Raises ValidationError with every error in its lines."""
    rows, errors = read_lines(list(edition.lines.all()))
    if errors:
        raise ValidationError([message_of(error) for error in errors])
    return Matrix(as_of=edition.as_of, source=edition.source, requirements=tuple(rows), edition=edition.pk)


def read_lines(lines: list[MatrixLine]) -> tuple[list[Requirement], list[LineError]]:
    """Return the parsed lines and their errors; errors between lines only if each line is valid."""
    rows, errors = [], []
    for line in lines:
        row, line_errors = read_line(texts_of(line))
        errors += line_errors
        rows += [row] if row else []
    return rows, errors or errors_between(rows)


def texts_of(line: MatrixLine) -> dict[str, str]:
    """Return the fields of a line as texts, empty where they are not set."""
    return {name: str(getattr(line, name) or "") for name in FIELDS}


def gaps_of(edition: MatrixEdition) -> list[str]:
    """Return a message for each product and range of versions that the edition does not cover."""
    rows, _errors = read_lines(list(edition.lines.all()))
    return [message_of(gap) for gap in gaps(rows, Product.values)]


def differences(edition: MatrixEdition) -> tuple[list[Requirement], list[Requirement]]:
    """Return the lines in force that the edition removes, and the lines that it adds. Raises like ``matrix_of``."""
    current, proposed = matrix_in_force().requirements, matrix_of(edition).requirements
    return [row for row in current if row not in proposed], [row for row in proposed if row not in current]


def message_of(error: LineError) -> str:
    """Return the message in the active language."""
    return _(error.message) % error.values


def copy_edition(*, actor: Actor, edition: MatrixEdition) -> MatrixEdition:
    """Create and return a draft with the same lines."""
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
    """Save a draft and its lines with ``write``. Raises ValidationError if it was put in force meanwhile."""
    with transaction.atomic():
        _lock_draft(edition)
        write()
        audit.record(actor=actor, action="matrix.edited", target=edition)


def delete_draft(*, actor: Actor, edition: MatrixEdition) -> None:
    """Delete a draft and its lines. Raises ValidationError if it was put in force meanwhile."""
    with transaction.atomic():
        _lock_draft(edition)
        audit.record(actor=actor, action="matrix.deleted", target=edition)
        edition.delete()


def _lock_draft(edition: MatrixEdition) -> None:
    if not MatrixEdition.objects.select_for_update(no_key=True).filter(pk=edition.pk, in_force_at=None).exists():
        raise ValidationError(_("This edition was activated in the meantime. Create a new edition from it."))


def put_in_force(*, actor: Actor, edition: MatrixEdition) -> MatrixEdition:
    """Put an edition in force, and queue the re-evaluation of the latest observation of every site.

    Raises ValidationError if the edition is or was in force, or if its lines have errors; then nothing changes.
    """
    with transaction.atomic():
        edition = MatrixEdition.objects.select_for_update(no_key=True).get(pk=edition.pk)
        if edition.in_force_at:
            raise ValidationError(_("This edition has already been active. Create a new edition from it."))
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
        transaction.on_commit(clear_cache)
        wake_worker("reevaluate_sites")
    return edition
