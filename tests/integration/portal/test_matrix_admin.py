"""Compatibility matrix editions in Django admin: copying, editing with clear errors, and putting one in force."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from portal.models import User
from rollout.models import AuditEvent, MatrixEdition, Site
from rollout.services import matrix
from tests.support.evaluated import WITH_PLUGINS, evaluate

pytestmark = pytest.mark.django_db
LIST = "/admin/rollout/matrixedition/"


@pytest.fixture
def operator(client_of: Callable[[User], Client], administrator: User) -> Client:
    return client_of(administrator)


@pytest.fixture
def first(first_edition: MatrixEdition) -> MatrixEdition:
    return first_edition


@pytest.fixture
def draft(first: MatrixEdition, administrator: User) -> MatrixEdition:
    return matrix.copy_edition(actor=administrator, edition=first)


def posted(edition: MatrixEdition, **changes: str) -> dict[str, Any]:
    """The change form as a browser sends it. ``changes``: ``line_0_server="9.3"`` and the like."""
    lines = list(edition.lines.all())
    form: dict[str, Any] = {"as_of": edition.as_of.isoformat(), "source": edition.source, "note": edition.note}
    form |= {"lines-TOTAL_FORMS": len(lines), "lines-INITIAL_FORMS": len(lines)}
    for number, line in enumerate(lines):
        form |= {f"lines-{number}-{name}": text for name, text in matrix.texts_of(line).items()}
        form |= {f"lines-{number}-id": line.pk, f"lines-{number}-edition": edition.pk}
        form[f"lines-{number}-position"] = line.position
    return form | {name.replace("line_", "lines-").replace("__", "-"): text for name, text in changes.items()}


def act(client: Client, action: str, *editions: MatrixEdition, **more: str) -> Any:
    chosen = [edition.pk for edition in editions]
    return client.post(LIST, {"action": action, "_selected_action": chosen, **more}, follow=True)


def test_it_works(
    operator: Client, first: MatrixEdition, make_site: Callable[..., Site], django_capture_on_commit_callbacks: Any
) -> None:
    evaluate(make_site(**WITH_PLUGINS))
    page = act(operator, "new_edition", first)
    draft = MatrixEdition.objects.latest("pk")
    assert page.redirect_chain[-1][0] == f"{LIST}{draft.pk}/change/"
    saved = operator.post(f"{LIST}{draft.pk}/change/", posted(draft, line_0__server="9.3"))
    assert saved.status_code == 302
    assert draft.lines.get(product="confluence").server == "9.3"
    assert AuditEvent.objects.filter(action="matrix.edited", target_id=str(draft.pk)).count() == 1

    confirmation = act(operator, "put_in_force", draft).content.decode()
    assert "re-evaluates the latest checks of 1 site without" in confirmation
    assert "server 9.3" in confirmation
    draft.refresh_from_db()
    assert draft.in_force_at is None  # not confirmed yet

    with django_capture_on_commit_callbacks(execute=True):
        done = act(operator, "put_in_force", draft, confirmed="yes")
    assert "is active" in done.content.decode()
    assert matrix.matrix_in_force().edition == draft.pk


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"line_0__server": "nine"}, "nine is not a version number"),
        ({"line_0__since": "9.5", "line_0__below": "9.1"}, "ends before it starts"),
        ({"line_0__server": ""}, "Enter the minimum server version, or the reason"),
        ({"line_0__unclear": "Undocumented."}, "Enter either minimum versions or a reason"),
        ({"line_0__source": "http://example.com"}, "Enter the https:// URL of the page"),
        ({"line_0__redirect_url": "https://example.com"}, "handles confluence-server:// only"),
        ({"line_0__server": "\x00"}, "Null characters are not allowed."),
        ({"line_0__server": "9" * 41}, "at most 40 characters"),
        ({"line_1__below": "9.14"}, "Two version ranges of Jira overlap"),
        ({"line_0__product": "bamboo"}, "bamboo is not one of the available choices"),
        ({"source": "http://example.com"}, "Enter the source as an https:// URL."),
        ({"source": "x"}, "Enter a valid URL."),
        ({"as_of": "x"}, "Enter a valid date."),
        ({"lines-TOTAL_FORMS": "x"}, "Please correct the error below."),
    ],
)
def test_an_invalid_line_is_reported_and_nothing_is_saved(
    operator: Client, draft: MatrixEdition, change: dict[str, str], error: str
) -> None:
    before = [matrix.texts_of(line) for line in draft.lines.all()]
    page = operator.post(f"{LIST}{draft.pk}/change/", posted(draft, **change))
    assert page.status_code == 200
    assert error in page.content.decode()
    assert [matrix.texts_of(line) for line in draft.lines.all()] == before
    assert not AuditEvent.objects.filter(action="matrix.edited").exists()


def test_a_gap_is_allowed_with_a_warning(operator: Client, draft: MatrixEdition) -> None:
    form = posted(draft, **{"lines-2-DELETE": "on"})
    page = operator.post(f"{LIST}{draft.pk}/change/", form, follow=True)
    assert "No version range of Jira covers versions from 9.13 to below 10.1" in page.content.decode()
    assert draft.lines.count() == 3


def test_the_edition_in_force_is_read_only(operator: Client, first: MatrixEdition) -> None:
    page = operator.get(f"{LIST}{first.pk}/change/")
    assert page.status_code == 200
    assert 'name="_save"' not in page.content.decode()
    assert operator.post(f"{LIST}{first.pk}/change/", posted(first, line_0__server="9.3")).status_code == 403
    assert operator.post(f"{LIST}{first.pk}/delete/", {"post": "yes"}).status_code == 403
    assert first.lines.get(product="confluence").server == "9.1"


def test_a_draft_can_be_deleted(operator: Client, draft: MatrixEdition) -> None:
    assert operator.post(f"{LIST}{draft.pk}/delete/", {"post": "yes"}).status_code == 302
    assert MatrixEdition.objects.count() == 1
    assert AuditEvent.objects.filter(action="matrix.deleted").count() == 1


def test_one_edition_at_a_time_and_none_twice(operator: Client, first: MatrixEdition, draft: MatrixEdition) -> None:
    assert "Select exactly one edition." in act(operator, "put_in_force", first, draft).content.decode()
    assert "Select exactly one edition." in act(operator, "new_edition", first, draft).content.decode()
    again = act(operator, "put_in_force", first, confirmed="yes").content.decode()
    assert "has already been active" in again
    assert not AuditEvent.objects.filter(action="matrix.in_force").exists()


def test_staff_without_the_role_can_only_read(
    make_user: Callable[..., User], client_of: Callable[[User], Client], draft: MatrixEdition
) -> None:
    client = client_of(make_user("auditor", is_staff=True, is_superuser=True))
    assert client.get(f"{LIST}{draft.pk}/change/").status_code == 200
    assert client.post(f"{LIST}{draft.pk}/change/", posted(draft, line_0__server="9.3")).status_code == 403
    act(client, "put_in_force", draft, confirmed="yes")
    assert matrix.matrix_in_force().edition != draft.pk
