"""Signal receivers that record sign-ins, sign-outs and factors, and end access that a saved account no longer gives."""

from __future__ import annotations

from typing import Any

from allauth.account.signals import password_reset
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import transaction
from django.db.models.signals import post_save, pre_save
from django.dispatch import receiver
from django.http import HttpRequest
from oauth2_provider.signals import app_authorized

from oauth_provider.limits.limiter import Limit
from oauth_provider.signals import limit_reached, sign_out_queued, token_reused
from portal.models import User
from rollout.models import ApplicationLink
from rollout.services import audit, credential_keys, sign_ins, vault
from rollout.services.queue import wake_worker

from . import ended_access, known_browsers, session_limits, sign_in_metrics
from .account_notices import Kind, notify, notify_administrators

RIGHTS = {"role", "is_staff", "is_superuser"}
ACCESS = {"password", "is_active"} | RIGHTS
SECRETS = {"secret", "seed"}  # django-allauth's keys for TOTP and recovery codes


@receiver(app_authorized)
def record_app_sign_in(sender: Any, request: HttpRequest, token: Any, **kwargs: Any) -> None:
    """Record the sign-in of a phone. The provider sends this signal for a redeemed code, not for a refresh."""
    user_agent = request.META.get("HTTP_USER_AGENT", "")
    is_of_site = sign_ins.record_sign_in(
        person=token.user, client_id=token.application.client_id, user_agent=user_agent
    )
    if not is_of_site:  # a client of Gatepass's own API
        audit.record(actor=token.user, action="client.signed_in", target=token.application)


@receiver(token_reused)
def record_token_reused(sender: Any, kind: str, user: User, client: Any, **kwargs: Any) -> None:
    """Record that a code or a replaced refresh token was used again; tell the person and the administrators."""
    link = ApplicationLink.objects.registered_here().filter(client_id=client.client_id).select_related("site").first()
    where = link.site.title if link else str(client.name)
    audit.record(actor=None, action=f"phone.{kind}_reused", target=user, details={"site": where})
    notify(person=user, kind=Kind.TOKEN_REUSED, actor=None, about=where)
    notify_administrators(kind=Kind.TOKEN_REUSED_BY, about=user)


@receiver(sign_out_queued)
def wake_sign_out_worker(sender: Any, **kwargs: Any) -> None:
    wake_worker("portal.tasks.sign_out_waiting_phones")


@receiver(limit_reached)
def record_limit_reached(sender: Any, limit: Limit, **kwargs: Any) -> None:
    """Record that a rate limit refused a request; the address is that of the first one refused in this window."""
    details = {"maximum": limit.maximum, "seconds": limit.seconds}
    audit.record(actor=None, action="limit.reached", label=limit.name, details=details)


@receiver(pre_save, sender=User)
def note_changed_access(
    sender: Any, instance: User, raw: bool, update_fields: frozenset[str] | None, **kwargs: Any
) -> None:
    """Note for ``end_changed_access`` whether this save changes the password or rights or (de)activates the account.

    Covers every caller: pages, Django admin, commands and code. Storing the same password with a newer hash algorithm,
    as Django does at a sign-in, is no change.
    """
    instance._changed_access = set()  # type: ignore[attr-defined]
    instance._old_rights = {}  # type: ignore[attr-defined]
    names = ACCESS if update_fields is None else ACCESS & update_fields
    if raw or instance._state.adding or not names:
        return
    stored = User.objects.filter(pk=instance.pk).values(*names).first() or {}
    changed = {name for name in names & stored.keys() if stored[name] != getattr(instance, name)}
    is_new_hash_only = names == {"password"} and instance._password is None and instance.has_usable_password()  # type: ignore[attr-defined]
    instance._old_rights = {name: stored[name] for name in sorted(changed & RIGHTS)}  # type: ignore[attr-defined]
    instance._changed_access = changed - ({"password"} if is_new_hash_only else set())  # type: ignore[attr-defined]


