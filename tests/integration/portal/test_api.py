"""The JSON API: permissions of each role, and errors."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import get_access_token_model

from oauth_provider.models import Client as OAuthClient
from portal.models import User
from rollout.models import AuditEvent, CheckRun, RunState, Site
from rollout.services import configurations
from rollout.services.checks import check_runs
from rollout.services.checks.evaluations import ProbeResult, record

SITES = "/api/v1/sites"
HOSTILE = [
    "", " ", "\x00", "a\x00b", "x" * 5000, "'; DROP TABLE rollout_site;--", "{{7*7}}", "<script>", "../../etc/passwd",
    "\ud800", "http://user:pw@host", "https://", "javascript:alert(1)", "https://a b", "𝕏" * 300, None, 0, -1, 2**70,
    1e400, True, [], {}, ["x"], {"a": {"b": []}},
]  # fmt: skip


def post(client: Client, path: str, body: Any) -> Any:
    return client.post(path, json.dumps(body), content_type="application/json")


def patch(client: Client, path: str, body: Any) -> Any:
    return client.patch(path, json.dumps(body), content_type="application/json")


@pytest.fixture
def bearer(db: None) -> Any:
    """``bearer(user, scope="WRITE", needs_realm=False) -> Client`` that sends an access token and no cookie."""

    def make(user: User, scope: str = "WRITE", needs_realm: bool = False, minutes: int = 5) -> Client:
        application = OAuthClient.objects.create(
            name="api", redirect_uris="confluence-server://oauth-callback", needs_realm=needs_realm
        )
        token = f"token-{user.pk}-{application.pk}"
        get_access_token_model().objects.create(
            user=user,
            application=application,
            token=token,
            scope=scope,
            expires=timezone.now() + timedelta(minutes=minutes),
        )
        return Client(headers={"authorization": f"Bearer {token}"}, enforce_csrf_checks=True)

    return make


def test_it_works(client_of: Any, administrator: User, alice: User) -> None:
    client = client_of(administrator)
    body = {"title": "Wiki", "base_url": "https://Wiki.example.com/", "owners": ["Alice@example.com"], "people": 12}
    made = post(client, SITES, body)
    assert made.status_code == 201, made.content
    site = made.json()
    assert site["base_url"] == "https://wiki.example.com"
    assert site["owners"] == ["alice@example.com"]
    assert client.get(f"{SITES}/{site['id']}").json() == site
    listed = client.get(SITES).json()
    assert listed == {"items": [site], "count": 1, "page": 1, "pages": 1}
    changed = patch(client, f"{SITES}/{site['id']}", {"title": "Team wiki"}).json()
    assert (changed["title"], changed["people"]) == ("Team wiki", 12)
    run = client.post(f"{SITES}/{site['id']}/checks").json()
    assert run["state"] == "queued"
    assert client.get(f"/api/v1/check-runs/{run['id']}").json() == run
    assert set(AuditEvent.objects.values_list("action", flat=True)) >= {"site.created", "site.changed"}


def test_a_finished_run_has_the_output_of_check_site(
    client_of: Any, administrator: User, site: Site, observation: Any
) -> None:
    run = check_runs.request_check(site=site, actor=administrator, trigger=CheckRun.Trigger.BUTTON)
    CheckRun.objects.update(state=RunState.RUNNING, lease="test")
    record([ProbeResult(run.pk, site.pk, "test", observation)])
    answer = client_of(administrator).get(f"/api/v1/check-runs/{run.pk}").json()
    assert answer["state"] == "done"
    from rollout.compatibility import rules
    from rollout.management.commands.check_site import as_contract
    from rollout.services.matrix import matrix_in_force

    contract = json.loads(json.dumps(as_contract(observation, rules.evaluate(observation, matrix_in_force()))))
    assert {name: answer[name] for name in contract} == contract


@pytest.fixture
def observation(site: Site) -> Any:
    """The smallest complete observation: of an unreachable site."""
    from rollout.compatibility.observation import Answer, Endpoint, InfoLogin, Manifest, Observation, Tls

    def request(path: str) -> Answer:
        return Answer("GET", f"{site.base_url}/{path}", timezone.now(), error="timeout")

    return Observation(
        base_url=site.base_url,
        product=site.product,
        observed_at=timezone.now(),
        manifest=Manifest(request("rest/applinks/1.0/manifest")),
        info_login=InfoLogin(request("rest/nativemobile/1.1/info/login"), "unreachable"),
        authorize=Endpoint(request("rest/oauth2/latest/authorize"), "unreachable"),
        token=Endpoint(request("rest/oauth2/latest/token"), "unreachable"),
        tls=Tls("unreachable"),
    )


@pytest.mark.parametrize("method", ["get", "post", "patch"])
def test_unauthenticated_requests_get_401_as_json(db: None, site: Site, method: str) -> None:
    path = SITES if method == "post" else f"{SITES}/{site.pk}"
    answer = getattr(Client(enforce_csrf_checks=True), method)(path)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "not_signed_in"
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_a_session_without_the_csrf_token_is_rejected(administrator: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(administrator)
    assert post(client, SITES, {"title": "x", "base_url": "https://x.example.com"}).status_code == 403
    assert not Site.objects.exists()


def test_members_get_404(client_of: Any, member: User, site: Site) -> None:
    client = client_of(member)
    for path in (SITES, f"{SITES}/{site.pk}", "/api/v1/configurations/current", "/api/v1/check-runs/1"):
        assert client.get(path).status_code == 404, path
    assert post(client, SITES, {"title": "x", "base_url": "https://x.example.com"}).status_code == 404


def test_owners_see_and_change_only_their_own_sites(client_of: Any, alice: User, charlie: User, site: Site) -> None:
    assert client_of(alice).get(SITES).json()["count"] == 1
    assert patch(client_of(alice), f"{SITES}/{site.pk}", {"notes": "ours"}).status_code == 200
    assert client_of(charlie).get(SITES).json()["count"] == 0
    assert client_of(charlie).get(f"{SITES}/{site.pk}").status_code == 404
    assert patch(client_of(charlie), f"{SITES}/{site.pk}", {"notes": "mine"}).status_code == 404
    assert client_of(charlie).post(f"{SITES}/{site.pk}/checks").status_code == 404


def test_owners_own_what_they_add(client_of: Any, charlie: User) -> None:
    made = post(client_of(charlie), SITES, {"title": "x", "base_url": "https://x.example.com"})
    assert made.json()["owners"] == [charlie.email]


def test_owners_cannot_change_owners(client_of: Any, alice: User, charlie: User, site: Site) -> None:
    body = {"title": "x", "base_url": "https://x.example.com", "owners": [charlie.email]}
    assert post(client_of(alice), SITES, body).status_code == 403
    refused = patch(client_of(alice), f"{SITES}/{site.pk}", {"owners": [charlie.email]})
    assert refused.status_code == 403
    assert charlie not in site.owners.all()


def test_auditors_can_only_read(client_of: Any, auditor: User, site: Site) -> None:
    client = client_of(auditor)
    assert client.get(f"{SITES}/{site.pk}").status_code == 200
    assert post(client, SITES, {"title": "x", "base_url": "https://x.example.com"}).status_code == 403
    assert patch(client, f"{SITES}/{site.pk}", {"title": "x"}).status_code == 403
    assert client.post(f"{SITES}/{site.pk}/checks").status_code == 403
    assert not CheckRun.objects.exists()


# --- Access tokens ---------------------------------------------------------------------------------------------


def test_an_access_token_acts_as_its_person(bearer: Any, alice: User, site: Site) -> None:
    client = bearer(alice)
    assert client.get(SITES).json()["count"] == 1
    assert patch(client, f"{SITES}/{site.pk}", {"notes": "by token"}).status_code == 200
    assert AuditEvent.objects.get(action="site.changed").actor == alice


def test_scope_read_only_allows_reading(bearer: Any, administrator: User, site: Site) -> None:
    client = bearer(administrator, scope="READ")
    assert client.get(SITES).status_code == 200
    refused = patch(client, f"{SITES}/{site.pk}", {"title": "x"})
    assert refused.status_code == 403
    assert "scope" in refused.json()["error"]["message"]


def test_a_token_without_a_known_scope_is_rejected(bearer: Any, administrator: User) -> None:
    assert bearer(administrator, scope="openid").get(SITES).status_code == 403


def test_a_token_of_a_hosted_site_is_rejected(bearer: Any, administrator: User) -> None:
    assert bearer(administrator, needs_realm=True).get(SITES).status_code == 401


def test_an_expired_token_is_rejected(bearer: Any, administrator: User) -> None:
    assert bearer(administrator, minutes=-1).get(SITES).status_code == 401


def test_the_token_of_a_deactivated_person_is_rejected(bearer: Any, administrator: User) -> None:
    client = bearer(administrator)
    administrator.is_active = False
    administrator.save()
    assert client.get(SITES).status_code == 401


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer \x00", "Bearer ünïcode", "Basic YTpi", "Bearer a b c"])
def test_an_invalid_credential_is_rejected(db: None, header: str) -> None:
    assert Client(headers={"authorization": header}).get(SITES).status_code == 401


def test_an_invalid_token_does_not_fall_back_to_the_session(administrator: User) -> None:
    client = Client(headers={"authorization": "Bearer wrong"})
    client.force_login(administrator)
    assert client.get(SITES).status_code == 401


def test_a_token_in_the_url_is_rejected(bearer: Any, administrator: User) -> None:
    token = get_access_token_model().objects
    client = bearer(administrator)
    secret = client.defaults["HTTP_AUTHORIZATION"].removeprefix("Bearer ")
    assert token.exists()
    assert Client().get(f"{SITES}?access_token={secret}").status_code == 401


# --- What is sent ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["title", "base_url", "product", "provider", "slug", "owners", "notes", "people"])
@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: repr(value)[:24])
def test_hostile_values_are_rejected_or_harmless(client_of: Any, administrator: User, field: str, value: Any) -> None:
    body = {"title": "Wiki", "base_url": "https://wiki.example.com", field: value}
    answer = post(client_of(administrator), SITES, body)
    assert answer.status_code in {201, 400, 422}, answer.content
    if answer.status_code != 201:
        assert answer.json()["error"]["message"]
        assert not Site.objects.exists()
        assert not CheckRun.objects.exists()


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '"text"', "\xff", '{"title": NaN}', "[" * 100_000])
def test_a_body_that_is_not_a_json_object_is_rejected(client_of: Any, administrator: User, body: str) -> None:
    answer = client_of(administrator).post(SITES, body.encode("latin-1"), content_type="application/json")
    assert answer.status_code in {400, 422}, answer.content
    assert set(answer.json()["error"]) == {"code", "message", "fields"}


def test_a_form_is_rejected(client_of: Any, bearer: Any, administrator: User) -> None:
    for client in (client_of(administrator), bearer(administrator)):
        assert client.post(SITES, {"title": "Wiki"}).status_code in {400, 422}


def test_an_error_names_its_field(client_of: Any, administrator: User) -> None:
    answer = post(client_of(administrator), SITES, {"title": "Wiki", "base_url": "http://wiki.example.com"})
    assert answer.status_code == 422
    assert "TLS" in answer.json()["error"]["fields"]["base_url"][0]
    unknown = post(client_of(administrator), SITES, {"title": "W", "base_url": "https://w.example.com", "owner": "x"})
    assert list(unknown.json()["error"]["fields"]) == ["owner"]
    unknown_owner = post(
        client_of(administrator),
        SITES,
        {"title": "W", "base_url": "https://w.example.com", "owners": ["no@example.com"]},
    )
    assert "no@example.com" in unknown_owner.json()["error"]["fields"]["owners"][0]


@pytest.mark.parametrize(
    "query",
    ["page=0", "page=x", "size=101", "verdict=GOOD", "archived=perhaps", "product=bitbucket", f"page={10**30}"],
)
def test_an_invalid_filter_is_rejected(client_of: Any, administrator: User, query: str) -> None:
    assert client_of(administrator).get(f"{SITES}?{query}").status_code == 422


@pytest.mark.parametrize("pk", ["0", "-1", "x", "1.5", str(2**63), "%00"])
def test_an_invalid_id_is_rejected(client_of: Any, administrator: User, pk: str) -> None:
    assert client_of(administrator).get(f"{SITES}/{pk}").status_code == 422
    assert client_of(administrator).get(f"/api/v1/check-runs/{pk}").status_code == 422


def test_lists_filter_and_page(client_of: Any, administrator: User, make_site: Any) -> None:
    for number in range(5):
        make_site(title=f"Ready r{number}", mdm_verdict="READY_MDM")
    make_site(title="Old", mdm_verdict="INCOMPATIBLE", archived_at=timezone.now())
    client = client_of(administrator)
    assert client.get(f"{SITES}?verdict=READY_MDM&size=2&page=2").json()["pages"] == 3
    assert [site["title"] for site in client.get(f"{SITES}?q=ready r3").json()["items"]] == ["Ready r3"]
    assert [site["title"] for site in client.get(f"{SITES}?archived=true").json()["items"]] == ["Old"]
    assert client.get(f"{SITES}?q=%00").status_code == 200


def test_an_archived_site_cannot_be_checked(client_of: Any, administrator: User, make_site: Any) -> None:
    archived = make_site(archived_at=timezone.now())
    assert client_of(administrator).post(f"{SITES}/{archived.pk}/checks").status_code == 422
    assert not CheckRun.objects.exists()


def test_a_list_needs_as_many_queries_for_one_site_as_for_fifty(
    client_of: Any, administrator: User, make_site: Any, alice: User, django_assert_num_queries: Any
) -> None:
    client = client_of(administrator)
    make_site(owners=[alice])
    client.get(SITES)
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as one:
        client.get(SITES)
    for _number in range(49):
        make_site(owners=[alice])
    with django_assert_num_queries(len(one)):
        assert client.get(SITES).json()["count"] == 50


# --- The current configuration ---------------------------------------------------------------------------------


@pytest.mark.parametrize("format_id", ["json", "intune-xml", "plist-file"])
def test_the_current_release_in_each_format(client_of: Any, administrator: User, site: Site, format_id: str) -> None:
    from rollout.mdm.vendor_formats import FORMATS

    release = configurations.publish_release(actor=administrator, sites=Site.objects.all())
    answer = client_of(administrator).get(f"/api/v1/configurations/current?format={format_id}")
    assert answer.status_code == 200
    assert answer.content.decode() == FORMATS[format_id].build(release.site_list)
    assert answer["X-Release-Number"] == "1"
    event = AuditEvent.objects.get(action="configuration.release_exported")
    assert event.details == {"format": format_id, "release": 1}


def test_any_release_and_what_the_client_has_already(client_of: Any, administrator: User, site: Site) -> None:
    first = configurations.publish_release(actor=administrator, sites=Site.objects.all())
    Site.objects.update(title="Renamed")
    configurations.publish_release(actor=administrator, sites=Site.objects.all())
    client, url = client_of(administrator), "/api/v1/configurations/1"
    answer = client.get(url)
    assert (answer.content.decode(), answer["X-Release-Number"]) == (first.site_list, "1")
    known = client.get(url, headers={"if-none-match": f'"other", {answer["ETag"]}'})
    assert (known.status_code, known.content, known["ETag"]) == (304, b"", answer["ETag"])
    assert AuditEvent.objects.filter(action="configuration.release_exported").count() == 1
    for path in (f"{url}?format=intune-xml", "/api/v1/configurations/current"):
        assert client.get(path, headers={"if-none-match": answer["ETag"]}).status_code == 200
    assert client.get("/api/v1/configurations/3").status_code == 404
    assert client.get(f"/api/v1/configurations/{10**30}").status_code == 404


def test_an_unknown_format_is_rejected(client_of: Any, administrator: User, site: Site) -> None:
    configurations.publish_release(actor=administrator, sites=Site.objects.all())
    assert client_of(administrator).get("/api/v1/configurations/current?format=mobileconfig").status_code == 422


def test_without_a_release_the_response_is_404(client_of: Any, administrator: User) -> None:
    assert client_of(administrator).get("/api/v1/configurations/current").status_code == 404


def test_owners_cannot_export_a_release_with_sites_of_others(
    client_of: Any, administrator: User, alice: User, charlie: User, site: Site, make_site: Any
) -> None:
    make_site()
    configurations.publish_release(actor=administrator, sites=Site.objects.all())
    assert client_of(alice).get("/api/v1/configurations/current").status_code == 403
    assert client_of(charlie).get("/api/v1/configurations/current").status_code == 404
    configurations.publish_release(actor=administrator, sites=Site.objects.filter(pk=site.pk), confirmed=["removed"])
    assert client_of(alice).get("/api/v1/configurations/current").status_code == 200


# --- The description -------------------------------------------------------------------------------------------


def test_the_schema_is_public_and_the_reference_page_needs_a_sign_in(client_of: Any, alice: User) -> None:
    schema = Client().get("/api/v1/openapi.json").json()
    assert f"{SITES}/{{site_id}}" in schema["paths"]
    assert Client().get("/api/v1/docs").status_code == 302
    page = client_of(alice).get("/api/v1/docs").content.decode()
    assert "/api/v1/sites/{site_id}/checks" in page
    assert "cdn" not in page
    assert "https://" not in page
