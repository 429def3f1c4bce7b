"""System checks: settings that contradict each other stop the start, each with an id and a hint."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from oauth_provider.limits.limiter import LimitError, parse_limit
from rollout.services import vault

from .models import Role

LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@register(Tags.security)
def public_url_is_https(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """gatepass.E001: plain http is for a trial on this machine only."""
    if settings.HTTPS or urlsplit(settings.PUBLIC_URL).hostname in LOOPBACK:
        return []
    return [
        Error(
            "PUBLIC_URL is http on an address other machines reach.",
            hint="Put a TLS proxy in front and set PUBLIC_URL to its https address.",
            id="gatepass.E001",
        )
    ]


@register(Tags.security)
def loopback_probes_only_in_a_trial(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """gatepass.E002: probing loopback from a public server lets anyone who adds a site look at its inside."""
    if not (settings.PROBE_ALLOW_LOOPBACK and settings.HTTPS):
        return []
    return [
        Error(
            "PROBE_ALLOW_LOOPBACK is on although PUBLIC_URL is a public https address.",
            hint="Unset PROBE_ALLOW_LOOPBACK; name private ranges in PROBE_ALLOWED_NETWORKS instead.",
            id="gatepass.E002",
        )
    ]


@register(Tags.security)
def several_processes_share_a_cache(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """gatepass.W001: rate limits counted in files are for one machine."""
    if settings.REDIS_URL or not settings.HTTPS:
        return []
    return [
        Warning(
            "REDIS_URL is not set: rate limits and Celery's queue live in files of this machine.",
            hint="Set REDIS_URL, or CELERY_BROKER_URL and REDIS_URL, to a Redis that all processes reach.",
            id="gatepass.W001",
        )
    ]


@register(Tags.security)
def rate_limits_can_be_read(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """gatepass.E012: a limit that nobody can read would be none."""
    unreadable: list[CheckMessage] = []
    for name, text in settings.RATE_LIMITS.items():
        try:
            parse_limit(name, text)
        except LimitError as error:
            unreadable.append(Error(f"RATE_LIMIT_{name.upper()} is no limit.", hint=str(error), id="gatepass.E012"))
    return unreadable


@register(Tags.security)
def trusted_proxies_can_be_read(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """gatepass.E013: an address that cannot be read would be trusted or refused at random."""
    unreadable: list[CheckMessage] = []
    for text in settings.TRUSTED_PROXIES:
        try:
            ip_network(text)
        except ValueError:
            hint = "Write addresses or networks, such as 10.0.0.5 or 10.0.0.0/24, separated by commas."
            unreadable.append(Error(f"TRUSTED_PROXIES: {text!r} is no network.", hint=hint, id="gatepass.E013"))
    return unreadable


@register(Tags.security)
def roles_of_the_sign_in_policy_exist(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """gatepass.E014: a role with a typing error would be asked for nothing."""
    hint = f"Roles are {', '.join(Role.values)}, separated by commas."
    return [
        Error(f"{name}: there is no role {role!r}.", hint=hint, id="gatepass.E014")
        for name in ("SECOND_FACTOR_ROLES", "PASSKEY_ROLES", "OIDC_ROLE_GROUPS")
        for role in getattr(settings, name)
        if role not in Role.values
    ]


@register(Tags.security)
def check_login_methods(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """gatepass.E015 and E016: a way to sign in that is set up by half lets nobody in, or the wrong people."""
    found: list[CheckMessage] = []
    if settings.CLIENT_CERTIFICATES and not settings.TRUSTED_PROXIES:
        hint = "Name the addresses of the reverse proxy that checks the certificates."
        found.append(Error("CLIENT_CERTIFICATES is on without TRUSTED_PROXIES.", hint=hint, id="gatepass.E015"))
    if settings.OIDC_SERVER_URL and not (settings.OIDC_CLIENT_ID and settings.OIDC_CLIENT_SECRET):
        hint = "Set OIDC_CLIENT_ID and OIDC_CLIENT_SECRET (or OIDC_CLIENT_SECRET_FILE)."
        found.append(Error("OIDC_SERVER_URL is set without a client.", hint=hint, id="gatepass.E016"))
    if settings.OIDC_DEFAULT_ROLE and settings.OIDC_DEFAULT_ROLE not in Role.values:
        hint = f"Roles are {', '.join(Role.values)}."
        found.append(Error("OIDC_DEFAULT_ROLE is no role.", hint=hint, id="gatepass.E016"))
    return found


@register(Tags.security)
def trials_stay_on_this_machine(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """gatepass.E003 and E004: what helps in a trial gives a public server away."""
    switches = (
        ("DEMO", "E003", "Unset DEMO: the demo fleet is for `make run`."),
        ("DEBUG", "E004", "Unset DEBUG: its error pages show source and settings to everybody."),
    )
    return [
        Error(f"{name} is on although PUBLIC_URL is a public https address.", hint=hint, id=f"gatepass.{number}")
        for name, number, hint in switches
        if settings.HTTPS and getattr(settings, name)
    ]


@register()
def checks_have_an_interval(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """gatepass.E005: an interval of nothing would check every site all the time."""
    if settings.CHECK_EVERY_HOURS >= 1:
        return []
    return [Error("CHECK_EVERY_HOURS is less than 1.", hint="Set it to 1 or more hours.", id="gatepass.E005")]


@register()
def sweeps_can_move(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """gatepass.E009: with none of these no sweep would start, move or be remembered."""
    least = {
        "SWEEP_EVERY_MINUTES": 1, "CHECK_RUNS_KEPT_DAYS": 1, "PROBE_SITES_AT_ONCE": 1, "PROBE_SITES_PER_TASK": 1,
        "PROBE_HOST_PAUSE": 0,
    }  # fmt: skip
    return [
        Error(f"{name} is less than {number}.", hint=f"Set it to {number} or more.", id="gatepass.E009")
        for name, number in least.items()
        if getattr(settings, name) < number
    ]


@register()
def allowed_networks_are_networks(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """gatepass.E006: a typing error here would refuse every probe, or allow too much."""
    return [
        Error(
            f"PROBE_ALLOWED_NETWORKS holds {text!r}, which is not a network.",
            hint="Write each as address/prefix without host bits, for example 10.20.0.0/16.",
            id="gatepass.E006",
        )
        for text in settings.PROBE_ALLOWED_NETWORKS
        if not _is_network(text)
    ]


@register()
def own_services_are_endpoints(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """gatepass.E007: a typing error here would leave a service of ours open to probes."""
    return [
        Error(
            f"PROBE_OWN_SERVICES holds {text!r}, which is not a host and a port.",
            hint="Write each as host:port, for example web:8000 or [fd00::5]:8000.",
            id="gatepass.E007",
        )
        for text in settings.PROBE_OWN_SERVICES
        if not _has_host_and_port(f"//{text.strip()}")
    ]


@register()
def the_outbound_proxy_is_one(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """gatepass.E008: said at the start, and without quoting the setting, which holds a password."""
    proxy = settings.PROBE_PROXY
    if not proxy or (proxy.startswith("http://") and _has_host_and_port(proxy)):
        return []
    return [
        Error(
            "PROBE_PROXY is not the address of an HTTP proxy.",
            hint="Write http://host:port or http://user:password@host:port; escape odd characters as %40.",
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
def credential_keys_are_keys(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """gatepass.E010: with a key that is none, stored secrets could be neither sealed nor read."""
    return [
        Error(
            f"Key number {number} of CREDENTIAL_KEYS {fault}.",
            hint=f"Make one: {vault.HOW_TO_MAKE_A_KEY}",
            id="gatepass.E010",
        )
        for number, key in enumerate(settings.CREDENTIAL_KEYS, start=1)
        if (fault := vault.key_fault(key))
    ]


@register(Tags.security, deploy=True)
def production_seals_its_secrets(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """gatepass.W003: without a key, second factors are kept as they are, and tokens and webhooks cannot be kept."""
    if settings.CREDENTIAL_KEYS or not settings.HTTPS:
        return []
    return [Warning("CREDENTIAL_KEYS is not set.", hint=f"Make one: {vault.HOW_TO_MAKE_A_KEY}", id="gatepass.W003")]


@register(Tags.security, deploy=True)
def production_has_a_database_server(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """gatepass.W002: a file is for one machine and one writer at a time."""
    if not (settings.HTTPS and settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")):
        return []
    return [Warning("DATABASE_URL is SQLite.", hint="Set DATABASE_URL to a PostgreSQL database.", id="gatepass.W002")]
