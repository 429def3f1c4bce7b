"""What the provider needs from the project that it is installed in, named in settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string


def run_statement(statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Run a statement written by hand by ``settings.STATEMENT_RUNNER`` and return its rows; values by name.

    Raises django.db.Error.
    """
    return _statement_runner()(statement, values)


@cache
def _statement_runner() -> Callable[[str, Mapping[str, Any]], list[tuple[Any, ...]]]:
    runner: Callable[[str, Mapping[str, Any]], list[tuple[Any, ...]]] = import_string(settings.STATEMENT_RUNNER)
    return runner
