"""Every route, every role: who is let in, who is told that it is not theirs, who is told nothing at all.

A new route without a row here fails. Statuses stand in the order of ``ROLES``; a POST carries an empty form, so an
allowed one is answered with what is missing (200, 400, 422) or by a redirect.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.test import Client
from django.urls import NoReverseMatch, reverse

from tests.support.every_route import ROLES, ROWS, World, routes

LOGIN = ("/accounts/login/", "/admin/login/")
REFUSED = {401, 403, 404, 405}


def models_of_ours() -> list[Any]:
    return [model for model in apps.get_models() if model._meta.app_label not in {"sessions", "contenttypes", "auth"}]


def snapshot() -> tuple[int, ...]:
    """How many rows each table has, in one query."""
    tables = [model._meta.db_table for model in models_of_ours()]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(f'(SELECT count(*) FROM {table})' for table in tables)}")
        return tuple(cursor.fetchone())


@pytest.fixture
def ask(world: World) -> Callable[..., Any]:
    """``ask(role, method, url)``: the answer; what it wrote is rolled back, and the browser's cookies are as before."""
    before = snapshot()

    def asked(role: str, method: str, url: str) -> Any:
        client = Client()
        client.cookies.load({name: morsel.value for name, morsel in world.clients[role].cookies.items()})
        with transaction.atomic():
            answer = getattr(client, method)(url)
            is_refused = answer.status_code in REFUSED or answer.headers.get("Location", "").startswith(LOGIN)
            if is_refused:
                assert snapshot() == before, f"{role} was refused {method} {url}, and yet something was written"
            transaction.set_rollback(True)
        return answer

    return asked


def test_it_works() -> None:
    """Every route has its row, and every row its route."""
    # allauth's addresses of before only redirect to those of now.
    named = {name for name in routes() if not name.startswith(("admin", "accounts/social/"))}
    assert named - set(ROWS) == set(), "a new route: add its row to ROWS"
    assert set(ROWS) - named == set(), "a route that is gone"


def test_who_is_let_in(world: World, ask: Callable[..., Any]) -> None:
    differences = []
    for name, (_arguments, get, post) in ROWS.items():
        url = world.url(name)
        for method, wanted in (("get", get), ("post", post)):
            found = " ".join(str(ask(role, method, url).status_code) for role in ROLES)
            if found != wanted:
                differences.append(f"{method.upper()} {url} ({name}): {found} instead of {wanted}")
    assert differences == []


def test_what_is_not_there_looks_like_what_is_not_theirs(world: World, ask: Callable[..., Any]) -> None:
    """404 before 403: an owner without sites cannot distinguish a foreign row from a missing one."""
    for name, (arguments, get, post) in ROWS.items():
        key = next((key for key in arguments if key in {"pk", "number", "site_id", "run_id"}), "")
        # no row's existence shows in these
        if not key or name.startswith(
            ("person", "phone", "device", "usersession", "webhook", "service_token", "my_token")
        ):
            continue
        there, nowhere = world.url(name), world.url(name, **{key: 987_654})
        for method, statuses in (("get", get), ("post", post)):
            if "405" in statuses:
                continue
            for role in ("member", "charlie"):
                answers = [ask(role, method, url) for url in (there, nowhere)]
                if method == "get" and {answer.status_code for answer in answers} == {302}:  # of an action: to its page
                    answers = [ask(role, "get", answer.headers["Location"]) for answer in answers]
                assert {answer.status_code for answer in answers} == {404}, (name, method, role)


def test_operations_are_for_administrators(ask: Callable[..., Any]) -> None:
    """Django admin: a page or a refusal for administrators, the sign-in for everybody else."""
    arguments = {"object_id": "1", "app_label": "rollout", "url": "x", "content_type_id": 1, "id": "1"}
    takes = ((), ("object_id",), ("app_label",), ("url",), ("content_type_id", "object_id"), ("id",))
    for name in sorted({name for name in routes() if name.startswith("admin:")}):
        taken = next(keys for keys in takes if _reverses(name, {key: arguments[key] for key in keys}))
        url = reverse(name, kwargs={key: arguments[key] for key in taken})
        for method in ("get", "post"):
            for role in ROLES[:-1]:
                answer = ask(role, method, url)
                assert answer.status_code in {302, 403, 404, 405}, (role, method, url)
                assert answer.headers.get("Location", LOGIN[0]).startswith((*LOGIN, "/admin/", "/accounts/")), url
            assert ask("administrator", method, url).status_code < 500, url


def _reverses(name: str, arguments: dict[str, Any]) -> bool:
    try:
        reverse(name, kwargs=arguments)
    except NoReverseMatch:
        return False
    return True
