"""The first administrator's account, which has no default password."""

from __future__ import annotations

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import transaction
from django.db.models import QuerySet

from portal.models import Role, User

from .people import create_person

ADDRESS = "admin@gatepass.local"


def administrators() -> QuerySet[User]:
    """Return active administrators, the oldest account first."""
    return User.objects.filter(role=Role.ADMINISTRATOR, is_active=True).order_by("pk")


def administrator_has_password() -> bool:
    """Return whether an administrator can sign in without a sign-in link."""
    return administrators().exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX).exists()


def first_administrator() -> User:
    """Return the oldest active administrator; if there is none, create one with an unusable password."""
    with transaction.atomic():
        user = administrators().first()
        if user is None:
            # An account that was deactivated or demoted on purpose stays that way: use another address.
            exists = User.objects.filter(email=ADDRESS).exists()
            address = f"admin-{User.objects.count()}@gatepass.local" if exists else ADDRESS
            user = create_person(actor=None, email=address, role=Role.ADMINISTRATOR)
    return user
