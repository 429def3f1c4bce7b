"""The audit log: append-only, chained, and verifiable."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
import structlog
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from rollout.models import AuditEvent, AuditHead
from rollout.services import imports, waves
from rollout.services.audit import FIRST_HASH, gathered, hash_of, mark_seam, record, signature_of
from rollout.services.audit_anchors import write_due_checkpoint
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
        "UPDATE rollout_auditevent SET actor_digest = NULL WHERE number = 2",
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
    assert AuditEvent.objects.first().actor_name == "administrator@example.com"


def test_the_command_reports_whether_the_log_is_intact(chain, without_triggers, capsys):
    call_command("verify_audit")
    assert "intact" in capsys.readouterr().out

    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM rollout_auditevent WHERE number = 1")
    with pytest.raises((CommandError, SystemExit)):
        call_command("verify_audit")


# --- Signed events --------------------------------------------------------------------------------------------------
def unsigned_hash(event: AuditEvent) -> str:
    """Return the hash that a person without the key can compute."""
    event.key_id = None
    return hash_of(event)


def rewrite(**changes: object) -> None:
    """Change the second event and compute all later hashes again, as a database administrator can."""
    previous = AuditEvent.objects.get(number=1).hash
    for event in AuditEvent.objects.filter(number__gte=2).order_by("number"):
        fields = {"previous_hash": previous, **(changes if event.number == 2 else {})}
        for name, value in fields.items():
            setattr(event, name, value)
        fields["hash"] = previous = unsigned_hash(event)
        AuditEvent.objects.filter(pk=event.pk).update(**fields)
    AuditHead.objects.update(hash=previous)


def test_a_rewrite_with_recomputed_hashes_is_detected(chain, without_triggers):
    rewrite(actor_label="another person")

    assert verify_chain().broken_at == 2


def test_a_rewrite_that_removes_the_signatures_is_detected(chain, without_triggers):
    rewrite(actor_label="another person")
    AuditEvent.objects.update(key_id=None)
    for event in AuditEvent.objects.filter(number=1):
        AuditEvent.objects.filter(pk=event.pk).update(hash=unsigned_hash(event))

    assert not verify_chain().intact


def test_a_head_without_its_signature_is_detected(chain, without_triggers):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM rollout_auditevent WHERE number = 3")
    AuditHead.objects.update(number=2, hash=chain[1].hash)

    assert verify_chain().broken_at == 3


def test_a_log_of_before_events_were_signed_goes_on_behind_a_seam(administrator, site, without_triggers):
    previous = FIRST_HASH
    for number in (1, 2):
        event = AuditEvent(
            number=number, at=timezone.now(), actor_label="Gatepass", action="test.old", previous_hash=previous
        )
        previous = event.hash = hash_of(event)
        event.save()
    AuditHead.objects.create(pk=1, number=2, hash=previous)
    assert not verify_chain().intact  # until the seam is marked

    mark_seam()
    mark_seam()  # once only
    record(actor=administrator, action="test.new", target=site)

    assert verify_chain().intact
    assert [event.action for event in AuditEvent.objects.order_by("number")][2:] == ["activity.signed", "test.new"]
    AuditEvent.objects.filter(number=1).update(actor_label="another person")
    assert verify_chain().broken_at == 1


def test_keys_are_replaced(chain, settings, administrator, site):
    settings.AUDIT_KEYS = ["a new key " * 4, settings.SECRET_KEY]
    record(actor=administrator, action="test.four", target=site)
    assert verify_chain().intact

    settings.AUDIT_KEYS = ["a new key " * 4]
    report = verify_chain()
    assert (report.broken_at, bool(report.missing_key)) == (1, True)
    with pytest.raises(CommandError, match="Add the former key to AUDIT_KEYS"):
        call_command("verify_audit")


# --- Checkpoints outside the database ---------------------------------------------------------------------------------
def test_a_checkpoint_is_written_after_a_time_or_many_events(chain, administrator, site, settings, tmp_path):
    settings.AUDIT_CHECKPOINT_FILE = str(tmp_path / "checkpoints.jsonl")
    settings.AUDIT_CHECKPOINT_EVENTS = 2
    first = write_due_checkpoint()
    assert (first.number, first.hash) == (3, chain[2].hash)
    assert write_due_checkpoint() is None

    record(actor=administrator, action="test.four", target=site)
    assert write_due_checkpoint() is None
    record(actor=administrator, action="test.five", target=site)
    assert write_due_checkpoint().number == 5
    record(actor=administrator, action="test.six", target=site)
    AuditHead.objects.update(checkpoint_at=timezone.now() - timedelta(hours=2))
    assert write_due_checkpoint().number == 6
    record(actor=administrator, action="test.seven", target=site)
    AuditHead.objects.update(checkpoint_at=timezone.now() + timedelta(days=300))  # written by a clock that was wrong
    assert write_due_checkpoint().number == 7
    assert len((tmp_path / "checkpoints.jsonl").read_text().splitlines()) == 4
    assert verify_chain().intact


@pytest.fixture
def checkpoints(chain, settings, tmp_path):
    settings.AUDIT_CHECKPOINT_FILE = str(tmp_path / "checkpoints.jsonl")
    write_due_checkpoint()
    return settings.AUDIT_CHECKPOINT_FILE


def test_expected_events_are_there(chain, checkpoints, capsys):
    call_command("verify_audit", "--expect", checkpoints, "--expect", chain[0].hash)
    assert "contains all expected events: 2 checked" in capsys.readouterr().out


@pytest.mark.parametrize("how", ["truncated", "cut", "older backup"])
def test_a_log_without_its_newest_events_is_noticed(chain, checkpoints, without_triggers, how):
    head = AuditHead.objects.get()
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM rollout_auditevent WHERE number > {0 if how == 'truncated' else 2}")
    AuditHead.objects.all().delete()
    if how != "truncated":  # with its own signature, as the backup has it
        head.number, head.hash = 2, chain[1].hash
        head.signature = signature_of(head, chain[1].key_id)
        head.save()
    assert verify_chain().intact

    with pytest.raises(CommandError, match="Event 3 of the checkpoint of"):
        call_command("verify_audit", "--expect", checkpoints)
    with pytest.raises(CommandError, match="the log was cut, replaced or restored"):
        call_command("verify_audit", "--expect", chain[2].hash)


def test_a_forged_checkpoint_is_refused(chain, checkpoints, tmp_path):
    forged = tmp_path / "forged.jsonl"
    forged.write_text(Path(checkpoints).read_text().replace('"number": 3', '"number": 2'))
    with pytest.raises(CommandError, match="line 1: the signature of the checkpoint is wrong"):
        call_command("verify_audit", "--expect", str(forged))
    forged.write_text("no checkpoint\n")
    with pytest.raises(CommandError, match="contains no checkpoint"):
        call_command("verify_audit", "--expect", str(forged))
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        call_command("verify_audit", "--expect", str(tmp_path / "nowhere"))


def test_a_checkpoint_in_the_log_stream_is_one_too(chain, settings, tmp_path, caplog):
    with structlog.testing.capture_logs() as lines:
        write_due_checkpoint()
    [line] = [line for line in lines if line["event"] == "audit_checkpoint"]
    path = tmp_path / "log.jsonl"
    path.write_text('{"event": "other"}\n' + json.dumps(line) + "\nplain text\n")
    call_command("verify_audit", "--expect", str(path))


# --- Bulk changes -------------------------------------------------------------------------------------------------
def statements_with_locked_head(work) -> list[str]:
    """Return the statements that a bulk change runs from the moment it locks the head of the chain."""
    with CaptureQueriesContext(connection) as queries:
        work()
    sent = [row["sql"] for row in queries.captured_queries]
    start = next(number for number, sql in enumerate(sent) if "rollout_audithead" in sql)
    return [sql for sql in sent[start:] if "SAVEPOINT" not in sql]


def test_a_sign_in_waits_for_no_bulk_issue_of_passes(administrator, site):
    """The head is locked for its own statements only, however many passes are issued before."""
    wave = waves.create_wave(actor=administrator, title="Spring", sites=[site])
    until = timezone.now() + timedelta(days=7)

    def issue(count: int) -> list[str]:
        labels = [f"Person {count}-{number}" for number in range(count)]
        return statements_with_locked_head(
            lambda: waves.issue_wave_passes(actor=administrator, wave=wave, labels=labels, expires_at=until)
        )

    few, many = issue(2), issue(40)
    assert len(many) == len(few) <= 4
    assert not any("rollout_enrollmentpass" in sql for sql in many)
    assert AuditEvent.objects.filter(action="pass.issued").count() == 42
    assert verify_chain().intact


def test_a_sign_in_waits_for_no_import(administrator, make_site):
    rows = [make_site(title=f"Site {number}", base_url=f"https://w{number}.example.com") for number in range(12)]
    lines = "".join(f"{site.base_url},Renamed {site.pk}\n" for site in rows)
    sent = statements_with_locked_head(
        lambda: imports.import_sites(
            actor=administrator, data=f"base_url,title\n{lines}https://new.example.com,New\n".encode(), dry_run=False
        )
    )
    assert not any('UPDATE "rollout_site"' in sql or 'INSERT INTO "rollout_checkrun"' in sql for sql in sent)
    assert AuditEvent.objects.filter(action="site.changed").count() == 12
    assert [event.action for event in AuditEvent.objects.order_by("-number")[:1]] == ["sites.imported"]
    assert verify_chain().intact


def test_a_bulk_change_that_fails_records_nothing(administrator, site):
    def change() -> None:
        with gathered():
            record(actor=administrator, action="test.one", target=site)
            raise ValueError("the second fails")

    before = AuditEvent.objects.count()
    with pytest.raises(ValueError, match="the second fails"):
        change()
    record(actor=administrator, action="test.after", target=site)
    assert AuditEvent.objects.count() == before + 1
    assert verify_chain().intact
