"""Records what people saw with a real phone, and withdraws wrong records. Rows are never changed otherwise."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from rollout.actor import Actor
from rollout.compatibility.version import Version
from rollout.models import CheckRun, PhoneResult, Site

from . import audit
from .checks import check_runs

SENT_TWICE = timedelta(minutes=5)
_CONTENT = (
    "site_id", "setup", "outcome", "failed_step", "ios_version", "app_version", "client_certificate", "tried_on",
    "tried_by", "note", "base_url", "recorded_by_id",
)  # fmt: skip


def record_result(
    *,
    actor: Actor,
    site: Site,
    setup: str,
    outcome: str,
    failed_step: str = "",
    ios_version: str,
    app_version: str,
    client_certificate: str = PhoneResult.Certificate.UNKNOWN,
    tried_on: date,
    tried_by: str,
    note: str = "",
) -> PhoneResult:
    """Record one try and queue a check, which counts it as evidence. Raises ValidationError by field.

    ``failed_step`` is the first step that did not happen; it is required for a failure and dropped for a success. A
    form that is sent twice records one result.
    """
    now = timezone.now()
    result = PhoneResult(
        setup=setup,
        outcome=outcome,
        failed_step=failed_step if outcome == PhoneResult.Outcome.FAILED else "",
        ios_version=ios_version.strip(),
        app_version=app_version.strip(),
        client_certificate=client_certificate,
        tried_on=tried_on,
        tried_by=tried_by.strip(),
        note=note.strip(),
        recorded_by_id=actor.pk,
        recorded_at=now,
    )
    with transaction.atomic():
        result.site = Site.objects.select_for_update(no_key=True).get(pk=site.pk)
        result.base_url, result.server_version = result.site.base_url, result.site.server_version
        _validate(result)
        if same := _recorded_just_now(result):
            return same
        result.save()
        details = {"setup": setup, "outcome": outcome}
        audit.record(actor=actor, action="phone_result.recorded", target=result.site, details=details)
        _queue_check(actor, result.site)
    return result


def withdraw_result(*, actor: Actor, result: PhoneResult, reason: str) -> bool:
    """Withdraw a result, so that it no longer counts, and queue a check. Return False if it was withdrawn before.

    The row stays, with the reason. Raises ValidationError for an empty or too long ``reason``.
    """
    reason = reason.strip()
    if not reason:
        raise ValidationError({"reason": _("Enter the reason. It stays with the result.")})
    with transaction.atomic():
        site = Site.objects.select_for_update(no_key=True).get(pk=result.site_id)
        row = PhoneResult.objects.select_for_update(no_key=True).get(pk=result.pk)
        if row.withdrawn_at:
            return False
        row.withdrawn_at, row.withdrawn_by_id, row.withdrawal_reason = timezone.now(), actor.pk, reason
        try:
            row.clean_fields(exclude=[field.name for field in row._meta.fields if field.name != "withdrawal_reason"])
        except ValidationError as error:
            raise ValidationError({"reason": error.messages}) from None
        row.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawal_reason"])
        details = {"setup": row.setup, "outcome": row.outcome}
        audit.record(actor=actor, action="phone_result.withdrawn", target=site, details=details)
        _queue_check(actor, site)
    return True


def _recorded_just_now(result: PhoneResult) -> PhoneResult | None:
    """Return the same result if the same person recorded it a moment ago."""
    same = {name: getattr(result, name) for name in _CONTENT}
    recent = result.recorded_at - SENT_TWICE
    return PhoneResult.objects.filter(**same, recorded_at__gte=recent, withdrawn_at=None).first()


def _validate(result: PhoneResult) -> None:
    errors: dict[str, Any] = {}
    for name in ("ios_version", "app_version"):
        try:
            Version.parse(getattr(result, name))
        except ValueError:
            errors[name] = _("This is not a version number. Enter it as the phone shows it, for example 2.0.1.")
    if result.tried_on > timezone.localdate():
        errors["tried_on"] = _("This day is in the future. Enter the day of the try.")
    if result.outcome == PhoneResult.Outcome.FAILED and not result.failed_step:
        errors["failed_step"] = _("Choose the first step that failed.")
    try:
        result.full_clean(exclude=list(errors), validate_constraints=False)
    except ValidationError as error:
        errors = {**error.message_dict, **errors}
    if errors:
        raise ValidationError(errors)


def _queue_check(actor: Actor, site: Site) -> None:
    if site.archived_at is None:
        check_runs.request_check(site=site, actor=actor, trigger=CheckRun.Trigger.PHONE_RESULT)
