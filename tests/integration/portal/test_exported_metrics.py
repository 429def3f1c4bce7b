"""Gatepass's own metrics, as Prometheus reads them."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from ipaddress import IPv6Address
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from oauth_provider.limits.limiter import Limit, Limiter
from portal.accounts.account_notices import notify
from portal.models import AccountNotice, User
from portal.pages import exported_metrics
from rollout.models import CheckRun, EnrollmentPass, ProbeHost, Site, Sweep, SweepState
from rollout.services import passes
from rollout.services.checks import check_runs
from tests.support.paths import ROOT

PASSWORD = "correct horse battery staple"


def scrape() -> dict[str, Metric]:
    answer = Client().get("/metrics")
    assert answer.status_code == 200
    return {family.name: family for family in text_string_to_metric_families(answer.text)}


def value(name: str, **labels: str) -> float:
    samples = [sample for family in scrape().values() for sample in family.samples]
    return sum(sample.value for sample in samples if sample.name == name and sample.labels == labels)


def documented() -> dict[str, tuple[str, set[str]]]:
    rows = re.findall(r"^\| `(gatepass_\w+)` \| (\w+) \|([^|]*)\|", (ROOT / "docs/operations.md").read_text(), re.M)
    return {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}


def labels_of(name: str) -> set[str]:
    """The labels of a counter that may have no sample yet."""
    collector = exported_metrics.REGISTRY._names_to_collectors[name]
    return set(collector._labelnames)


def test_the_table_in_the_documents_is_what_is_exported(db: None) -> None:
    found = {}
    for family in scrape().values():
        if not family.name.startswith("gatepass_"):
            continue
        is_counter = family.type == "counter"
        labels = labels_of(family.name) if is_counter else {key for sample in family.samples for key in sample.labels}
        found[f"{family.name}_total" if is_counter else family.name] = (family.type, labels)
        assert family.documentation
    assert found == documented()


def test_sites_by_status_with_zeros(make_site: Any) -> None:
    for verdict in ("READY_MDM", "ACTION_NEEDED", "ACTION_NEEDED"):
        make_site(mdm_verdict=verdict, non_mdm_verdict="READY_NON_MDM")
    make_site(mdm_verdict="READY_MDM", archived_at=timezone.now())
    found = {(s.labels["setup"], s.labels["status"]): s.value for s in scrape()["gatepass_sites"].samples}
    assert found == {
        ("mdm", "READY_MDM"): 1, ("mdm", "ACTION_NEEDED"): 2, ("mdm", "INCOMPATIBLE"): 0, ("mdm", "UNKNOWN"): 0,
        ("non_mdm", "READY_NON_MDM"): 3, ("non_mdm", "ACTION_NEEDED"): 0, ("non_mdm", "INCOMPATIBLE"): 0,
        ("non_mdm", "UNKNOWN"): 0,
    }  # fmt: skip


def test_the_queue_of_checks(make_site: Any, administrator: User) -> None:
    now = timezone.now()
    assert (value("gatepass_checks_waiting"), value("gatepass_check_oldest_waiting_seconds")) == (0, 0)
    runs = [check_runs.request_check(site=make_site(), actor=administrator, trigger="button") for _ in range(3)]
    CheckRun.objects.filter(pk=runs[0].pk).update(requested_at=now - timedelta(minutes=5))
    paused = Sweep.objects.create(trigger="button", started_at=now, state=SweepState.PAUSED)
    CheckRun.objects.filter(pk=runs[1].pk).update(sweep=paused, requested_at=now - timedelta(days=1))
    for number, (lease, until) in enumerate([("a", 9), ("a", 9), ("b", 9), ("c", -9)]):
        ProbeHost.objects.update_or_create(
            host=f"h{number}:443", defaults={"lease": lease, "leased_until": now + timedelta(seconds=until)}
        )
    assert value("gatepass_checks_waiting") == 2
    assert 300 <= value("gatepass_check_oldest_waiting_seconds") < 360
    assert (value("gatepass_check_workers"), value("gatepass_check_hosts")) == (2, 3)


def test_passes(site: Site, administrator: User, member: User) -> None:
    until = timezone.now() + timedelta(days=1)
    rows = [
        passes.issue_pass(actor=administrator, label="x", sites=[site], expires_at=until, max_uses=uses, person=person)[
            0
        ]
        for uses, person in [(None, None), (2, None), (1, None), (None, member), (None, None)]
    ]
    EnrollmentPass.objects.filter(pk__in=[rows[1].pk, rows[2].pk]).update(uses=1)
    EnrollmentPass.objects.filter(pk=rows[4].pk).update(expires_at=timezone.now())
    User.objects.filter(pk=member.pk).update(is_active=False)
    assert (value("gatepass_passes_valid"), value("gatepass_passes_used")) == (2, 2)


def test_mails(member: User) -> None:
    for _ in range(3):
        notify(person=member, kind=AccountNotice.Kind.ROLE, actor=None, about="x")
    first, second, _third = AccountNotice.objects.order_by("pk")
    AccountNotice.objects.filter(pk=first.pk).update(mailed_at=timezone.now(), attempts=1)
    AccountNotice.objects.filter(pk=second.pk).update(attempts=5)
    found = {state: value("gatepass_account_mails", state=state) for state in ("waiting", "sent", "failed")}
    assert found == {"waiting": 1, "sent": 1, "failed": 1}


@pytest.mark.parametrize(("password", "result"), [(PASSWORD, "success"), ("wrong", "failure")])
def test_sign_ins_with_a_password(make_user: Any, password: str, result: str) -> None:
    user = make_user("member", password=PASSWORD)
    labels = {"method": "password", "result": result}
    before = value("gatepass_sign_ins_total", **labels)
    Client().post("/accounts/login/", {"login": user.email, "password": password})
    assert value("gatepass_sign_ins_total", **labels) == before + 1


def test_sign_ins_with_a_link(make_user: Any) -> None:
    labels = {"method": "link", "result": "success"}
    before = value("gatepass_sign_ins_total", **labels)
    Client().force_login(make_user("member"))  # leaves no record of a method, as a link
    assert value("gatepass_sign_ins_total", **labels) == before + 1


def test_a_failed_certificate_counts_as_a_failure(db: None) -> None:
    labels = {"method": "certificate", "result": "failure"}
    before = value("gatepass_sign_ins_total", **labels)
    Client().post("/accounts/certificate/")
    assert value("gatepass_sign_ins_total", **labels) == before + 1


def test_refused_tokens_and_reached_limits(db: None, settings: Any) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "api_failures": "1/86400"}

    def counts() -> tuple[float, float]:
        return (
            value("gatepass_api_refused_tokens_total", reason="unknown"),
            value("gatepass_rate_limit_refusals_total", limit="api_failures"),
        )

    before = counts()
    address = str(IPv6Address(secrets.randbits(128)))  # the window of an earlier run may still be counted
    for _ in range(3):
        Client(REMOTE_ADDR=address, headers={"authorization": "Bearer gatepass_service_x"}).get("/api/v1/sites")
    after = counts()
    assert (after[0] - before[0], after[1] - before[1]) == (3, 2)


def test_a_granted_request_counts_for_no_limit(db: None) -> None:
    Limiter().take(Limit("only_granted", 5, 86400), "x")
    assert "only_granted" not in Client().get("/metrics").text


def test_the_number_of_queries_is_constant(make_site: Any, administrator: User) -> None:
    with CaptureQueriesContext(connection) as empty:
        scrape()
    for number in range(5):
        site = make_site()
        check_runs.request_check(site=site, actor=administrator, trigger="button")
        ProbeHost.objects.create(host=f"x{number}:443")
    with CaptureQueriesContext(connection) as full:
        scrape()
    assert len(full) == len(empty) == 7


def test_without_a_database_the_counters_are_left(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: Any) -> None:
        raise OperationalError

    monkeypatch.setattr(exported_metrics, "_sites", fail)
    families = scrape()
    assert families["gatepass_database_up"].samples[0].value == 0
    assert "gatepass_sites" not in families
    assert "gatepass_sign_ins" in families
