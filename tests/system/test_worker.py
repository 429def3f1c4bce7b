"""The test environment: a real worker checks an added site, over a real broker, on the same database."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from portal.models import User
from rollout.models import AuditEvent, CheckRun
from rollout.services.sites import create_site
from rollout.simulator.fleet import SimulatedFleet
from rollout.simulator.table import PERSONAS


def until(condition: Callable[[], Any], what: str, seconds: float = 30) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError(f"{what} did not happen")


@pytest.mark.worker
@pytest.mark.parametrize("name", ["too-old", "unreachable"])
def test_a_worker_checks_the_site_that_was_added(worker: Any, administrator: User, name: str) -> None:
    # Twice, so that the database is emptied between two tests while the worker runs on.
    with SimulatedFleet([name]) as fleet:
        site = create_site(actor=administrator, title="From a test", base_url=fleet.base_url(name))
        try:
            run = until(lambda: CheckRun.objects.filter(site=site, state="done").first(), "the check")
        except AssertionError as error:
            raise AssertionError(f"{error}:\n{worker.log.read_text()[-3000:]}") from None
    assert run.mdm_verdict == PERSONAS[name].mdm.value


def test_the_live_server_has_the_public_url(live_server: Any) -> None:
    assert live_server.url == settings.PUBLIC_URL


def test_the_audit_log_is_empty_after_a_transactional_test(transactional_db: None) -> None:
    assert not AuditEvent.objects.exists()


def test_the_database_is_a_test_database(db: None) -> None:
    assert "test" in str(connection.settings_dict["NAME"])


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("93.184.216.34", 443), ("10.0.0.1", 22)])
@pytest.mark.filterwarnings("ignore:A test tried")
def test_only_loopback_can_be_reached(address: tuple[str, int]) -> None:
    import socket

    with pytest.raises(RuntimeError, match="allowed"):
        socket.create_connection(address, timeout=1)
