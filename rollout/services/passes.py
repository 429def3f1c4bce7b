"""Issue, renew, revoke and redeem enrollment passes.

Redeeming is one conditional update, so that only one of two simultaneous phones can use a single-use pass.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from hmac import compare_digest

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from rollout.actor import Actor, key_of
from rollout.enrollment.token import digest, mint
from rollout.models import Enrollment, EnrollmentPass, Site, Wave

from . import audit


def pass_url(token: str) -> str:
    """Return the link of a pass, which opens its landing page."""
    return f"{settings.PUBLIC_URL}/e/{token}"


def issue_pass(
    *,
    actor: Actor | None,
    label: str,
    sites: Iterable[Site],
    expires_at: datetime,
    max_uses: int | None = 1,
    person: Actor | None = None,
    wave: Wave | None = None,
) -> tuple[EnrollmentPass, str]:
    """Issue a pass and return it with its token, of which only the hash is stored.

    ``max_uses`` None means no limit. Raises ValidationError by field.
    """
    sites, now, token = list(sites), timezone.now(), mint()
    _check(sites, expires_at, max_uses, person, now)
    row = EnrollmentPass(
        token_digest=digest(token),
        label=label.strip(),
        person_id=key_of(person),
        wave=wave,
        expires_at=expires_at,
        max_uses=max_uses,
        created_by_id=key_of(actor),
        created_at=now,
    )
    row.full_clean(exclude=["created_by"], validate_constraints=False)
    with transaction.atomic():
        row.save()
        row.sites.set(sites)
        audit.record(actor=actor, action="pass.issued", target=row, details={"sites": [site.pk for site in sites]})
    return row, token


def _check(sites: list[Site], expires_at: datetime, max_uses: int | None, person: Actor | None, now: datetime) -> None:
    errors = {}
    if person is not None and not person.is_active:
        errors["person"] = _("This account is deactivated. Choose another person.")
    if not sites:
        errors["sites"] = _("Select at least one site.")
    elif any(site.archived_at for site in sites):
        errors["sites"] = _("A pass cannot contain an archived site. Restore the site first.")
    if expires_at <= now:
        errors["expires_at"] = _("The expiry is in the past. Choose a time in the future.")
    if max_uses is not None and not 1 <= max_uses <= 1_000_000:
        errors["max_uses"] = _("Enter a number from 1 to 1,000,000, or leave it empty for no limit.")
    if errors:
        raise ValidationError(errors)


def renew_pass(*, actor: Actor, enrollment_pass: EnrollmentPass, expires_at: datetime) -> str:
    """Create a new token and return it; the old link and QR code stop working. Raises ValidationError if revoked."""
    if expires_at <= timezone.now():
        raise ValidationError({"expires_at": _("The expiry is in the past. Choose a time in the future.")})
    token = mint()
    with transaction.atomic():
        active = EnrollmentPass.objects.not_revoked().filter(pk=enrollment_pass.pk)
        if not active.update(token_digest=digest(token), expires_at=expires_at):
            raise ValidationError(_("This pass was revoked. Issue a new one."))
        audit.record(actor=actor, action="pass.renewed", target=enrollment_pass)
    return token


def revoke_pass(*, actor: Actor, enrollment_pass: EnrollmentPass) -> bool:
    """Revoke a pass in any state. Returns False if it was revoked before."""
    with transaction.atomic():
        revoked = EnrollmentPass.objects.filter(pk=enrollment_pass.pk, revoked_at=None).update(
            revoked_at=timezone.now()
        )
        if revoked:
            audit.record(actor=actor, action="pass.revoked", target=enrollment_pass)
    return bool(revoked)


def revoke_passes_of(*, actor: Actor | None, person: Actor) -> int:
    """Revoke every pass for this person, in any state, and return how many were not revoked before."""
    with transaction.atomic():
        rows = list(
            EnrollmentPass.objects.select_for_update(no_key=True)
            .filter(person=person.pk, revoked_at=None)
            .order_by("pk")
        )
        if rows:
            EnrollmentPass.objects.filter(pk__in=[row.pk for row in rows]).update(revoked_at=timezone.now())
            audit.record_many(actor=actor, action="pass.revoked", targets=[(row, {}) for row in rows])
    return len(rows)


def revoke_all_passes() -> int:
    """Revoke all passes and return how many. The caller records why."""
    return EnrollmentPass.objects.filter(revoked_at=None).update(revoked_at=timezone.now())


def record_qr(*, actor: Actor, enrollment_pass: EnrollmentPass, token: str, kind: str) -> str:
    """Record the download of the QR code as a file of this kind, and return the link that it contains.

    Raises ValidationError unless the token belongs to the pass.
    """
    if not compare_digest(digest(token), enrollment_pass.token_digest):
        raise ValidationError(_("This link no longer belongs to the pass. Create a new link."))
    audit.record(actor=actor, action="pass.qr_taken", target=enrollment_pass, details={"kind": kind})
    return pass_url(token.upper())


def find_pass(token: str) -> EnrollmentPass | None:
    """Return the pass with this token, in any state, or None."""
    return EnrollmentPass.objects.select_related("person").filter(token_digest=digest(token)).first()


def redeem_pass(*, enrollment_pass: EnrollmentPass, user_agent: str) -> Enrollment | None:
    """Use the pass once. Returns None if it is revoked, expired or used up."""
    now = timezone.now()
    with transaction.atomic():
        if not EnrollmentPass.objects.usable(now).filter(pk=enrollment_pass.pk).update(uses=F("uses") + 1):
            return None
        enrollment = Enrollment.objects.create(
            enrollment_pass=enrollment_pass, enrolled_at=now, user_agent=user_agent.replace("\x00", "")[:200]
        )
        audit.record(actor=enrollment_pass.person, action="pass.used", target=enrollment_pass)
    return enrollment
