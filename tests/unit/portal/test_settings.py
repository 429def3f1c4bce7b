"""Contradictory settings have error IDs, and every setting is documented."""

from __future__ import annotations

import re
from typing import Any

import pytest

from portal import checks
from tests.support.paths import ROOT

SOURCE = (ROOT / "portal" / "settings.py").read_text()
NAMES = sorted(set(re.findall(r"env\.\w+\(\s*\"([A-Z_]+)\"", SOURCE)))
PRODUCTION: dict[str, Any] = {
    "HTTPS": True,
    "PUBLIC_URL": "https://gatepass.example.com",
    "REDIS_URL": "redis://redis:6379/0",
    "PROBE_ALLOW_LOOPBACK": False,
    "DEMO": False,
    "DEBUG": False,
    "CHECK_EVERY_HOURS": 24,
    "ALLOWED_HOSTS": ["gatepass.example.com"],
    "TRUSTED_PROXIES": [],
    "BEHIND_PROXY": False,
    "PROBE_ALLOWED_NETWORKS": [],
    "CREDENTIAL_KEYS": ["Zm9yIHRlc3RzIG9ubHkgICAgICAgICAgICAgICAgICA="],
}
ALL_CHECKS = (
    checks.public_url_is_https,
    checks.loopback_probes_are_off_in_production,
    checks.production_uses_redis,
    checks.trial_settings_are_off_in_production,
    checks.check_interval_is_positive,
    checks.sweep_settings_are_positive,
    checks.allowed_networks_are_networks,
    checks.own_services_have_host_and_port,
    checks.outbound_proxy_is_valid,
    checks.credential_keys_are_valid,
    checks.production_uses_postgresql,
    checks.production_encrypts_secrets,
    checks.sign_in_policy_roles_exist,
    checks.check_login_methods,
    checks.lifetimes_are_positive,
    checks.audit_keys_are_long,
    checks.production_allows_no_more_than_it_needs,
)


