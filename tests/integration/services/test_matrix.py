"""Editions of the compatibility matrix: the one in force is used for every evaluation and never edited."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from portal.models import User
from rollout.compatibility.matrix import MATRIX
from rollout.models import AuditEvent, MatrixEdition, MatrixLine
from rollout.services import matrix

pytestmark = pytest.mark.django_db


@pytest.fixture
def first(first_edition: MatrixEdition) -> MatrixEdition:
    return first_edition


def test_the_built_in_matrix_is_the_first_edition_in_force(first: MatrixEdition) -> None:
    current = matrix.matrix_in_force()
    assert current.requirements == MATRIX.requirements
    assert [str(row.server) for row in current.requirements] == [str(row.server) for row in MATRIX.requirements]
    assert (current.as_of, current.source) == (MATRIX.as_of, MATRIX.source)
    assert current.name == f"2024-10-07 #{first.pk}" == str(first)


def test_without_an_edition_the_built_in_matrix_is_used(first: MatrixEdition) -> None:
    first.delete()
    assert matrix.matrix_in_force() is MATRIX
    assert MATRIX.name == "2024-10-07"


def test_which_edition_is_in_force_is_cached(first: MatrixEdition, django_assert_num_queries: Any) -> None:
    matrix.matrix_in_force()
    with django_assert_num_queries(0):
        matrix.matrix_in_force()
    matrix.clear_cache()
    with django_assert_num_queries(1):  # which edition; its matrix is cached
        matrix.matrix_in_force()


def test_a_copy_is_a_draft_with_the_same_lines(first: MatrixEdition, administrator: User) -> None:
    draft = matrix.copy_edition(actor=administrator, edition=first)
    assert draft.in_force_at is None
    assert matrix.matrix_of(draft).requirements == MATRIX.requirements
    assert matrix.matrix_in_force().edition == first.pk
    assert AuditEvent.objects.filter(action="matrix.copied", actor=administrator).count() == 1


def test_an_edition_put_in_force_is_used(
    first: MatrixEdition, administrator: User, django_capture_on_commit_callbacks: Any
) -> None:
    draft = matrix.copy_edition(actor=administrator, edition=first)
    draft.lines.filter(product="confluence").update(server="9.3")
    matrix.matrix_in_force()
    with django_capture_on_commit_callbacks(execute=True):
        matrix.put_in_force(actor=administrator, edition=draft)
    current = matrix.matrix_in_force()
    assert current.edition == draft.pk
    assert str(current.lines("confluence")[0].server) == "9.3"
    event = AuditEvent.objects.get(action="matrix.in_force")
    assert event.details == {"instead_of": str(first), "lines": 4}


def test_an_edition_is_put_in_force_once(first: MatrixEdition, administrator: User) -> None:
    with pytest.raises(ValidationError, match="already been active"):
        matrix.put_in_force(actor=administrator, edition=first)
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"server": "nine"}, "nine is not a version number"),
        ({"below": "9.0"}, "outside the version range"),
        ({"redirect_url": "https://example.com"}, "confluence-server://"),
        ({"product": "jira", "redirect_url": "jira-server://oauth-callback"}, "overlap"),
    ],
)
def test_a_draft_with_errors_is_not_put_in_force(
    first: MatrixEdition, administrator: User, change: dict[str, str], says: str
) -> None:
    draft = matrix.copy_edition(actor=administrator, edition=first)
    draft.lines.filter(product="confluence").update(**change)
    with pytest.raises(ValidationError, match=says):
        matrix.put_in_force(actor=administrator, edition=draft)
    draft.refresh_from_db()
    assert draft.in_force_at is None
    assert not AuditEvent.objects.filter(action="matrix.in_force").exists()


def test_a_draft_without_lines_is_not_put_in_force(administrator: User) -> None:
    draft = MatrixEdition.objects.create(as_of=MATRIX.as_of, source=MATRIX.source, created_at=timezone.now())
    with pytest.raises(ValidationError, match="at least one version range"):
        matrix.put_in_force(actor=administrator, edition=draft)


def test_gaps_are_allowed_and_reported(first: MatrixEdition, administrator: User) -> None:
    draft = matrix.copy_edition(actor=administrator, edition=first)
    assert matrix.gaps_of(draft) == []
    MatrixLine.objects.filter(edition=draft).exclude(unclear="").delete()
    (gap,) = matrix.gaps_of(draft)
    assert "from 9.13 to below 10.1" in gap
    assert matrix.put_in_force(actor=administrator, edition=draft).in_force_at
