"""System checks of the settings. An error stops Gatepass from starting; its hint names the setting to change."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from oauth_provider.limits.limiter import LimitError, parse_limit
from rollout.services import vault

from .models import Role

MIN_AUDIT_KEY = 32
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@register(Tags.security)
def public_url_is_https(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """gatepass.E001: plain http is allowed on this machine only, for trials."""
    if settings.HTTPS or urlsplit(settings.PUBLIC_URL).hostname in LOOPBACK:
        return []
    return [
        Error(
            f"PUBLIC_URL ({settings.PUBLIC_URL}) uses http, but other machines can reach this address.",
            hint="Run a reverse proxy with TLS in front of Gatepass and set PUBLIC_URL to its https:// URL.",
            id="gatepass.E001",
        )
    ]


@register(Tags.security)
def loopback_probes_are_off_in_production(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """gatepass.E002: on a public server, checks of loopback addresses would expose its internal services."""
    if not (settings.PROBE_ALLOW_LOOPBACK and settings.HTTPS):
        return []
    return [
        Error(
            "PROBE_ALLOW_LOOPBACK is on, but PUBLIC_URL is a public https:// URL.",
            hint="Remove PROBE_ALLOW_LOOPBACK. To check sites on private addresses, set PROBE_ALLOWED_NETWORKS.",
            id="gatepass.E002",
        )
    ]


@register(Tags.security)
def production_uses_redis(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """gatepass.W001: without Redis, each machine has its own task queue and cache."""
    if settings.REDIS_URL or not settings.HTTPS:
        return []
    return [
        Warning(
            "REDIS_URL is not set, so the task queue and the cache are files on this machine only.",
            hint="Set REDIS_URL to a Redis server that all Gatepass processes can reach.",
            id="gatepass.W001",
        )
    ]


@register(Tags.security)
def rate_limits_are_valid(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """gatepass.E012: an invalid limit would not limit anything. gatepass.W008: an earlier name of a setting."""
    messages: list[CheckMessage] = [
        Warning(f"{old} is now {new}.", hint=f"Set {new} instead of {old}.", id="gatepass.W008")
        for old, new in settings.RATE_LIMITS_RENAMED.items()
    ]
    for name, text in settings.RATE_LIMITS.items():
        try:
            parse_limit(name, text)
        except LimitError as error:
            message = f"RATE_LIMIT_{name.upper()} is {text!r}, which is not a rate limit."
            messages.append(Error(message, hint=str(error), id="gatepass.E012"))
    return messages


@register(Tags.security)
def trusted_proxies_are_valid(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """gatepass.E013: an invalid entry would match no proxy."""
    errors: list[CheckMessage] = []
    for text in settings.TRUSTED_PROXIES:
        try:
            ip_network(text)
        except ValueError:
            message = f"TRUSTED_PROXIES contains {text!r}, which is not an IP address or network."
            hint = "Set TRUSTED_PROXIES to a comma-separated list such as 10.0.0.5, 10.0.1.0/24."
            errors.append(Error(message, hint=hint, id="gatepass.E013"))
    return errors


@register(Tags.security)
def sign_in_policy_roles_exist(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """gatepass.E014: the policy of a misspelled role would apply to no one."""
    hint = f"Use one or more of: {', '.join(Role.values)}."
    return [
        Error(f"{name} contains {role!r}, which is not a role.", hint=hint, id="gatepass.E014")
        for name in ("SECOND_FACTOR_ROLES", "PASSKEY_ROLES", "OIDC_ROLE_GROUPS")
        for role in getattr(settings, name)
        if role not in Role.values
    ]


@register(Tags.security)
def check_login_methods(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """gatepass.E015 and E016: an incomplete sign-in method would fail or admit the wrong people."""
    errors: list[CheckMessage] = []
    if settings.CLIENT_CERTIFICATES and not settings.TRUSTED_PROXIES:
        hint = "Set TRUSTED_PROXIES to the address of the reverse proxy that verifies client certificates."
        errors.append(Error("CLIENT_CERTIFICATES is on, but TRUSTED_PROXIES is empty.", hint=hint, id="gatepass.E015"))
    if settings.OIDC_SERVER_URL and not (settings.OIDC_CLIENT_ID and settings.OIDC_CLIENT_SECRET):
        hint = "Set OIDC_CLIENT_ID and OIDC_CLIENT_SECRET (or OIDC_CLIENT_SECRET_FILE)."
        errors.append(
            Error("OIDC_SERVER_URL is set, but OIDC_CLIENT_ID or its secret is missing.", hint=hint, id="gatepass.E016")
        )
    if settings.OIDC_DEFAULT_ROLE and settings.OIDC_DEFAULT_ROLE not in Role.values:
        message = f"OIDC_DEFAULT_ROLE is {settings.OIDC_DEFAULT_ROLE!r}, which is not a role."
        hint = f"Use one of: {', '.join(Role.values)}."
        errors.append(Error(message, hint=hint, id="gatepass.E016"))
    return errors


@register(Tags.security)
def trial_settings_are_off_in_production(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """gatepass.E003 and E004: settings for trials are dangerous on a public server."""
    switches = (
        ("DEMO", "E003", "Remove DEMO. Demo sites are only for trials with `make run`."),
        ("DEBUG", "E004", "Remove DEBUG. Its error pages show source code and settings to all visitors."),
    )
    return [
        Error(f"{name} is on, but PUBLIC_URL is a public https:// URL.", hint=hint, id=f"gatepass.{number}")
        for name, number, hint in switches
        if settings.HTTPS and getattr(settings, name)
    ]


@register()
def check_interval_is_positive(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """gatepass.E005: an interval of 0 would check all sites continuously."""
    if settings.CHECK_EVERY_HOURS >= 1:
        return []
    return [
        Error(
            f"CHECK_EVERY_HOURS is {settings.CHECK_EVERY_HOURS}, but must be at least 1.",
            hint="Set CHECK_EVERY_HOURS to 1 or more.",
            id="gatepass.E005",
        )
    ]


@register()
def sweep_settings_are_positive(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """gatepass.E009: with a value of 0, sweeps would not start, progress or be kept."""
    minimums = {
        "SWEEP_EVERY_MINUTES": 1, "CHECK_RUNS_KEPT_DAYS": 1, "PROBE_SITES_AT_ONCE": 1, "PROBE_SITES_PER_TASK": 1,
        "PROBE_HOST_PAUSE": 0, "NOTICE_COOL_DOWN_HOURS": 0, "AUDIT_CHECKPOINT_EVENTS": 1, "AUDIT_CHECKPOINT_MINUTES": 1,
        "AUDIT_PERSONAL_DATA_DAYS": 0, "PASSES_KEPT_DAYS": 0, "SIGN_INS_KEPT_DAYS": 0,
    }  # fmt: skip
    return _too_small(minimums, "gatepass.E009")


@register(Tags.security)
def lifetimes_are_positive(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """gatepass.E017: with a lifetime of 0, people would be signed out at once or never be asked again."""
    minimums = {
        "SESSION_IDLE_MINUTES": 1, "SESSION_MAX_HOURS": 1, "STEP_UP_MINUTES": 1, "SIGN_IN_MAX_DAYS": 1,
        "REFRESH_RETRY_SECONDS": 0, "API_TOKEN_MAX_DAYS": 1,
    }  # fmt: skip
    return _too_small(minimums, "gatepass.E017")


def _too_small(minimums: dict[str, int], id: str) -> list[CheckMessage]:
    return [
        Error(
            f"{name} is {getattr(settings, name)}, but must be at least {minimum}.",
            hint=f"Set {name} to {minimum} or more.",
            id=id,
        )
        for name, minimum in minimums.items()
        if getattr(settings, name) < minimum
    ]


@register()
def allowed_networks_are_networks(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """gatepass.E006: an invalid entry would block all checks or allow too much."""
    return [
        Error(
            f"PROBE_ALLOWED_NETWORKS contains {text!r}, which is not a network.",
            hint="Use the network address and prefix length, for example 10.20.0.0/16 (not 10.20.0.1/16).",
            id="gatepass.E006",
        )
        for text in settings.PROBE_ALLOWED_NETWORKS
        if not _is_network(text)
    ]


@register()
def own_services_have_host_and_port(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """gatepass.E007: an invalid entry would leave an internal service reachable by checks."""
    return [
        Error(
            f"PROBE_OWN_SERVICES contains {text!r}, which is not a host and a port.",
            hint="Use host:port, for example web:8000 or [fd00::5]:8000.",
            id="gatepass.E007",
        )
        for text in settings.PROBE_OWN_SERVICES
        if not _has_host_and_port(f"//{text.strip()}")
    ]


@register()
def outbound_proxy_is_valid(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """gatepass.E008. The message does not include the value, because it may contain a password."""
    proxy = settings.PROBE_PROXY
    if not proxy or (proxy.startswith("http://") and _has_host_and_port(proxy)):
        return []
    return [
        Error(
            "PROBE_PROXY is not the URL of an HTTP proxy.",
            hint="Use http://host:port or http://user:password@host:port. Percent-encode special characters.",
            id="gatepass.E008",
        )
    ]


def _has_host_and_port(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname and parts.port) and parts.path in ("", "/") and not (parts.query or parts.fragment)
    except ValueError:
        return False


def _is_network(text: str) -> bool:
    try:
        ip_network(text.strip())
    except ValueError:
        return False
    return True


@register(Tags.security)
def credential_keys_are_valid(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """gatepass.E010: with an invalid key, secrets cannot be encrypted or decrypted."""
    return [
        Error(
            f"Key {number} in CREDENTIAL_KEYS {fault}.",
            hint=f"Replace it with a key from this command: {vault.GENERATE_KEY_COMMAND}",
            id="gatepass.E010",
        )
        for number, key in enumerate(settings.CREDENTIAL_KEYS, start=1)
        if (fault := vault.key_error(key))
    ]


@register(Tags.security)
def audit_keys_are_long(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """gatepass.E018: a short key can be guessed, and the audit log rewritten with it."""
    return [
        Error(
            f"Key {number} in AUDIT_KEYS is shorter than {MIN_AUDIT_KEY} characters.",
            hint="Replace it with 50 random characters, as for SECRET_KEY.",
            id="gatepass.E018",
        )
        for number, key in enumerate(settings.AUDIT_KEYS, start=1)
        if len(key) < MIN_AUDIT_KEY
    ]


@register(Tags.security, deploy=True)
def production_encrypts_secrets(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """gatepass.W003: without a key, second factors are stored unencrypted; tokens and webhooks cannot be stored."""
    if settings.CREDENTIAL_KEYS or not settings.HTTPS:
        return []
    return [
        Warning(
            "CREDENTIAL_KEYS is not set, so second factors are stored unencrypted and webhooks are off.",
            hint=f"Set CREDENTIAL_KEYS to a key from this command: {vault.GENERATE_KEY_COMMAND}",
            id="gatepass.W003",
        )
    ]


@register(Tags.security, deploy=True)
def production_uses_postgresql(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """gatepass.W002: SQLite allows one machine and one writer at a time."""
    if not (settings.HTTPS and settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")):
        return []
    return [
        Warning(
            "DATABASE_URL is a SQLite file, which is only suitable for trials.",
            hint="Set DATABASE_URL to a PostgreSQL database.",
            id="gatepass.W002",
        )
    ]


@register(Tags.security, deploy=True)
def production_allows_no_more_than_it_needs(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """gatepass.W004 to W007: values that turn a protection off."""
    if not settings.HTTPS:
        return []
    warnings: list[CheckMessage] = []
    if "*" in settings.ALLOWED_HOSTS:
        hint = "Remove ALLOWED_HOSTS, or list the names that people use."
        warnings.append(Warning("ALLOWED_HOSTS accepts every host name.", hint=hint, id="gatepass.W004"))
    for name in ("PROBE_ALLOWED_NETWORKS", "TRUSTED_PROXIES"):
        if any(_is_network(text) and ip_network(text).prefixlen == 0 for text in getattr(settings, name)):
            hint = f"List only the networks that you need in {name}, such as 10.20.0.0/16."
            warnings.append(Warning(f"{name} contains every address.", hint=hint, id="gatepass.W005"))
    identity_provider = urlsplit(settings.OIDC_SERVER_URL)
    if identity_provider.scheme == "http" and identity_provider.hostname not in LOOPBACK:
        hint = "Set OIDC_SERVER_URL to the https:// URL of the identity provider."
        message = "OIDC_SERVER_URL uses http: anyone on the network between can sign in as an administrator."
        warnings.append(Warning(message, hint=hint, id="gatepass.W006"))
    if settings.BEHIND_PROXY and not settings.TRUSTED_PROXIES:
        hint = "Set TRUSTED_PROXIES to the address of the reverse proxy, such as 10.0.0.5."
        message = (
            "BEHIND_PROXY is on, but TRUSTED_PROXIES is empty: all requests seem to come from the proxy's address."
        )
        warnings.append(Warning(message, hint=hint, id="gatepass.W007"))
    return warnings
