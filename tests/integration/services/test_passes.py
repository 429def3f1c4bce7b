"""Passes: issued once, used as often as allowed, revoked in any state."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from rollout.models import AuditEvent, Enrollment, EnrollmentPass, PassState
from rollout.services.passes import find_pass, issue_pass, redeem_pass, renew_pass, revoke_pass

pytestmark = pytest.mark.django_db


def soon(days=1):
    return timezone.now() + timedelta(days=days)


@pytest.fixture
def issued(administrator, site):
    return issue_pass(actor=administrator, label="Field team", sites=[site], expires_at=soon(), max_uses=1)


def test_it_works(issued):
    row, token = issued

    assert find_pass(token) == find_pass(token.lower()) == row
    assert token not in str(EnrollmentPass.objects.values_list().get())
    assert len(token) == 26
    assert redeem_pass(enrollment_pass=row, user_agent="iPhone").enrollment_pass == row


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"label": ""}, "label"),
        ({"label": "x" * 121}, "label"),
        ({"label": "a\x00"}, "label"),
        ({"sites": []}, "sites"),
        ({"max_uses": 0}, "max_uses"),
        ({"max_uses": -1}, "max_uses"),
        ({"max_uses": 10**9}, "max_uses"),
        ({"expires_at": timezone.now() - timedelta(days=1)}, "expires_at"),
    ],
)
def test_invalid_values_are_rejected(administrator, site, fields, wrong):
    with pytest.raises(ValidationError) as rejected:
        issue_pass(**{"actor": administrator, "label": "A", "sites": [site], "expires_at": soon(), **fields})

    assert wrong in rejected.value.message_dict
    assert not EnrollmentPass.objects.exists()


def test_a_single_use_pass_is_used_once(issued):
    row, _ = issued
    assert redeem_pass(enrollment_pass=row, user_agent="")
    assert redeem_pass(enrollment_pass=row, user_agent="") is None

    row.refresh_from_db()
    assert row.state(timezone.now()) == PassState.USED_UP
    assert Enrollment.objects.count() == 1


def test_a_shared_pass_has_no_limit(administrator, site):
    row, _ = issue_pass(actor=administrator, label="All", sites=[site], expires_at=soon(), max_uses=None)
    assert all(redeem_pass(enrollment_pass=row, user_agent="") for _ in range(3))


def test_an_expired_pass_is_not_used(issued):
    row, _ = issued
    EnrollmentPass.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    row.refresh_from_db()

    assert redeem_pass(enrollment_pass=row, user_agent="") is None
    assert row.state(timezone.now()) == PassState.EXPIRED


@pytest.mark.parametrize("before", ["valid", "expired", "used_up"])
def test_it_is_revoked_in_any_state(administrator, issued, before):
    row, token = issued
    changes = {"expired": {"expires_at": timezone.now()}, "used_up": {"uses": 1}}.get(before, {"uses": 0})
    EnrollmentPass.objects.update(**changes)

    assert revoke_pass(actor=administrator, enrollment_pass=row)
    assert not revoke_pass(actor=administrator, enrollment_pass=row)

    assert find_pass(token).state(timezone.now()) == PassState.REVOKED
    assert redeem_pass(enrollment_pass=row, user_agent="") is None
    assert AuditEvent.objects.filter(action="pass.revoked").count() == 1


def test_renewing_replaces_the_old_link(administrator, issued):
    row, old = issued
    new = renew_pass(actor=administrator, enrollment_pass=row, expires_at=soon(3))

    assert find_pass(old) is None
    assert find_pass(new) == row

    revoke_pass(actor=administrator, enrollment_pass=row)
    with pytest.raises(ValidationError, match="revoked"):
        renew_pass(actor=administrator, enrollment_pass=row, expires_at=soon())


@pytest.mark.parametrize("state", PassState.values)
def test_the_states_of_the_list_are_those_of_the_row(administrator, site, state):
    now = timezone.now()
    for uses, expires, revoked in [
        (0, soon(), None),
        (1, soon(), None),
        (0, now, None),
        (0, soon(), now),
        (1, now, now),
    ]:
        row, _ = issue_pass(actor=administrator, label="A", sites=[site], expires_at=soon())
        EnrollmentPass.objects.filter(pk=row.pk).update(uses=uses, expires_at=expires, revoked_at=revoked)

    listed = set(EnrollmentPass.objects.in_state(state, now))
    assert listed == {row for row in EnrollmentPass.objects.all() if row.state(now) == state}
    assert listed


@pytest.mark.django_db(transaction=True)
def test_of_many_phones_at_once_one_wins(issued):
    row, _ = issued
    won = []

    def press():
        try:
            if redeem_pass(enrollment_pass=row, user_agent=""):
                won.append(1)
        finally:
            connection.close()

    phones = [threading.Thread(target=press) for _ in range(6)]
    for phone in phones:
        phone.start()
    for phone in phones:
        phone.join()

    assert len(won) == Enrollment.objects.count() == EnrollmentPass.objects.get().uses == 1
