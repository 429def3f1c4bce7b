"""Single-use links that sign one person in: for the first administrator, for new people, and for the rehearsal."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from portal.models import SignInLink, User
from rollout.enrollment.token import digest, mint
from rollout.services import audit

REHEARSING = "rehearsing"  # in the session of the virtual phone's browser: it may authorize an app and nothing else
LIFETIMES = {
    SignInLink.Purpose.WELCOME: timedelta(days=3),
    SignInLink.Purpose.REHEARSAL: timedelta(minutes=2),
}


def make_link(*, user: User, purpose: SignInLink.Purpose, actor: User | None) -> str:
    """Return an absolute URL that signs ``user`` in once. Earlier unused welcome links of that person end."""
    token, now = mint(), timezone.now()
    with transaction.atomic():
        if purpose == SignInLink.Purpose.WELCOME:
            User.objects.select_for_update(no_key=True).get(pk=user.pk)  # of two links made at once, one stays
            user.sign_in_links.filter(purpose=purpose, used_at=None).delete()
        link = SignInLink.objects.create(
            digest=digest(token), user=user, purpose=purpose, created_at=now, expires_at=now + LIFETIMES[purpose]
        )
        audit.record(actor=actor, action=f"sign_in_link.{purpose}_made", target=link, label=str(user))
    return settings.PUBLIC_URL + reverse("welcome", args=[token])


def make_rehearsal_link(*, user_id: int) -> str:
    """Return a two-minute link for the virtual phone's browser (``rollout.ports.BrowserSignIn``)."""
    user = User.objects.get(pk=user_id, is_active=True)
    return make_link(user=user, purpose=SignInLink.Purpose.REHEARSAL, actor=user)


def find(token: str) -> SignInLink | None:
    """Return the link this token opens, or None when it is unknown, used, expired or its person deactivated."""
    return (
        SignInLink.objects.select_related("user")
        .filter(digest=digest(token), used_at=None, expires_at__gt=timezone.now(), user__is_active=True)
        .first()
    )


def use(token: str) -> User | None:
    """Use the link up and return its person; None when somebody was faster or it is no longer good."""
    link = find(token)
    if link is None:
        return None
    taken = SignInLink.objects.filter(pk=link.pk, used_at=None).update(used_at=timezone.now())
    return link.user if taken else None
