"""The phones one person is signed in on, and signing them out again.

A sign-in of the app is a family of refresh tokens (RFC 9700 §4.14.2): one row, whose token each refresh replaces.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from oauth_provider.models import Device

from . import redemption

BATCH = 1000


@dataclass(frozen=True)
class LiveSession:
    """``pk`` names it to ``end_session``; ``refreshed_at`` is when the app last fetched a new access token.

    ``name`` is its person's, ``user_agent`` the app's claim, ``address`` where it came from last; each may be unknown.
    """

    pk: int
    client_id: str
    signed_in_at: datetime
    refreshed_at: datetime
    name: str
    user_agent: str
    address: str | None


def live_refresh_tokens() -> QuerySet[Any]:
    """The refresh tokens of all phones that are signed in, with ``user``, ``client_id`` and ``device`` (or None)."""
    rows = redemption.live(timezone.now()).filter(user__is_active=True)
    return rows.select_related("user", "device").annotate(client_id=F("application__client_id"))


def live_sessions(user: Any) -> list[LiveSession]:
    """Return the phones this person is signed in on, the one used last first; one query."""
    mine = redemption.live(timezone.now()).filter(user=user).annotate(client_id=F("application__client_id"))
    known = [Coalesce(f"device__{name}", Value("")) for name in ("name", "user_agent")]
    columns = ("pk", "client_id", "created", "updated", *known, "device__address")
    return [LiveSession(*row) for row in mine.order_by("-updated", "-pk").values_list(*columns)]


@transaction.atomic
def end_session(user: Any, pk: int) -> LiveSession | None:
    """End one sign-in of this person with its tokens; None when it is not theirs or already over."""
    found = next((session for session in live_sessions(user) if session.pk == pk), None)
    ended = redemption.end_rows(redemption.RefreshToken.objects.filter(user=user, pk=pk, revoked=None))
    return found if ended else None


@transaction.atomic
def end_all_sessions(user: Any) -> int:
    """End every sign-in of this person in the app, also one that is half done; return how many phones that signs out.

    Codes go first: one that is redeemed meanwhile has become a refresh token by the time these are read.
    """
    redemption.Grant.objects.filter(user=user).delete()
    live_refresh_tokens = set(redemption.live(timezone.now()).filter(user=user).values_list("pk", flat=True))
    redemption.end_rows(redemption.RefreshToken.objects.filter(user=user, revoked=None))
    redemption.AccessToken.objects.filter(user=user).delete()
    return len(live_refresh_tokens)


def end_sessions(pks: Sequence[int]) -> int:
    """End the sign-ins of these refresh tokens, a batch at a time, and return how many were not over yet."""
    ended = 0
    for start in range(0, len(pks), BATCH):
        batch = redemption.RefreshToken.objects.filter(pk__in=pks[start : start + BATCH], revoked=None)
        ended += redemption.end_rows(batch)
    return ended


@transaction.atomic
def end_access_token(pk: int) -> bool:
    """End one access token, and first the sign-in that would fetch the next; False when it was over already."""
    ended = redemption.end_rows(redemption.RefreshToken.objects.filter(access_token=pk))
    deleted, _by_model = redemption.AccessToken.objects.filter(pk=pk).delete()
    return bool(ended or deleted)


def delete_lapsed_devices() -> int:
    """Delete what is kept of phones whose sign-in lapsed, a batch at a time, and return how many phones."""
    live = redemption.live(timezone.now()).filter(pk=OuterRef("pk"))
    forgotten = 0
    while pks := list(Device.objects.filter(~Exists(live)).values_list("pk", flat=True)[:BATCH]):
        forgotten += Device.objects.filter(pk__in=pks).delete()[0]
    return forgotten
