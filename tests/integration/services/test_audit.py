"""The audit log: append-only, chained, and verifiable."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from rollout.models import AuditEvent, AuditHead
from rollout.services.audit import record
from rollout.services.audit_verification import verify_chain

pytestmark = pytest.mark.django_db


@pytest.fixture
def chain(administrator, site):
    for name in ("one", "two", "three"):
        record(actor=administrator, action=f"test.{name}", target=site, details={"naïve": [1, None, "{x}"]})
    return list(AuditEvent.objects.order_by("number"))


@pytest.fixture
def without_triggers():
    """Turn off the triggers, as a database administrator could: verification must detect the changes."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ALTER TABLE rollout_auditevent DISABLE TRIGGER rollout_audit_append_only")
        else:
            cursor.execute("DROP TRIGGER rollout_audit_no_update")
            cursor.execute("DROP TRIGGER rollout_audit_no_delete")


def test_it_works(chain):
    report = verify_chain()

    assert report.intact
    assert report.events == 3
    assert [event.number for event in chain] == [1, 2, 3]
    assert chain[2].previous_hash == chain[1].hash


def test_an_empty_chain_is_intact():
    assert verify_chain().intact


def test_the_model_rejects_changes(chain):
    chain[0].action = "test.other"
    with pytest.raises(TypeError):
        chain[0].save()
    with pytest.raises(TypeError):
        chain[0].delete()


@pytest.mark.parametrize("change", ["UPDATE rollout_auditevent SET action = 'x'", "DELETE FROM rollout_auditevent"])
def test_the_database_rejects_changes(chain, change):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)

    assert verify_chain().intact


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE rollout_auditevent SET actor_label = 'another person' WHERE number = 2",
        "UPDATE rollout_auditevent SET hash = previous_hash WHERE number = 2",
        "DELETE FROM rollout_auditevent WHERE number = 2",
    ],
)
def test_changes_in_the_database_are_detected(chain, without_triggers, change):
    with connection.cursor() as cursor:
        cursor.execute(change)

    assert verify_chain().broken_at == 2


def test_removed_newest_events_are_detected(chain, without_triggers):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM rollout_auditevent WHERE number = 3")

    assert verify_chain().broken_at == 3


def test_a_changed_head_is_detected(chain):
    AuditHead.objects.update(number=2)

    assert not verify_chain().intact


def test_the_event_outlives_its_actor(chain, administrator):
    administrator.delete()

    assert verify_chain().intact
    assert AuditEvent.objects.first().actor_label == "administrator@example.com"


def test_the_command_reports_whether_the_log_is_intact(chain, without_triggers, capsys):
    call_command("verify_audit")
    assert "intact" in capsys.readouterr().out

    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM rollout_auditevent WHERE number = 1")
    with pytest.raises((CommandError, SystemExit)):
        call_command("verify_audit")
