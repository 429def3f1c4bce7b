"""Adds people, and changes what they may do. Nobody locks themselves or everybody out."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from oauth_provider.tokens.devices import name_device
from oauth_provider.tokens.sessions import end_access_token, end_all_sessions, end_session, end_sessions
from portal.models import Role, SignInLink, User
from rollout.models import ApplicationLink
from rollout.models.text import no_nulls
from rollout.services import audit


def create_person(*, actor: User | None, email: str, name: str = "", role: str = Role.MEMBER) -> User:
    """Return a new person, who has no password yet: a sign-in link lets them in. Raises ValidationError by field."""
    name = _checked_name(name)
    with transaction.atomic():
        try:
            with transaction.atomic():
                person = User.objects.create_user(
                    email.strip(), first_name=name, role=role, password=None, **_powers(role)
                )
        except IntegrityError as error:  # somebody added the same address at the same moment
            raise ValidationError({"email": _("This e-mail address already has an account.")}) from error
        audit.record(actor=actor, action="person.added", target=person, details={"role": str(role)})
    return person


def change_person(*, actor: User | None, person: User, name: str, role: str) -> User:
    """Change name and role. Raises ValidationError by field, also for one's own role and the last administrator's."""
    name = _checked_name(name)
    with transaction.atomic():
        person, others = _locked(person)
        changed = [field for field, value in (("name", name), ("role", role)) if _now(person, field) != value]
        if "role" in changed:
            if actor and actor.pk == person.pk:
                raise ValidationError({"role": _("You cannot change your own role. Another administrator can.")})
            _keep_an_administrator(person, others, field="role")
        person.first_name, person.last_name, person.role = name, "", role
        person.is_staff = person.is_superuser = _powers(role)["is_staff"]
        person.full_clean(exclude=["password"])
        if changed:
            person.save(update_fields=["first_name", "last_name", "role", "is_staff", "is_superuser"])
            audit.record(actor=actor, action="person.changed", target=person, details={"fields": changed})
    return person


def deactivate_person(*, actor: User | None, person: User) -> int:
    """Let this person in no more and return how many phones that signed out. Raises ValidationError."""
    with transaction.atomic():
        person, others = _locked(person)
        if actor and actor.pk == person.pk:
            raise ValidationError(_("You cannot deactivate your own account. Another administrator can."))
        _keep_an_administrator(person, others)
        if not person.is_active:
            return 0
        person.is_active = False
        person.save(update_fields=["is_active"])
        SignInLink.objects.filter(user=person, used_at=None).delete()
        phones = end_all_sessions(person)
        audit.record(actor=actor, action="person.deactivated", target=person, details={"phones": phones})
    return phones


def reactivate_person(*, actor: User | None, person: User) -> None:
    """Let this person in again; their phones have to sign in anew."""
    with transaction.atomic():
        if User.objects.filter(pk=person.pk, is_active=False).update(is_active=True):
            audit.record(actor=actor, action="person.reactivated", target=person)


def sign_out_phone(*, person: User, pk: int) -> bool:
    """Sign one of this person's phones out; False when it is not theirs or was signed out already."""
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
    """Sign every phone of this person out, at their own wish, and return how many; ``is_lost`` says why."""
    with transaction.atomic():
        phones = end_all_sessions(person)
        if is_lost:  # worth knowing about even when no phone was signed in
            audit.record(actor=person, action="phone.lost", target=person, details={"phones": phones})
        elif phones:
            audit.record(actor=person, action="phone.all_ended", target=person, details={"phones": phones})
    return phones


def name_phone(*, person: User, pk: int, name: str) -> bool:
    """Name one of this person's phones; False when it is not theirs or was signed out."""
    with transaction.atomic():
        if not name_device(person, pk, name):
            return False
        audit.record(actor=person, action="phone.named", target=person)
    return True


def revoke_phone(*, actor: User, owner: User, pk: int) -> bool:
    """Sign out one phone of somebody; False when it was signed out already."""
    with transaction.atomic():
        if not end_sessions([pk]):
            return False
        audit.record(actor=actor, action="phone.revoked", target=owner)
    return True


def revoke_phones(*, actor: User, pks: Sequence[int]) -> int:
    """Sign out the phones of these sign-ins, all or none, and return how many were not signed out yet."""
    with transaction.atomic():
        ended = end_sessions(pks)
        if ended:
            audit.record(actor=actor, action="phone.many_revoked", details={"phones": ended})
    return ended


def revoke_access_token(*, actor: User, owner: User, pk: int) -> bool:
    """End one access token of somebody with its sign-in; False when it was over already."""
    with transaction.atomic():
        if not end_access_token(pk):
            return False
        audit.record(actor=actor, action="phone.revoked", target=owner)
    return True


def _powers(role: str) -> dict[str, bool]:
    """Django admin is for administrators."""
    is_administrator = role == Role.ADMINISTRATOR
    return {"is_staff": is_administrator, "is_superuser": is_administrator}


def _now(person: User, field: str) -> str:
    return person.get_full_name() if field == "name" else person.role


def _checked_name(name: str) -> str:
    """The name in one field: people's names do not always split in two. Raises ValidationError."""
    name = " ".join(name.split())
    try:
        no_nulls(name)
        User._meta.get_field("first_name").run_validators(name)
    except ValidationError as error:
        raise ValidationError({"name": error.messages}) from error
    return name


def _locked(person: User) -> tuple[User, list[User]]:
    """The person and all other active administrators, locked in one order: two of them cannot remove each other."""
    wanted = Q(pk=person.pk) | Q(role=Role.ADMINISTRATOR, is_active=True)
    rows = list(User.objects.select_for_update(no_key=True).filter(wanted).order_by("pk"))
    found = next(row for row in rows if row.pk == person.pk)
    return found, [row for row in rows if row.pk != person.pk]


def _keep_an_administrator(person: User, others: list[User], field: str | None = None) -> None:
    if person.is_administrator and person.is_active and not others:
        words = _("This is the last active administrator. Make another person an administrator first.")
        raise ValidationError({field: words} if field else words)
