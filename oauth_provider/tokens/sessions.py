"""Sign-ins of phones: list and end them.

A sign-in of the app is a family of refresh tokens (RFC 9700 section 4.14.2): one row, which each refresh updates.
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
from .clean_up import remove

BATCH = 1000


@dataclass(frozen=True)
class LiveSession:
    """A sign-in of the app. ``pk`` is the key for ``end_session``; ``refreshed_at`` is the time of the latest refresh.

    ``name`` is set by the person, ``user_agent`` sent by the app, ``address`` the latest IP address; each may be empty.
    """

    pk: int
    client_id: str
    signed_in_at: datetime
    refreshed_at: datetime
    name: str
    user_agent: str
    address: str | None


def live_refresh_tokens() -> QuerySet[Any]:
    """Return the refresh tokens of all signed-in phones, with ``user``, ``client_id`` and ``device`` (or None)."""
    rows = redemption.live(timezone.now()).filter(user__is_active=True)
    return rows.select_related("user", "device").annotate(client_id=F("application__client_id"))


def live_sessions(user: Any) -> list[LiveSession]:
    """Return the sign-ins of this person, most recently used first. One query."""
    own = redemption.live(timezone.now()).filter(user=user).annotate(client_id=F("application__client_id"))
    device_columns = [Coalesce(f"device__{name}", Value("")) for name in ("name", "user_agent")]
    columns = ("pk", "client_id", "created", "updated", *device_columns, "device__address")
    return [LiveSession(*row) for row in own.order_by("-updated", "-pk").values_list(*columns)]


@transaction.atomic
def end_session(user: Any, pk: int) -> LiveSession | None:
    """End one sign-in of this person and return it; None if it is not theirs or has already ended."""
    session = next((live for live in live_sessions(user) if live.pk == pk), None)
    ended = redemption.end_rows(redemption.RefreshToken.objects.filter(user=user, pk=pk, revoked=None))
    return session if ended else None


@transaction.atomic
def end_all_sessions(user: Any) -> int:
    """End all sign-ins of this person in the app, including unredeemed codes; return how many phones were signed out.

    Codes are deleted first: one that is redeemed meanwhile is then already among the refresh tokens.
    """
    redemption.Grant.objects.filter(user=user).delete()
    signed_in = set(redemption.live(timezone.now()).filter(user=user).values_list("pk", flat=True))
    redemption.end_rows(redemption.RefreshToken.objects.filter(user=user, revoked=None))
    redemption.AccessToken.objects.filter(user=user).delete()
    return len(signed_in)


def end_everyones_sessions() -> int:
    """End the sign-ins of all people in the app, including unredeemed codes; return how many phones were signed out."""
    redemption.Grant.objects.all().delete()
    ended = end_sessions(list(redemption.RefreshToken.objects.filter(revoked=None).values_list("pk", flat=True)))
    remove(redemption.AccessToken.objects.exclude(user=None))
    return ended


def end_sessions(pks: Sequence[int]) -> int:
    """End the sign-ins of these refresh tokens in batches and return how many had not ended yet."""
    ended = 0
    for start in range(0, len(pks), BATCH):
        batch = redemption.RefreshToken.objects.filter(pk__in=pks[start : start + BATCH], revoked=None)
        ended += redemption.end_rows(batch)
    return ended


@transaction.atomic
def end_access_token(pk: int) -> bool:
    """Delete an access token and end its sign-in, which could fetch a new one; return False if both had ended."""
    ended = redemption.end_rows(redemption.RefreshToken.objects.filter(access_token=pk))
    deleted, _by_model = redemption.AccessToken.objects.filter(pk=pk).delete()
    return bool(ended or deleted)


def delete_lapsed_devices() -> int:
    """Delete the devices of lapsed sign-ins in batches and return how many."""
    live = redemption.live(timezone.now()).filter(pk=OuterRef("pk"))
    deleted = 0
    while pks := list(Device.objects.filter(~Exists(live)).values_list("pk", flat=True)[:BATCH]):
        deleted += Device.objects.filter(pk__in=pks).delete()[0]
    return deleted
