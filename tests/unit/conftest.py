"""Unit tests use no database, no server and no network: a test that tries fails."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def django_db_setup() -> None:
    """Every fixture of the database, the live server and the worker starts here."""
    pytest.fail("A unit test requested the database: move it to tests/integration.")


@pytest.fixture(autouse=True)
def no_network(socket_disabled: None) -> None:
    """Refuse every socket but the unix sockets that event loops are made of."""
