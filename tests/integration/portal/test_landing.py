"""The landing page of a pass: each device, each state, and what counts as a use."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from portal.models import User
from rollout.enrollment.token import mint
from rollout.models import AuditEvent, Enrollment, EnrollmentPass, Product, Site
from rollout.services import passes as pass_service
from tests.support.pages import code_on

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) AppleWebKit/605.1.15 Version/18.4 Mobile/15E148"
IPAD_AS_MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.4 Safari/605.1.15"
ANDROID = "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36"
DESKTOP = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"


def phone() -> Client:
    """A fresh iPhone. It checks CSRF tokens, as real ones do."""
    return Client(headers={"user-agent": IPHONE}, enforce_csrf_checks=True)


@pytest.fixture
def make_pass(administrator: User) -> Callable[..., tuple[EnrollmentPass, str]]:
    def make(*sites: Site, **fields: Any) -> tuple[EnrollmentPass, str]:
        defaults = {"expires_at": timezone.now() + timedelta(days=7)}
        return pass_service.issue_pass(actor=administrator, label="Pilot", sites=sites, **{**defaults, **fields})

    return make


def text_of(page: Any) -> str:
    return re.sub(r"\s+", " ", page.content.decode())


def test_it_works(make_pass: Any, site: Site) -> None:
    row, token = make_pass(site)
    client = phone()
    page = client.get(f"/e/{token}")
    assert page.status_code == 200
    text = text_of(page)
    assert text.index("Install") < text.index("Choose the site") < text.index("Sign in")
    for shown in (site.title, site.base_url, settings.IOS_APP_STORE_URL, "Allow", "My phone is set up"):
        assert shown in text
    done = client.post(f"/e/{token}/done", headers={"origin": "null"}, follow=True)
    assert "This phone is set up" in text_of(done)
    assert site.base_url in text_of(done)
    row.refresh_from_db()
    assert row.uses == 1
    assert Enrollment.objects.get().user_agent == IPHONE
    assert AuditEvent.objects.filter(action="pass.used").count() == 1


def test_the_page_is_not_cached_indexed_or_sent_as_referrer(make_pass: Any, site: Site) -> None:
    _, token = make_pass(site)
    for page in (phone().get(f"/e/{token}"), phone().get(f"/e/{mint()}"), phone().post(f"/e/{token}/done")):
        assert "no-store" in page["Cache-Control"]
        assert page["Referrer-Policy"] == "no-referrer"
        assert "noindex" in page["X-Robots-Tag"]
        assert "User-Agent" in page["Vary"]


@pytest.mark.parametrize("path", ["/e/{}", "/E/{}"])
@pytest.mark.parametrize("case", [str.upper, str.lower])
def test_either_case_opens_it(make_pass: Any, site: Site, path: str, case: Callable[[str], str]) -> None:
    _, token = make_pass(site)
    assert phone().get(path.format(case(token))).status_code == 200


@pytest.mark.parametrize("agent", [IPHONE, ANDROID, DESKTOP, "", "Slackbot-LinkExpanding 1.0", "\x00" * 9000])
@pytest.mark.parametrize("method", ["get", "head"])
def test_opening_the_link_changes_nothing(make_pass: Any, site: Site, agent: str, method: str) -> None:
    row, token = make_pass(site)
    events = AuditEvent.objects.count()
    client = Client(headers={"user-agent": agent})
    for query in ("", "?device=iphone", "?device=%00", "?device=x"):
        answer = getattr(client, method)(f"/e/{token}{query}")
        assert answer.status_code == 200
        assert not answer.cookies
    row.refresh_from_db()
    assert (row.uses, Enrollment.objects.count(), AuditEvent.objects.count()) == (0, 0, events)


@pytest.mark.parametrize("method", ["get", "head"])
def test_the_button_is_a_post(make_pass: Any, site: Site, method: str) -> None:
    row, token = make_pass(site)
    answer = getattr(phone(), method)(f"/e/{token}/done")
    assert answer.headers["Location"] == f"/e/{token}"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert not answer.cookies
    row.refresh_from_db()
    assert row.uses == 0


# --- Devices ---------------------------------------------------------------------------------------------------


def test_android_needs_no_pass(make_pass: Any, site: Site) -> None:
    _, token = make_pass(site)
    text = text_of(Client(headers={"user-agent": ANDROID}).get(f"/e/{token}"))
    assert "Not needed on Android" in text
    assert "The Android app does not need it." in text
    assert "/done" not in text


def test_a_desktop_shows_the_code_of_this_page(make_pass: Any, site: Site) -> None:
    _, token = make_pass(site)
    page = Client(headers={"user-agent": DESKTOP}).get(f"/e/{token}")
    assert code_on(page).lower() == f"{settings.PUBLIC_URL}/e/{token}".lower()
    assert "/done" not in text_of(page)


def test_an_ipad_with_the_user_agent_of_a_mac_can_switch_to_iphone(make_pass: Any, site: Site) -> None:
    _, token = make_pass(site)
    client = Client(headers={"user-agent": IPAD_AS_MAC})
    assert 'href="?device=iphone"' in text_of(client.get(f"/e/{token}"))
    assert "My phone is set up" in text_of(client.get(f"/e/{token}?device=iphone"))


# --- Sites -----------------------------------------------------------------------------------------------------


def test_an_archived_site_is_left_out(make_pass: Any, make_site: Any, site: Site) -> None:
    archived = make_site(title="Old wiki")
    _, token = make_pass(site, archived)
    Site.objects.filter(pk=archived.pk).update(archived_at=timezone.now())
    text = text_of(phone().get(f"/e/{token}"))
    assert site.title in text
    assert "Old wiki" not in text


def test_a_pass_without_active_sites(make_pass: Any, site: Site) -> None:
    row, token = make_pass(site)
    Site.objects.filter(pk=site.pk).update(archived_at=timezone.now())
    page = phone().get(f"/e/{token}")
    assert page.status_code == 410
    assert "nothing left to set up" in text_of(page)
    assert phone().post(f"/e/{token}/done").status_code == 410
    row.refresh_from_db()
    assert row.uses == 0


def test_a_site_for_managed_phones_only_has_a_note(make_pass: Any, make_site: Any) -> None:
    _, token = make_pass(make_site(mdm_verdict="READY_MDM", non_mdm_verdict="ACTION_NEEDED"))
    assert "Works only on phones that your organization manages" in text_of(phone().get(f"/e/{token}"))
    _, token = make_pass(make_site(mdm_verdict="UNKNOWN", non_mdm_verdict="UNKNOWN"))
    assert "Works only on phones that your organization manages" not in text_of(phone().get(f"/e/{token}"))


def test_a_jira_site_gets_its_own_app(make_pass: Any, make_site: Any) -> None:
    _, token = make_pass(make_site(product=Product.JIRA))
    text = text_of(phone().get(f"/e/{token}"))
    assert "id1405353949" in text
    assert settings.IOS_APP_STORE_URL not in text


def test_hostile_titles_stay_text(make_pass: Any, make_site: Any) -> None:
    _, token = make_pass(make_site(title="<img src=x onerror=alert(1)>\"'"))
    assert "<img" not in text_of(phone().get(f"/e/{token}"))


# --- States ----------------------------------------------------------------------------------------------------

STATES = {
    "expired": ({"expires_at": timezone.now() - timedelta(days=1)}, "This link has expired"),
    "revoked": ({"revoked_at": timezone.now()}, "This link was revoked"),
    "used up": ({"uses": 1}, "This link has been used"),
}


@pytest.mark.parametrize("state", STATES)
def test_each_state_has_its_own_page_with_the_next_step(make_pass: Any, site: Site, state: str) -> None:
    row, token = make_pass(site)
    changes, heading = STATES[state]
    EnrollmentPass.objects.filter(pk=row.pk).update(**changes)
    for page in (phone().get(f"/e/{token}"), phone().post(f"/e/{token}/done")):
        assert page.status_code == 410
        assert heading in text_of(page)
        assert "What to do next" in text_of(page)
    assert not Enrollment.objects.exists()


@pytest.mark.parametrize(
    "token", ["MX4QZ7JKBW2RTYPL6HNVC3DAFE", "mx4qz7jkbw2rtypl6hnvc3dafe", "A" * 26, "A", "0" * 64, "a1B2c3"]
)
def test_invalid_tokens_get_the_same_response(
    make_pass: Any, site: Site, token: str, django_assert_num_queries: Any
) -> None:
    make_pass(site)
    expected = text_of(phone().get(f"/e/{mint()}"))
    with django_assert_num_queries(1):  # the same look-up, well formed or not
        page = phone().get(f"/e/{token}")
    assert page.status_code == 404
    assert text_of(page) == expected
    assert phone().post(f"/e/{token}/done").status_code == 404


@pytest.mark.parametrize(
    "path", ["/e/", "/e/%00", "/e/" + "A" * 65, "/e/" + "A" * 9000, "/e/ſ" + "A" * 25, "/e/../e/A"]
)
def test_an_invalid_path(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


# --- The same phone again --------------------------------------------------------------------------------------


@pytest.mark.parametrize("opened", ["/e/{}", "/E/{}"])
def test_the_same_phone_sees_that_it_is_set_up(make_pass: Any, site: Site, opened: str) -> None:
    row, token = make_pass(site)
    client = phone()
    client.post(f"{opened.format(token)}/done")
    for path in ("/e/{}", "/E/{}"):  # the link in a message, and the QR code
        page = client.get(path.format(token))
        assert page.status_code == 200
        assert "This phone is set up" in text_of(page)
    client.post(f"/e/{token}/done")
    row.refresh_from_db()
    assert row.uses == 1
    assert "This link has been used" in text_of(phone().get(f"/e/{token}"))


def test_the_cookie_is_signed_and_valid_for_this_pass_only(make_pass: Any, site: Site) -> None:
    row, token = make_pass(site)
    other, other_token = make_pass(site, max_uses=5)
    client = phone()
    answer = client.post(f"/e/{token}/done")
    for cookie in answer.cookies.values():
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"
        assert cookie["path"].lower() == f"/e/{token}".lower()
        assert cookie.value != str(row.pk)
    forged = phone()
    forged.cookies["gatepass_phone"] = str(other.pk)
    assert "This phone is set up" not in text_of(forged.get(f"/e/{other_token}"))
    forged.cookies["gatepass_phone"] = answer.cookies["gatepass_phone"].value
    assert "This phone is set up" not in text_of(forged.get(f"/e/{other_token}"))


def test_a_revoked_pass_is_closed_on_its_phone_too(make_pass: Any, site: Site, administrator: User) -> None:
    row, token = make_pass(site)
    client = phone()
    client.post(f"/e/{token}/done")
    pass_service.revoke_pass(actor=administrator, enrollment_pass=row)
    assert client.get(f"/e/{token}").status_code == 410


@pytest.mark.django_db(transaction=True)
def test_of_two_phones_one_wins(make_pass: Any, site: Site) -> None:
    row, token = make_pass(site)
    start = Barrier(2)

    def press(_: int) -> int:
        client = phone()
        start.wait(10)
        try:
            return client.post(f"/e/{token}/done").status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(press, range(2)))
    row.refresh_from_db()
    assert answers == [302, 410]
    assert (row.uses, Enrollment.objects.count()) == (1, 1)
