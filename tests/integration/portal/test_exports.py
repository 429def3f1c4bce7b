"""Every list as CSV: the file, its event in the audit trail, and as many queries for many rows as for few."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.models import User
from rollout.models import AuditEvent, CheckRun, RunState, Site, Sweep
from rollout.services import audit, passes
from tests.support.every_route import World, routes
from tests.support.inventory_imports import import_inventory
from tests.support.phone_sign_ins import sign_in_phones
from tests.support.world import person

# name of the route: the file, its columns, its event, and what the event counts (None: it names the filters)
EXPORTS: dict[str, tuple[str, str, str, str | None]] = {
    "sites_export": (
        "sites.csv",
        "title,product,base_url,provider,owners,notes,people,oauth_plugin_version,mobile_plugin_version,"
        "cache_session_in_mobile_browser",
        "sites.exported", "sites",
    ),
    "passes_export": (
        "passes.csv", "label,person,state,sites,wave,uses,max_uses,expires_at,issued_at,issued_by",
        "passes.exported", "rows",
    ),
    "people_export": ("people.csv", "email,name,role,active,last_sign_in,added_at", "people.exported", "rows"),
    "phones_export": (
        "phones.csv", "email,person,site,name,user_agent,address,signed_in_at,refreshed_at", "phone.exported", "rows",
    ),
    "sweeps_export": (
        "sweeps.csv",
        "id,started_by,requested_by,state,started_at,finished_at,sites,evaluated,not_reached,not_finished,changed",
        "sweeps.exported", "rows",
    ),
    "sweep_export": (
        "sweep-{sweep}.csv",
        "site,base_url,state,finished_at,mdm_verdict,non_mdm_verdict,was_mdm_verdict,was_non_mdm_verdict,failure",
        "sweeps.exported", "rows",
    ),
    "check_runs_export": (
        "checks-{site}.csv",
        "id,requested_at,because,requested_by,state,finished_at,matrix,with_mdm,without_mdm,changed_at,with_mdm_was,"
        "with_mdm_was_because,with_mdm_now_because,without_mdm_was,without_mdm_was_because,without_mdm_now_because",
        "checks.exported", None,
    ),
    "inventory_export": (
        "confluence-app-versions.csv", "device,app_version,too_old,installed", "inventory.exported", "rows",
    ),
    "activity_export": (
        "activity.csv", "number,at,actor,action,sentence,target_type,target_id,target,details,hash,ip_address",
        "activity.exported", None,
    ),
}  # fmt: skip


@pytest.fixture
def boss(world: World) -> Client:
    sign_in_phones(Site.objects.get(pk=world.arguments["site"]), [person("member")])
    add_runs(world, 1)
    return world.clients["administrator"]


def add_runs(world: World, number: int) -> None:
    """Checks of the world's site, done in its sweep."""
    now, sweep = timezone.now(), Sweep.objects.get(pk=world.arguments["sweep"])
    CheckRun.objects.bulk_create(
        CheckRun(site_id=world.arguments["site"], sweep=sweep, trigger=CheckRun.Trigger.SCHEDULE, state=RunState.DONE,
                 requested_at=now, finished_at=now, changed_at=now, mdm_verdict="READY_MDM", was_mdm_verdict="UNKNOWN",
                 non_mdm_verdict="UNKNOWN", was_non_mdm_verdict="UNKNOWN")
        for _run in range(number)
    )  # fmt: skip


def read(client: Client, url: str) -> tuple[str, list[list[str]], Any]:
    answer = client.get(url)
    text = b"".join(answer.streaming_content).decode()
    assert text.startswith("\ufeff")
    header, *rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    return ",".join(header), rows, answer


def test_it_works(world: World, boss: Client) -> None:
    for name, (filename, columns, action, counted) in EXPORTS.items():
        header, rows, answer = read(boss, world.url(name))
        assert header == columns, name
        assert rows, name
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{filename.format(**world.arguments)}"'
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert answer.headers["Cache-Control"] == "no-store"
        event = AuditEvent.objects.latest("number")
        assert (event.action, event.actor_name) == (action, "administrator@example.com"), name
        assert event.details == ({counted: len(rows)} if counted else {"filters": []}), name


def test_every_export_is_among_them() -> None:
    assert {name for name in routes() if name.endswith("_export")} == set(EXPORTS)


def test_it_says_what_of_was_exported(world: World, boss: Client) -> None:
    read(boss, world.url("check_runs_export") + "?show=changes")
    event = AuditEvent.objects.latest("number")
    assert (event.target_type, event.target_id) == ("site", str(world.arguments["site"]))
    assert event.details == {"filters": ["show"]}
    read(boss, world.url("inventory_export"))
    assert AuditEvent.objects.latest("number").target_type == "appinventory"


def test_the_number_of_queries_does_not_grow_with_the_rows(
    world: World,
    boss: Client,
    make_user: Callable[..., User],
    make_site: Callable[..., Site],
) -> None:
    def queries(name: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            read(boss, world.url(name))
        return len(captured)

    few, administrator = {name: queries(name) for name in EXPORTS}, person("administrator")
    site, now = Site.objects.get(pk=world.arguments["site"]), timezone.now()
    for number in range(12):
        make_site(owners=[make_user("site_owner")])
        passes.issue_pass(actor=administrator, label=f"Pass {number}", sites=[site], expires_at=now + timedelta(days=1))
        Sweep.objects.create(trigger=Sweep.Trigger.BUTTON, started_at=now, requested_by=make_user("administrator"))
        audit.record(actor=administrator, action="site.archived", target=site)
    sign_in_phones(site, [person("member")] * 12)
    add_runs(world, 12)
    file = b"serial,version\n" + b"".join(b"%d,1.9\n" % number for number in range(12))
    import_inventory(administrator, file)
    assert {name: queries(name) for name in EXPORTS} == few
