"""Create and change accounts, and sign out their phones. An administrator always remains."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from oauth_provider.tokens.devices import name_device
from oauth_provider.tokens.sessions import end_access_token, end_all_sessions, end_session, end_sessions
from oauth_provider.tokens.sign_outs import SignedOut, sign_out
from portal.models import Role, User
from rollout.models import ApplicationLink
from rollout.models.text import no_nulls
from rollout.services import audit

from .account_notices import Kind, notify
from .api_tokens import end_tokens_of
from .ended_access import Ended, after_deactivation, after_reactivation, end_browsers


def create_person(*, actor: User | None, email: str, name: str = "", role: str = Role.MEMBER) -> User:
    """Create a person without a password, who first signs in with a sign-in link. Raises ValidationError by field."""
    name = _clean_name(name)
    with transaction.atomic():
        try:
            with transaction.atomic():
                person = User.objects.create_user(
                    email.strip(), first_name=name, role=role, password=None, **_admin_flags(role)
                )
        except IntegrityError as error:  # another request added the same address at the same time
            raise ValidationError({"email": _("A person with this e-mail address already exists.")}) from error
        audit.record(actor=actor, action="person.added", target=person, details={"role": str(role)})
    return person


def change_person(*, actor: User | None, person: User, name: str, role: str) -> User:
    """Change name and role. Raises ValidationError by field, also for one's own role and the last administrator's."""
    name = _clean_name(name)
    with transaction.atomic():
        person, others = lock_with_administrators(person)
        changed = [field for field, value in (("name", name), ("role", role)) if _current_value(person, field) != value]
        details: dict[str, Any] = {"fields": changed}
        if "role" in changed:
            if actor and actor.pk == person.pk:
                raise ValidationError({"role": _("You cannot change your own role. Ask another administrator.")})
            require_another_administrator(person, others, field="role")
            details["role"] = {"old": person.role, "new": str(role)}
        person.first_name, person.last_name, person.role = name, "", role
        person.is_staff = person.is_superuser = _admin_flags(role)["is_staff"]
        person.full_clean(exclude=["password"])
        if changed:
            person._records_rights = True  # type: ignore[attr-defined]  # for receivers.end_changed_access
            person.save(update_fields=["first_name", "last_name", "role", "is_staff", "is_superuser"])
            audit.record(actor=actor, action="person.changed", target=person, details=details)
        if "role" in changed:
            notify(person=person, kind=Kind.ROLE, actor=actor, about=person.get_role_display())
    return person


def deactivate_person(*, actor: User | None, person: User) -> int:
    """Deactivate an account and return how many phones that signed out. Raises ValidationError."""
    with transaction.atomic():
        person, others = lock_with_administrators(person)
        if actor and actor.pk == person.pk:
            raise ValidationError(_("You cannot deactivate your own account. Ask another administrator."))
        require_another_administrator(person, others)
        if not person.is_active:
            return 0
        User.objects.filter(pk=person.pk).update(is_active=False)
        ended = after_deactivation(actor=actor, person=person)
    return ended.phones


def reactivate_person(*, actor: User | None, person: User) -> None:
    """Reactivate an account. The person signs in again, in browsers and on phones, and needs new passes."""
    with transaction.atomic():
        if User.objects.filter(pk=person.pk, is_active=False).update(is_active=True):
            after_reactivation(actor=actor, person=person)


def sign_out_phone(*, person: User, pk: int) -> bool:
    """Sign out one phone of this person; return False if it is not theirs or already signed out."""
    with transaction.atomic():
        ended = end_session(person, pk)
        if ended is None:
            return False
        link = (
            ApplicationLink.objects.registered_here().filter(client_id=ended.client_id).select_related("site").first()
        )
        audit.record(actor=person, action="phone.signed_out", target=link.site if link else None)
    return True


def sign_out_all_phones(*, person: User, is_lost: bool = False) -> int:
    """Sign out all phones of this person on their request and return how many; ``is_lost`` records why."""
    with transaction.atomic():
        phones = end_all_sessions(person)
        if is_lost:  # recorded even if no phone was signed in
            audit.record(actor=person, action="phone.lost", target=person, details={"phones": phones})
        elif phones:
            audit.record(actor=person, action="phone.all_ended", target=person, details={"phones": phones})
    return phones


def sign_out_everywhere(*, actor: User, person: User, browsers: bool, phones: bool, tokens: bool = False) -> Ended:
    """Sign out all browsers or phones of this person, revoke their tokens, or all of it. Tell them if another person
    did it.
    """
    with transaction.atomic():
        ended = Ended(
            sessions=end_browsers(person) if browsers else 0,
            phones=end_all_sessions(person) if phones else 0,
            tokens=end_tokens_of(person) if tokens else 0,
        )
        details = {"sessions": ended.sessions, "phones": ended.phones, "tokens": ended.tokens}
        audit.record(actor=actor, action="person.signed_out_everywhere", target=person, details=details)
        if actor != person:
            about = _("browsers: %(sessions)d, phones: %(phones)d, tokens: %(tokens)d") % details
            notify(person=person, kind=Kind.SIGNED_OUT, actor=actor, about=about)
    return ended


def name_phone(*, person: User, pk: int, name: str) -> bool:
    """Rename one phone of this person; return False if it is not theirs or already signed out."""
    with transaction.atomic():
        if not name_device(person, pk, name):
            return False
        audit.record(actor=person, action="phone.named", target=person)
    return True


def revoke_phone(*, actor: User, owner: User, pk: int) -> bool:
    """Sign out a phone of another person; return False if it was already signed out."""
    with transaction.atomic():
        if not end_sessions([pk]):
            return False
        audit.record(actor=actor, action="phone.revoked", target=owner)
    return True


def revoke_phones(*, actor: User, pks: Sequence[int]) -> SignedOut:
    """Sign out the phones with these refresh tokens, many in a worker."""
    with transaction.atomic():
        ended = sign_out(pks)
        if ended.phones:
            audit.record(actor=actor, action="phone.many_revoked", details={"phones": ended.phones})
    return ended


def revoke_access_token(*, actor: User, owner: User, pk: int) -> bool:
    """Revoke an access token of another person and its sign-in; return False if it had already ended."""
    with transaction.atomic():
        if not end_access_token(pk):
            return False
        audit.record(actor=actor, action="phone.revoked", target=owner)
    return True


def _admin_flags(role: str) -> dict[str, bool]:
    """Return the flags that give administrators access to Django admin."""
    is_administrator = role == Role.ADMINISTRATOR
    return {"is_staff": is_administrator, "is_superuser": is_administrator}


def _current_value(person: User, field: str) -> str:
    return person.get_full_name() if field == "name" else person.role


def _clean_name(name: str) -> str:
    """Return the full name for ``first_name``: not every name has two parts. Raises ValidationError."""
    name = " ".join(name.split())
    try:
        no_nulls(name)
        User._meta.get_field("first_name").run_validators(name)
    except ValidationError as error:
        raise ValidationError({"name": error.messages}) from error
    return name


def lock_with_administrators(person: User) -> tuple[User, list[User]]:
    """Lock and return the person and all other active administrators, so that two cannot deactivate each other."""
    in_question = Q(pk=person.pk) | Q(role=Role.ADMINISTRATOR, is_active=True)
    rows = list(User.objects.select_for_update(no_key=True).filter(in_question).order_by("pk"))
    locked = next(row for row in rows if row.pk == person.pk)
    return locked, [row for row in rows if row.pk != person.pk]


def require_another_administrator(person: User, others: list[User], field: str | None = None) -> None:
    if person.is_administrator and person.is_active and not others:
        message = _("This is the last active administrator. Give another person the administrator role first.")
        raise ValidationError({field: message} if field else message)
