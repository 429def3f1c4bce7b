"""The phones one person is signed in on, and signing them out again.

A sign-in of the app is a family of refresh tokens (RFC 9700 §4.14.2): each refresh replaces the last member, so exactly
one of a live family is not revoked. That member stands for the phone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import DateTimeField, F, Min, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from oauth2_provider.models import get_access_token_model, get_refresh_token_model, refresh_token_expire_timedelta


@dataclass(frozen=True)
class LiveSession:
    """``pk`` names it to ``end_session``; ``refreshed_at`` is when the app last fetched a new access token."""

    pk: int
    client_id: str
    signed_in_at: datetime
    refreshed_at: datetime


def live_sessions(user: Any) -> list[LiveSession]:
    """Return the phones this person is signed in on, the one used last first; one query."""
    family = get_refresh_token_model().objects.filter(token_family=OuterRef("token_family")).order_by()
    first = family.values("token_family").annotate(first=Min("created")).values("first")
    rows = (
        _live(user)
        .annotate(
            client_id=F("application__client_id"),
            signed_in_at=Coalesce(Subquery(first), F("created"), output_field=DateTimeField()),
        )
        .order_by("-created", "-pk")
        .values_list("pk", "client_id", "signed_in_at", "created")
    )
    return [LiveSession(*row) for row in rows]


def end_session(user: Any, pk: int) -> LiveSession | None:
    """Revoke one sign-in of this person with its access tokens; None when it is not theirs or already over.

    ``pk`` may be a member that a refresh has replaced since the page was read: its family is what ends.
    """
    model = get_refresh_token_model()
    named = model.objects.filter(user=user, pk=pk).first()
    if named is None:
        return None
    with transaction.atomic():
        family = {"token_family": named.token_family} if named.token_family else {"pk": pk}
        live = set(_live(user).filter(**family).values_list("pk", flat=True))
        found = next((session for session in live_sessions(user) if session.pk in live), None)
        _end(model.objects.filter(user=user, revoked=None, **family))
    return found


def end_all_sessions(user: Any) -> int:
    """Revoke every token of this person in the app and return how many phones that signs out."""
    with transaction.atomic():
        ended = _live(user).count()
        _end(get_refresh_token_model().objects.filter(user=user, revoked=None))
        get_access_token_model().objects.filter(user=user).delete()
    return ended


def _live(user: Any) -> QuerySet[Any]:
    """Refresh tokens that the token endpoint still takes."""
    rows = get_refresh_token_model().objects.filter(user=user, revoked=None, access_token__isnull=False)
    lifetime = refresh_token_expire_timedelta()
    return rows.filter(access_token__expires__gt=timezone.now() - lifetime) if lifetime else rows


def _end(tokens: QuerySet[Any]) -> None:
    model = get_refresh_token_model()
    with transaction.atomic():
        for token in tokens.select_for_update(no_key=True):
            if token.token_family:
                model.revoke_family(token.token_family)
            token.revoke()  # does nothing when its family just was
