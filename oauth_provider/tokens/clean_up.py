"""Deletes rows that no answer depends on any more, a small batch at a time: each is its own short transaction.

What ended or lapsed is refused by the living rows alone (``redemption``): a replayed token of a family that is gone is
answered like one of a family that never was.
"""

from __future__ import annotations

from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from . import redemption

BATCH = 500
KEPT = timedelta(days=1)  # what ended lately stays for whoever looks into what happened


def remove_expired() -> dict[str, int]:
    """Remove codes that were never redeemed, sign-ins that ended or lapsed, access tokens without one; say how many."""
    now = timezone.now()
    refresh_tokens, access_tokens = redemption.RefreshToken.objects, redemption.AccessToken.objects
    # The order matters: an access token is dead when the refresh token beside it is gone.
    return {
        "codes": _remove(redemption.Grant.objects.filter(expires__lt=now - KEPT)),
        "ended": _remove(refresh_tokens.filter(revoked__lt=now - KEPT)),
        "lapsed": _remove(refresh_tokens.filter(revoked=None).exclude(pk__in=redemption.live(now - KEPT).values("pk"))),
        "access_tokens": _remove(access_tokens.filter(refresh_token=None, expires__lt=now - KEPT)),
    }


def _remove(rows: QuerySet) -> int:
    removed = 0
    while pks := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        rows.model._default_manager.filter(pk__in=pks).delete()
        removed += len(pks)
    return removed
