"""Pages of bulk checks: the list, one with its progress, and who may start, pause and resume."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.models import User
from rollout.models import AuditEvent, CheckRun, RunState, Sweep, SweepState
from rollout.services.checks import leases, sweeps
from rollout.services.checks.evaluations import ProbeResult, record
from tests.support.evaluated import evaluate, observation


def finish(kind: str = "old", *, broken: int = 0) -> None:
    taken = leases.swap_leases(lease=kind, limit=100)
    leases.release(lease=kind, hosts=[run.host for run in taken], pause=0)
    record(
        [
            ProbeResult(run.pk, run.site_id, kind, None if number < broken else observation(run.site, kind), "It broke")
            for number, run in enumerate(taken)
        ]
    )
    sweeps.finish_counted()


def test_it_works(client_of: Any, administrator: User, make_site: Any) -> None:
    for number in range(3):
        make_site(title=f"Wiki {number}")
    client = client_of(administrator)
    page = client.get("/sweeps/").content.decode()
    assert "No bulk checks yet" in page
    assert "to 3 sites" in page

    started = client.post("/sweeps/start/", follow=True).content.decode()

    sweep = Sweep.objects.get()
    assert sweep.requested_by == administrator
    assert "Bulk check of 3 sites" in started
    assert f'hx-get="/sweeps/{sweep.pk}/progress/?shown=running"' in started
    assert "every 2s" in started
    overview = client.get("/").content.decode()
    assert f'hx-get="/sweeps/{sweep.pk}/progress/?on=overview"' in overview

    finish()
    for address in (f"/sweeps/{sweep.pk}/progress/", f"/sweeps/{sweep.pk}/progress/?on=overview"):
        assert "hx-get" not in client.get(address).content.decode()
    ended = client.get(f"/sweeps/{sweep.pk}/").content.decode()
    assert "Results" in ended
    assert "Incompatible" in ended
    assert "No changes" in ended
    assert "overview-sweep" not in client.get("/").content.decode()
    assert "check of 3 sites" in client.get("/activity/").content.decode()


def test_pause_and_resume(client_of: Any, administrator: User, make_site: Any) -> None:
    make_site()
    client = client_of(administrator)
    client.post("/sweeps/start/")
    sweep = Sweep.objects.get()

    paused = client.post(f"/sweeps/{sweep.pk}/pause/", follow=True).content.decode()
    assert "Resume the bulk check" in paused
    assert "Pause the bulk check" not in paused
    assert "every 15s" in paused
    again = client.post(f"/sweeps/{sweep.pk}/pause/", follow=True).content.decode()
    assert "is not running" in again
    resumed = client.post(f"/sweeps/{sweep.pk}/resume/", follow=True).content.decode()
    assert "Pause the bulk check" in resumed
    assert Sweep.objects.get().state == SweepState.RUNNING


def test_a_second_sweep_is_rejected_with_a_message(client_of: Any, administrator: User, make_site: Any) -> None:
    make_site()
    client = client_of(administrator)
    client.post("/sweeps/start/")
    make_site()

    page = client.post("/sweeps/start/", follow=True).content.decode()

    assert "is running" in page
    assert "Check all sites" not in page
    assert Sweep.objects.count() == 1


@pytest.mark.parametrize("action", ["start/", "{pk}/pause/", "{pk}/resume/"])
def test_an_auditor_reads_but_cannot_start(client_of: Any, auditor: User, make_site: Any, action: str) -> None:
    make_site()
    sweep = sweeps.start_sweep(actor=None)
    client = client_of(auditor)

    assert client.post(f"/sweeps/{action.format(pk=sweep.pk)}").status_code == 403
    for address in ("/sweeps/", f"/sweeps/{sweep.pk}/"):
        page = client.get(address).content.decode()
        assert "Check all sites" not in page
        assert "Pause" not in page.replace("Paused", "")
    assert Sweep.objects.get().state == SweepState.RUNNING
    assert AuditEvent.objects.filter(action__startswith="sweep.").count() == 1


def test_a_site_owner_sees_no_sweep(client_of: Any, alice: User, site: Any) -> None:
    sweep = sweeps.start_sweep(actor=None)
    client = client_of(alice)

    for address in ("/sweeps/", f"/sweeps/{sweep.pk}/", f"/sweeps/{sweep.pk}/progress/"):
        assert client.get(address).status_code == 404
    assert "overview-sweep" not in client.get("/").content.decode()


def test_the_page_lists_changed_and_failed_sites(client_of: Any, administrator: User, make_site: Any) -> None:
    for title in ("Broken wiki", "Changed wiki", "Same wiki"):
        evaluate(make_site(title=title), "old" if title == "Same wiki" else "down")
    client = client_of(administrator)
    client.post("/sweeps/start/")
    finish("old", broken=1)
    sweep = Sweep.objects.get()
    page = f"/sweeps/{sweep.pk}/"

    def shown(query: str = "") -> set[str]:
        return {run.site.title for run in client.get(page + query).context["listing"].rows}

    assert shown() == {"Broken wiki", "Changed wiki"}
    assert shown("?show=changed") == {"Changed wiki"}
    assert shown("?show=broken") == {"Broken wiki"}
    assert shown("?show=every") == {"Broken wiki", "Changed wiki", "Same wiki"}
    assert shown("?show=every&q=same") == {"Same wiki"}
    assert "is invalid" in client.get(f"{page}?show=nonsense").content.decode()
    assert "It broke" in client.get(page).content.decode()


def test_both_exports_have_the_rows_of_their_list(client_of: Any, administrator: User, make_site: Any) -> None:
    make_site(title="=danger")
    client = client_of(administrator)
    client.post("/sweeps/start/")
    finish()
    sweep = Sweep.objects.get()

    def rows(address: str) -> list[dict[str, str]]:
        text = b"".join(client.get(address).streaming_content).decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text)))

    assert rows("/sweeps/export.csv")[0]["evaluated"] == "1"
    assert rows("/sweeps/export.csv?state=failed") == []
    assert rows(f"/sweeps/{sweep.pk}/export.csv") == []
    assert rows(f"/sweeps/{sweep.pk}/export.csv?show=every")[0]["site"] == "'=danger"
    assert AuditEvent.objects.filter(action="sweeps.exported").count() == 4


def test_a_failed_sweep_names_the_cause(client_of: Any, administrator: User, make_site: Any) -> None:
    make_site()
    client = client_of(administrator)
    client.post("/sweeps/start/")
    finish(broken=1)

    page = client.get(f"/sweeps/{Sweep.objects.get().pk}/").content.decode()

    assert "This bulk check failed" in page
    assert "an error in Gatepass" in page


def test_the_number_of_queries_does_not_grow(client_of: Any, administrator: User, make_site: Any) -> None:
    client = client_of(administrator)
    counts = []
    for many in (2, 12):
        for _ in range(many):
            make_site()
        client.post("/sweeps/start/")
        finish("old", broken=many)
        CheckRun.objects.filter(state=RunState.DONE).update(changed_at=timezone.now())
        sweep = Sweep.objects.first()
        assert sweep
        queries_by_page = []
        for address in ("/sweeps/", f"/sweeps/{sweep.pk}/?show=every", f"/sweeps/{sweep.pk}/progress/"):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address).status_code == 200
            queries_by_page.append(len(queries))
        counts.append(queries_by_page)
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("total", "expected"),
    [(600, "10 minutes left."), (110, "Less than a minute left."), (60_100, "20 hours left.")],
)
def test_the_remaining_time_is_shown(client_of: Any, administrator: User, total: int, expected: str) -> None:
    start = timezone.now() - timedelta(minutes=2)
    sweep = Sweep.objects.create(trigger="button", started_at=start, total=total, done=100, failing=7)

    page = client_of(administrator).get(f"/sweeps/{sweep.pk}/progress/").content.decode()

    assert expected in page
    assert "50 sites per minute." in page


@pytest.mark.django_db
def test_the_command_starts_pauses_and_resumes(make_site: Any, capsys: pytest.CaptureFixture[str]) -> None:
    make_site()
    call_command("sweep")
    assert "Sites: 1." in capsys.readouterr().out
    with pytest.raises(CommandError, match="is running"):
        call_command("sweep")
    call_command("sweep", "--pause")
    assert Sweep.objects.get().state == SweepState.PAUSED
    call_command("sweep", "--resume")
    assert Sweep.objects.get().state == SweepState.RUNNING
    assert AuditEvent.objects.filter(actor=None, action="sweep.paused").exists()
    finish()
    call_command("sweep", "--due")
    assert "No sites are due" in capsys.readouterr().out


def test_a_finished_bulk_check_offers_nothing_to_control(client_of: Any, administrator: User, make_site: Any) -> None:
    """The poll that reports the end also replaces the head and the list of the open page."""
    make_site(title="Wiki")
    client = client_of(administrator)
    page = client.post("/sweeps/start/?show=every", follow=True).content.decode()
    sweep = Sweep.objects.get()
    polled = f"/sweeps/{sweep.pk}/progress/?shown=running"
    assert f'hx-get="{polled}"' in page
    assert f'action="/sweeps/{sweep.pk}/pause/"' in page
    unchanged = client.get(polled).content.decode()
    assert "sweep-head" not in unchanged
    assert "sweep-sites" not in unchanged

    finish()
    update = client.get(polled + "&show=every").content.decode()
    assert 'id="sweep-head"' in update
    assert "finished" in update.split('id="sweep-head"', 1)[1].split("</header>", 1)[0]
    assert "Wiki" in update.split('id="sweep-sites"', 1)[1]
    for html in (update, client.get(f"/sweeps/{sweep.pk}/").content.decode()):
        assert "/pause/" not in html
        assert "/resume/" not in html
        assert "hx-get" not in html


def test_a_bulk_check_paused_by_another_person_offers_to_resume(
    client_of: Any, administrator: User, make_site: Any
) -> None:
    make_site()
    client_of(administrator).post("/sweeps/start/")
    sweep = Sweep.objects.get()
    sweeps.pause_sweep(actor=administrator, sweep=sweep)
    update = client_of(administrator).get(f"/sweeps/{sweep.pk}/progress/?shown=running").content.decode()
    assert f'action="/sweeps/{sweep.pk}/resume/"' in update
    assert "/pause/" not in update