@receiver(post_save, sender=User)
def end_changed_access(sender: Any, instance: User, **kwargs: Any) -> None:
    """End access after a save that changed the password or (de)activated the account. The table is in ended_access.

    Records changed rights, unless ``people.change_person`` does.
    """
    changed, instance._changed_access = instance._changed_access, set()  # type: ignore[attr-defined]
    old, instance._old_rights = instance._old_rights, {}  # type: ignore[attr-defined]
    if old and not instance.__dict__.pop("_records_rights", False):
        details = {name: {"old": value, "new": getattr(instance, name)} for name, value in old.items()}
        actor = ended_access.acting_person(instance)
        audit.record(actor=actor, action="person.rights_changed", target=instance, details=details)
    if "password" in changed:
        ended_access.after_new_password(person=instance)
    if "is_active" in changed:
        end = ended_access.after_reactivation if instance.is_active else ended_access.after_deactivation
        end(actor=ended_access.acting_person(instance), person=instance)


@receiver(password_reset)
def know_browser_after_reset(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Mark the browser: the link proved the mailbox. So strangers who guess passwords cannot keep the person out."""
    known_browsers.set_signed_in(request, user.pk)


@receiver(authenticator_added)
def record_factor_added(sender: Any, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    """Record a new second factor and tell the person."""
    with transaction.atomic():
        audit.record(actor=user, action="person.factor_added", target=user, details={"kind": authenticator.type})
        if authenticator.type != Authenticator.Type.RECOVERY_CODES:  # they come with the first factor
            notify(person=user, kind=Kind.FACTOR_ADDED, actor=user)


@receiver(authenticator_removed)
def record_factor_removed(sender: Any, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    """Record a removed second factor and tell the person."""
    with transaction.atomic():
        audit.record(actor=user, action="person.factor_removed", target=user, details={"kind": authenticator.type})
        notify(person=user, kind=Kind.FACTOR_REMOVED, actor=user)


@receiver(credential_keys.rotating)
def seal_second_factors_again(sender: Any, **kwargs: Any) -> credential_keys.Rotation:
    """Encrypt the secrets of all second factors with the newest key, also those stored before there was a key."""
    sealed, lost = 0, []
    with_secret = Authenticator.objects.exclude(type=Authenticator.Type.WEBAUTHN)
    for pk in list(with_secret.order_by("pk").values_list("pk", flat=True)):
        try:
            sealed += _seal_factor_again(pk)
        except vault.VaultError:
            lost.append(f"{Authenticator._meta.verbose_name} #{pk}")
    return credential_keys.Rotation(sealed, tuple(lost))


def _seal_factor_again(pk: int) -> int:
    with transaction.atomic():
        factor = Authenticator.objects.select_for_update(no_key=True).filter(pk=pk).first()
        if factor is None:
            return 0
        adapter = get_adapter()
        for name in factor.data.keys() & SECRETS:
            factor.data[name] = adapter.encrypt(adapter.decrypt(factor.data[name]))
        factor.save(update_fields=["data"])
    return 1


@receiver(user_logged_in)
def record_signed_in(sender: Any, user: User, request: HttpRequest | None = None, **kwargs: Any) -> None:
    """Record and count a sign-in, start the session's limits and mark the browser."""
    if request is not None:
        known_browsers.set_signed_in(request, user.pk)
        session_limits.begin(request.session)
        sign_in_metrics.count_success(request, user)
    audit.record(actor=user, action="person.signed_in", target=user)


@receiver(user_logged_out)
def record_signed_out(sender: Any, user: User | None, **kwargs: Any) -> None:
    """Record a sign-out."""
    if user is not None:  # the account of a session may have been deleted
        audit.record(actor=user, action="person.signed_out", target=user)


@receiver(user_login_failed)
def record_sign_in_failed(sender: Any, credentials: dict[str, Any], **kwargs: Any) -> None:
    """Record a failed sign-in. Unknown addresses are left out: people type passwords into the wrong field."""
    address = str(credentials.get("email") or credentials.get("username") or "").replace("\x00", "")
    user = User.objects.filter(email__iexact=address).first() if address else None
    audit.record(actor=None, action="person.sign_in_failed", target=user)
