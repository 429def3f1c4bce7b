"""Pages of passes warn about addresses that phones cannot open."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from portal.models import User
from portal.presenters.pass_reach import reach_warning
from rollout.models import EnrollmentPass, Site
from rollout.services import passes, waves

pytestmark = pytest.mark.django_db
NO_PHONE, SOME = "Phones cannot use this address", "Not every phone can use this address"


@pytest.fixture
def set_up(administrator: User, site: Site) -> EnrollmentPass:
    until = timezone.now() + timedelta(days=1)
    return passes.issue_pass(actor=administrator, label="Sales", sites=[site], expires_at=until)[0]


@pytest.fixture
def texts(client_of: Callable[[User], Client], administrator: User, site: Site, set_up: EnrollmentPass) -> Any:
    """``texts() -> {name: text}`` of every page that creates or shows passes."""
    client = client_of(administrator)
    wave = waves.create_wave(actor=administrator, title="First", sites=[site])

    def form_id(path: str) -> str:
        return client.get(path).content.decode().partition('name="form_id" value="')[2].partition('"')[0]

    def pages() -> dict[str, str]:
        new = {"audience": "label", "label": "One", "sites": [site.pk], "expiry": "7", "uses": "once"}
        issue = {"do": "issue", "labels": "Anna", "expiry": "7"}
        wave_path = f"/waves/{wave.pk}/"
        answers = {
            "create": client.get("/passes/new/"),
            "once": client.post("/passes/new/", new | {"form_id": form_id("/passes/new/")}),
            "pass": client.get(f"/passes/{set_up.pk}/"),
            "wave create": client.get("/waves/new/"),
            "wave": client.get(wave_path),
            "wave issued": client.post(wave_path, issue | {"form_id": form_id(wave_path)}),
        }
        assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(answers, 200)
        return {name: answer.content.decode() for name, answer in answers.items()}

    return pages


@pytest.mark.parametrize("address", ["http://localhost:8000", "https://127.0.0.1", "http://gatepass.example.com"])
def test_it_works_on_every_page(texts: Any, settings: Any, address: str) -> None:
    settings.PUBLIC_URL = address
    for name, text in texts().items():
        assert text.count(NO_PHONE) == 1, name
        assert f"<code>{address}</code>" in text, name
        assert "set PUBLIC_URL to the https:// address" in text, name


def test_a_private_network_is_a_smaller_problem(texts: Any, settings: Any) -> None:
    settings.PUBLIC_URL = "https://gatepass.corp"
    for name, text in texts().items():
        assert SOME in text, name
        assert NO_PHONE not in text, name
        assert "a name of a private network" in text, name


def test_a_public_address_has_no_warning(texts: Any, settings: Any) -> None:
    settings.PUBLIC_URL = "https://gatepass.example.com"
    for name, text in texts().items():
        assert "use this address" not in text, name


def test_a_revoked_pass_has_no_warning(
    client_of: Callable[[User], Client], administrator: User, settings: Any, set_up: EnrollmentPass
) -> None:
    settings.PUBLIC_URL = "http://localhost"
    passes.revoke_pass(actor=administrator, enrollment_pass=set_up)
    assert NO_PHONE not in client_of(administrator).get(f"/passes/{set_up.pk}/").content.decode()


def test_a_site_counts_as_well(make_site: Any, settings: Any) -> None:
    settings.PUBLIC_URL = "https://gatepass.example.com"
    moved = make_site(title="Pilot", provider="gatepass", slug="pilot", base_url="http://localhost:8000/at/pilot")
    trial = make_site(title="Trial", base_url="http://127.0.0.1:8090/wiki")
    internal = make_site(title="Internal", base_url="https://wiki.corp")
    assert reach_warning([internal]) is None  # of an organization that knows its own network
    warning = reach_warning([moved, trial, internal])
    assert warning is not None
    assert [reason.addresses for reason in warning.reasons] == [["http://localhost:8000", "http://127.0.0.1:8090"]]
    assert [remedy.partition(":")[0] for remedy in warning.remedies] == ["Pilot", "Trial"]


def test_a_hosted_site_at_a_private_address_counts(make_site: Any, settings: Any) -> None:
    settings.PUBLIC_URL = "https://gatepass.example.com"
    hosted = make_site(provider="gatepass", slug="pilot", base_url="https://10.0.0.5/at/pilot")
    warning = reach_warning([hosted])
    assert warning is not None
    assert warning.kind == "warn"
    assert warning.reasons[0].addresses == ["https://10.0.0.5"]


def test_many_addresses_are_counted(make_site: Any, settings: Any) -> None:
    settings.PUBLIC_URL = "http://localhost:8000"
    warning = reach_warning([make_site(base_url=f"http://127.0.0.1:{8100 + n}") for n in range(9)])
    assert warning is not None
    assert [(len(reason.addresses), reason.more) for reason in warning.reasons] == [(3, 7)]
    assert "and 6 more" in warning.remedies[1]
