"""Creating, changing, archiving and importing sites: valid input, and errors that leave nothing behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from portal.models import User
from rollout.models import AuditEvent, CheckRun, Site

pytestmark = pytest.mark.django_db
NEW = {"provider": "confluence", "title": "Wiki", "product": "confluence", "base_url": "https://w.example.com/wiki"}
BAD_BASE_URLS = [
    "", "wiki", "http://w.example.com", "ftp://w.example.com", "https://", "https://u:p@w.example.com",
    "https://w.example.com/a//b", "https://w.example.com/../x",
    "javascript:alert(1)", "https://w example.com", "https://w.example.com:99999", "https://\x00.example.com",
    "https://w.example.com/" + "x" * 10_000, "https://[::1", "https://0x7f000001", "https://169.254.1.1",
    "https://xn--a.example.com\u202e",
]  # fmt: skip
BAD_FIELDS = [
    ("title", "x" * 121), ("title", "x" * 10_000), ("title", "a\x00b"),
    ("product", "bamboo"), ("people", "-1"), ("people", "many"), ("people", "9" * 30),
    ("people", "1e9"), ("notes", "x" * 4001), ("notes", "a\x00b"), ("owners", "999999"),
    ("owners", "x"), ("owners", "9" * 30),
    ("provider", "okta"),
]  # fmt: skip


def recorded_actions() -> list[str]:
    """Return the recorded actions, except sign-ins."""
    return list(AuditEvent.objects.exclude(action__endswith="signed_in").values_list("action", flat=True))


def upload(text: str | bytes, name: str = "sites.csv") -> dict[str, Any]:
    return {"file": SimpleUploadedFile(name, text.encode() if isinstance(text, str) else text, "text/csv")}


# --- Add and change --------------------------------------------------------------------------------------------


def test_it_works(client_of: Callable[[User], Client], administrator: User, alice: User) -> None:
    fields = {**NEW, "owners": [alice.pk], "people": "40", "cache_session_in_mobile_browser": "on"}
    answer = client_of(administrator).post("/sites/new/", fields)
    site = Site.objects.get()
    assert answer["Location"] == f"/sites/{site.pk}/"
    assert (site.base_url, site.people, list(site.owners.all())) == ("https://w.example.com/wiki", 40, [alice])
    assert site.cache_session_in_mobile_browser
    assert CheckRun.objects.get().trigger == CheckRun.Trigger.ADDED


def test_a_hosted_site_requires_a_path_name(
    client_of: Callable[[User], Client], administrator: User, settings: Any
) -> None:
    page = client_of(administrator).get("/sites/new/?provider=gatepass").content.decode()
    assert 'name="slug"' in page
    assert 'name="base_url"' not in page
    fields = {"provider": "gatepass", "title": "Pilot", "product": "confluence", "slug": "pilot"}
    client_of(administrator).post("/sites/new/", fields)
    assert Site.objects.get().base_url == f"{settings.PUBLIC_URL}/at/pilot"


def test_a_site_owner_owns_a_new_site_and_cannot_choose_owners(
    client_of: Callable[[User], Client], alice: User, bob: User
) -> None:
    client_of(alice).post("/sites/new/", {**NEW, "owners": [bob.pk]})
    assert list(Site.objects.get().owners.all()) == [alice]


def test_an_auditor_may_neither_add_nor_import(client_of: Callable[[User], Client], auditor: User) -> None:
    client = client_of(auditor)
    assert client.post("/sites/new/", NEW).status_code == 403
    assert client.post("/sites/import/", upload("title,base_url\nA,https://a.example.com")).status_code == 403
    assert not Site.objects.exists()


@pytest.mark.parametrize("base_url", BAD_BASE_URLS)
def test_a_bad_base_url_is_refused(client_of: Callable[[User], Client], administrator: User, base_url: str) -> None:
    page = client_of(administrator).post("/sites/new/", {**NEW, "base_url": base_url})
    assert page.status_code == 422
    assert "base_url" in page.context["form"].errors
    assert not Site.objects.exists()
    assert not recorded_actions()


@pytest.mark.parametrize(("field", "value"), BAD_FIELDS)
def test_a_bad_field_is_refused_and_the_rest_kept(
    client_of: Callable[[User], Client], administrator: User, alice: User, field: str, value: str
) -> None:
    page = client_of(administrator).post("/sites/new/", {**NEW, field: value})
    assert page.status_code == 422
    assert "data-error-summary" in page.content.decode()
    assert not Site.objects.exists()
    assert not CheckRun.objects.exists()


def test_a_known_base_url_is_refused(client_of: Callable[[User], Client], administrator: User, site: Site) -> None:
    page = client_of(administrator).post("/sites/new/", {**NEW, "base_url": "https://WIKI.example.com:443/"})
    assert page.status_code == 422
    assert Site.objects.count() == 1


@pytest.mark.parametrize(("field", "value"), [("title", ""), ("title", "   "), ("product", ""), ("base_url", "wiki")])
def test_a_site_keeps_its_title_product_and_base_url(
    client_of: Callable[[User], Client], alice: User, site: Site, field: str, value: str
) -> None:
    fields = {"title": "New name", "product": "confluence", "base_url": site.base_url, field: value}
    assert client_of(alice).post(f"/sites/{site.pk}/edit/", fields).status_code == 422
    site.refresh_from_db()
    assert site.title == "Engineering wiki"


def test_an_empty_form_is_refused_not_ignored(client_of: Callable[[User], Client], administrator: User) -> None:
    assert client_of(administrator).post("/sites/new/", {}).status_code == 422


def test_an_owner_changes_their_site(client_of: Callable[[User], Client], alice: User, bob: User, site: Site) -> None:
    fields = {"title": "New name", "product": "confluence", "base_url": site.base_url}
    answer = client_of(alice).post(f"/sites/{site.pk}/edit/", fields)
    assert answer.status_code == 302
    site.refresh_from_db()
    assert site.title == "New name"
    assert set(site.owners.all()) == {alice, bob}  # the form of an owner has no owners field


def test_who_may_not_change_a_site(
    client_of: Callable[[User], Client], charlie: User, auditor: User, member: User, site: Site
) -> None:
    for path in ("edit/", "archive/", "restore/", "plugins/", "check/", "link/", "oauth-switch/"):
        address = f"/sites/{site.pk}/{path}"
        assert client_of(charlie).post(address).status_code == 404, path
        assert client_of(auditor).post(address).status_code == 403, path
        assert client_of(member).post(address).status_code == 404, path
    site.refresh_from_db()
    assert site.archived_at is None
    assert not recorded_actions()


def test_archive_and_restore(client_of: Callable[[User], Client], alice: User, site: Site) -> None:
    client = client_of(alice)
    assert client.get(f"/sites/{site.pk}/archive/").status_code == 302
    site.refresh_from_db()
    assert site.archived_at is None  # opening a link archives nothing
    page = client.post(f"/sites/{site.pk}/archive/", follow=True)
    assert "is archived" in page.content.decode()
    assert client.post(f"/sites/{site.pk}/check/").status_code == 302
    assert not CheckRun.objects.exists()
    client.post(f"/sites/{site.pk}/restore/")
    site.refresh_from_db()
    assert site.archived_at is None


def test_unknown_sites_are_not_found(client_of: Callable[[User], Client], administrator: User) -> None:
    for pk in ("0", "999", "9" * 30):
        for path in ("", "edit/", "link/", "checks/"):
            assert client_of(administrator).get(f"/sites/{pk}/{path}").status_code == 404


def test_plugin_versions(client_of: Callable[[User], Client], alice: User, site: Site) -> None:
    client, address = client_of(alice), f"/sites/{site.pk}/plugins/"
    page = client.post(address, {"oauth_plugin_version": "newest", "mobile_plugin_version": "19.1.47"})
    assert page.status_code == 422
    assert "This is not a version number" in page.content.decode()
    assert "newest" in page.content.decode()
    assert client.post(address, {"oauth_plugin_version": "4.1.1", "mobile_plugin_version": ""}).status_code == 302
    site.refresh_from_db()
    assert (site.oauth_plugin_version, site.mobile_plugin_version) == ("4.1.1", "")


# --- Import ----------------------------------------------------------------------------------------------------
GOOD = "title,base_url,people\nAlpha,https://a.example.com,5\nBeta,https://b.example.com/wiki,\n"


def test_an_import_is_a_dry_run_first(client_of: Callable[[User], Client], administrator: User) -> None:
    client = client_of(administrator)
    page = client.post("/sites/import/", upload(GOOD))
    assert page.status_code == 200
    assert (page.context["report"].created, Site.objects.count()) == (2, 0)
    done = client.post("/sites/import/", {"encoded": page.context["encoded"], "apply": "1"})
    assert done["Location"] == "/sites/"
    assert set(Site.objects.values_list("title", "people")) == {("Alpha", 5), ("Beta", 0)}
    again = client.post("/sites/import/", upload(GOOD))
    assert (again.context["report"].unchanged, again.context["report"].created) == (2, 0)


def test_errors_name_row_and_column_and_nothing_is_written(
    client_of: Callable[[User], Client], administrator: User
) -> None:
    text = "title,base_url,people\nAlpha,https://a.example.com,5\n,http://b.example.com,x\n"
    page = client_of(administrator).post("/sites/import/", {**upload(text), "apply": "1"})
    assert page.status_code == 422
    assert {(error.row, error.column) for error in page.context["errors"]} == {
        (3, "title"), (3, "base_url"), (3, "people"),
    }  # fmt: skip
    assert not Site.objects.exists()
    assert not recorded_actions()


def test_many_errors_are_capped_and_counted(client_of: Callable[[User], Client], administrator: User) -> None:
    text = "title,base_url\n" + "".join(f"T{n},nonsense\n" for n in range(300))
    page = client_of(administrator).post("/sites/import/", upload(text))
    assert len(page.context["errors"]) == 100
    assert "Showing the first 100 of 300 errors." in page.content.decode()


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\x00" * 100, b"\xff\xfe\x00", b"PK\x03\x04zip", b'title,base_url\n"never closed', b"a,b\n1,2\n",
        b"x" * (2**21 + 1), b"title,base_url,product\nA,https://a.example.com,<script>alert(1)</script>\n",
        b"title;title\n", b"\n\n\n",
    ],
)  # fmt: skip
def test_a_hostile_file_is_refused_with_reasons(
    client_of: Callable[[User], Client], administrator: User, data: bytes
) -> None:
    page = client_of(administrator).post("/sites/import/", upload(data))
    assert page.status_code == 422
    assert "<script>alert(1)" not in page.content.decode()
    assert not Site.objects.exists()


@pytest.mark.parametrize("encoded", ["", "not base64!", "AAA", "x" * 3_000_000, "é", "\x00"])
def test_an_incomplete_upload_is_rejected(
    client_of: Callable[[User], Client], administrator: User, encoded: str
) -> None:
    page = client_of(administrator).post("/sites/import/", {"encoded": encoded, "apply": "1"})
    assert page.status_code == 422
    assert not Site.objects.exists()


def test_a_site_owner_may_not_import(client_of: Callable[[User], Client], alice: User, site: Site) -> None:
    assert client_of(alice).post("/sites/import/", upload(GOOD)).status_code == 403
    assert Site.objects.count() == 1
