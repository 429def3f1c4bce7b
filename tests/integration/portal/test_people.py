"""People, added, changed and deactivated by administrators; and their own phones."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from oauth2_provider.models import get_access_token_model, get_refresh_token_model

from oauth_provider.clients import register_client
from oauth_provider.tokens.sessions import end_all_sessions, end_session, live_sessions
from portal.accounts import people, sign_in_links
from portal.models import Role, SignInLink, User
from rollout.models import ApplicationLink, AuditEvent, Site
from tests.support.pages import code_on, form_id_on

ClientOf = Callable[[User], Client]
NEW = {"email": "new@example.com", "name": "New Person", "role": "member"}


def add(client: Client, **changes: Any) -> Any:
    form_id = form_id_on(client.get(reverse("person_create")))
    return client.post(reverse("person_create"), NEW | {"form_id": form_id} | changes)


def link_on(page: Any) -> str:
    return re.search(r"https?://[^\s<\"]+/welcome/[A-Z2-7]{26}/", page.content.decode()).group()


def test_it_works(client_of: ClientOf, administrator: User) -> None:
    page = add(client_of(administrator))
    assert "no-store" in page["Cache-Control"]
    made = User.objects.get(email="new@example.com")
    assert (str(made), made.role, made.is_staff, made.has_usable_password()) == ("New Person", "member", False, False)
    url = link_on(page)
    assert code_on(page) == url
    found = sign_in_links.find(url.rstrip("/").rsplit("/", 1)[1])
    assert found is not None
    assert found.user == made
    assert AuditEvent.objects.filter(action="person.added").count() == 1


def test_a_resent_form_adds_one_person(client_of: ClientOf, administrator: User) -> None:
    client = client_of(administrator)
    data = NEW | {"form_id": form_id_on(client.get(reverse("person_create")))}
    client.post(reverse("person_create"), data)
    again = client.post(reverse("person_create"), data, follow=True)
    assert "already submitted" in again.content.decode()
    assert SignInLink.objects.count() == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"email": ""},
        {"email": "not-an-address"},
        {"email": "a@b\x00.example"},
        {"email": "x" * 300 + "@example.com"},
        {"email": "administrator@example.com"},
        {"email": "ADMINISTRATOR@EXAMPLE.COM"},
        {"name": "x" * 151},
        {"name": "a\x00"},
        {"role": "king"},
        {"role": ""},
    ],
    ids=str,
)
def test_invalid_values_add_no_person(client_of: ClientOf, administrator: User, changes: dict[str, str]) -> None:
    page = add(client_of(administrator), **changes)
    assert page.status_code == 200
    assert re.search(r"Correct (one|\d+) problem", page.content.decode())
    assert User.objects.count() == 1
    assert not SignInLink.objects.exists()


@pytest.mark.parametrize("name", ["people", "person_create", "people_export"])
def test_only_administrators(client_of: ClientOf, auditor: User, alice: User, member: User, name: str) -> None:
    assert client_of(auditor).get(reverse(name)).status_code == 403
    assert client_of(alice).get(reverse(name)).status_code == 403
    assert client_of(member).get(reverse(name)).status_code == 404
    assert Client().get(reverse(name)).status_code == 302


@pytest.mark.parametrize("name", ["person", "person_sign_in_link"])
def test_only_administrators_change_people(
    client_of: ClientOf, auditor: User, alice: User, member: User, administrator: User, name: str
) -> None:
    url = reverse(name, args=[administrator.pk])
    for user, status in ((auditor, 403), (alice, 403), (member, 404)):
        assert client_of(user).post(url, {"do": "deactivate"}).status_code == status
    administrator.refresh_from_db()
    assert administrator.is_active
    assert not SignInLink.objects.exists()


def test_change_name_and_role(client_of: ClientOf, administrator: User, member: User) -> None:
    client_of(administrator).post(reverse("person", args=[member.pk]), {"name": " Ada  L. ", "role": "administrator"})
    member.refresh_from_db()
    assert (str(member), member.role, member.is_staff) == ("Ada L.", "administrator", True)
    client_of(administrator).post(reverse("person", args=[member.pk]), {"name": "Ada L.", "role": "auditor"})
    member.refresh_from_db()
    assert (member.role, member.is_staff, member.is_superuser) == ("auditor", False, False)
    events = AuditEvent.objects.filter(action="person.changed").order_by("number")
    assert [event.details["fields"] for event in events] == [["name", "role"], ["role"]]


def test_ones_own_role_cannot_change(client_of: ClientOf, administrator: User, make_user: Any) -> None:
    make_user(Role.ADMINISTRATOR)
    page = client_of(administrator).post(reverse("person", args=[administrator.pk]), {"name": "", "role": "member"})
    assert "cannot change your own role" in page.content.decode()
    administrator.refresh_from_db()
    assert administrator.is_administrator


def test_ones_own_account_cannot_be_deactivated(client_of: ClientOf, administrator: User, make_user: Any) -> None:
    make_user(Role.ADMINISTRATOR)
    client_of(administrator).post(reverse("person", args=[administrator.pk]), {"do": "deactivate"})
    administrator.refresh_from_db()
    assert administrator.is_active


def test_the_last_administrator_cannot_be_removed(administrator: User, make_user: Any) -> None:
    idle = make_user(Role.ADMINISTRATOR)
    people.deactivate_person(actor=administrator, person=idle)
    with pytest.raises(ValidationError):
        people.deactivate_person(actor=None, person=administrator)
    with pytest.raises(ValidationError) as refused:
        people.change_person(actor=None, person=administrator, name="", role="member")
    assert "role" in refused.value.message_dict
    administrator.refresh_from_db()
    assert (administrator.is_active, administrator.role) == (True, "administrator")


@pytest.mark.django_db(transaction=True)
def test_two_administrators_cannot_remove_each_other(make_user: Any) -> None:
    pair = [make_user(Role.ADMINISTRATOR), make_user(Role.ADMINISTRATOR)]
    start = Barrier(2)

    def remove(turn: int) -> bool:
        start.wait(10)
        try:
            people.deactivate_person(actor=pair[turn], person=pair[1 - turn])
        except ValidationError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(remove, range(2))) == [False, True]
    assert User.objects.filter(is_active=True).count() == 1


def test_a_deactivated_person_is_signed_out_at_once(client_of: ClientOf, administrator: User, member: User) -> None:
    theirs = client_of(member)
    assert theirs.get(reverse("my_passes")).status_code == 200
    link = sign_in_links.make_link(user=member, purpose=SignInLink.Purpose.WELCOME, actor=administrator)
    client_of(administrator).post(reverse("person", args=[member.pk]), {"do": "deactivate"})
    assert theirs.get(reverse("my_passes")).status_code == 302
    assert sign_in_links.find(link.rstrip("/").rsplit("/", 1)[1]) is None
    client_of(administrator).post(reverse("person", args=[member.pk]), {"do": "reactivate"})
    member.refresh_from_db()
    assert member.is_active


def test_a_new_sign_in_link_ends_the_old_one(client_of: ClientOf, administrator: User, member: User) -> None:
    client = client_of(administrator)
    old = sign_in_links.make_link(user=member, purpose=SignInLink.Purpose.WELCOME, actor=administrator)
    form_id = form_id_on(client.get(reverse("person", args=[member.pk])))
    page = client.post(reverse("person_sign_in_link", args=[member.pk]), {"form_id": form_id})
    new = link_on(page)
    assert sign_in_links.find(old.rstrip("/").rsplit("/", 1)[1]) is None
    again = client.post(reverse("person_sign_in_link", args=[member.pk]), {"form_id": form_id}, follow=True)
    assert "already submitted" in again.content.decode()
    assert sign_in_links.find(new.rstrip("/").rsplit("/", 1)[1]) is not None
    events = AuditEvent.objects.count()
    looked = client.get(reverse("person_sign_in_link", args=[member.pk]))
    assert looked.headers["Location"] == reverse("person", args=[member.pk])
    assert AuditEvent.objects.count() == events


def test_no_sign_in_link_for_a_deactivated_person(client_of: ClientOf, administrator: User, make_user: Any) -> None:
    gone = make_user(is_active=False)
    client = client_of(administrator)
    client.post(reverse("person_sign_in_link", args=[gone.pk]), {"form_id": "x"})
    assert not SignInLink.objects.exists()


def test_search_filter_and_export(client_of: ClientOf, administrator: User, make_user: Any) -> None:
    make_user(first_name="Zoe", email="zoe@example.com")
    make_user(first_name="Ann", email="ann@example.com", is_active=False)
    client = client_of(administrator)

    def listed(query: str) -> list[str]:
        return [row.email for row in client.get(f"{reverse('people')}?{query}").context["listing"].rows]

    assert listed("q=zo") == ["zoe@example.com"]
    assert listed("role=administrator") == ["administrator@example.com"]
    assert listed("active=no") == ["ann@example.com"]
    assert listed("role=member&sort=-email") == ["zoe@example.com", "ann@example.com"]
    assert len(listed("role=x&sort=password&page=-1&q=%00")) == 3
    text = b"".join(client.get(reverse("people_export") + "?q=zo").streaming_content).decode()
    assert "zoe@example.com" in text
    assert "ann@example.com" not in text
    assert AuditEvent.objects.get(action="people.exported").details == {"rows": 1}


def test_the_list_takes_as_many_queries_for_fifty_people(
    client_of: ClientOf, administrator: User, make_user: Any, django_assert_max_num_queries: Any
) -> None:
    for _ in range(40):
        make_user()
    client = client_of(administrator)
    client.get(reverse("people"))
    with django_assert_max_num_queries(6):
        client.get(reverse("people"))


# --- My devices ------------------------------------------------------------------------------------------------


@pytest.fixture
def sign_in(make_site: Any) -> Callable[..., Any]:
    """``sign_in(user, refreshes=0) -> the live refresh token``: creates the rows of an app's sign-in."""
    site = make_site(title="Rehearsal wiki", provider="gatepass", slug="rehearsal")
    client_id = register_client(name="Rehearsal wiki", redirect_uri="confluence-server://oauth-callback")
    ApplicationLink.objects.create(site=site, client_id=client_id, redirect_url="x", created_at=timezone.now())
    application = (
        get_refresh_token_model()._meta.get_field("application").related_model.objects.get(client_id=client_id)
    )

    def make(user: User, refreshes: int = 0, expired: bool = False) -> Any:
        now = timezone.now()
        signed_in_at = now - timedelta(days=400 if expired else 2)
        access = get_access_token_model().objects.create(
            user=user, application=application, token=uuid.uuid4().hex, expires=now + timedelta(hours=1)
        )
        token = get_refresh_token_model().objects.create(
            user=user, application=application, token=uuid.uuid4().hex, access_token=access, token_family=uuid.uuid4()
        )
        used_at = signed_in_at + timedelta(minutes=refreshes)  # a refresh replaces the token in its row
        get_refresh_token_model().objects.filter(pk=token.pk).update(created=signed_in_at, updated=used_at)
        return token

    return make


