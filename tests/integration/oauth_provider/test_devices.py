"""The phone of a sign-in: its app, address and name, stored as long as the sign-in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import get_refresh_token_model

from oauth_provider.models import Device
from oauth_provider.tokens import devices, redemption, sessions
from portal.models import User
from tests.support.both_paths import BothPaths

APP = "Confluence%20Server/2.0.1 CFNetwork/1490.0.4 Darwin/23.2.0"


def used_by(phone: Any, user_agent: str, address: str = "192.0.2.7") -> Any:
    phone.wire = BothPaths(HTTP_USER_AGENT=user_agent, REMOTE_ADDR=address)
    return phone


def test_it_works(phone: Any, member: User) -> None:
    used_by(phone, APP).tokens()
    [session] = sessions.live_sessions(member)
    assert (session.user_agent, session.address, session.name) == (APP, "192.0.2.7", "")


def test_a_refresh_updates_version_and_address(phone: Any, member: User) -> None:
    token = used_by(phone, APP).tokens()["refresh_token"]
    assert used_by(phone, "Confluence/2.1", "2001:db8::7").refresh(token).status_code == 200
    [session] = sessions.live_sessions(member)
    assert (session.user_agent, session.address) == ("Confluence/2.1", "2001:db8::7")
    assert Device.objects.count() == 1


def test_a_refresh_adds_no_statement_and_writes_only_changes(phone: Any, django_assert_num_queries: Any) -> None:
    token = used_by(phone, APP).tokens()["refresh_token"]
    before = version_of_row()
    phone.wire = Client(HTTP_USER_AGENT=APP, REMOTE_ADDR="192.0.2.7")
    with django_assert_num_queries(1):  # the rotation, within the site
        token = phone.refresh(token).json()["refresh_token"]
    assert version_of_row() == before  # the same phone from the same address
    used_by(phone, "Confluence Server/2.0.9").refresh(token)
    assert version_of_row() != before


def version_of_row() -> str:
    """The ID of the PostgreSQL transaction that last wrote the row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT xmin::text || ctid::text FROM oauth_provider_device")
        return str(cursor.fetchone()[0])


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("", ""),
        ("x" * 5000, "x" * 200),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("a\tb\x7fc", "a b c"),
        ("' OR 1=1 --", "' OR 1=1 --"),
        ("\u202eevil\u0000".encode().decode("latin-1"), "â ®evil"),
    ],
)
def test_a_user_agent_is_one_bounded_printable_line(phone: Any, member: User, sent: str, kept: str) -> None:
    used_by(phone, sent).tokens()
    assert sessions.live_sessions(member)[0].user_agent == kept


@pytest.mark.parametrize("address", ["", "unix:", "not an address", "192.0.2.7, 192.0.2.8"])
def test_the_address_may_be_missing(phone: Any, member: User, address: str) -> None:
    used_by(phone, APP, address).tokens()
    assert sessions.live_sessions(member)[0].address is None


def test_the_zone_of_an_address_is_dropped(phone: Any, member: User) -> None:
    used_by(phone, APP, "fe80::1%eth0").tokens()
    assert sessions.live_sessions(member)[0].address == "fe80::1"


def test_only_its_person_renames_a_phone(phone: Any, member: User, auditor: User) -> None:
    token = phone.tokens()["refresh_token"]
    [session] = sessions.live_sessions(member)
    assert devices.name_device(member, session.pk, "  Work\u202e phone\x00 ")
    assert not devices.name_device(auditor, session.pk, "Mine")
    assert sessions.live_sessions(member)[0].name == "Work phone"
    phone.refresh(token)
    assert sessions.live_sessions(member)[0].name == "Work phone"


def test_a_sign_in_without_a_device_row_can_be_named(phone: Any, member: User) -> None:
    phone.tokens()
    Device.objects.all().delete()
    [session] = sessions.live_sessions(member)
    assert (session.name, session.user_agent, session.address) == ("", "", None)
    assert devices.name_device(member, session.pk, "Old one")
    assert sessions.live_sessions(member)[0].name == "Old one"


@pytest.mark.parametrize("end", ["revoke", "reuse", "person"])
def test_nothing_outlives_the_sign_in(phone: Any, member: User, end: str) -> None:
    first = phone.tokens()["refresh_token"]
    assert Device.objects.count() == 1
    if end == "revoke":
        phone.revoke(first)
    elif end == "person":
        sessions.end_all_sessions(member)
    else:
        phone.refresh(phone.refresh(first).json()["refresh_token"])
        phone.refresh(first)
    assert not Device.objects.exists()
    row = get_refresh_token_model().objects.get()
    assert not devices.name_device(member, row.pk, "Too late")


def test_devices_of_lapsed_sign_ins_are_deleted(phone: Any) -> None:
    phone.tokens()
    assert sessions.delete_lapsed_devices() == 0
    with time_machine.travel(timezone.now() + timedelta(days=91), tick=False):
        assert sessions.delete_lapsed_devices() == 1
    assert not Device.objects.exists()


def test_signing_out_all_phones_deletes_pending_codes(phone: Any, member: User) -> None:
    code = phone.code()
    sessions.end_all_sessions(member)
    assert phone.redeem(code).json()["error"] == "invalid_grant"
    assert not redemption.RefreshToken.objects.exists()
