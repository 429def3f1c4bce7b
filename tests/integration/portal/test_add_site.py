"""Adding sites by their addresses alone: one, several, duplicates, and what a look-up finds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from portal.models import User
from rollout.models import AuditEvent, CheckRun, Site
from rollout.simulator.fleet import SimulatedFleet
from rollout.simulator.table import PERSONAS
from tests.support.small_site import small_site

pytestmark = pytest.mark.django_db
HOST = "https://wiki.example.com"


@pytest.fixture
def add(client_of: Callable[[User], Client], administrator: User) -> Callable[..., Any]:
    """``add(text, **fields)`` submits the form as an administrator."""

    def post(text: str, **fields: Any) -> Any:
        return client_of(administrator).post("/sites/new/", {"provider": "confluence", "base_url": text, **fields})

    return post


@pytest.fixture
def look_up(client_of: Callable[[User], Client], administrator: User) -> Callable[..., Any]:
    """``look_up(text, **fields)`` presses *Look up* as an administrator, without JavaScript."""

    def post(text: str, **fields: Any) -> Any:
        return client_of(administrator).post("/sites/new/preview/", {"base_url": text, "look_up": "1", **fields})

    return post


def shown(answer: Any) -> str:
    """The page with single spaces, however its template is formatted."""
    return " ".join(answer.content.decode().split())


# --- One address -----------------------------------------------------------------------------------------------


def test_it_works_with_an_address_alone(add: Callable[..., Any]) -> None:
    answer = add("wiki.example.com/wiki/login.action?os_destination=%2F")
    site = Site.objects.get()
    assert answer["Location"] == f"/sites/{site.pk}/"
    assert (site.base_url, site.title, site.product) == (f"{HOST}/wiki", "wiki.example.com", "confluence")
    assert (site.title_entered, site.product_entered) == (False, False)
    assert CheckRun.objects.get().trigger == CheckRun.Trigger.ADDED


def test_what_a_person_enters_is_marked_as_entered(add: Callable[..., Any]) -> None:
    add(HOST, title="Handbook", product="jira")
    site = Site.objects.get()
    assert (site.title, site.product, site.title_entered, site.product_entered) == ("Handbook", "jira", True, True)


@pytest.mark.parametrize(
    ("text", "message", "suggestion"),
    [
        ("htps://wiki.example.com/login.action", "htps is not how a web address starts", HOST),
        ("http://wiki.example.com", "OAuth 2.0 requires HTTPS", HOST),
        ("https://acme.atlassian.net/wiki", "This is an Atlassian Cloud site", None),
        ("ftp://wiki.example.com", "does not start with https://", None),
    ],
)
def test_an_error_offers_its_repair(add: Callable[..., Any], text: str, message: str, suggestion: str | None) -> None:
    answer = add(text)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert message in page
    assert text in page
    assert (f'value="0 {suggestion}"' in page) == (suggestion is not None)
    assert not Site.objects.exists()


def test_the_repair_is_one_click(look_up: Callable[..., Any]) -> None:
    page = look_up("htps://localhost/wiki", use=f"0 {HOST}", title="Kept").content.decode()
    assert f">\n{HOST}</textarea>" in page
    assert 'value="Kept"' in page


@pytest.mark.parametrize("use", ["", "1 x", "x y", "999999999999 https://a.example.com", "-1 x", "٠ x"])
def test_a_repair_that_fits_no_line_changes_nothing(look_up: Callable[..., Any], use: str) -> None:
    assert "ftp://a.example.com</textarea>" in look_up("ftp://a.example.com", use=use).content.decode()


def test_a_duplicate_links_to_the_site_that_is_there(add: Callable[..., Any], site: Site) -> None:
    page = shown(add("WIKI.example.com/login.action"))
    assert f'This site is here already: <a href="/sites/{site.pk}/">{site.title}</a>' in page
    assert Site.objects.count() == 1


def test_an_archived_duplicate_is_called_that(add: Callable[..., Any], site: Site) -> None:
    Site.objects.update(archived_at=site.created_at)
    assert "here already, and archived" in add(site.base_url).content.decode()


def test_a_duplicate_that_a_person_may_not_see_is_not_named(
    client_of: Callable[[User], Client], charlie: User, site: Site
) -> None:
    answer = client_of(charlie).post("/sites/new/", {"provider": "confluence", "base_url": site.base_url})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "already in use" in page
    assert site.title not in page
    assert f"/sites/{site.pk}/" not in page


# --- Several addresses -----------------------------------------------------------------------------------------
MANY = f"https://design.example.com\nqa.example.com/wiki\n{HOST}\nhtps://travel.example.com\nqa.example.com/wiki/x/AbCd"


def test_several_addresses_are_added_at_once(add: Callable[..., Any], alice: User) -> None:
    fields = {"owners": [alice.pk], "notes": "Branch", "cache_session_in_mobile_browser": "on"}
    answer = add("a.example.com\nb.example.com/wiki/login.action\n\na.example.com", **fields)
    assert answer["Location"] == "/sites/"
    sites = Site.objects.order_by("base_url")
    assert [(site.base_url, site.title, site.title_entered) for site in sites] == [
        ("https://a.example.com", "a.example.com", False), ("https://b.example.com/wiki", "b.example.com", False),
    ]  # fmt: skip
    assert all(site.notes == "Branch" and site.cache_session_in_mobile_browser for site in sites)
    assert all(list(site.owners.all()) == [alice] for site in sites)
    assert CheckRun.objects.count() == 2
    assert AuditEvent.objects.filter(action="site.created").count() == 2


def test_each_address_has_its_own_error_and_nothing_is_added(add: Callable[..., Any], site: Site) -> None:
    answer = add(MANY)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "2 addresses cannot be added" in page
    assert "5 addresses: 2 new, 1 here already, 1 repeated, 1 to correct" in page
    assert 'value="3 https://travel.example.com"' in page
    assert f'href="/sites/{site.pk}/"' in page
    assert Site.objects.count() == 1


def test_the_valid_ones_can_be_added_and_the_rest_stays(add: Callable[..., Any], site: Site) -> None:
    answer = add(MANY, only_valid="1")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "2 sites were added" in page
    assert f">\n{HOST}\nhtps://travel.example.com</textarea>" in page
    assert set(Site.objects.exclude(pk=site.pk).values_list("base_url", flat=True)) == {
        "https://design.example.com", "https://qa.example.com/wiki",
    }  # fmt: skip


def test_none_valid_is_refused(add: Callable[..., Any]) -> None:
    assert add("ftp://a.example.com\nftp://b.example.com", only_valid="1").status_code == 422


def test_a_title_is_not_for_several_sites(add: Callable[..., Any]) -> None:
    answer = add("a.example.com\nb.example.com", title="One")
    assert answer.status_code == 422
    assert "A title belongs to one site" in answer.content.decode()
    assert not Site.objects.exists()


def test_too_many_addresses_go_to_the_import(add: Callable[..., Any]) -> None:
    answer = add("\n".join(f"s{n}.example.com" for n in range(101)))
    assert answer.status_code == 422
    assert "Import a CSV file instead" in answer.content.decode()


def test_site_owners_own_what_they_add(client_of: Callable[[User], Client], alice: User, bob: User) -> None:
    fields = {"provider": "confluence", "base_url": "a.example.com\nb.example.com", "owners": [bob.pk]}
    client_of(alice).post("/sites/new/", fields)
    assert [list(site.owners.all()) for site in Site.objects.all()] == [[alice], [alice]]


# --- Looking up ------------------------------------------------------------------------------------------------


def test_a_look_up_fills_in_title_and_product(fleet: SimulatedFleet, look_up: Callable[..., Any], add: Any) -> None:
    name = next(name for name, site in fleet.sites.items() if site.product == "jira" and site.scheme == "http")
    page = look_up(f"{fleet.base_url(name)}/login.jsp").content.decode()
    title = fleet.sites[name].title
    assert f"<strong>{title}</strong>" in page
    assert f'name="title" value="{title}"' in page
    assert '<option value="jira" selected>' in page
    assert f"Jira Data Center {fleet.sites[name].version}" in page
    assert not Site.objects.exists()
    assert not AuditEvent.objects.filter(target_type="site").exists()


def test_a_look_up_keeps_what_a_person_entered(fleet: SimulatedFleet, look_up: Callable[..., Any]) -> None:
    page = look_up(fleet.base_url("ready-mdm"), title="Mine", product="jira", notes="Kept").content.decode()
    assert 'name="title" value="Mine"' in page
    assert '<option value="jira" selected>' in page
    assert "Kept</textarea>" in page


def test_a_missing_context_path_is_offered_first(look_up: Callable[..., Any], add: Callable[..., Any]) -> None:
    with small_site() as server:
        server.confluence("/wiki", own=f"{server.origin}/wiki")
        server.redirect("/", "/wiki/login.action")
        base_url = server.origin
        page = shown(look_up(base_url))
    assert f'<input type="radio" name="chosen" value="{base_url}/wiki" checked>' in page
    assert f'<input type="radio" name="chosen" value="{base_url}">' in page
    add(base_url, chosen=f"{base_url}/wiki", chosen_for=base_url)
    assert Site.objects.get().base_url == f"{base_url}/wiki"


def test_the_sites_own_base_url_is_offered(fleet: SimulatedFleet, look_up: Callable[..., Any]) -> None:
    page = shown(look_up(fleet.base_url("action-needed")))
    own = PERSONAS["action-needed"].canonical_url
    assert f'name="chosen" value="{own}"' in page
    assert "The site&#x27;s own base URL" in page


def test_a_choice_for_another_address_is_ignored(add: Callable[..., Any]) -> None:
    add(f"{HOST}/other", chosen=f"{HOST}/wiki", chosen_for=HOST)
    assert Site.objects.get().base_url == f"{HOST}/other"


@pytest.mark.parametrize("chosen", ["ftp://a.example.com", "nonsense", ",", HOST, "a.example.com\nb.example.com"])
def test_a_choice_is_checked_as_an_address_is(add: Callable[..., Any], site: Site, chosen: str) -> None:
    answer = add("https://new.example.com", chosen=chosen, chosen_for="https://new.example.com")
    assert answer.status_code == 422
    assert Site.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("unreachable", "The host refused the connection. You can add the site now"),
        ("behind-sso", "are redirected to"),
    ],
)
def test_a_look_up_that_finds_nothing_says_why(
    fleet: SimulatedFleet, look_up: Callable[..., Any], name: str, message: str
) -> None:
    answer = look_up(fleet.base_url(name))
    assert answer.status_code == 200
    assert message in answer.content.decode()


def test_internal_addresses_are_not_reached(look_up: Callable[..., Any], settings: Any, fleet: SimulatedFleet) -> None:
    settings.PROBE_ALLOW_LOOPBACK = False
    page = look_up("https://127.0.0.2/wiki").content.decode()
    assert "phones cannot reach" in page
    page = look_up("https://10.0.0.1").content.decode()
    assert "Add 10.0.0.1/32 to PROBE_ALLOWED_NETWORKS" in page


def test_look_ups_are_limited_for_each_person(
    look_up: Callable[..., Any], settings: Any, client_of: Callable[[User], Client], alice: User, fleet: SimulatedFleet
) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "look_up_principal": "2/86400"}
    base_url = fleet.base_url("ready-mdm")
    pages = [look_up(base_url).content.decode() for _attempt in range(3)]
    assert ["Too many look-ups" in page for page in pages] == [False, False, True]
    other = client_of(alice).post("/sites/new/preview/", {"base_url": base_url, "look_up": "1"})
    assert "Too many look-ups" not in other.content.decode()
    assert f"Using <code>{base_url}</code>" in pages[2]


def test_only_people_who_may_add_look_up(
    client_of: Callable[[User], Client], auditor: User, member: User, charlie: User
) -> None:
    statuses = [client_of(user).post("/sites/new/preview/", {}).status_code for user in (auditor, member, charlie)]
    assert statuses == [403, 404, 200]
    assert client_of(charlie).get("/sites/new/preview/")["Location"] == "/sites/new/"


def test_several_addresses_are_read_but_not_looked_up(look_up: Callable[..., Any], settings: Any) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "look_up_principal": "1/86400"}
    for _attempt in range(3):
        assert "2 addresses: 2 new" in look_up("a.example.com\nb.example.com").content.decode()


def test_htmx_gets_the_partial_first_without_requests(
    client_of: Callable[[User], Client], administrator: User, fleet: SimulatedFleet
) -> None:
    client, headers = client_of(administrator), {"HX-Request": "true"}
    base_url = fleet.base_url("ready-mdm")
    first = client.post("/sites/new/preview/", {"base_url": base_url}, headers=headers).content.decode()
    assert "<html" not in first
    assert "Looking up the site. You can add it without waiting." in first
    assert 'hx-trigger="load"' in first
    second = client.post("/sites/new/preview/", {"base_url": base_url, "look_up": "1"}, headers=headers)
    assert f'data-title="{fleet.sites["ready-mdm"].title}"' in second.content.decode()
    assert 'hx-trigger="load"' not in second.content.decode()


def test_a_private_key_is_not_sent_back(look_up: Callable[..., Any]) -> None:
    text = "-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----"
    assert "secret" not in look_up("ftp://a.example.com", ca_bundle=text).content.decode()


def test_hostile_previews_are_answered(look_up: Callable[..., Any]) -> None:
    for text in ("", "\x00", "x" * 200_000, "<script>alert(1)</script>", "a\n" * 20_000, "https://\ud800.example.com"):
        answer = look_up(text.encode("utf-8", "replace").decode())
        assert answer.status_code == 200
        assert "<script>alert" not in answer.content.decode()
