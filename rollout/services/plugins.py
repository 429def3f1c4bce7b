"""Keeps the versions of a site's plugins by three roads: entered, pasted, or read with a personal access token.

1. A token that is used once is sent to the site and forgotten: it is in no row, no message of the queue and no log.
2. A token that is kept is sealed together with the base URL it was given for, and is of no use for another one.
3. The network is asked outside any transaction; what came back is written in one.
4. A token that the site refused is not tried again until somebody gives another one.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rollout.actor import Actor
from rollout.formats.upm import Plugin, Plugins, UpmError, read_upm
from rollout.http_client.failures import ERRORS
from rollout.models import CheckRun, PluginSource, Site, SiteCredential
from rollout.probes.upm import TOKEN, UpmResult, read_plugins

from . import audit, vault
from .checks import check_runs
from .network import policy
from .sites import validate

log = structlog.get_logger(__name__)
EVERY = timedelta(days=1)
LONGEST_ROUND = 60.0  # seconds that one task goes on taking the next site
PROBLEMS = {
    "token_refused": gettext_lazy(
        "The site rejected the token. It must belong to an administrator, be valid, and not be limited to "
        "reading content."
    ),
    "redirected": gettext_lazy(
        "The site redirected the request to a login page: a proxy does not let tokens through. Paste the "
        "plugin manager's JSON instead."
    ),
    "no_manager": gettext_lazy("There is no plugin manager at this base URL. Check the context path."),
    "not_upm": gettext_lazy("The response does not come from the plugin manager. Paste its JSON instead."),
    "failed": gettext_lazy("The plugin manager returned an error. Try again later, or paste its JSON."),
}


@dataclass(frozen=True)
class Kept:
    """What was written. ``missing`` names the plugins that were not in the answer: they stay as they were."""

    site: Site
    missing: tuple[str, ...]


def enter_versions(*, actor: Actor, site: Site, oauth_plugin_version: str, mobile_plugin_version: str) -> Site:
    """Keep what a person read off the pages. Raises ValidationError by field."""
    entered = {"oauth": oauth_plugin_version.strip(), "mobile": mobile_plugin_version.strip()}
    plugins = {name: Plugin("", version, None) for name, version in entered.items()}
    return _write(actor=actor, site=site, plugins=plugins, source=PluginSource.MANUAL)


def paste_versions(*, actor: Actor, site: Site, text: str) -> Kept:
    """Keep what a pasted answer of the plugin manager says. Raises ValidationError on ``text``."""
    try:
        found = read_upm(text, product=site.product)
    except UpmError as error:
        raise ValidationError({"text": _(error.message) % error.values}) from None
    return _keep(actor=actor, site=site, found=found, source=PluginSource.UPM_JSON)


def read_versions(*, actor: Actor, site: Site, token: str, keep: bool) -> Kept:
    """Ask the site's plugin manager once with this token; ``keep`` seals it for the daily look-up.

    Takes up to eight seconds. Raises ValidationError on ``token`` and then keeps nothing, the token least of all.
    """
    token = token.strip()
    if not TOKEN.fullmatch(token):
        raise ValidationError({"token": _("This is not a personal access token. Copy it again, without spaces.")})
    if keep and not vault.is_available():
        words = _(
            "Gatepass has no key to encrypt the token. Set CREDENTIAL_KEYS, or use the token once without storing it."
        )
        raise ValidationError({"keep": words})
    asked = _ask(site, token)
    if asked.problem:
        raise ValidationError({"token": said(asked)})
    with transaction.atomic():
        if keep:
            _store_token(actor=actor, site=site, token=token)
        kept = _keep(actor=actor, site=site, found=asked.plugins, source=PluginSource.UPM_TOKEN)
        if keep:
            audit.record(actor=actor, action="credential.stored", target=site)
    return kept


def read_with_stored_token(*, actor: Actor | None, site: Site) -> Kept | None:
    """Ask with the token that was left for this site; None when there is none to ask with.

    Raises ValidationError, at no field, when the site did not answer as it should.
    """
    now = timezone.now()
    credential = SiteCredential.objects.filter(site=site, refused_at=None).first()
    if credential is None:
        return None
    SiteCredential.objects.filter(pk=credential.pk).update(last_used_at=now)
    token = _opened(credential, site)
    asked = _ask(site, token)
    if asked.problem == "token_refused":
        _note_refusal(credential, site)
    if asked.problem:
        raise ValidationError(said(asked))
    return _keep(actor=actor, site=site, found=asked.plugins, source=PluginSource.UPM_TOKEN)


def forget_token(*, actor: Actor | None, site: Site) -> bool:
    """Remove the token that was left for this site; False when there was none."""
    with transaction.atomic():
        removed, _rows = SiteCredential.objects.filter(site=site).delete()
        if removed:
            audit.record(actor=actor, action="credential.removed", target=site)
    return bool(removed)


def look_up_due() -> int:
    """Ask every site whose token was not asked for a day, one after the other; return how many answered.

    A row is claimed by moving ``last_used_at``: two workers never use one token, and a failure is retried tomorrow.
    """
    until, answered = time.monotonic() + LONGEST_ROUND, 0
    while time.monotonic() < until:
        credential = _next_due()
        if credential is None:
            break
        try:
            answered += read_with_stored_token(actor=None, site=credential.site) is not None
        except ValidationError as error:
            log.info("plugins_not_read", site_id=credential.site_id, reason=" ".join(error.messages))
    return answered


def _next_due() -> SiteCredential | None:
    now = timezone.now()
    due = SiteCredential.objects.filter(Q(last_used_at=None) | Q(last_used_at__lte=now - EVERY), refused_at=None)
    rows = (
        due.filter(site__archived_at=None)
        .select_related("site")
        .order_by(F("last_used_at").asc(nulls_first=True), "pk")
    )
    for credential in rows[:20]:
        if due.filter(pk=credential.pk).update(last_used_at=now):
            return credential
    return None


def said(asked: UpmResult) -> str:
    """The sentence for a question that was not answered."""
    return str(PROBLEMS[asked.problem]) if asked.problem in PROBLEMS else _(ERRORS[asked.problem])


def _ask(site: Site, token: str) -> UpmResult:
    return asyncio.run(read_plugins(policy(site), base_url=site.base_url, product=site.product, token=token))


def _keep(*, actor: Actor | None, site: Site, found: Plugins, source: str) -> Kept:
    named = {"oauth": found.oauth, "mobile": found.mobile}
    plugins = {name: plugin for name, plugin in named.items() if plugin}
    if not plugins:
        words = _("The plugin manager lists neither the OAuth 2.0 provider plugin nor the mobile plugin.")
        raise ValidationError(words)
    written = _write(actor=actor, site=site, plugins=plugins, source=source)
    return Kept(written, tuple(name for name, plugin in named.items() if plugin is None))


def _write(*, actor: Actor | None, site: Site, plugins: dict[str, Plugin], source: str) -> Site:
    """Write these plugins, their source and the time; a check is queued when the rules would see a difference.

    The verdict stays until that check has ended, so that the history tells from what to what it changed, if it did.
    """
    asked_of = site.base_url
    with transaction.atomic():
        site = Site.objects.select_for_update(no_key=True).get(pk=site.pk)
        if site.is_provided or site.base_url != asked_of:
            raise ValidationError(_("The site was changed in the meantime. Reload the page, then try again."))
        before = _evaluated(site)
        for name, plugin in plugins.items():
            setattr(site, f"{name}_plugin_version", plugin.version)
            setattr(site, f"{name}_plugin_enabled", plugin.enabled)
        validate(site)
        changed = _evaluated(site) != before
        site.plugin_versions_at = site.updated_at = timezone.now()
        site.plugin_versions_source = source
        site.save()
        how = "read" if source == PluginSource.UPM_TOKEN else "entered"
        details = {"source": str(source), "changed": changed}
        audit.record(actor=actor, action=f"plugins.{how}", target=site, details=details)
        if changed and site.archived_at is None:
            check_runs.request_check(site=site, actor=actor, trigger=CheckRun.Trigger.EDITED)
    return site


def _evaluated(site: Site) -> tuple[Any, ...]:
    return (
        site.oauth_plugin_version, site.mobile_plugin_version, site.oauth_plugin_enabled, site.mobile_plugin_enabled,
    )  # fmt: skip


def _store_token(*, actor: Actor, site: Site, token: str) -> None:
    """In the caller's transaction, which locks the site before this row and writes the trail after it."""
    now = timezone.now()
    sealed = vault.seal(json.dumps({"token": token, "base_url": site.base_url}))
    Site.objects.select_for_update(no_key=True).get(pk=site.pk)
    fields = {"token": sealed, "stored_by_id": actor.pk, "stored_at": now, "last_used_at": now, "refused_at": None}
    SiteCredential.objects.update_or_create(site=site, defaults=fields)


def _opened(credential: SiteCredential, site: Site) -> str:
    """The token of a stored credential. Raises ValidationError when it cannot be read, or is another address's."""
    try:
        content = json.loads(vault.open_(credential.token))
    except vault.VaultError as error:
        log.warning("credential_not_opened", site_id=site.pk, reason=str(error))
        raise ValidationError(
            _("The stored token cannot be decrypted with the current keys. Store it again.")
        ) from None
    if content["base_url"] != site.base_url:
        forget_token(actor=None, site=site)
        raise ValidationError(_("The stored token belonged to another base URL and was removed."))
    return str(content["token"])


def _note_refusal(credential: SiteCredential, site: Site) -> None:
    with transaction.atomic():
        stored = SiteCredential.objects.filter(pk=credential.pk, token=credential.token, refused_at=None)
        if stored.update(refused_at=timezone.now()):
            audit.record(actor=None, action="credential.refused", target=site)
