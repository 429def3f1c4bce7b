"""The fetch policy, built from the settings and a site."""

from __future__ import annotations

from django.conf import settings as django_settings

from rollout.models import Site
from rollout.services import network


def test_own_services_come_from_the_settings(settings, monkeypatch) -> None:
    monkeypatch.setattr(
        django_settings,
        "DATABASES",
        {"default": {"ENGINE": "django.db.backends.postgresql", "HOST": "Postgres", "PORT": ""}},
    )
    settings.REDIS_URL = "redis://:secret@redis:6380/0"
    settings.CELERY_BROKER_URL = "sentinel://one:26379;sentinel://two"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "mail.example.com", 587
    settings.PROBE_OWN_SERVICES = ["web:8000", " [fd00::5]:9000"]
    settings.PUBLIC_URL = "https://gatepass.example.com/portal"
    own = network.policy().own
    assert own.blocked == {
        ("postgres", 5432), ("redis", 6380), ("one", 26379), ("two", 26379), ("mail.example.com", 587), ("web", 8000),
        ("fd00::5", 9000),
    }  # fmt: skip
    assert own.portal == {("gatepass.example.com", 443)}
    assert own.portal_paths[0] == "/portal/at/"
    assert "secret" not in repr(network.policy())


def test_files_and_sockets_are_left_out(settings, monkeypatch) -> None:
    monkeypatch.setattr(
        django_settings, "DATABASES", {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "x"}}
    )
    settings.REDIS_URL, settings.CELERY_BROKER_URL = "", "filesystem://localhost"
    settings.EMAIL_HOST, settings.EMAIL_PORT = None, None
    assert network.policy().own.blocked == set()
    monkeypatch.setattr(
        django_settings,
        "DATABASES",
        {"default": {"ENGINE": "django.db.backends.postgresql", "HOST": "/run/postgresql"}},
    )
    assert network.policy().own.blocked == {("127.0.0.1", 5432)}


def test_a_site_can_use_the_proxy(settings) -> None:
    settings.PROBE_PROXY = "http://user:secret@proxy.example.com:3128"
    site = Site(title="x", base_url="https://wiki.example.com", through_proxy=True, ca_bundle="PEM")
    assert not network.policy().through_proxy
    assert (network.policy(site).through_proxy, network.policy(site).ca_bundle) == (True, "PEM")
    assert "secret" not in repr(network.policy(site))


def test_the_login_page_is_allowed_for_sign_in_tests_only(settings) -> None:
    url = settings.PUBLIC_URL + "/welcome/abc/"
    assert "/welcome/abc/" in network.policy(sign_in_url=url).own.portal_paths
    assert "/welcome/abc/" not in network.policy().own.portal_paths
