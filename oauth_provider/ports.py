"""Functions that the project provides to this package, named in settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string


def run_statement(statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Run an SQL statement with ``settings.STATEMENT_RUNNER`` and return its rows; ``values`` are its named parameters.

    Raises django.db.Error.
    """
    return _statement_runner()(statement, values)


@cache
def _statement_runner() -> Callable[[str, Mapping[str, Any]], list[tuple[Any, ...]]]:
    runner: Callable[[str, Mapping[str, Any]], list[tuple[Any, ...]]] = import_string(settings.STATEMENT_RUNNER)
    return runner
