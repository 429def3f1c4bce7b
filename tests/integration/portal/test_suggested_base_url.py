"""The base URL that a check suggests: used with one button, or a link to the site that has it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from portal.models import User
from rollout.models import AuditEvent, CheckRun, RunState, Site
from rollout.services import sites
from rollout.services.checks import check_runs
from rollout.services.checks.evaluations import ProbeResult, record
from tests.support.evaluated import WITH_PLUGINS, observation

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
OWN = "https://wiki.example.com/confluence"


@pytest.fixture
def moved(make_site: Any, alice: User) -> Site:
    """A site that reports another base URL than the one entered."""
    site: Site = make_site(owners=[alice], title="Wiki", base_url="https://old.example.com", **WITH_PLUGINS)
    seen = observation(site)
    seen = replace(seen, manifest=replace(seen.manifest, canonical_url=OWN))
    run = check_runs.request_check(site=site, actor=None, trigger=CheckRun.Trigger.BUTTON)
    CheckRun.objects.filter(pk=run.pk).update(state=RunState.RUNNING, started_at=timezone.now(), lease="test")
    record([ProbeResult(run.pk, site.pk, "test", seen)])
    site.refresh_from_db()
    return site


def page(client: Client, site: Site) -> str:
    return " ".join(client.get(f"/sites/{site.pk}/").content.decode().split())


def test_it_works(client_of: ClientOf, alice: User, moved: Site) -> None:
    client = client_of(alice)
    finding, beside = page(client, moved).split('id="rule-base-url-match"', 1)[1].split("</li>", 2)[:2]
    assert OWN in finding
    assert f"Use {OWN}" in beside
    answer = client.post(f"/sites/{moved.pk}/use-base-url/", {"base_url": OWN}, follow=True)
    assert "The base URL has changed. A check has started." in answer.content.decode()
    assert "Waiting for a worker" in answer.content.decode()
    assert "Suggested base URL" not in answer.content.decode()
    moved.refresh_from_db()
    assert moved.base_url == OWN
    assert moved.check_runs.filter(state="queued").count() == 1
    event = AuditEvent.objects.filter(action="site.changed").latest("number")
    assert (event.details["fields"], event.actor_id) == (["base_url"], alice.pk)


def test_another_site_with_this_base_url_is_linked(
    client_of: ClientOf, alice: User, moved: Site, make_site: Any
) -> None:
    other = make_site(owners=[alice], title="The real wiki", base_url=OWN)
    html = page(client_of(alice), moved)
    assert f'<a href="/sites/{other.pk}/">The real wiki</a>' in html
    assert "use-base-url" not in html
    client_of(alice).post(f"/sites/{moved.pk}/use-base-url/", {"base_url": OWN})
    moved.refresh_from_db()
    assert moved.base_url == "https://old.example.com"


def test_a_site_of_others_is_not_named(client_of: ClientOf, alice: User, moved: Site, make_site: Any) -> None:
    make_site(title="Secret wiki", base_url=OWN)
    html = page(client_of(alice), moved)
    assert "Another site that you cannot see has it." in html
    assert "Secret wiki" not in html


@pytest.mark.parametrize("base_url", ["", "https://evil.example.com", "https://old.example.com"])
def test_only_what_is_suggested_is_used(client_of: ClientOf, alice: User, moved: Site, base_url: str) -> None:
    answer = client_of(alice).post(f"/sites/{moved.pk}/use-base-url/", {"base_url": base_url}, follow=True)
    assert "does not suggest this base URL" in answer.content.decode()
    moved.refresh_from_db()
    assert moved.base_url == "https://old.example.com"
    assert not AuditEvent.objects.filter(action="site.changed").exists()


def test_an_archived_site_keeps_its_base_url(alice: User, moved: Site) -> None:
    sites.archive_site(actor=alice, site=moved)
    moved.refresh_from_db()
    with pytest.raises(ValidationError):
        sites.use_suggested_base_url(actor=alice, site=moved, base_url=OWN)


def test_who_may_not(client_of: ClientOf, auditor: User, charlie: User, member: User, moved: Site) -> None:
    html = page(client_of(auditor), moved)
    assert OWN in html
    assert "use-base-url" not in html
    url = f"/sites/{moved.pk}/use-base-url/"
    assert client_of(auditor).post(url, {"base_url": OWN}).status_code == 403
    assert client_of(charlie).post(url, {"base_url": OWN}).status_code == 404
    assert client_of(member).post(url, {"base_url": OWN}).status_code == 404
    moved.refresh_from_db()
    assert moved.base_url == "https://old.example.com"


def test_stored_facts_that_cannot_be_read_suggest_nothing(client_of: ClientOf, alice: User, moved: Site) -> None:
    CheckRun.objects.filter(site=moved).update(observation={"format": 99})
    assert "Suggested base URL" not in page(client_of(alice), moved)
