"""Personal data of audit events: outside the chain, erasable, and verified."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from rollout.client_address import request_from
from rollout.models import AuditEvent, AuditPersonalData
from rollout.services import audit_erasure
from rollout.services.audit import gathered, record, record_many
from rollout.services.audit_erasure import count_person, erase_old_data, erase_person
from rollout.services.audit_verification import verify_chain
from rollout.services.passes import issue_pass

pytestmark = pytest.mark.django_db

TABLE = "rollout_auditpersonaldata"
ERASED = "actor_label = '', address = '', actor_salt = ''"


@pytest.fixture
def chain(administrator, alice, site):
    """Three events: the administrator changed Alice; Alice changed a site; a sign-in as Alice failed."""
    with request_from("192.0.2.7"):
        record(actor=administrator, action="person.changed", target=alice)
    with request_from("192.0.2.8"):
        record(actor=alice, action="site.changed", target=site)
        record(actor=None, action="person.sign_in_failed", target=alice)
    return list(AuditEvent.objects.order_by("number"))


@pytest.fixture
def without_triggers():
    """Turn off the triggers, as a database administrator could."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"ALTER TABLE {TABLE} DISABLE TRIGGER rollout_audit_personal_data_guard")
        else:
            cursor.execute("DROP TRIGGER rollout_audit_personal_data_no_update")
            cursor.execute("DROP TRIGGER rollout_audit_personal_data_no_delete")


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def move_clock(monkeypatch: pytest.MonkeyPatch, *, days: int) -> None:
    later = timezone.now() + timedelta(days=days)
    monkeypatch.setattr(timezone, "now", lambda: later)


def shown() -> list[tuple[str | None, str | None, str]]:
    events = AuditEvent.objects.with_names().order_by("number")
    return [(event.actor_name, event.target_name, event.address) for event in events]


def test_names_and_addresses_are_only_beside_the_event(chain, administrator, alice, site):
    in_the_chain = str(list(AuditEvent.objects.values()))
    for text in (administrator.email, alice.email, "192.0.2."):
        assert text not in in_the_chain

    assert shown() == [
        (str(administrator), str(alice), "192.0.2.7"),
        (str(alice), site.title, "192.0.2.8"),
        ("Gatepass", str(alice), "192.0.2.8"),
    ]
    assert verify_chain().intact


def test_an_event_that_names_no_person_has_no_personal_data(site):
    record(actor=None, action="site.changed", target=site)

    assert not AuditPersonalData.objects.exists()
    assert verify_chain().intact


def test_every_event_has_its_own_salts(administrator):
    for _number in range(2):
        record(actor=administrator, action="person.signed_in", target=administrator)

    salts = AuditPersonalData.objects.values_list("actor_salt", "target_salt")
    assert len({salt for row in salts for salt in row}) == 4
    assert {len(salt) for row in salts for salt in row} == {32}
    assert AuditEvent.objects.values("actor_digest").distinct().count() == 2


def test_the_statements_of_an_event_stay_two(administrator):
    record(actor=administrator, action="person.signed_in", target=administrator)
    with (
        transaction.atomic(),
        CaptureQueriesContext(
            connection,
        ) as queries,
    ):
        record(actor=administrator, action="person.signed_in", target=administrator)

    assert len(queries) == (2 if connection.vendor == "postgresql" else 4)


def test_the_statements_of_many_events_do_not_grow(administrator, alice):
    def statements(count: int) -> int:
        with CaptureQueriesContext(connection) as queries:
            record_many(actor=administrator, action="person.changed", targets=[(alice, {})] * count)
            with gathered():
                for _number in range(count):
                    record(actor=administrator, action="person.changed", target=alice)
        return len(queries)

    statements(1)  # the first event creates the head of the chain
    assert statements(2) == statements(40)
    assert verify_chain().intact


def test_erasing_a_person_keeps_the_chain_valid(chain, administrator, alice):
    before = list(AuditEvent.objects.values())

    assert count_person(person=alice.pk, passes=[]) == 4
    assert erase_person(actor=administrator, person=alice.pk, passes=[]) == 4

    assert list(AuditEvent.objects.filter(number__lte=3).order_by("-number").values()) == before
    assert shown()[:3] == [
        (str(administrator), None, "192.0.2.7"),
        (None, "Engineering wiki", ""),
        ("Gatepass", None, ""),
    ]
    everything = str(list(AuditEvent.objects.values()) + list(AuditPersonalData.objects.values()))
    assert alice.email not in everything
    assert "192.0.2.8" not in everything
    erasure = AuditEvent.objects.get(action="person.erased")
    assert (erasure.details["person"], erasure.details["halves"]) == (alice.pk, 4)
    assert verify_chain().intact
    assert count_person(person=alice.pk, passes=[]) == 0


def test_the_salt_is_erased_too(chain, alice):
    erase_person(actor=None, person=alice.pk, passes=[])

    row = AuditPersonalData.objects.get(pk=2)
    assert (row.actor_label, row.address, row.actor_salt) == ("", "", "")


def test_a_pass_is_erased_with_its_person(alice, administrator, site):
    expires_at = timezone.now() + timedelta(days=1)
    row, _token = issue_pass(
        actor=administrator, label="Alice's phone", sites=[site], expires_at=expires_at, max_uses=1, person=alice
    )

    erase_person(actor=None, person=alice.pk, passes=[row.pk])

    assert shown()[0] == (str(administrator), None, "")


