"""Deletion of expired codes, sign-ins and tokens, in small batches that are each a short transaction.

No response depends on these rows: ``redemption`` accepts only valid ones, and a replayed token of a deleted family gets
the same error as one of an unknown family.
"""

from __future__ import annotations

from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from oauth_provider.models import SignOut

from . import redemption

BATCH = 500
RETENTION = timedelta(days=1)  # keeps recent rows for investigations


def remove_expired() -> dict[str, int]:
    """Delete expired codes, ended and lapsed sign-ins and their access tokens; return the number of each."""
    now = timezone.now()
    SignOut.objects.filter(finished__lt=now - RETENTION).delete()
    refresh_tokens, access_tokens = redemption.RefreshToken.objects, redemption.AccessToken.objects
    # The order matters: an access token can be deleted only after its refresh token.
    return {
        "codes": remove(redemption.Grant.objects.filter(expires__lt=now - RETENTION)),
        "ended": remove(refresh_tokens.filter(revoked__lt=now - RETENTION)),
        "lapsed": remove(
            refresh_tokens.filter(revoked=None).exclude(pk__in=redemption.live(now - RETENTION).values("pk"))
        ),
        "access_tokens": remove(access_tokens.filter(refresh_token=None, expires__lt=now - RETENTION)),
    }


def remove(rows: QuerySet) -> int:
    """Delete the rows in batches and return how many: a statement has at most 65,535 parameters."""
    removed = 0
    while pks := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        rows.model._default_manager.filter(pk__in=pks).delete()
        removed += len(pks)
    return removed
