"""Reset of a person's second factors, for people who have lost them all."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.db import transaction

from portal.models import User
from rollout.services import audit

from .account_notices import Kind, notify


@transaction.atomic
def reset_factors(*, user: User, actor: User | None) -> int:
    """Delete every passkey, authenticator app and recovery code of this person; return their number."""
    removed, _by_model = Authenticator.objects.filter(user_id=user.pk).delete()
    if removed:
        audit.record(actor=actor, action="person.factors_reset", target=user, details={"factors": removed})
        notify(person=user, kind=Kind.FACTOR_REMOVED, actor=actor)
    return removed
