"""A hosted site responds as Confluence would, without a sign-in, and its page states that it is Gatepass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from defusedxml import ElementTree
from django.conf import settings
from django.test import Client
from django.utils import timezone

from rollout.models import ApplicationLink, Product, Provider, Site

PATHS = [
    "",
    "status",
    "rest/applinks/1.0/manifest",
    "rest/nativemobile/1.0/info/login",
    "rest/nativemobile/1.1/info/login",
    "rest/oauth2/latest/authorize",
    "rest/oauth2/latest/.well-known/oauth-authorization-server",
]


@pytest.fixture
def provided(make_site: Callable[..., Site]) -> Site:
    return make_site(
        title="Rehearsal <wiki> & 'more'",
        slug="rehearsal",
        provider=Provider.GATEPASS,
        base_url=f"{settings.PUBLIC_URL}/at/rehearsal",
    )


@pytest.fixture
def switch(provided: Site) -> ApplicationLink:
    """The OAuth 2.0 switch is on."""
    return ApplicationLink.objects.create(
        site=provided, origin=ApplicationLink.Origin.SWITCH, client_id="switch-client", created_at=timezone.now()
    )


def get(path: str, **headers: str) -> Any:
    return Client().get(f"/at/rehearsal/{path}", headers=headers)


def test_the_manifest(provided: Site) -> None:
    response = get("rest/applinks/1.0/manifest")
    assert response["Content-Type"] == "application/xml; charset=utf-8"
    manifest = ElementTree.fromstring(response.content)
    facts = {child.tag: child.text for child in manifest}
    assert manifest.tag == "manifest"
    assert facts["typeId"] == "confluence"
    assert facts["version"] == settings.PROVIDED_CONFLUENCE_VERSION
    assert facts["url"] == provided.base_url
    assert facts["publicSignup"] == "false"
    assert facts["name"] == f"{provided.title} (hosted by Gatepass)"
    assert facts.keys() >= {"id", "buildNumber", "applinksVersion", "inboundAuthenticationTypes"}


def test_the_manifest_as_json(provided: Site) -> None:
    response = get("rest/applinks/1.0/manifest", accept="application/json")
    assert response["Content-Type"] == "application/json"
    assert response.json()["url"] == provided.base_url
    assert response.json()["publicSignup"] is False


@pytest.mark.parametrize("accept", ["*/*", "application/xml", "text/html", "", "nonsense;;q=x", "text/html, */*;q=0.1"])
def test_the_manifest_is_xml_otherwise(provided: Site, accept: str) -> None:
    assert get("rest/applinks/1.0/manifest", accept=accept)["Content-Type"].startswith("application/xml")


def test_info_login_without_the_switch(provided: Site) -> None:
    facts = {"siteTitle": provided.title, "baseUrl": provided.base_url}
    assert get("rest/nativemobile/1.0/info/login").json() == facts
    assert get("rest/nativemobile/1.1/info/login").json() == facts


def test_info_login_with_the_switch(provided: Site, switch: ApplicationLink) -> None:
    assert get("rest/nativemobile/1.1/info/login").json() == {
        "siteTitle": provided.title,
        "baseUrl": provided.base_url,
        "oauth": {"clientId": "switch-client"},
    }
    assert "oauth" not in get("rest/nativemobile/1.0/info/login").json()


def test_the_client_id_of_the_mdm_setup_is_not_published(provided: Site, switch: ApplicationLink) -> None:
    switch.origin = ApplicationLink.Origin.WIZARD
    switch.save()
    assert "oauth" not in get("rest/nativemobile/1.1/info/login").json()


def test_the_client_id_is_not_published_after_the_switch_was_turned_off(
    provided: Site, switch: ApplicationLink
) -> None:
    switch.revoked_at = timezone.now()
    switch.save()
    assert "oauth" not in get("rest/nativemobile/1.1/info/login").json()


def test_the_status(provided: Site) -> None:
    assert get("status").json() == {"state": "RUNNING"}


def test_the_page_states_that_gatepass_hosts_the_site(provided: Site) -> None:
    page = get("")
    assert page.status_code == 200
    assert "This is a test site hosted by Gatepass, not a Confluence server." in page.text
    assert "<wiki>" not in page.text


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "changes",
    [
        {"archived_at": timezone.now()},
        {"provider": Provider.CONFLUENCE},
        {"slug": "other"},
        {"slug": "Rehearsal"},
        {"product": Product.JIRA},
    ],
)
def test_other_sites_get_404(provided: Site, path: str, changes: dict[str, Any]) -> None:
    Site.objects.update(**changes)
    assert get(path).status_code == 404


@pytest.mark.parametrize("path", PATHS)
def test_no_sign_in_is_required(provided: Site, path: str) -> None:
    response = get(path)
    if path.endswith("authorize"):  # the only path that requires a sign-in
        assert response["Location"].startswith("/accounts/login/?next=/at/rehearsal/rest/oauth2/latest/authorize")
    else:
        assert response.status_code == 200


@pytest.mark.parametrize("path", [path for path in PATHS if not path.endswith("authorize")])
def test_post_is_not_allowed(provided: Site, path: str) -> None:
    assert Client().post(f"/at/rehearsal/{path}").status_code == 405


@pytest.mark.parametrize("slug", ["..", "a%00b", "x" * 300, "-", "é", "a/b", "'", "%2e%2e"])
def test_hostile_names(provided: Site, slug: str) -> None:
    for path in PATHS:
        assert Client().get(f"/at/{slug}/{path}").status_code in {302, 404}
