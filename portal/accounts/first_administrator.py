"""The account that lets the first person in, without a default password anywhere."""

from __future__ import annotations

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import transaction
from django.db.models import QuerySet

from portal.models import Role, User

from .people import create_person

ADDRESS = "admin@gatepass.local"


def administrators() -> QuerySet[User]:
    """Active administrators, the oldest first."""
    return User.objects.filter(role=Role.ADMINISTRATOR, is_active=True).order_by("pk")


def somebody_has_a_password() -> bool:
    """Whether an administrator can sign in without a link."""
    return administrators().exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX).exists()


def first_administrator() -> User:
    """Return the oldest active administrator, made when there is none: with an unusable password."""
    with transaction.atomic():
        user = administrators().first()
        if user is None:
            # Whoever deactivated or demoted the usual account meant it: another one opens the door then.
            taken = User.objects.filter(email=ADDRESS).exists()
            address = f"admin-{User.objects.count()}@gatepass.local" if taken else ADDRESS
            user = create_person(actor=None, email=address, role=Role.ADMINISTRATOR)
    return user
