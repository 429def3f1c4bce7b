"""Error pages while the database is unavailable name the server and that the problem is temporary."""

from __future__ import annotations

import psycopg
import pytest
from django.db import InterfaceError, OperationalError
from django.http import HttpResponse
from django.test import RequestFactory

from portal.pages.errors import server_error


def page_after(error: Exception) -> HttpResponse:
    """Render the error page during an exception, as Django does."""
    try:
        raise error
    except type(error):
        return server_error(RequestFactory().get("/"))


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OperationalError("connection refused"), "The database does not respond."),
        (InterfaceError("connection already closed"), "The database does not respond."),
        (caused(OperationalError("over"), psycopg.errors.AdminShutdown("over")), "The database does not respond."),
    ],
)
def test_an_unavailable_server_is_named(error: Exception, words: str) -> None:
    answer = page_after(error)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "30"
    assert words in answer.content.decode()


@pytest.mark.parametrize(
    "error", [ValueError("ours"), caused(OperationalError("slow"), psycopg.errors.LockNotAvailable("slow"))]
)
def test_other_errors_are_server_errors(error: Exception) -> None:
    assert page_after(error).status_code == 500
