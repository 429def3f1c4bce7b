"""The card of plugin versions: three roads, their source and age, and a stored token that shows nowhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from rollout.models import Site, SiteCredential
from rollout.services import plugins
from tests.support.plugin_manager import ANSWER, MOBILE, TOKEN, Manager


@pytest.fixture
def manager() -> Iterator[Manager]:
    server = Manager()
    yield server
    server.stop()


@pytest.fixture
def site(make_site, manager: Manager, alice) -> Site:
    return make_site([alice], title="Wiki", base_url=f"{manager.url}/wiki")


@pytest.fixture
def send(site, alice, client_of):
    """``send(route, **fields)``: the answer, redirects followed."""

    def post(route: str, **fields: Any) -> Any:
        return client_of(alice).post(reverse(route, args=[site.pk]), fields, follow=True)

    return post


def words(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_it_works(send, site) -> None:
    page = words(send("site_plugins_read", **{"token-token": TOKEN}))
    assert "Saved. Rechecking…" in page
    assert "Read from the plugin manager" in page
    assert "4.1.1" in page
    assert "Disabled" in page
    assert TOKEN not in page
    assert not SiteCredential.objects.exists()


def test_the_age_of_a_version_is_told(send, site, alice, client_of) -> None:
    send("site_plugins_paste", **{"paste-text": json.dumps([ANSWER, MOBILE])})
    Site.objects.update(plugin_versions_at=timezone.now() - timedelta(days=3))
    page = words(client_of(alice).get(reverse("site", args=[site.pk])))
    assert "Pasted from the plugin manager" in page
    assert "3 days ago" in page


def test_a_paste_of_one_says_that_the_other_stays(send) -> None:
    page = words(send("site_plugins_paste", **{"paste-text": json.dumps(ANSWER)}))
    assert "The mobile plugin is not in the text. Its version stays unchanged." in page


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "Paste the JSON"), ("<html>", "web page, not JSON"), ("[" * 99_999, "not a response"), ("\0", "")],
)
def test_a_paste_that_is_none_is_said_on_its_form(send, text: str, says: str) -> None:
    answer = send("site_plugins_paste", **{"paste-text": text})
    assert answer.status_code == 422
    assert says in words(answer)
    assert answer.context["plugin_forms"].opened == "pasted"


def test_a_refused_token_is_said_and_not_repeated(send, manager) -> None:
    manager.status = "401 Unauthorized"
    answer = send("site_plugins_read", **{"token-token": TOKEN, "token-keep": "on"})
    assert answer.status_code == 422
    assert "rejected the token" in words(answer)
    assert TOKEN not in words(answer)


def test_a_token_is_kept_asked_and_taken_back(send, site, manager) -> None:
    page = words(send("site_plugins_read", **{"token-token": TOKEN, "token-keep": "on"}))
    assert "Updated daily with a token stored by Alice." in page
    assert TOKEN not in page
    manager.plugins["com.atlassian.oauth2.oauth2-provider-plugin"] = {**ANSWER, "version": "4.2.0"}
    assert "4.2.0" in words(send("site_plugins_read_again"))
    assert "The stored token was removed" in words(send("site_token_forget"))
    assert not SiteCredential.objects.exists()
    assert "There is no stored token" in words(send("site_plugins_read_again"))


def test_a_token_that_lost_its_rights_is_shown_as_such(send, site, manager) -> None:
    send("site_plugins_read", **{"token-token": TOKEN, "token-keep": "on"})
    manager.status = "403 Forbidden"
    page = words(send("site_plugins_read_again"))
    assert "The site no longer accepts the stored token" in page


def test_keeping_is_offered_only_with_a_key(send, site, alice, client_of, settings) -> None:
    settings.CREDENTIAL_KEYS = []
    page = words(client_of(alice).get(reverse("site", args=[site.pk])))
    assert "set CREDENTIAL_KEYS" in page
    assert 'name="token-keep"' not in page
    assert send("site_plugins_read", **{"token-token": TOKEN, "token-keep": "on"}).status_code == 422


def test_who_only_reads_learns_nothing_of_the_token(site, alice, auditor, client_of) -> None:
    plugins.read_versions(actor=alice, site=site, token=TOKEN, keep=True)
    page = words(client_of(auditor).get(reverse("site", args=[site.pk])))
    assert "Read from the plugin manager" in page
    assert "Looked up every day" not in page