@pytest.mark.parametrize(
    ("changes", "ids"),
    [
        ({}, []),
        ({"HTTPS": False, "PUBLIC_URL": "http://gatepass.example.com"}, ["gatepass.E001"]),
        ({"HTTPS": False, "PUBLIC_URL": "http://127.0.0.1:8000", "PROBE_ALLOW_LOOPBACK": True, "DEMO": True}, []),
        ({"PROBE_ALLOW_LOOPBACK": True}, ["gatepass.E002"]),
        ({"DEMO": True}, ["gatepass.E003"]),
        ({"DEBUG": True}, ["gatepass.E004"]),
        ({"DEMO": True, "DEBUG": True}, ["gatepass.E003", "gatepass.E004"]),
        ({"CHECK_EVERY_HOURS": 0}, ["gatepass.E005"]),
        ({"CHECK_EVERY_HOURS": -3}, ["gatepass.E005"]),
        ({"CHECK_EVERY_HOURS": 1}, []),
        ({"SWEEP_EVERY_MINUTES": 0, "PROBE_SITES_AT_ONCE": 0}, ["gatepass.E009", "gatepass.E009"]),
        ({"PROBE_HOST_PAUSE": -0.1}, ["gatepass.E009"]),
        ({"PROBE_HOST_PAUSE": 0}, []),
        ({"PROBE_ALLOWED_NETWORKS": ["10.0.0.0/8", "fd00::/8", "192.168.1.1"]}, []),
        ({"PROBE_ALLOWED_NETWORKS": ["10.20.0.1/16"]}, ["gatepass.E006"]),
        ({"PROBE_ALLOWED_NETWORKS": ["intranet", "10.0.0.0/33"]}, ["gatepass.E006", "gatepass.E006"]),
        ({"PROBE_OWN_SERVICES": ["web:8000", "[fd00::5]:9000", "10.0.0.5:80"]}, []),
        (
            {"PROBE_OWN_SERVICES": ["web", "web:0", ":80", "web:99999", "[fd00::5:80", "web:80/x"]},
            ["gatepass.E007"] * 6,
        ),
        ({"PROBE_PROXY": "http://user:p%40ss@proxy.example.com:3128"}, []),
        ({"PROBE_PROXY": "https://proxy.example.com:3128"}, ["gatepass.E008"]),
        ({"PROBE_PROXY": "http://proxy.example.com"}, ["gatepass.E008"]),
        ({"PROBE_PROXY": "proxy.example.com:3128"}, ["gatepass.E008"]),
        ({"CREDENTIAL_KEYS": ["ZmlmdHktdHdvIGJ5dGVzIGFyZSBub3QgYSBrZXk="]}, ["gatepass.E010"]),
        ({"PASSKEY_ROLES": ["administrators"]}, ["gatepass.E014"]),
        ({"OIDC_ROLE_GROUPS": {"admin": "it"}}, ["gatepass.E014"]),
        ({"CLIENT_CERTIFICATES": True}, ["gatepass.E015"]),
        ({"OIDC_SERVER_URL": "https://id.example.com"}, ["gatepass.E016"]),
        ({"OIDC_DEFAULT_ROLE": "x"}, ["gatepass.E016"]),
        ({"CREDENTIAL_KEYS": []}, ["gatepass.W003"]),
        ({"CREDENTIAL_KEYS": [], "HTTPS": False, "PUBLIC_URL": "http://localhost"}, []),
        ({"REDIS_URL": ""}, ["gatepass.W001"]),
        ({"REDIS_URL": "", "HTTPS": False, "PUBLIC_URL": "http://localhost"}, []),
        ({"ENGINE": "django.db.backends.sqlite3"}, ["gatepass.W002"]),
        ({"SESSION_IDLE_MINUTES": 0, "STEP_UP_MINUTES": -1}, ["gatepass.E017", "gatepass.E017"]),
        ({"REFRESH_RETRY_SECONDS": 0}, []),
        ({"AUDIT_KEYS": ["a" * 32, "b" * 31]}, ["gatepass.E018"]),
        ({"AUDIT_CHECKPOINT_MINUTES": 0}, ["gatepass.E009"]),
        ({"ALLOWED_HOSTS": ["*"]}, ["gatepass.W004"]),
        ({"PROBE_ALLOWED_NETWORKS": ["0.0.0.0/0"], "TRUSTED_PROXIES": ["::/0"]}, ["gatepass.W005", "gatepass.W005"]),
        (
            {"OIDC_SERVER_URL": "http://id.example.com", "OIDC_CLIENT_ID": "x", "OIDC_CLIENT_SECRET": "y"},
            ["gatepass.W006"],
        ),
        ({"BEHIND_PROXY": True}, ["gatepass.W007"]),
        ({"BEHIND_PROXY": True, "TRUSTED_PROXIES": ["10.0.0.5"]}, []),
        ({"BEHIND_PROXY": True, "HTTPS": False, "PUBLIC_URL": "http://localhost"}, []),
    ],
)
def test_contradictions_have_ids_and_hints(
    settings: Any, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], ids: list[str]
) -> None:
    changes = {"ENGINE": "django.db.backends.postgresql"} | changes
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", changes.pop("ENGINE"))
    for name, value in (PRODUCTION | changes).items():
        setattr(settings, name, value)
    found = [message for check in ALL_CHECKS for message in check(None)]
    assert [message.id for message in found] == ids
    assert all(message.hint for message in found)


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_is_documented(name: str) -> None:
    assert f"\n### {name}\n" in (ROOT / "docs" / "settings.md").read_text()
    assert re.search(rf"^#?{name}=", (ROOT / ".env.example").read_text(), re.MULTILINE)


def test_nothing_is_documented_that_does_not_exist() -> None:
    text = (ROOT / "docs" / "settings.md").read_text()
    assert sorted(re.findall(r"^### (\w+)$", text, re.MULTILINE)) == NAMES
    documented = re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    assert sorted(documented) == NAMES


def test_every_start_up_error_is_documented() -> None:
    ids = set(re.findall(r"\bE\d{3}\b|\bW\d{3}\b", (ROOT / "portal" / "checks.py").read_text()))
    documented = re.findall(r"^\| `gatepass\.([EW]\d{3})`", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE)
    assert sorted(documented) == sorted(ids)


def test_the_environment_is_read_in_one_place() -> None:
    # A setting read elsewhere would be neither typed nor documented. The rest names the settings module, or is the
    # variable of a library.
    others = ("DJANGO_SETTINGS_MODULE", "PROMETHEUS_MULTIPROC_DIR")
    for package in ("portal", "rollout", "oauth_provider"):
        for path in (ROOT / package).rglob("*.py"):
            for line in path.read_text().splitlines():
                if ("os.environ" in line and "os.environ.pop" not in line) or "getenv(" in line:
                    is_known = any(name in line for name in others) or line == "env = Environment(os.environ)"
                    assert is_known, f"{path}: {line}"
