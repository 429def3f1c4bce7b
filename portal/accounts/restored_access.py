"""Ends what a restored backup has brought back: access that was ended after the backup is in it as it was before."""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone

from oauth_provider.tokens.sessions import end_everyones_sessions
from portal.models import SignInLink, User
from rollout.services import audit
from rollout.services.passes import revoke_all_passes

from .api_tokens import revoke_all_tokens

KINDS = ("sessions", "sign_in_links", "passes", "phones", "tokens")


@transaction.atomic
def end_restored_access(kinds: set[str]) -> dict[str, int]:
    """End all access of these ``KINDS``, for everyone, and record it; return how many of each ended.

    Password reset links end with the browser sessions.
    """
    ended: dict[str, int] = {}
    if "sessions" in kinds:
        User.objects.update(access_ended_at=timezone.now())
        Session.objects.all().delete()
        ended["sessions"] = UserSession.objects.all().delete()[0]
    if "sign_in_links" in kinds:
        ended["sign_in_links"] = SignInLink.objects.filter(used_at=None).delete()[0]
    if "passes" in kinds:
        ended["passes"] = revoke_all_passes()
    if "phones" in kinds:
        ended["phones"] = end_everyones_sessions()
    if "tokens" in kinds:
        ended["tokens"] = revoke_all_tokens()
    audit.record(actor=None, action="activity.restored", details=ended)
    return ended
