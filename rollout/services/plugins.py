"""Plugin versions of a site: entered, pasted, or read with a personal access token.

1. A token that is used once is only sent to the site. It is never written to the database, the queue or a log.
2. A stored token is encrypted together with its base URL and cannot be used for another one.
3. Requests are sent outside of transactions; the result is written in one transaction.
4. A token that the site rejected is not used again.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import structlog
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from rollout.actor import Actor
from rollout.formats.upm import Plugin, Plugins, UpmError, read_upm
from rollout.models import CheckRun, PluginSource, Site, SiteCredential
from rollout.models.waiting_times import is_over
from rollout.probes.upm import REFUSED, TOKEN, UpmResult, read_plugins

from . import audit, vault
from .checks import check_runs
from .network import policy
from .plugin_problems import error_message
from .sealed_certificates import open_certificates
from .sites import validate

log = structlog.get_logger(__name__)
READ_INTERVAL = timedelta(days=1)
MAX_TASK_SECONDS = 60.0  # a task starts no further site after this time


@dataclass(frozen=True)
class SavedVersions:
    """The saved site. ``missing``: the plugins that were not in the text, so their versions were not changed."""

    site: Site
    missing: tuple[str, ...]


def enter_versions(*, actor: Actor, site: Site, oauth_plugin_version: str, mobile_plugin_version: str) -> Site:
    """Save versions that a person entered. Raises ValidationError by field."""
    entered = {"oauth": oauth_plugin_version.strip(), "mobile": mobile_plugin_version.strip()}
    plugins = {name: Plugin("", version, None) for name, version in entered.items()}
    return _write(actor=actor, site=site, plugins=plugins, source=PluginSource.MANUAL)


def paste_versions(*, actor: Actor, site: Site, text: str) -> SavedVersions:
    """Save the versions in pasted JSON of the plugin manager. Raises ValidationError for ``text``."""
    try:
        plugins = read_upm(text, product=site.product)
    except UpmError as error:
        raise ValidationError({"text": _(error.message) % error.values}) from None
    return _save(actor=actor, site=site, plugins=plugins, source=PluginSource.UPM_JSON)


def read_versions(*, actor: Actor, site: Site, token: str, keep: bool) -> SavedVersions:
    """Read the versions from the site's plugin manager; ``keep`` stores the token for daily updates.

    Takes up to eight seconds. Raises ValidationError for ``token`` or ``keep``, and then stores nothing.
    """
    token = token.strip()
    if not TOKEN.fullmatch(token):
        raise ValidationError({"token": _("This is not a personal access token. Copy it again, without spaces.")})
    if keep and not vault.is_available():
        message = _(
            "Gatepass has no key to encrypt the token. Set CREDENTIAL_KEYS, or use the token once without storing it."
        )
        raise ValidationError({"keep": message})
    result = _request_versions(site, token)
    if result.problem:
        raise ValidationError({"token": error_message(result)})
    with transaction.atomic():
        if keep:
            _store_token(actor=actor, site=site, token=token)
        saved = _save(actor=actor, site=site, plugins=result.plugins, source=PluginSource.UPM_TOKEN)
        if keep:
            audit.record(actor=actor, action="credential.stored", target=site)
    return saved


def read_with_stored_token(*, actor: Actor | None, site: Site) -> SavedVersions | None:
    """Read the versions with the stored token; None if there is no token or the site has rejected it before.

    Raises ValidationError, without a field, if the versions cannot be read.
    """
    now = timezone.now()
    credential = SiteCredential.objects.filter(site=site, refused_at=None).first()
    if credential is None:
        return None
    SiteCredential.objects.filter(pk=credential.pk).update(last_used_at=now)
    token = _decrypted_token(credential, site)
    result = _request_versions(site, token)
    if result.problem in REFUSED:
        _mark_refused(credential, site)
    if result.problem:
        raise ValidationError(error_message(result))
    return _save(actor=actor, site=site, plugins=result.plugins, source=PluginSource.UPM_TOKEN)


def remove_token(*, actor: Actor | None, site: Site) -> bool:
    """Remove the stored token of a site. Return False if there is none."""
    with transaction.atomic():
        removed, _rows = SiteCredential.objects.filter(site=site).delete()
        if removed:
            audit.record(actor=actor, action="credential.removed", target=site)
    return bool(removed)


def read_due_versions() -> int:
    """Read the versions of all sites whose stored token is due, one by one. Return the number of successful reads.

    A row is claimed by updating ``last_used_at``, so two workers never use the same token and failures are retried the
    next day.
    """
    deadline, successful = time.monotonic() + MAX_TASK_SECONDS, 0
    while time.monotonic() < deadline:
        credential = _next_due()
        if credential is None:
            break
        try:
            successful += read_with_stored_token(actor=None, site=credential.site) is not None
        except ValidationError as error:
            log.info("plugins_not_read", site_id=credential.site_id, reason=" ".join(error.messages))
    return successful


def _next_due() -> SiteCredential | None:
    now = timezone.now()
    due = SiteCredential.objects.filter(
        Q(last_used_at=None) | is_over("last_used_at", now - READ_INTERVAL, READ_INTERVAL), refused_at=None
    )
    rows = (
        due.filter(site__archived_at=None)
        .select_related("site")
        .order_by(F("last_used_at").asc(nulls_first=True), "pk")
    )
    for credential in rows[:20]:
        if due.filter(pk=credential.pk).update(last_used_at=now):
            return credential
    return None


def _request_versions(site: Site, token: str) -> UpmResult:
    own = replace(policy(site), client_certificate=open_certificates([site.pk]).get(site.pk, ""))
    return asyncio.run(read_plugins(own, base_url=site.base_url, product=site.product, token=token))


def _save(*, actor: Actor | None, site: Site, plugins: Plugins, source: str) -> SavedVersions:
    by_name = {"oauth": plugins.oauth, "mobile": plugins.mobile}
    present = {name: plugin for name, plugin in by_name.items() if plugin}
    if not present:
        raise ValidationError(
            _("The plugin manager lists neither the OAuth 2.0 provider plugin nor the mobile plugin.")
        )
    written = _write(actor=actor, site=site, plugins=present, source=source)
    return SavedVersions(written, tuple(name for name, plugin in by_name.items() if plugin is None))


def _write(*, actor: Actor | None, site: Site, plugins: dict[str, Plugin], source: str) -> Site:
    """Save the plugins with their source and time, and queue a check if a value that the rules use has changed.

    The verdicts are kept until that check finishes, so that the history shows what changed.
    """
    base_url = site.base_url
    with transaction.atomic():
        site = Site.objects.select_for_update(no_key=True).get(pk=site.pk)
        if site.is_provided or site.base_url != base_url:
            raise ValidationError(_("The site was changed in the meantime. Reload the page, then try again."))
        before = _evaluated_fields(site)
        for name, plugin in plugins.items():
            setattr(site, f"{name}_plugin_version", plugin.version)
            setattr(site, f"{name}_plugin_enabled", plugin.enabled)
        validate(site)
        changed = _evaluated_fields(site) != before
        site.plugin_versions_at = site.updated_at = timezone.now()
        site.plugin_versions_source = source
        site.save()
        verb = "read" if source == PluginSource.UPM_TOKEN else "entered"
        details = {"source": str(source), "changed": changed}
        audit.record(actor=actor, action=f"plugins.{verb}", target=site, details=details)
        if changed and site.archived_at is None:
            check_runs.request_check(site=site, actor=actor, trigger=CheckRun.Trigger.EDITED)
    return site


def _evaluated_fields(site: Site) -> tuple[Any, ...]:
    return (
        site.oauth_plugin_version, site.mobile_plugin_version, site.oauth_plugin_enabled, site.mobile_plugin_enabled,
    )  # fmt: skip


def _store_token(*, actor: Actor, site: Site, token: str) -> None:
    """Store the token. Call it in a transaction; it locks the site first, as all writers of a site do."""
    now = timezone.now()
    encrypted = vault.seal(json.dumps({"token": token, "base_url": site.base_url}))
    Site.objects.select_for_update(no_key=True).get(pk=site.pk)
    fields = {"token": encrypted, "stored_by_id": actor.pk, "stored_at": now, "last_used_at": now, "refused_at": None}
    SiteCredential.objects.update_or_create(site=site, defaults=fields)


def _decrypted_token(credential: SiteCredential, site: Site) -> str:
    """Decrypt a stored token. Raises ValidationError if that fails or the token belongs to another base URL."""
    try:
        content = json.loads(vault.open_(credential.token))
    except vault.VaultError as error:
        log.warning("credential_not_opened", site_id=site.pk, reason=str(error))
        raise ValidationError(
            _("The stored token cannot be decrypted with the current keys. Store it again.")
        ) from None
    if content["base_url"] != site.base_url:
        remove_token(actor=None, site=site)
        raise ValidationError(_("The stored token belonged to another base URL and was removed."))
    return str(content["token"])


def _mark_refused(credential: SiteCredential, site: Site) -> None:
    with transaction.atomic():
        stored = SiteCredential.objects.filter(pk=credential.pk, token=credential.token, refused_at=None)
        if stored.update(refused_at=timezone.now()):
            audit.record(actor=None, action="credential.refused", target=site)
