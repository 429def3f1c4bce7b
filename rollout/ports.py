"""What the domain asks of its neighbours, without knowing them.

``settings`` names a module for each port, as Django does for its own backends; the web fills them in.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any, Protocol, cast

from django.conf import settings
from django.utils.module_loading import import_string


class ClientRegistry(Protocol):
    """The OAuth clients of sites that Gatepass itself provides (``settings.ROLLOUT_CLIENT_REGISTRY``)."""

    def register_client(self, *, name: str, redirect_uri: str) -> str:
        """Make a public client and return its client ID. Runs in the caller's transaction."""

    def remove_client(self, *, client_id: str) -> int:
        """Remove the client and every code and token of it; return how many refresh tokens ended."""


class BrowserSignIn(Protocol):
    """Lets the rehearsal's browser in as one person, once (``settings.ROLLOUT_BROWSER_SIGN_IN``)."""

    def make_rehearsal_link(self, *, user_id: int) -> str:
        """Return an absolute URL with one button that signs that person in, valid for two minutes."""


class StatementRunner(Protocol):
    """Runs a statement written by hand (``settings.STATEMENT_RUNNER``)."""

    def __call__(self, statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Return all rows, an empty list for a statement that returns none. Values are named as ``%(name)s``."""


def client_registry() -> ClientRegistry:
    return cast(ClientRegistry, import_module(settings.ROLLOUT_CLIENT_REGISTRY))


def browser_sign_in() -> BrowserSignIn:
    return cast(BrowserSignIn, import_module(settings.ROLLOUT_BROWSER_SIGN_IN))


def run_statement(statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Run a statement by the runner that the settings name. Raises django.db.Error."""
    return _statement_runner()(statement, values)


@cache
def _statement_runner() -> StatementRunner:
    return cast(StatementRunner, import_string(settings.STATEMENT_RUNNER))
