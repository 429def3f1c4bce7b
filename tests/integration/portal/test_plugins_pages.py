"""The plugin versions card: three ways to provide them, their source and age, and a token that is never shown."""

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
    """``send(route, **fields)`` submits a form and follows redirects."""

    def post(route: str, **fields: Any) -> Any:
        return client_of(alice).post(reverse(route, args=[site.pk]), fields, follow=True)

    return post


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_it_works(send, site) -> None:
    page = text_of(send("site_plugins_read", **{"token-token": TOKEN}))
    assert "Saved. Rechecking…" in page
    assert "Read from the plugin manager" in page
    assert "4.1.1" in page
    assert "Disabled" in page
    assert TOKEN not in page
    assert not SiteCredential.objects.exists()


def test_the_age_of_a_version_is_shown(send, site, alice, client_of) -> None:
    send("site_plugins_paste", **{"paste-text": json.dumps([ANSWER, MOBILE])})
    Site.objects.update(plugin_versions_at=timezone.now() - timedelta(days=3))
    page = text_of(client_of(alice).get(reverse("site", args=[site.pk])))
    assert "Pasted from the plugin manager" in page
    assert "3 days ago" in page


def test_a_plugin_missing_in_the_text_is_reported_as_unchanged(send) -> None:
    page = text_of(send("site_plugins_paste", **{"paste-text": json.dumps(ANSWER)}))
    assert "The mobile plugin is not in the text. Its version stays unchanged." in page


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Paste the JSON"),
        ("<html>", "web page, not JSON"),
        ("[" * 99_999, "not a response of"),
        ("\0", ""),
    ],
)
def test_invalid_text_is_reported_on_its_form(send, text: str, message: str) -> None:
    answer = send("site_plugins_paste", **{"paste-text": text})
    assert answer.status_code == 422
    assert message in text_of(answer)
    assert answer.context["plugin_forms"].opened == "pasted"


def test_the_plugin_manager_opens_in_a_new_tab(site, alice, auditor, client_of) -> None:
    page = text_of(client_of(alice).get(reverse("check_runs", args=[site.pk])))
    link = f'<a href="{site.base_url}/plugins/servlet/upm" rel="noopener noreferrer" target="_blank">'
    entered = page.partition("Enter manually")[2].partition("Paste from the plugin manager")[0]
    assert f"{link}Open the site's plugin manager" in page
    assert f"{link}Open Manage apps on the site" in entered
    assert "/plugins/servlet/upm" not in text_of(client_of(auditor).get(reverse("check_runs", args=[site.pk])))


@pytest.mark.parametrize(
    ("status", "message"),
    [
        ("401 Unauthorized", "The site rejected the token (HTTP 401): it is wrong, expired or revoked."),
        ("403 Forbidden", "Use the token of an administrator."),
        ("404 Not Found", "Check the base URL and its context path"),
        ("406 Not Acceptable", "in a format that Gatepass reads (HTTP 406)"),
        ("429 Too Many Requests", "Try again in a few minutes."),
    ],
)
def test_each_refusal_says_what_to_do(send, manager, status: str, message: str) -> None:
    manager.status = status
    answer = send("site_plugins_read", **{"token-token": TOKEN})
    assert answer.status_code == 422
    assert message in text_of(answer)
    assert "%(" not in text_of(answer)


@pytest.mark.parametrize("json_only", [False, True])
def test_versions_are_read_from_both_kinds_of_manager(send, manager, json_only: bool) -> None:
    manager.json_only = json_only
    page = text_of(send("site_plugins_read", **{"token-token": TOKEN}))
    assert "Read from the plugin manager" in page
    assert "19.1.47" in page


def test_a_rejected_token_is_reported_and_not_shown(send, manager) -> None:
    manager.status = "401 Unauthorized"
    answer = send("site_plugins_read", **{"token-token": TOKEN, "token-keep": "on"})
    assert answer.status_code == 422
    assert "rejected the token" in text_of(answer)
    assert TOKEN not in text_of(answer)


def test_a_token_is_stored_used_and_removed(send, site, manager) -> None:
    page = text_of(send("site_plugins_read", **{"token-token": TOKEN, "token-keep": "on"}))
    assert "Updated daily with a token stored by Alice." in page
    assert TOKEN not in page
    manager.plugins["com.atlassian.oauth2.oauth2-provider-plugin"] = {**ANSWER, "version": "4.2.0"}
    assert "4.2.0" in text_of(send("site_plugins_read_again"))
    assert "The stored token was removed" in text_of(send("site_token_forget"))
    assert not SiteCredential.objects.exists()
    assert "There is no stored token" in text_of(send("site_plugins_read_again"))


def test_a_stored_token_that_was_rejected_is_reported(send, site, manager) -> None:
    send("site_plugins_read", **{"token-token": TOKEN, "token-keep": "on"})
    manager.status = "403 Forbidden"
    page = text_of(send("site_plugins_read_again"))
    assert "The site no longer accepts the stored token" in page


def test_storing_a_token_requires_an_encryption_key(send, site, alice, client_of, settings) -> None:
    settings.CREDENTIAL_KEYS = []
    page = text_of(client_of(alice).get(reverse("check_runs", args=[site.pk])))
    assert "set CREDENTIAL_KEYS" in page
    assert 'name="token-keep"' not in page
    assert send("site_plugins_read", **{"token-token": TOKEN, "token-keep": "on"}).status_code == 422


def test_an_auditor_sees_nothing_about_the_token(site, alice, auditor, client_of) -> None:
    plugins.read_versions(actor=alice, site=site, token=TOKEN, keep=True)
    page = text_of(client_of(auditor).get(reverse("check_runs", args=[site.pk])))
    assert "Read from the plugin manager" in page
    assert "Updated daily" not in page
