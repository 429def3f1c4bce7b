"""Export and erasure of one person: nothing of them is left in any table, and everything else stays."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from portal.accounts import account_notices, sign_in_links
from portal.accounts.people import change_person, deactivate_person
from portal.models import Role, SignInLink, User
from rollout.client_address import request_from
from rollout.models import AuditEvent, Enrollment, EnrollmentPass, SignIn, Site
from rollout.models.notification import NotificationPreference
from rollout.services import passes, phone_results, sites
from rollout.services.audit_verification import verify_chain
from tests.support.access import Access, access_of
from tests.support.inventory_imports import import_inventory

PASSWORD = "correct horse battery staple"
EMAIL, NAME, ADDRESS = "rosalind@example.com", "Rosalind Franklin", "203.0.113.77"


@pytest.fixture
def rosalind(make_user: Any) -> User:
    return make_user(Role.SITE_OWNER, EMAIL, PASSWORD, first_name=NAME)


@pytest.fixture
def access(settings: Any, rosalind: User, phone_of: Any, provided_site: Site, administrator: User) -> Access:
    """Everything that Gatepass stores about a person, written by its services and pages."""
    settings.ACCOUNT_RATE_LIMITS = False
    phone = phone_of(provided_site, rosalind)
    phone.wire.defaults["REMOTE_ADDR"] = ADDRESS
    given = access_of(rosalind, PASSWORD, phone=phone, site=provided_site, administrator=administrator)
    browser = Client(REMOTE_ADDR=ADDRESS, HTTP_USER_AGENT=f"Safari of {EMAIL}")
    browser.post("/accounts/login/", {"login": EMAIL, "password": "guess-guess-guess"})
    browser.post("/accounts/login/", {"login": EMAIL, "password": PASSWORD})
    browser.post(f"/sites/{provided_site.pk}/follow/", {"follow": "1"})
    until = timezone.now() + timezone.timedelta(days=1)
    _row, token = passes.issue_pass(
        actor=rosalind, label=EMAIL, sites=[provided_site], expires_at=until, max_uses=None, person=rosalind
    )
    browser.post(f"/e/{token}/done")
    passes.issue_pass(actor=administrator, label=NAME, sites=[provided_site], expires_at=until, max_uses=1)
    change_person(actor=administrator, person=rosalind, name=NAME, role=Role.AUDITOR)
    change_person(actor=administrator, person=rosalind, name=NAME, role=Role.ADMINISTRATOR)
    rosalind.refresh_from_db()
    with request_from(ADDRESS):
        sites.update_site(actor=rosalind, site=provided_site, notes=f"Ask {EMAIL}, not x{EMAIL}.", owners=[rosalind])
    account_notices.notify(person=administrator, kind=account_notices.Kind.SIGNED_OUT, actor=rosalind, about="all")
    account_notices.notify_administrators(kind=account_notices.Kind.TOKEN_REUSED_BY, about=rosalind)
    NotificationPreference.objects.get_or_create(person=rosalind)
    import_inventory(rosalind, f"serial,version\n{EMAIL},1.9\nother,2.0\n".encode(), name=f"{EMAIL} phones.csv")
    phone_results.record_result(
        actor=administrator, site=provided_site, setup="mdm", outcome="worked", ios_version="18.5",
        app_version="2.0.1", tried_on=timezone.localdate(), tried_by=NAME,
    )  # fmt: skip
    for user in (rosalind, administrator):
        LogEntry.objects.create(
            user=user, content_type=ContentType.objects.get_for_model(User), object_id=str(rosalind.pk),
            object_repr=NAME, action_flag=CHANGE,
        )  # fmt: skip
    sign_in_links.make_link(user=rosalind, purpose=SignInLink.Purpose.WELCOME, actor=rosalind)
    return given


def whole_database() -> dict[str, str]:
    """Every table as text, with the content of the browser sessions."""
    tables = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            tables[table] = str(cursor.fetchall()).lower()
    tables["sessions"] = str([session.get_decoded() for session in Session.objects.all()]).lower()
    return tables


def tables_with(text: str) -> set[str]:
    return {table for table, rows in whole_database().items() if text.lower() in rows}


def erase(email: str = EMAIL, *options: str) -> str:
    out = io.StringIO()
    call_command("erase_person", email, *options, stdout=out)
    return out.getvalue()


def test_nothing_of_the_person_is_left_in_any_table(access: Access, administrator: User) -> None:
    assert len(tables_with(EMAIL) | tables_with(NAME)) >= 9
    assert "oauth_provider_device" in tables_with(ADDRESS)

    erase(EMAIL, "--yes")

    assert tables_with(NAME) == set()
    assert tables_with(ADDRESS) == set()
    left = {name: rows.replace(f"x{EMAIL}", "") for name, rows in whole_database().items()}
    assert {name for name, rows in left.items() if EMAIL in rows} == set()
    assert verify_chain().intact


def test_everything_else_stays(access: Access, administrator: User, provided_site: Site) -> None:
    number, events = access.person.pk, AuditEvent.objects.count()

    erase(EMAIL, "--yes")

    assert not User.objects.filter(pk=number).exists()
    assert access.works() == dict.fromkeys(access.works(), False)
    provided_site.refresh_from_db()
    assert provided_site.notes == f"Ask (erased), not x{EMAIL}."
    assert set(EnrollmentPass.objects.filter(revoked_at=None).values_list("label", flat=True)) == {"(erased)"}
    assert not SignIn.objects.exists()
    assert Enrollment.objects.count() == 1
    assert AuditEvent.objects.count() > events
    assert AuditEvent.objects.filter(actor_id=number).count() > 3
    assert administrator.account_notices.filter(actor_label="(erased)").exists()
    names = {event.actor_name for event in AuditEvent.objects.with_names()}
    assert names == {None, "Gatepass", str(administrator)}


def test_the_erasure_is_an_event_without_a_name(access: Access, client_of: Any, administrator: User) -> None:
    number = access.person.pk
    client_of(administrator).post(f"/people/{number}/erase/", {"understood": "on"})

    event = AuditEvent.objects.with_names().get(action="person.erased")
    assert (event.details["person"], event.actor_name, event.target_name) == (number, str(administrator), "")
    assert event.details["halves"] > 10


def test_the_command_only_counts_without_yes(access: Access) -> None:
    before = whole_database()

    out = erase()

    assert "portal.user" in out
    assert "rollout.enrollmentpass" in out
    assert "audit_log" in out
    assert "Nothing was erased" in out
    assert whole_database() == before


def test_the_command_counts_what_it_erases(access: Access) -> None:
    planned = erase().splitlines()[:-1]
    erased = erase(EMAIL, "--yes").splitlines()[:-1]
    assert [line for line in planned if "audit_log" not in line] == [line for line in erased if "audit_log" not in line]


def test_a_person_is_erased_again_by_number(
    access: Access, django_capture_on_commit_callbacks: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """After a backup was restored: the log outside the database has the number."""
    with caplog.at_level("INFO"), django_capture_on_commit_callbacks(execute=True):
        erase(str(access.person.pk), "--yes")
    assert not User.objects.filter(email=EMAIL).exists()
    assert any("person_erased" in line.getMessage() for line in caplog.records)
    assert EMAIL not in caplog.text
    with pytest.raises(CommandError, match="No person has the number"):
        erase(str(access.person.pk))


def test_the_last_administrator_cannot_be_erased(administrator: User, make_user: Any) -> None:
    with pytest.raises(CommandError, match="last active administrator"):
        erase(administrator.email, "--yes")
    with pytest.raises(CommandError, match="last active administrator"):
        erase(administrator.email)
    assert User.objects.filter(pk=administrator.pk).exists()


def test_a_deactivated_person_can_be_erased(member: User, administrator: User) -> None:
    deactivate_person(actor=administrator, person=member)
    erase(member.email, "--yes")
    assert not User.objects.filter(email=member.email).exists()


def test_an_unknown_address(db: None) -> None:
    for command in ("erase_person", "export_person"):
        with pytest.raises(CommandError, match="No person has the e-mail address"):
            call_command(command, "unknown@example.com")


# --- The page --------------------------------------------------------------------------------------------------


def test_the_page_names_what_goes_and_what_stays(access: Access, client_of: Any, administrator: User) -> None:
    client, url = client_of(administrator), f"/people/{access.person.pk}/erase/"
    assert url in client.get(f"/people/{access.person.pk}/").content.decode()
    page = client.get(url).content.decode()
    for text in ("What is erased", "What stays", "Account notices", "Names in the audit log", EMAIL):
        assert text in page, text
    refused = client.post(url)
    assert refused.status_code == 422
    assert "Confirm this before you erase the person." in refused.content.decode()
    assert User.objects.filter(email=EMAIL).exists()

    answer = client.post(url, {"understood": "on"}, follow=True)
    assert f"Person {access.person.pk} is erased." in answer.content.decode()
    assert not User.objects.filter(email=EMAIL).exists()


def test_ones_own_account_cannot_be_erased(client_of: Any, administrator: User, make_user: Any) -> None:
    make_user(Role.ADMINISTRATOR)
    client, url = client_of(administrator), f"/people/{administrator.pk}/erase/"
    for answer in (client.get(url, follow=True), client.post(url, {"understood": "on"}, follow=True)):
        assert "You cannot erase your own account." in answer.content.decode()
    assert url not in client.get(f"/people/{administrator.pk}/").content.decode()
    assert User.objects.filter(pk=administrator.pk).exists()


def test_export_and_erasure_need_a_recent_sign_in(client_of: Any, administrator: User, member: User) -> None:
    client = client_of(administrator)
    session = client.session
    session["signed_in_at"] -= 3600
    session["account_authentication_methods"] = []
    session.save()
    for path in (f"/people/{member.pk}/erase/", f"/people/{member.pk}/data/", "/me/data/"):
        assert client.get(path).status_code == 302, path
    assert client.post(f"/people/{member.pk}/erase/", {"understood": "on"}).status_code == 302
    assert User.objects.filter(pk=member.pk).exists()


# --- The export ------------------------------------------------------------------------------------------------


def exported() -> str:
    out = io.StringIO()
    call_command("export_person", EMAIL, stdout=out)
    return out.getvalue()


def test_the_export_contains_everything_but_secrets(access: Access) -> None:
    text = exported()
    data = json.loads(text)
    assert data["account"]["email"] == EMAIL
    assert {
        "portal.accountnotice", "portal.signinlink", "rollout.enrollmentpass", "rollout.signin", "rollout.enrollment",
        "oauth_provider.device", "usersessions.usersession", "oauth2_provider.refreshtoken",
        "rollout.notificationpreference", "admin.logentry",
    } <= set(data["rows"])  # fmt: skip
    assert {mention["in"] for mention in data["mentions"]} >= {"rollout.inventoryphone", "rollout.phoneresult"}
    assert ADDRESS in {event["address"] for event in data["audit_log"]}
    secrets = [access.tokens["refresh_token"], access.tokens["access_token"], access.code, access.person.password]
    secrets += Session.objects.values_list("session_key", flat=True)
    secrets += EnrollmentPass.objects.values_list("token_digest", flat=True)
    secrets += SignInLink.objects.values_list("digest", flat=True)
    for secret in secrets:
        assert secret not in text


def test_the_export_names_no_other_people(access: Access, administrator: User) -> None:
    for event in json.loads(exported())["audit_log"]:
        assert administrator.email not in str(event)


def test_people_export_their_own_data(access: Access, client_of: Any, member: User) -> None:
    client = client_of(access.person)
    assert 'href="/me/data/"' in client.get("/accounts/sessions/").content.decode()
    answer = client.get("/me/data/")
    assert answer["Content-Disposition"] == 'attachment; filename="gatepass-my-data.json"'
    assert answer["Cache-Control"] == "no-store"
    assert answer.json()["account"]["email"] == EMAIL
    assert client_of(member).get("/me/data/").json()["account"]["email"] == member.email
    event = AuditEvent.objects.with_names().filter(action="person.exported").latest("number")
    assert event.actor_name == event.target_name == str(member)


def test_administrators_export_a_person(access: Access, client_of: Any, administrator: User) -> None:
    client, url = client_of(administrator), f"/people/{access.person.pk}/data/"
    assert url in client.get(f"/people/{access.person.pk}/").content.decode()
    assert client.get(url).json()["account"]["email"] == EMAIL
    assert AuditEvent.objects.get(action="person.exported").actor == administrator


def test_every_table_of_people_is_exported_and_erased() -> None:
    """A new foreign key to a person is found by itself; this shows that none has an action that would refuse it."""
    actions = {
        relation.on_delete.__name__
        for model in apps.get_models()
        for relation in (field.remote_field for field in model._meta.get_fields() if getattr(field, "many_to_one", 0))
        if relation.model is User
    }
    assert actions <= {"CASCADE", "SET_NULL", "DO_NOTHING"}