def test_my_devices_lists_each_sign_in_once(client_of: ClientOf, member: User, auditor: User, sign_in: Any) -> None:
    sign_in(member, refreshes=2)
    sign_in(member)
    sign_in(member, expired=True)
    sign_in(auditor)
    page = client_of(member).get(reverse("my_devices"))
    assert page.content.decode().count("<strong>Rehearsal wiki</strong>") == 2
    assert len(live_sessions(member)) == 2
    assert live_sessions(member)[0].signed_in_at < live_sessions(member)[0].refreshed_at


def test_sign_out_ends_the_whole_family(client_of: ClientOf, member: User, sign_in: Any) -> None:
    token, other = sign_in(member, refreshes=1), sign_in(member)
    client_of(member).post(reverse("device_sign_out", args=[token.pk]))
    assert [session.pk for session in live_sessions(member)] == [other.pk]
    assert not get_access_token_model().objects.filter(pk=token.access_token_id).exists()
    event = AuditEvent.objects.get(action="phone.signed_out")
    assert event.target_label == "Rehearsal wiki"


def test_a_second_sign_out_returns_false(member: User, sign_in: Any) -> None:
    token = sign_in(member, refreshes=1)
    assert end_session(member, token.pk) is not None
    assert live_sessions(member) == []
    assert end_session(member, token.pk) is None


def test_another_persons_phone_cannot_be_signed_out(
    client_of: ClientOf, member: User, auditor: User, sign_in: Any
) -> None:
    token = sign_in(auditor)
    client = client_of(member)
    client.post(reverse("device_sign_out", args=[token.pk]))
    client.post(reverse("device_sign_out", args=[2**62]))
    assert client.get(reverse("device_sign_out", args=[token.pk])).headers["Location"] == reverse("my_devices")
    assert len(live_sessions(auditor)) == 1
    assert not AuditEvent.objects.filter(action="phone.signed_out").exists()


def test_deactivation_signs_out_all_phones(administrator: User, member: User, sign_in: Any) -> None:
    sign_in(member)
    sign_in(member, refreshes=1)
    assert people.deactivate_person(actor=administrator, person=member) == 2
    assert not get_access_token_model().objects.filter(user=member).exists()
    assert end_all_sessions(member) == 0


def test_the_page_without_phones(client_of: ClientOf, member: User, site: Site) -> None:
    assert "No phones signed in" in client_of(member).get(reverse("my_devices")).content.decode()
