"""Creates, changes, pauses and deletes webhooks, and rotates their secrets.

A secret is shown once, after it was created, and stored encrypted (services.vault). ``deliveries`` sends the messages.
"""

from __future__ import annotations

import secrets as randomness
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from rollout.actor import Actor
from rollout.models import Notice, NoticeKind, Site, Webhook
from rollout.notifications import receiver_url, signing
from rollout.services import audit, vault
from rollout.services.queue import wake_worker

from .preferences import newest_notice

OLD_SECRET_LIFETIME = timedelta(hours=24)
KINDS = tuple(
    kind for kind in NoticeKind.values if kind != NoticeKind.WEBHOOK
)  # a webhook does not report its own pause
MAX_WEBHOOKS = 50


def is_available() -> bool:
    """Return whether a key is set to encrypt webhook secrets with."""
    return vault.is_available()


def create_webhook(
    *, actor: Actor, name: str, url: str, kinds: Collection[str], sites: Iterable[Site] = ()
) -> tuple[Webhook, str]:
    """Create a webhook. Return it and its secret, which is not stored readably. No ``sites`` means all.

    Raises ValidationError.
    """
    if not is_available():
        raise ValidationError(_("Webhook secrets cannot be encrypted. Set CREDENTIAL_KEYS first."))
    if Webhook.objects.count() >= MAX_WEBHOOKS:
        raise ValidationError(_("The limit of %(max)s webhooks is reached. Delete one first.") % {"max": MAX_WEBHOOKS})
    secret = _new_secret()
    with transaction.atomic():
        row = Webhook(
            name=name,
            url=url,
            kinds=_checked(url, kinds),
            secret=vault.seal(secret),
            created_by_id=actor.pk,
            created_at=timezone.now(),
            sent_up_to=newest_notice(),
        )
        row.full_clean()
        row.save()
        row.sites.set(sites)
        audit.record(actor=actor, action="webhook.created", target=row)
    return row, secret


def change_webhook(
    *, actor: Actor, webhook: Webhook, name: str, url: str, kinds: Collection[str], sites: Iterable[Site]
) -> Webhook:
    """Change the name, URL, events and sites of a webhook. Raises ValidationError."""
    chosen = {site.pk for site in sites}
    values = {"name": name, "url": url, "kinds": _checked(url, kinds)}
    with transaction.atomic():
        row = _locked(webhook)
        changed = [field for field, value in values.items() if getattr(row, field) != value]
        if chosen != set(row.sites.values_list("pk", flat=True)):
            changed.append("sites")
        for field, value in values.items():
            setattr(row, field, value)
        row.full_clean()
        if "url" in changed:  # a new receiver starts without failures
            row.failures, row.failing_since, row.not_before = 0, None, None
        if changed:
            row.save()
            row.sites.set(chosen)
            audit.record(actor=actor, action="webhook.changed", target=row, details={"fields": changed})
    return row


def rotate_secret(*, actor: Actor, webhook: Webhook) -> str:
    """Create and return a new secret. The previous one stays valid for 24 hours, an older one no longer."""
    secret, now = _new_secret(), timezone.now()
    with transaction.atomic():
        row = _locked(webhook)
        row.old_secret, row.old_secret_until = row.secret, now + OLD_SECRET_LIFETIME
        row.secret = vault.seal(secret)
        row.save(update_fields=["secret", "old_secret", "old_secret_until"])
        audit.record(actor=actor, action="webhook.rotated", target=row)
    return secret


def remove_webhook(*, actor: Actor, webhook: Webhook) -> None:
    """Delete the webhook and its delivery log."""
    with transaction.atomic():
        row = _locked(webhook)
        label, waiting = str(row), row.deliveries.filter(state="waiting").count()
        audit.record(actor=actor, action="webhook.removed", label=label, details={"waiting": waiting})
        row.delete()


def pause_webhook(*, actor: Actor | None, webhook: Webhook, because: str = "") -> bool:
    """Stop sending until the webhook is resumed. Return False if it is already paused.

    ``because`` is the message id of the failure if Gatepass pauses it; administrators then get a notice.
    """
    with transaction.atomic():
        row = _locked(webhook)
        if not row.is_active:
            return False
        row.is_active, row.paused_because = False, because
        row.save(update_fields=["is_active", "paused_because"])
        audit.record(actor=actor, action="webhook.paused", target=row, details={"because": because} if because else {})
        if because:
            Notice.objects.create(
                kind=NoticeKind.WEBHOOK,
                subject=f"webhook:{row.pk}",
                details={"name": row.name, "because": because},
                at=timezone.now(),
            )
    return True


def resume_webhook(*, actor: Actor, webhook: Webhook) -> None:
    """Resume sending: waiting deliveries first, then notices of the last three days."""
    with transaction.atomic():
        row = _locked(webhook)
        if row.is_active:
            return
        row.is_active, row.paused_because = True, ""
        row.failures, row.failing_since, row.not_before = 0, None, None
        row.save()
        audit.record(actor=actor, action="webhook.resumed", target=row)
        wake_worker("deliver_webhook", row.pk)


def signing_secrets(webhook: Webhook, now: datetime) -> list[str]:
    """Return the secrets that are valid now, the current one first. Raises VaultError."""
    encrypted = [webhook.secret]
    if webhook.old_secret and webhook.old_secret_until and webhook.old_secret_until > now:
        encrypted.append(webhook.old_secret)
    return [vault.open_(text) for text in encrypted]


def _new_secret() -> str:
    return signing.secret_of(randomness.token_bytes(signing.SECRET_BYTES))


def _checked(url: str, kinds: Collection[str]) -> list[str]:
    """Return the kinds in their order. Raises ValidationError by field for the kinds and the URL."""
    errors: dict[str, str] = {}
    if message := receiver_url.url_error(url, allow_loopback=settings.PROBE_ALLOW_LOOPBACK):
        errors["url"] = _(message)
    chosen = [kind for kind in KINDS if kind in kinds]
    if not chosen:
        errors["kinds"] = _("Choose at least one event.")
    if errors:
        raise ValidationError(errors)
    return chosen


def _locked(webhook: Webhook) -> Webhook:
    return Webhook.objects.select_for_update(no_key=True).get(pk=webhook.pk)
