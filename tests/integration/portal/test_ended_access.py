"""What ends when an account is deactivated or gets a new password, by every way to do so; and that nothing revives."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command, get_commands
from django.core.management.base import CommandError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.accounts import people, sign_in_links
from portal.models import SignInLink, User
from rollout.models import AuditEvent, EnrollmentPass
from rollout.services.passes import issue_pass, renew_pass
from tests.support.access import Access, access_of, path_of, reset_link, signed_in
from tests.support.every_route import routes

OLD, NEW = "correct horse battery staple", "another horse with a longer name"
SET_URL, CHANGE_URL = "/accounts/password/set/", "/accounts/password/change/"


def everything(works: bool, *, but: str = "") -> dict[str, bool]:
    names = ("browser", "phone", "code", "welcome", "reset", "pass", "token")
    return {name: works if name != but else not works for name in names}


@pytest.fixture(autouse=True)
def no_rate_limits(settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = False


@pytest.fixture
def person(make_user: Any) -> User:
    return make_user("member", "person@example.com", OLD)


@pytest.fixture
def access(person: User, provided_site: Any, phone_of: Any, administrator: User) -> Access:
    phone = phone_of(provided_site, person)
    return access_of(person, OLD, phone=phone, site=provided_site, administrator=administrator)


def by_page(administrator: User, person: User) -> None:
    client = Client()
    client.force_login(administrator)
    client.post(reverse("person", args=[person.pk]), {"do": "deactivate"})


def by_service(administrator: User, person: User) -> None:
    people.deactivate_person(actor=administrator, person=person)


def by_saving_the_row(administrator: User, person: User) -> None:
    """In a shell or a command."""
    row = User.objects.get(pk=person.pk)
    row.is_active = False
    row.save()


def by_sql(administrator: User, person: User) -> None:
    """Without any of our code: what is checked at each use must be enough, and reactivation must revive nothing."""
    User.objects.filter(pk=person.pk).update(is_active=False)


def by_manage(administrator: User, person: User) -> None:
    call_command("deactivate_person", person.email.upper(), stdout=io.StringIO())


WAYS = [by_page, by_service, by_manage, by_saving_the_row, by_sql]


def test_it_works(access: Access) -> None:
    assert access.works() == everything(True)


@pytest.mark.parametrize("way", WAYS)
def test_deactivation_ends_everything_at_once(access: Access, administrator: User, way: Callable[..., None]) -> None:
    way(administrator, access.person)
    assert access.works() == everything(False)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("again", ["page", "row"])
def test_reactivation_revives_nothing(
    access: Access, administrator: User, client_of: Any, way: Callable[..., None], again: str
) -> None:
    way(administrator, access.person)
    if again == "page":
        client_of(administrator).post(reverse("person", args=[access.person.pk]), {"do": "reactivate"})
    else:
        row = User.objects.get(pk=access.person.pk)
        row.is_active = True
        row.save()
    access.person.refresh_from_db()
    assert access.person.is_active
    assert access.works() == everything(False)
    assert AuditEvent.objects.filter(action="person.reactivated").count() == 1


@pytest.mark.parametrize("way", [by_page, by_service, by_manage, by_saving_the_row])
def test_deactivation_is_recorded_once(access: Access, administrator: User, way: Callable[..., None]) -> None:
    way(administrator, access.person)
    event = AuditEvent.objects.get(action="person.deactivated")
    assert event.details["phones"] == 1
    assert event.details["passes"] == 1
    assert event.details["sessions"] >= 1
    assert AuditEvent.objects.filter(action="pass.revoked").count() == 1


def test_the_command_refuses_the_last_administrator_and_unknown_people(administrator: User) -> None:
    for email in (administrator.email, "unknown@example.com"):
        with pytest.raises(CommandError):
            call_command("deactivate_person", email)
    administrator.refresh_from_db()
    assert administrator.is_active


def test_django_admin_deactivates_no_one(access: Access, administrator: User, client_of: Any) -> None:
    url = f"/admin/portal/user/{access.person.pk}/change/"
    assert client_of(administrator).post(url, {"is_active": ""}).status_code == 403
    assert access.works() == everything(True)


def test_a_deactivated_persons_pass_shows_as_revoked(access: Access, administrator: User, client_of: Any) -> None:
    by_sql(administrator, access.person)
    page = Client().get(access.pass_url)
    assert (page.status_code, "This link was revoked" in page.text) == (410, True)
    assert Client().post(f"{access.pass_url}/done").status_code == 410
    row = EnrollmentPass.objects.get()
    assert "revoked" in client_of(administrator).get(f"/passes/{row.pk}/").text.lower()
    assert list(EnrollmentPass.objects.in_state("revoked", timezone.now())) == [row]
    with pytest.raises(ValidationError):
        renew_pass(actor=administrator, enrollment_pass=row, expires_at=timezone.now() + timedelta(days=1))


def test_a_deactivated_person_gets_no_pass(administrator: User, make_user: Any, site: Any) -> None:
    gone = make_user(is_active=False)
    with pytest.raises(ValidationError) as refused:
        issue_pass(
            actor=administrator, label="x", sites=[site], expires_at=timezone.now() + timedelta(days=1), person=gone
        )
    assert set(refused.value.message_dict) == {"person"}


# --- New passwords ---------------------------------------------------------------------------------------------
def change_own(person: User) -> Client:
    client = signed_in(person, OLD)
    client.post(CHANGE_URL, {"oldpassword": OLD, "password1": NEW, "password2": NEW})
    return client


def set_first_one(person: User) -> Client:
    """After a sign-in by link, which is how a new person starts."""
    User.objects.filter(pk=person.pk).update(password="!none")
    url = sign_in_links.make_link(user=person, purpose=SignInLink.Purpose.WELCOME, actor=None)
    client = Client()
    assert client.post(path_of(url))["Location"] == SET_URL
    client.post(SET_URL, {"password1": NEW, "password2": NEW})
    return client


def reset_by_mail(person: User) -> None:
    client = Client()
    form = client.get(reset_link(person))["Location"]
    client.post(form, {"password1": NEW, "password2": NEW})


def by_command(person: User) -> None:
    with patch("getpass.getpass", return_value=NEW):
        call_command("changepassword", person.email, stdout=io.StringIO())


def by_code(person: User) -> None:
    row = User.objects.get(pk=person.pk)
    row.set_password(NEW)
    row.save(update_fields=["password"])


# name of the route or command: what changes a password by it, or None where it changes none
ROUTES: dict[str, Callable[[User], Client | None] | None] = {
    "account_change_password": change_own,
    "account_set_password": set_first_one,
    "account_reset_password_from_key": reset_by_mail,
    "account_reset_password": None,  # only sends the mail
    "account_reset_password_done": None,
    "account_reset_password_from_key_done": None,
    "admin:password_change": None,  # redirects to the first one
    "admin:password_change_done": None,
    "admin:auth_user_password_change": None,  # refused: people are read-only in Django admin
}
COMMANDS = {"changepassword": by_command}
PASSWORD_WAYS = [*filter(None, ROUTES.values()), *COMMANDS.values(), by_code]


def test_every_way_to_change_a_password_is_listed() -> None:
    assert {name for name in routes() if "password" in name} == set(ROUTES)
    assert {name for name in get_commands() if "password" in name} == set(COMMANDS)


@pytest.mark.parametrize("way", PASSWORD_WAYS)
def test_a_new_password_ends_everything_but_passes(access: Access, way: Callable[[User], Client | None]) -> None:
    own = way(access.person)
    assert User.objects.get(pk=access.person.pk).check_password(NEW)
    assert access.works() == everything(False, but="pass")
    if own is not None:  # the browser in which it was set
        assert own.get("/me/passes/").status_code == 200
    event = AuditEvent.objects.get(action="person.password_set")
    assert event.target_id == str(access.person.pk)
    assert event.actor_id == (None if way in (by_command, by_code) else access.person.pk)
    assert event.details["phones"] == (1 if way is not None else 0)


@pytest.mark.parametrize("path", ["/admin/password_change/", "/admin/portal/user/{pk}/password/"])
def test_django_admin_changes_no_password(access: Access, administrator: User, client_of: Any, path: str) -> None:
    administrator.set_password(OLD)
    administrator.save()
    form = {"old_password": OLD, "new_password1": NEW, "new_password2": NEW, "password1": NEW, "password2": NEW}
    answer = client_of(administrator).post(path.format(pk=access.person.pk), form)
    assert answer.status_code == 403 or answer["Location"] == CHANGE_URL
    for user in (administrator, access.person):
        assert User.objects.get(pk=user.pk).check_password(OLD)
    assert access.works() == everything(True)


def test_a_newer_hash_of_the_same_password_ends_nothing(access: Access, settings: Any) -> None:
    """Django stores it at a sign-in after the hash algorithm has changed."""
    settings.PASSWORD_HASHERS = list(reversed(settings.PASSWORD_HASHERS))
    before = User.objects.get(pk=access.person.pk).password
    Client().post("/accounts/login/", {"login": access.person.email, "password": OLD})
    assert User.objects.get(pk=access.person.pk).password != before
    assert access.works()["phone"]
    assert not AuditEvent.objects.filter(action="person.password_set").exists()


def test_a_deactivation_during_a_password_change_stays(person: User, administrator: User) -> None:
    client, form = signed_in(person, OLD), {"oldpassword": OLD, "password1": NEW, "password2": NEW}
    save = User.save

    def save_late(self: User, *args: Any, **kwargs: Any) -> None:
        User.objects.filter(pk=person.pk).update(is_active=False)
        save(self, *args, **kwargs)

    with patch.object(User, "save", save_late):
        client.post(CHANGE_URL, form)
    person.refresh_from_db()
    assert (person.check_password(NEW), person.is_active) == (True, False)
