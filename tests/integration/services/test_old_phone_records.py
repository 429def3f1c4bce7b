"""Passes and sign-ins are deleted after the time that the settings give."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from portal.accounts.sign_in_links import make_link
from portal.models import SignInLink, User
from portal.tasks import remove_old_sessions
from rollout.models import Enrollment, EnrollmentPass, SignIn, Site
from rollout.services.old_phone_records import remove_old_phone_records
from rollout.services.passes import issue_pass

NOW = timezone.now()


def days_ago(days: int) -> Any:
    return NOW - timedelta(days=days)


@pytest.fixture
def records(administrator: User, member: User, site: Site) -> None:
    """Passes that are valid, ended 5 days ago, and ended 40 days ago by expiry and by revocation; two sign-ins."""
    for label, ends, revoked in (("valid", -5, None), ("new", 5, None), ("expired", 40, None), ("revoked", -5, 40)):
        row, _token = issue_pass(
            actor=administrator, label=label, sites=[site], expires_at=NOW + timedelta(days=9), max_uses=None
        )
        changes = {"expires_at": days_ago(ends), "revoked_at": days_ago(revoked) if revoked else None}
        EnrollmentPass.objects.filter(pk=row.pk).update(**changes)
        Enrollment.objects.create(enrollment_pass=row, enrolled_at=NOW)
    for days in (5, 40):
        SignIn.objects.create(site=site, person=member, client_id="x", signed_in_at=days_ago(days))


def test_everything_is_kept_by_default(records: None) -> None:
    assert remove_old_phone_records() == 0
    assert (EnrollmentPass.objects.count(), SignIn.objects.count()) == (4, 2)


def test_old_records_are_deleted(records: None, settings: Any) -> None:
    settings.PASSES_KEPT_DAYS = settings.SIGN_INS_KEPT_DAYS = 30
    assert remove_old_phone_records() == 3
    assert set(EnrollmentPass.objects.values_list("label", flat=True)) == {"valid", "new"}
    assert Enrollment.objects.count() == 2
    assert SignIn.objects.get().signed_in_at == days_ago(5)


def test_sign_in_links_are_deleted_90_days_after_their_end(member: User, administrator: User) -> None:
    for days in (89, 91):
        make_link(user=member, purpose=SignInLink.Purpose.REHEARSAL, actor=administrator)
        SignInLink.objects.filter(expires_at__gt=NOW).update(expires_at=days_ago(days))
    remove_old_sessions()
    assert SignInLink.objects.get().expires_at == days_ago(89)
