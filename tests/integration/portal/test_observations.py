"""Observations on pages: redirects, headers, both User-Agents, the certificate chain, plugins with source and age."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from portal.models import User
from portal.presenters.observations import compare, read
from rollout.compatibility.observation import (
    Answer,
    Certificate,
    Hop,
    InfoLogin,
    LoginPage,
    Metadata,
    Observation,
    PlainHttp,
    PluginVersions,
    ServerStatus,
)
from rollout.models import CheckRun, Site
from tests.support.evaluated import WITH_PLUGINS, evaluate, observation

pytestmark = pytest.mark.django_db


@pytest.fixture
def full(site: Site) -> Observation:
    """An observation in which all requests were sent and answered."""
    seen, now = observation(site), timezone.now()
    walk = (
        Hop(f"{site.base_url}/rest/nativemobile/1.1/info/login", 302, "https://sso.example.com/login", 12, "private"),
        Hop("https://sso.example.com/login", 200, None, 34, "public"),
    )
    headers = (("server", "nginx"), ("x-confluence-request-time", "1760000000"))
    answer = replace(seen.info_login.answer, trace=walk, headers=headers, size=2048, elapsed_ms=46, excerpt="<html>")
    certificate = Certificate("CN=wiki.example.com", "CN=Example CA", ("wiki.example.com",), None, now, "ab" * 32)
    return replace(
        seen,
        info_login=InfoLogin(answer, "redirect", redirect_host="sso.example.com", oddities=("duplicate_keys",)),
        info_login_plain=InfoLogin(answer, "json", "abc"),
        info_login_old=InfoLogin(answer, "missing"),
        login_page=LoginPage(answer, "page", "9.2.1", site.base_url),
        status=ServerStatus(answer, "RUNNING"),
        metadata=Metadata(answer, True, site.base_url, code_challenge_methods=("S256",)),
        plain_http=PlainHttp(Answer("GET", "http://wiki.example.com", now, 301), "redirects"),
        tls=replace(seen.tls, chain=(certificate, replace(certificate, subject="CN=Example CA"))),
        plugins=PluginVersions("4.1.1", "19.1.47", "upm_json", now - timedelta(days=40), True, False),
    )


def facts(seen: Observation) -> dict[str, str]:
    return {fact.id: str(fact.value) for fact in read(seen).facts if fact.known}


def test_it_works(full: Observation) -> None:
    shown = facts(full)
    assert shown["version"] == "9.2.1"
    assert shown["info_login"] == "redirects to another host, sso.example.com"
    assert shown["agents"].startswith("the app: redirects to another host")
    assert shown["oauth_plugin"] == "4.1.1, enabled"
    assert shown["mobile_plugin"] == "19.1.47, disabled"
    assert shown["plugins_from"] == "Pasted from the plugin manager"
    assert shown["tls_chain"] == "CN=wiki.example.com ← CN=Example CA"
    assert shown["oddities"] == "duplicate name"
    assert shown["plain_http"] == "redirects to HTTPS"


def test_an_observation_without_optional_requests_has_no_facts_of_them(site: Site) -> None:
    shown = facts(observation(site))
    assert "agents" not in shown
    assert "plain_http" not in shown
    assert "login_page" not in shown


def test_the_page_of_a_run_shows_the_redirects(
    client_of: Callable[[User], Client], alice: User, site: Site, full: Observation
) -> None:
    run = CheckRun.objects.create(
        site=site, trigger="button", state="done", requested_at=timezone.now(), observation=full.to_json()
    )
    text = client_of(alice).get(f"/check-runs/{run.pk}/").content.decode()
    assert "https://sso.example.com/login" in text
    assert "private" in text
    assert "12 ms" in text
    assert "nginx" in text
    assert "CN=Example CA" in text
    assert "1 month ago" in text
    assert "2 certificates" in text


def test_the_page_of_a_site_contains_the_requests(
    client_of: Callable[[User], Client], alice: User, make_site: Callable[..., Site]
) -> None:
    site = make_site(owners=[alice], **WITH_PLUGINS)
    evaluate(site)
    text = client_of(alice).get(f"/sites/{site.pk}/checks/").content.decode()
    assert "4 requests" in text


def test_text_from_a_site_is_escaped_and_truncated(
    client_of: Callable[[User], Client], alice: User, site: Site, full: Observation
) -> None:
    evil = replace(full, manifest=replace(full.manifest, name="<script>alert(1)</script>" + "x" * 5000))
    run = CheckRun.objects.create(
        site=site, trigger="button", state="done", requested_at=timezone.now(), observation=evil.to_json()
    )
    text = client_of(alice).get(f"/check-runs/{run.pk}/").content.decode()
    assert "<script>alert(1)" not in text
    assert "x" * 500 not in text


def test_facts_are_compared_by_value(full: Observation) -> None:
    later = replace(full, manifest=replace(full.manifest, version="9.3.0"))
    rows = compare(read(full).facts, read(later).facts)
    assert [(row.was.value, row.now.value) for row in rows if row.differs and row.was and row.now] == [
        ("9.2.1", "9.3.0")
    ]
    assert all(row.now is None for row in compare(read(full).facts, ()))
