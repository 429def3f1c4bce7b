"""Single-use links that sign in one person: the first administrator, a new person, or the sign-in test."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from portal.models import SignInLink, User
from rollout.enrollment.token import digest, mint
from rollout.services import audit

from .account_notices import Kind, notify

REHEARSAL_SESSION_KEY = "rehearsing"  # set in the browser session of a sign-in test, which may only authorize an app
RETENTION = timedelta(days=90)
LIFETIMES = {
    SignInLink.Purpose.WELCOME: timedelta(days=3),
    SignInLink.Purpose.REHEARSAL: timedelta(minutes=2),
}


def make_link(*, user: User, purpose: SignInLink.Purpose, actor: User | None) -> str:
    """Create a link and return its absolute URL, which signs in ``user`` once. Deletes earlier unused welcome links."""
    token, now = mint(), timezone.now()
    with transaction.atomic():
        if purpose == SignInLink.Purpose.WELCOME:
            User.objects.select_for_update(no_key=True).get(pk=user.pk)  # of two concurrent requests, one link remains
            user.sign_in_links.filter(purpose=purpose, used_at=None).delete()
        SignInLink.objects.create(
            digest=digest(token), user=user, purpose=purpose, created_at=now, expires_at=now + LIFETIMES[purpose]
        )
        audit.record(actor=actor, action=f"sign_in_link.{purpose}_made", target=user)
        # A person who has never signed in gets the link itself, and has no page to see a notice on.
        if purpose == SignInLink.Purpose.WELCOME and user.last_login and actor != user:
            notify(person=user, kind=Kind.SIGN_IN_LINK, actor=actor)
    return settings.PUBLIC_URL + reverse("welcome", args=[token])


def make_rehearsal_link(*, user_id: int) -> str:
    """Create a two-minute link for the browser of a sign-in test (``rollout.ports.BrowserSignIn``)."""
    user = User.objects.get(pk=user_id, is_active=True)
    return make_link(user=user, purpose=SignInLink.Purpose.REHEARSAL, actor=user)


def find(token: str) -> SignInLink | None:
    """Return the link with this token; None if it is unknown, used or expired or its person is deactivated."""
    return (
        SignInLink.objects.select_related("user")
        .filter(digest=digest(token), used_at=None, expires_at__gt=timezone.now(), user__is_active=True)
        .first()
    )


def use(token: str) -> User | None:
    """Mark the link as used and return its person; None if it is no longer valid or was used meanwhile."""
    link = find(token)
    if link is None:
        return None
    updated = SignInLink.objects.filter(pk=link.pk, used_at=None).update(used_at=timezone.now())
    return link.user if updated else None


def delete_old_links() -> None:
    """Delete links that expired more than 90 days ago, used or not."""
    SignInLink.objects.filter(expires_at__lt=timezone.now() - RETENTION).delete()
