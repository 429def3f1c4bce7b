"""The troubleshooter: causes for a symptom or a text; secrets are removed, only visible sites can be chosen."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from portal.forms.troubleshooting import MAX_SITE_CHOICES
from portal.models import User
from rollout.models import AuditEvent, Site
from rollout.troubleshooting.paste import MAX_PASTE_LENGTH
from tests.support.evaluated import WITH_PLUGINS, evaluate
from tests.support.people import MakeSite

URL = "/troubleshooting/"
SCOPE = "confluence-server://oauth-callback?error=invalid_scope&state=Zq8hunter2xKv"


def text_of(answer: Any) -> str:
    return answer.content.decode().replace("&#x27;", "'")


def test_it_works(client_of: Any, alice: User) -> None:
    page = text_of(client_of(alice).post(URL, {"text": SCOPE}))
    assert "The permission of the application link is lower than WRITE" in page
    assert "error=invalid_scope" in page
    assert "1 secret was removed." in page
    assert "Set the permission to WRITE" in page
    parts = [">Symptoms<", ">Evidence<", ">How to confirm<", ">How to fix<"]
    assert sorted(parts, key=page.index) == parts


def test_an_empty_page_shows_an_example(client_of: Any, alice: User) -> None:
    client = client_of(alice)
    assert "?example=1" in text_of(client.get(URL))
    assert "The permission of the application link is lower than WRITE" in text_of(client.get(URL, {"example": "1"}))


def test_a_symptom_is_enough_and_works_as_a_link(client_of: Any, alice: User) -> None:
    for answer in (
        client_of(alice).get(URL, {"symptom": "not-compatible"}),
        client_of(alice).post(URL, {"symptom": "not-compatible"}),
    ):
        page = text_of(answer)
        assert page.index("blocks the app's first request") < page.index("The mobile plugin is missing")


def test_a_secret_is_not_shown_logged_or_stored(client_of: Any, alice: User, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client = client_of(alice)
    before = AuditEvent.objects.count()
    for extra in ({}, {"symptom": "nonsense"}, {"site": "999999"}):
        page = text_of(client.post(URL, {"text": SCOPE, **extra}))
        assert "Zq8hunter2xKv" not in page
        assert "invalid_scope" in page
    assert "Zq8hunter2xKv" not in caplog.text
    assert AuditEvent.objects.count() == before
    assert "Zq8hunter2xKv" not in str(dict(client.session))


def test_a_text_in_the_url_is_ignored(client_of: Any, alice: User) -> None:
    page = text_of(client_of(alice).get(URL, {"text": SCOPE}))
    assert "The permission of the application link is lower than WRITE" not in page
    assert "invalid_scope&amp;state" not in page


def test_a_site_list_links_to_the_page_that_validates_it(client_of: Any, alice: User) -> None:
    page = text_of(client_of(alice).post(URL, {"text": '[{"title": "Wiki", "baseURL": "https://wiki.example.com"}]'}))
    assert "This contains a site list" in page
    assert reverse("configuration_lint") in page


def test_a_text_without_a_cause_gets_a_hint(client_of: Any, alice: User) -> None:
    assert "No cause recognized" in text_of(client_of(alice).post(URL, {"text": "It does not work."}))


def test_the_findings_of_a_site_rank_the_causes(client_of: Any, alice: User, make_site: MakeSite) -> None:
    site = make_site(owners=[alice], title="Behind sign-on", **WITH_PLUGINS)
    evaluate(site, "sso")
    page = text_of(client_of(alice).post(URL, {"symptom": "not-compatible", "site": site.pk}))
    assert f'href="/sites/{site.pk}/#rule-info-login-open"' in page
    assert page.index("A proxy, single sign-on or filter") < page.index("The mobile plugin is missing")
    evaluate(site, "off")
    page = text_of(client_of(alice).post(URL, {"symptom": "not-compatible", "site": site.pk}))
    assert page.index("A proxy, single sign-on or filter") > page.index("web application firewall")


def test_a_finding_about_access_is_linked_until_the_site_is_reached(
    client_of: Any, alice: User, make_site: MakeSite
) -> None:
    site = make_site(owners=[alice], title="Internal", **WITH_PLUGINS)
    link = f'href="/sites/{site.pk}/#rule-site-access"'
    for kind, is_linked in (("down", True), ("ready", False)):
        evaluate(site, kind)
        page = text_of(client_of(alice).post(URL, {"symptom": "gatepass-cannot-check", "site": site.pk}))
        assert "Gatepass is not allowed to connect" in page
        assert (link in page) == is_linked


def test_without_a_site_no_cause_links_to_a_finding(client_of: Any, alice: User, site: Site) -> None:
    assert "#rule-" not in text_of(client_of(alice).post(URL, {"symptom": "not-compatible"}))


def test_what_contradicts_a_cause_is_quoted(client_of: Any, alice: User) -> None:
    text = "The app could not connect to the server. Safari on the iPhone opens the site."
    page = text_of(client_of(alice).post(URL, {"text": text, "symptom": "no-connection"}))
    contradicted = page[page.index("The phone cannot reach the site") :]
    assert contradicted.index(">Contradicted by<") < contradicted.index(">How to confirm<")
    assert "The browser of the phone opens the site" in contradicted
    client_certificate = text_of(client_of(alice).post(URL, {"text": "NSURLErrorDomain Code=-1206"}))
    assert "The server requires a client certificate" in client_certificate
    assert ">Contradicted by<" not in client_certificate


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Der Server erfordert ein Client-Zertifikat.", "The server requires a client certificate"),
        (
            "L’URL de base est a.example, mais vous accédez depuis b.example",
            "The base URL in the configuration differs",
        ),
        ("No se ha podido conectar con el servidor", "The phone cannot reach the site"),
        ("リクエストが多すぎます", "The site limits the number of requests"),
    ],
)
def test_messages_in_other_languages_are_recognized(client_of: Any, alice: User, text: str, title: str) -> None:
    page = text_of(client_of(alice).post(URL, {"text": text}))
    assert title in page[: page.index(">How to confirm<")]


def test_a_site_without_a_check_is_reported(client_of: Any, alice: User, site: Site) -> None:
    page = text_of(client_of(alice).post(URL, {"symptom": "not-compatible", "site": site.pk}))
    assert "The site has not been checked" in page


def test_a_site_of_another_owner_is_neither_listed_nor_accepted(client_of: Any, charlie: User, site: Site) -> None:
    client = client_of(charlie)
    assert site.title not in text_of(client.get(URL, {"site": site.pk}))
    answer = client.post(URL, {"symptom": "not-compatible", "site": site.pk})
    assert answer.status_code == 422
    assert site.title not in text_of(answer)


def test_a_site_in_the_url_is_selected(client_of: Any, alice: User, site: Site) -> None:
    assert f'value="{site.pk}" selected' in text_of(client_of(alice).get(URL, {"site": site.pk}))


def test_of_many_sites_some_are_listed_and_all_are_accepted(client_of: Any, auditor: User, make_site: MakeSite) -> None:
    sites = [make_site(title=f"Site {number:04}") for number in range(MAX_SITE_CHOICES + 3)]
    client = client_of(auditor)
    page = text_of(client.get(URL))
    assert sites[0].title in page
    assert sites[-1].title not in page
    chosen = client.get(URL, {"symptom": "not-compatible", "site": sites[-1].pk})
    assert chosen.status_code == 200
    assert f'value="{sites[-1].pk}" selected' in text_of(chosen)


def test_the_queries_do_not_grow_with_the_sites(
    client_of: Any, auditor: User, make_site: MakeSite, django_assert_max_num_queries: Any
) -> None:
    for _ in range(30):
        make_site()
    client = client_of(auditor)
    with django_assert_max_num_queries(8):
        client.post(URL, {"symptom": "not-compatible", "site": Site.objects.order_by("pk")[0].pk})


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"text": "  \n"},
        {"text": "\x00\u200b"},
        {"text": "x" * (MAX_PASTE_LENGTH + 1)},
        {"symptom": "nothing-like-it"},
        {"symptom": "not-compatible", "site": "9" * 40},
        {"symptom": "not-compatible", "site": "x"},
    ],
    ids=["nothing", "blank", "invisible", "too long", "symptom", "huge site", "no site"],
)
def test_invalid_input_is_rejected(client_of: Any, alice: User, data: dict[str, str]) -> None:
    answer = client_of(alice).post(URL, data)
    assert answer.status_code == 422
    assert b'class="errors"' in answer.content


@pytest.mark.parametrize(
    "text", ["a\x00b invalid_scope", "\ud7ff\uffff\U0010ffff invalid_scope", "<script>invalid_scope"]
)
def test_unusual_characters_are_accepted(client_of: Any, alice: User, text: str) -> None:
    answer = client_of(alice).post(URL, {"text": text})
    assert answer.status_code == 200
    assert "The permission of the application link is lower than WRITE" in text_of(answer)
    assert b"<script>invalid" not in answer.content


def test_a_cross_site_post_is_rejected(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    assert client.post(URL, {"text": SCOPE}).status_code == 403


def test_the_page_is_not_cached(client_of: Any, alice: User) -> None:
    assert "no-store" in client_of(alice).post(URL, {"text": SCOPE}).headers["Cache-Control"]
