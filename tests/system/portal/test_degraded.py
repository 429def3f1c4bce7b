"""What a page says while a server of ours is away: which one, and that it is not for ever."""

from __future__ import annotations

import psycopg
import pytest
from django.db import InterfaceError, OperationalError
from django.http import HttpResponse
from django.test import RequestFactory
from redis.exceptions import ConnectionError as RedisConnectionError

from portal.pages.errors import server_error


def page_after(error: Exception) -> HttpResponse:
    """The page of an error while it is being handled, as Django asks for it."""
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
        (RedisConnectionError("Error 2 connecting to /run/redis.sock"), "Redis does not answer."),
        (OperationalError("connection refused"), "The database does not respond."),
        (InterfaceError("connection already closed"), "The database does not respond."),
        (caused(OperationalError("over"), psycopg.errors.AdminShutdown("over")), "The database does not respond."),
    ],
)
def test_a_server_that_is_away_is_named(error: Exception, words: str) -> None:
    answer = page_after(error)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "30"
    assert words in answer.content.decode()
    assert "redis.sock" not in answer.content.decode()


@pytest.mark.parametrize(
    "error", [ValueError("ours"), caused(OperationalError("slow"), psycopg.errors.LockNotAvailable("slow"))]
)
def test_what_is_our_own_fault_stays_that(error: Exception) -> None:
    assert page_after(error).status_code == 500
