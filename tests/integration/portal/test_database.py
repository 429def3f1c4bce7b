"""Prepared statements of the database engine: as safe as Django's cursor."""

from __future__ import annotations

import psycopg
import pytest
from django.db import OperationalError, ProgrammingError, close_old_connections, connection, transaction
from django.test.utils import CaptureQueriesContext

from portal.models import User

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def postgresql_only() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("the engine is for PostgreSQL")


def test_rows_by_name() -> None:
    statement = "SELECT n, %(text)s::text FROM generate_series(1, %(count)s::int) n"
    assert connection.rows(statement, {"text": "ü", "count": 2}) == [(1, "ü"), (2, "ü")]
    assert connection.rows(statement, {"text": "x", "count": 0}) == []


def test_a_closed_connection_is_replaced() -> None:
    [(backend,)] = connection.rows("SELECT pg_backend_pid()", {})
    with psycopg.connect(connection.connection.info.dsn, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [backend])
    close_old_connections()  # as at the beginning of a request
    [(another,)] = connection.rows("SELECT pg_backend_pid()", {})
    assert another != backend


def test_a_connection_closed_during_a_statement_is_an_operational_error() -> None:
    [(backend,)] = connection.rows("SELECT pg_backend_pid()", {})
    with psycopg.connect(connection.connection.info.dsn, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [backend])
    connection.health_check_done = True  # it lived a moment ago
    with pytest.raises(OperationalError):
        connection.rows("SELECT 1", {})
    close_old_connections()
    assert connection.rows("SELECT 1", {}) == [(1,)]


def test_errors_are_djangos_and_the_next_statement_works() -> None:
    with pytest.raises(ProgrammingError):
        connection.rows("SELECT nonsense", {})
    assert connection.rows("SELECT 1", {}) == [(1,)]


def test_a_statement_works_after_a_rollback() -> None:
    statement = "SELECT %(text)s::text"
    for _ in range(10):  # so often that psycopg prepares its own
        connection.rows(statement, {"text": "x"})
        User.objects.count()
    for _ in range(3):
        with transaction.atomic():
            User.objects.count()
            transaction.set_rollback(True)
        assert connection.rows(statement, {"text": "x"}) == [("x",)]


def test_a_percent_sign_and_a_repeated_value() -> None:
    assert connection.rows("SELECT %(a)s::text || '%%' || %(a)s::text || %(b)s::text", {"a": "x", "b": None}) == [
        (None,)
    ]
    assert connection.rows("SELECT %(a)s::text || '%%' || %(a)s::text", {"a": "x"}) == [("x%x",)]


def test_a_migration_that_changes_result_types() -> None:
    statement = "SELECT * FROM changing"
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE changing AS SELECT 1::int AS value")
    assert connection.rows(statement, {}) == [(1,)]
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE changing ALTER value TYPE text")
    assert connection.rows(statement, {}) == [("1",)]


def test_without_autocommit_it_can_be_rolled_back() -> None:
    connection.ensure_connection()
    connection.set_autocommit(False)
    try:
        connection.rows("CREATE TABLE never_there (value int)", {})
        connection.rollback()
        assert connection.rows("SELECT to_regclass('never_there')::text", {}) == [(None,)]
    finally:
        connection.rollback()
        connection.set_autocommit(True)


def test_it_takes_part_in_a_transaction() -> None:
    with transaction.atomic():
        connection.rows("SELECT set_config('a.b', 'c', true)", {})  # to the end of the transaction
        assert connection.rows("SELECT current_setting('a.b')", {}) == [("c",)]
    assert connection.rows("SELECT current_setting('a.b', true)", {}) == [("",)]


def test_statement_counters_see_it() -> None:
    with CaptureQueriesContext(connection) as queries:
        connection.rows("SELECT 1", {})
    assert [query["sql"] for query in queries] == ["SELECT 1"]
