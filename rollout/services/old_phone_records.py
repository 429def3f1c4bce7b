"""Deletes passes and sign-ins of phones that are older than the settings keep them, in small batches."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from rollout.models import EnrollmentPass, SignIn

BATCH_SIZE = 500


def remove_old_phone_records() -> int:
    """Delete passes that ended PASSES_KEPT_DAYS ago, with their uses, and sign-ins older than SIGN_INS_KEPT_DAYS.

    0 keeps them. Returns how many passes and sign-ins were deleted.
    """
    removed, now = 0, timezone.now()
    if settings.PASSES_KEPT_DAYS:
        before = now - timedelta(days=settings.PASSES_KEPT_DAYS)
        removed += _remove(EnrollmentPass.objects.filter(Q(expires_at__lt=before) | Q(revoked_at__lt=before)))
    if settings.SIGN_INS_KEPT_DAYS:
        removed += _remove(SignIn.objects.filter(signed_in_at__lt=now - timedelta(days=settings.SIGN_INS_KEPT_DAYS)))
    return removed


def _remove(rows: QuerySet[EnrollmentPass] | QuerySet[SignIn]) -> int:
    removed = 0
    while ids := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH_SIZE]):
        rows.model._default_manager.filter(pk__in=ids).delete()
        removed += len(ids)
    return removed
