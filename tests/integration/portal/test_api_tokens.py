"""Service tokens and personal tokens: what a program can do with one, and when it ends."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.accounts import api_tokens
from portal.accounts.account_notices import send_due_notices
from portal.models import AccountNotice, ApiToken, Role, User
from rollout.models import AuditEvent, CheckRun, RunState, Site
from rollout.services import configurations

SITES = "/api/v1/sites"
NEW_SITE = {"title": "Wiki", "base_url": "https://new-wiki.example.com"}


def with_token(text: str, **headers: str) -> Client:
    return Client(headers={"authorization": f"Bearer {text}", **headers}, enforce_csrf_checks=True)


def send(client: Client, method: str, path: str, body: Any = None) -> Any:
    return client.generic(method, path, json.dumps(body) if body is not None else "", content_type="application/json")


@pytest.fixture
def service(administrator: User) -> Any:
    """``service("read", …) -> Client`` with a new service token."""

    def make(*scopes: str, days: int = 30) -> Client:
        row, text = api_tokens.create_service_token(
            actor=administrator, name="Inventory sync", scopes=scopes, days=days
        )
        client = with_token(text)
        client.token = row  # type: ignore[attr-defined]
        return client

    return make


def personal(person: User, *scopes: str, days: int = 30) -> Client:
    row, text = api_tokens.create_personal_token(person=person, name="My script", scopes=scopes, days=days)
    client = with_token(text)
    client.token = row  # type: ignore[attr-defined]
    return client


# --- Service tokens ------------------------------------------------------------------------------------------------
def test_a_service_token_runs_every_operation(service: Any, administrator: User, alice: User, site: Site) -> None:
    client = service("write")
    release = configurations.publish_release(actor=administrator, sites=Site.objects.all())
    created = send(client, "POST", SITES, NEW_SITE | {"owners": [alice.email]})
    assert created.status_code == 201, created.content
    one = f"{SITES}/{created.json()['id']}"
    assert send(client, "PATCH", one, {"title": "Team wiki"}).json()["title"] == "Team wiki"
    assert client.get(one).json()["owners"] == [alice.email]
    assert client.get(SITES).json()["count"] == 2
    CheckRun.objects.update(state=RunState.DONE)
    run = send(client, "POST", f"{one}/checks")
    assert run.status_code == 202
    assert client.get(f"/api/v1/check-runs/{run.json()['id']}").json()["state"] == "queued"
    assert CheckRun.objects.get(pk=run.json()["id"]).requested_by is None
    assert client.get("/api/v1/configurations/current")["X-Release-Number"] == str(release.number)
    made = AuditEvent.objects.filter(actor_label="Inventory sync (service token)", actor_id=None)
    actions = {"site.created", "site.changed", "check.requested", "configuration.release_exported"}
    assert set(made.values_list("action", flat=True)) == actions


def test_read_only_reads_everything_and_changes_nothing(service: Any, site: Site) -> None:
    client = service("read")
    assert client.get(f"{SITES}/{site.pk}").status_code == 200
    for method, path in [("POST", SITES), ("PATCH", f"{SITES}/{site.pk}"), ("POST", f"{SITES}/{site.pk}/checks")]:
        answer = send(client, method, path, NEW_SITE)
        assert (answer.status_code, "lacks a scope" in answer.json()["error"]["message"]) == (403, True)
    assert Site.objects.count() == 1


def test_metrics_alone_reads_no_site(service: Any, site: Site) -> None:
    assert service("metrics").get(SITES).status_code == 403


@pytest.mark.parametrize("path", ["/", "/sites/", "/activity/", "/service-tokens/", "/api/v1/docs"])
def test_a_token_opens_no_page(service: Any, administrator: User, path: str) -> None:
    for client in (service("write", "metrics"), personal(administrator, "write", "metrics")):
        answer = client.get(path)
        assert (answer.status_code, answer.headers.get("Location", "").split("?")[0]) == (302, "/accounts/login/")


# --- Personal tokens -------------------------------------------------------------------------------------------------
def test_a_personal_token_acts_as_its_person(alice: User, site: Site, make_site: Any) -> None:
    other = make_site()
    client = personal(alice, "write")
    assert [row["id"] for row in client.get(SITES).json()["items"]] == [site.pk]
    assert client.get(f"{SITES}/{other.pk}").status_code == 404
    assert send(client, "POST", f"{SITES}/{site.pk}/checks").status_code == 202
    assert CheckRun.objects.get().requested_by == alice


def test_it_has_the_rights_of_the_present_role(alice: User, site: Site, make_site: Any) -> None:
    other = make_site()
    client = personal(alice, "write")
    User.objects.filter(pk=alice.pk).update(role=Role.AUDITOR)
    assert client.get(f"{SITES}/{other.pk}").status_code == 200
    assert send(client, "POST", f"{SITES}/{site.pk}/checks").status_code == 403
    User.objects.filter(pk=alice.pk).update(role=Role.MEMBER)
    assert client.get(SITES).status_code == 404


def test_an_auditor_gets_no_scope_beyond_the_role(auditor: User, client_of: Any) -> None:
    client = client_of(auditor)
    page = client.get("/me/tokens/new/").text
    assert ('value="read"' in page, 'value="write"' in page, 'value="metrics"' in page) == (True, False, False)
    form_id = re.search(r'name="form_id" value="([^"]+)"', page)[1]  # type: ignore[index]
    data = {"form_id": form_id, "name": "x", "scopes": ["write"], "days": "30"}
    assert client.post("/me/tokens/new/", data).status_code == 422
    assert not ApiToken.objects.exists()


def test_the_person_is_told_and_the_mail_names_no_secret(alice: User, mailoutbox: Any) -> None:
    _row, text = api_tokens.create_personal_token(person=alice, name="My script", scopes=["read"], days=30)
    notice = AccountNotice.objects.get(person=alice)
    assert "My script" in notice.sentence
    assert send_due_notices() == 1
    [mail] = mailoutbox
    assert ("My script" in mail.body, "/me/tokens/" in mail.body, text in mail.body) == (True, True, False)
    assert text not in notice.sentence + str(list(AuditEvent.objects.values_list("details", flat=True)))


def test_sign_out_everywhere_ends_it_if_chosen(alice: User, client_of: Any) -> None:
    kept, client = personal(alice, "read"), client_of(alice)
    client.post("/me/sign-out-everywhere/", {"phones": "on"})
    assert kept.get(SITES).status_code == 200
    client.post("/me/sign-out-everywhere/", {"tokens": "on"})
    assert kept.get(SITES).status_code == 401


def test_deleting_an_account_deletes_its_tokens(alice: User, service: Any) -> None:
    client, other = personal(alice, "read"), service("read")
    alice.delete()
    assert (client.get(SITES).status_code, other.get(SITES).status_code) == (401, 200)


# --- Invalid tokens --------------------------------------------------------------------------------------------------
def revoke(token: ApiToken, actor: User) -> None:
    assert api_tokens.revoke_token(actor=actor, token=token)
    assert not api_tokens.revoke_token(actor=actor, token=token)


def expire(token: ApiToken, actor: User) -> None:
    ApiToken.objects.filter(pk=token.pk).update(expires_at=timezone.now())


@pytest.mark.parametrize("end", [revoke, expire])
@pytest.mark.parametrize("kind", ["service", "personal"])
def test_an_ended_token_is_401_even_beside_a_session(
    service: Any, administrator: User, client_of: Any, end: Any, kind: str
) -> None:
    client = service("write") if kind == "service" else personal(administrator, "write")
    assert client.get(SITES).status_code == 200
    end(client.token, administrator)  # type: ignore[attr-defined]
    client.cookies = client_of(administrator).cookies
    for method in ("GET", "POST"):
        answer = send(client, method, SITES, NEW_SITE if method == "POST" else None)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "not_signed_in")
        assert answer["WWW-Authenticate"].startswith("Bearer")
    assert not Site.objects.exists()


@pytest.mark.parametrize("text", ["gatepass_service_unknown", "gatepass_", "gatepass_personal_\x80", "unknown"])
def test_an_unknown_token_is_401(db: None, text: str) -> None:
    assert with_token(text).get(SITES).status_code == 401


def test_failures_are_limited_and_a_living_token_never_is(service: Any, administrator: User, settings: Any) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "api_failures": "3/86400"}
    living, ended = service("read"), service("read")
    revoke(ended.token, administrator)
    unknown = with_token("gatepass_service_unknown")
    for path in (SITES, "/metrics"):  # one budget
        statuses = [unknown.get(path).status_code for _ in range(4)]
        assert statuses[-1] == 429
    assert unknown.get(SITES).json()["error"]["code"] == "too_many_requests"
    assert with_token("unknown").get(SITES).status_code == 429
    assert ended.get(SITES).status_code == 401  # it counts for itself, as it is no guess
    assert [living.get(SITES).status_code for _ in range(10)] == [200] * 10


# --- Storage ---------------------------------------------------------------------------------------------------------
def test_only_a_digest_is_stored_and_the_text_is_recognizable(administrator: User) -> None:
    row, text = api_tokens.create_service_token(actor=administrator, name="x", scopes=["read"], days=7)
    assert re.fullmatch(r"gatepass_service_[A-Za-z0-9_-]{43}", text)
    assert re.fullmatch(r"[0-9a-f]{64}", row.digest)
    assert text not in str(ApiToken.objects.values().get())
    assert timezone.now() + timedelta(days=7) >= row.expires_at


def test_a_token_costs_one_query_and_its_use_is_written_once_a_minute(service: Any, time_machine: Any) -> None:
    time_machine.move_to("2026-11-29T12:00:00Z", tick=False)
    client = service("read")
    client.get(SITES)
    time_machine.shift(59)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        client.get(SITES)
    assert len([q for q in queries if "portal_apitoken" in q["sql"]]) == 1
    assert ApiToken.objects.get().last_used_at.minute == 0
    time_machine.shift(1)
    client.get(SITES)
    assert ApiToken.objects.get().last_used_at.minute == 1


def test_an_expiry_is_recorded_once_and_old_tokens_are_deleted(service: Any, alice: User, time_machine: Any) -> None:
    time_machine.move_to("2026-11-29T12:00:00Z")
    service("read", days=7)
    personal(alice, "read", days=30)
    for days in (8, 1, 22):
        time_machine.shift(timedelta(days=days))
        api_tokens.record_expired_tokens()
    expired = AuditEvent.objects.filter(action__endswith="token.expired").order_by("number")
    assert list(expired.values_list("action", flat=True)) == ["service_token.expired", "personal_token.expired"]
    time_machine.shift(timedelta(days=80))
    api_tokens.record_expired_tokens()
    assert ApiToken.objects.get().person == alice


# --- Pages -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("url", ["/service-tokens/", "/me/tokens/"])
def test_it_is_created_shown_once_and_revoked_on_the_page(administrator: User, client_of: Any, url: str) -> None:
    client = client_of(administrator)
    form_id = re.search(r'name="form_id" value="([^"]+)"', client.get(f"{url}new/").text)[1]  # type: ignore[index]
    data = {"form_id": form_id, "name": "Inventory sync", "scopes": ["read", "write"], "days": "90"}
    shown = client.post(f"{url}new/", data)
    assert "no-store" in shown["Cache-Control"]
    text = re.search(r"gatepass_(service|personal)_[\w-]{43}", shown.text)[0]  # type: ignore[index]
    assert with_token(text).get(SITES).status_code == 200
    page = client.get(url).text
    assert ("Inventory sync" in page, "Active" in page, text in page) == (True, True, False)
    again = client.post(f"{url}new/", data)
    assert (again.status_code, ApiToken.objects.count()) == (302, 1)
    token = ApiToken.objects.get()
    assert "was revoked" in client.post(f"{url}{token.pk}/revoke/", follow=True).text
    assert with_token(text).get(SITES).status_code == 401
    kind = "service_token" if url == "/service-tokens/" else "personal_token"
    assert set(AuditEvent.objects.filter(target_type="apitoken").values_list("action", flat=True)) == {
        f"{kind}.created", f"{kind}.revoked"
    }  # fmt: skip
    assert "Revoked" in client.get(url).text


def test_no_other_person_revokes_a_personal_token(alice: User, administrator: User, client_of: Any) -> None:
    token = personal(alice, "read").token  # type: ignore[attr-defined]
    client = client_of(administrator)
    for url in (f"/me/tokens/{token.pk}/revoke/", f"/service-tokens/{token.pk}/revoke/"):
        assert client.post(url).status_code == 404
    assert ApiToken.objects.get().is_live


INVALID = [
    ({"name": ""}, "This field is required"),
    ({"scopes": []}, "Select at least one scope"),
    ({"scopes": ["scim"]}, "is not one of the available choices"),
    ({"days": "366"}, "is not one of the available choices"),
    ({"name": "a\x00b"}, "Null characters"),
]


@pytest.mark.parametrize(("changes", "message"), INVALID)
def test_an_invalid_form_creates_nothing(
    administrator: User, client_of: Any, changes: dict[str, Any], message: str
) -> None:
    client = client_of(administrator)
    form_id = re.search(r'name="form_id" value="([^"]+)"', client.get("/service-tokens/new/").text)[1]  # type: ignore[index]
    data = {"form_id": form_id, "name": "x", "scopes": ["read"], "days": "30"} | changes
    answer = client.post("/service-tokens/new/", data)
    assert (answer.status_code, message in answer.text) == (422, True)
    assert not ApiToken.objects.exists()


def test_the_longest_lifetime_is_a_setting(administrator: User, client_of: Any, settings: Any) -> None:
    settings.API_TOKEN_MAX_DAYS = 60
    page = client_of(administrator).get("/service-tokens/new/").text
    assert re.findall(r'<option value="(\d+)"', page) == ["7", "30", "60"]


def test_the_number_of_tokens_is_limited(administrator: User, client_of: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(api_tokens, "MAX_LIVE", 1)
    api_tokens.create_service_token(actor=administrator, name="x", scopes=["read"], days=7)
    client = client_of(administrator)
    form_id = re.search(r'name="form_id" value="([^"]+)"', client.get("/service-tokens/new/").text)[1]  # type: ignore[index]
    answer = client.post("/service-tokens/new/", {"form_id": form_id, "name": "y", "scopes": ["read"], "days": "7"})
    assert (answer.status_code, "The limit of 1 tokens is reached" in answer.text) == (422, True)


def test_django_admin_shows_no_digest(administrator: User, client_of: Any) -> None:
    row, _text = api_tokens.create_service_token(actor=administrator, name="Sync", scopes=["read"], days=7)
    client = client_of(administrator)
    assert "Sync" in client.get("/admin/portal/apitoken/").text
    page = client.get(f"/admin/portal/apitoken/{row.pk}/change/")
    assert (page.status_code, row.digest in page.text) == (200, False)


def test_the_reference_page_shows_how_to_send_a_token(administrator: User, client_of: Any) -> None:
    page = client_of(administrator).get("/api/v1/docs").text
    assert "Authorization: Bearer $TOKEN" in page
    assert ("/me/tokens/" in page, "/service-tokens/" in page) == (True, True)