@pytest.mark.parametrize(
    "change",
    [
        "SET actor_label = 'another person' WHERE event_id = 2",
        "SET address = '192.0.2.99' WHERE event_id = 2",
        "SET actor_salt = target_salt WHERE event_id = 1",
        "SET actor_label = '', address = '', actor_salt = '' WHERE event_id = 2",
        "SET event_id = 20 WHERE event_id = 2",
        "SET actor_erased_by = 4 WHERE event_id = 2",
        f"SET {ERASED}, actor_erased_by = 4, target_label = 'x' WHERE event_id = 1",
    ],
)  # fmt: skip
def test_the_database_refuses_every_change_but_an_erasure(chain, change):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        execute(f"UPDATE {TABLE} {change}")

    assert verify_chain().intact


def test_the_database_refuses_to_delete_and_to_restore(chain, alice):
    erase_person(actor=None, person=alice.pk, passes=[])
    for change in (
        f"DELETE FROM {TABLE}",
        f"UPDATE {TABLE} SET actor_label = 'x', actor_erased_by = NULL WHERE event_id = 2",
        f"UPDATE {TABLE} SET actor_erased_by = 9 WHERE event_id = 2",
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            execute(change)


def test_the_model_rejects_changes(chain):
    row = AuditPersonalData.objects.get(pk=2)
    for change in (row.save, row.delete):
        with pytest.raises(TypeError):
            change()


SWAP = f"""
    UPDATE {TABLE} SET (actor_label, address, actor_salt) =
    (SELECT other.actor_label, other.address, other.actor_salt FROM {TABLE} AS other WHERE other.event_id = 1)
    WHERE event_id = 2
"""


@pytest.mark.parametrize(
    ("change", "broken_at"),
    [
        (f"UPDATE {TABLE} SET actor_label = 'another person' WHERE event_id = 2", 2),
        (f"UPDATE {TABLE} SET address = '192.0.2.99' WHERE event_id = 2", 2),
        (f"UPDATE {TABLE} SET target_label = 'another person' WHERE event_id = 2", 2),  # a half that it never had
        (SWAP, 2),
        (f"DELETE FROM {TABLE} WHERE event_id = 2", 2),
        (f"UPDATE {TABLE} SET {ERASED} WHERE event_id = 2", 2),
        (f"UPDATE {TABLE} SET {ERASED}, actor_erased_by = 3 WHERE event_id = 2", 2),  # of an event that erased nothing
        (f"UPDATE {TABLE} SET {ERASED}, actor_erased_by = 99 WHERE event_id = 2", 2),
        (f"UPDATE {TABLE} SET actor_erased_by = 3 WHERE event_id = 2", 2),  # marked, but still there
    ],
)  # fmt: skip
def test_changes_in_the_database_are_detected(chain, without_triggers, change, broken_at):
    execute(change)

    assert verify_chain().broken_at == broken_at


@pytest.mark.parametrize(
    "change",
    [
        f"UPDATE {TABLE} SET {ERASED}, actor_erased_by = 4 WHERE event_id = 1",  # hidden behind a real erasure
        f"UPDATE {TABLE} SET actor_erased_by = 3 WHERE event_id = 2",
        f"DELETE FROM {TABLE} WHERE event_id = 2",
    ],
)
def test_an_erasure_hides_no_other_change(chain, without_triggers, alice, change):
    erase_person(actor=None, person=alice.pk, passes=[])
    execute(change)

    assert not verify_chain().intact


def test_old_personal_data_is_erased_after_its_time(chain, settings, monkeypatch):
    settings.AUDIT_PERSONAL_DATA_DAYS = 30
    assert erase_old_data() == 0

    move_clock(monkeypatch, days=31)
    monkeypatch.setattr(audit_erasure, "BATCH", 2)
    assert erase_old_data() == 5
    assert [names[:2] for names in shown()[:3]] == [(None, None), (None, "Engineering wiki"), ("Gatepass", None)]
    erasures = AuditEvent.objects.filter(action="activity.erased")
    assert sorted(event.details["halves"] for event in erasures) == [2, 3]
    assert verify_chain().intact
    assert erase_old_data() == 0


def test_personal_data_is_kept_by_default(chain, settings, monkeypatch):
    settings.AUDIT_PERSONAL_DATA_DAYS = 0
    move_clock(monkeypatch, days=9999)

    assert erase_old_data() == 0
    assert AuditPersonalData.objects.filter(actor_label="").count() == 1  # the failed sign-in


def test_an_event_of_before_stays_as_it_is(chain, administrator, alice):
    """As the previous version writes it: with the names in the event, which cannot be erased."""
    from rollout.services.audit import hash_of, lock_chain_head, signature_of

    head = lock_chain_head()
    event = AuditEvent(
        number=4, at=timezone.now(), actor=alice, actor_label=str(alice), action="person.signed_in", target_type="user",
        target_id=str(alice.pk), target_label=str(alice), previous_hash=head.hash, key_id=chain[0].key_id,
    )  # fmt: skip
    event.hash = head.hash = hash_of(event)
    event.save(force_insert=True)
    head.number, head.signature = 4, ""
    head.signature = signature_of(head, event.key_id)
    head.save()

    erase_person(actor=administrator, person=alice.pk, passes=[])

    assert shown()[3] == (str(alice), str(alice), "")
    assert verify_chain().intact


def test_an_erasure_is_refused_among_gathered_events(chain, alice):
    """Its number would not be known."""
    with pytest.raises(RuntimeError), gathered():
        erase_person(actor=None, person=alice.pk, passes=[])

    assert shown()[1][0] == str(alice)
    assert verify_chain().intact
