"""What the domain needs from outside, as protocols.

``settings`` names a module for each port, as Django does for its own backends.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any, Protocol, cast

from django.conf import settings
from django.utils.module_loading import import_string


class ClientRegistry(Protocol):
    """The OAuth clients of sites hosted by Gatepass (``settings.ROLLOUT_CLIENT_REGISTRY``)."""

    def register_client(self, *, name: str, redirect_uri: str) -> str:
        """Create a public client and return its client ID. Runs in the caller's transaction."""

    def end_sign_ins(self, *, client_id: str) -> int:
        """End every sign-in of the client and delete its codes, many in a worker; return how many had not ended."""

    def has_sign_ins(self, *, client_id: str) -> bool:
        """Return whether a sign-in of the client has not ended."""

    def remove_client(self, *, client_id: str) -> int:
        """Delete the client with its codes and tokens, many in a worker; return how many sign-ins had not ended."""


class BrowserSignIn(Protocol):
    """Signs the browser of a sign-in test in as one person, once (``settings.ROLLOUT_BROWSER_SIGN_IN``)."""

    def make_rehearsal_link(self, *, user_id: int) -> str:
        """Return an absolute URL with one button that signs that person in, valid for two minutes."""


class StatementRunner(Protocol):
    """Runs a hand-written SQL statement (``settings.STATEMENT_RUNNER``)."""

    def __call__(self, statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Return all rows, an empty list for a statement that returns none. Values are named as ``%(name)s``."""


def client_registry() -> ClientRegistry:
    return cast(ClientRegistry, import_module(settings.ROLLOUT_CLIENT_REGISTRY))


def browser_sign_in() -> BrowserSignIn:
    return cast(BrowserSignIn, import_module(settings.ROLLOUT_BROWSER_SIGN_IN))


def run_statement(statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Run a statement with the runner named in the settings. Raises django.db.Error."""
    return _statement_runner()(statement, values)


@cache
def _statement_runner() -> StatementRunner:
    return cast(StatementRunner, import_string(settings.STATEMENT_RUNNER))
