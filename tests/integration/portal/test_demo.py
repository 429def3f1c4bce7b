"""The simulated sites of the demo, and the commands for a trial."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from portal import demo
from portal.accounts.first_administrator import ADDRESS, administrator_has_password, first_administrator
from portal.accounts.sign_in_links import find
from portal.management.commands.up import require_free_ports, reserved, sign_in_hint
from portal.models import Role, User
from portal.serving.local_ports import port_is_free
from rollout.models import ApplicationLink, AuditEvent, CheckRun, Site
from rollout.simulator.table import DEMO
from tests.support.servers import free_port


def run(command: str, *arguments: str) -> str:
    out = StringIO()
    call_command(command, *arguments, stdout=out)
    return out.getvalue().strip()


def test_it_works(db: None) -> None:
    assert demo.is_wanted()
    assert not demo.is_loaded()
    added = demo.load()
    assert len(added) == len(DEMO) + 1
    assert demo.is_loaded()
    assert not demo.is_wanted()
    assert CheckRun.objects.count() == len(added)
    pilot = Site.objects.get(slug=demo.PILOT_SLUG)
    assert pilot.is_provided
    assert {link.origin for link in pilot.links.active()} == set(ApplicationLink.Origin)
    assert AuditEvent.objects.filter(action="site.created").count() == len(added)


def test_loading_twice_adds_nothing(db: None) -> None:
    demo.load()
    counts = Site.objects.count(), User.objects.count(), ApplicationLink.objects.count()
    assert demo.load() == []
    assert (Site.objects.count(), User.objects.count(), ApplicationLink.objects.count()) == counts


def test_loading_again_adds_what_is_missing(db: None) -> None:
    Site.objects.get(pk=demo.load()[0].pk).delete()
    assert len(demo.load()) == 1


def test_every_demo_site_is_marked_as_simulated(db: None) -> None:
    assert set(DEMO) >= demo.OWNED
    for site in demo.load():
        assert site.people
        assert site.is_provided or site.notes.startswith("Simulated site. ")


def test_demo_accounts_have_no_password(db: None) -> None:
    demo.load()
    assert User.objects.count() == len(demo.ACCOUNTS)
    assert not any(user.has_usable_password() for user in User.objects.all())


def test_the_demo_is_not_loaded_into_a_database_with_sites(site: Site) -> None:
    assert not demo.is_wanted()
    assert not demo.is_loaded()


def test_load_demo_is_for_trials_only(db: None, settings) -> None:
    settings.PROBE_ALLOW_LOOPBACK = False
    with pytest.raises(CommandError, match="PROBE_ALLOW_LOOPBACK=1"):
        run("load_demo")
    assert not Site.objects.exists()


def test_load_demo_prints_the_number_of_sites(db: None) -> None:
    assert run("load_demo") == f"Sites added: {len(DEMO) + 1}"
    assert run("load_demo") == "Sites added: 0"


# --- The first administrator -------------------------------------------------------------------------------------


def test_the_first_administrator_is_created_once(db: None) -> None:
    user = first_administrator()
    assert (user.email, user.role, user.is_staff, user.is_superuser) == (ADDRESS, Role.ADMINISTRATOR, True, True)
    assert not user.has_usable_password()
    assert first_administrator() == user
    assert User.objects.count() == 1


def test_a_demoted_first_administrator_stays_demoted(db: None) -> None:
    User.objects.create_user(ADDRESS, role=Role.MEMBER)
    user = first_administrator()
    assert user.email != ADDRESS
    assert user.is_administrator
    assert User.objects.get(email=ADDRESS).role == Role.MEMBER


def test_the_sign_in_hint_is_a_link_until_an_administrator_has_a_password(db: None) -> None:
    line = sign_in_hint()
    assert ADDRESS in line
    token = line.rstrip("/").rpartition("/")[2]
    link = find(token)
    assert link is not None
    assert link.user.email == ADDRESS
    second = sign_in_hint().rstrip("/").rpartition("/")[2]
    assert find(token) is None  # a new link ends the one before
    assert find(second) is not None


def test_no_link_once_an_administrator_has_a_password(make_user: Callable[..., User]) -> None:
    make_user(Role.ADMINISTRATOR, "someone@example.com", "correct horse battery staple")
    assert administrator_has_password()
    assert sign_in_hint() == "Sign in at this address. Locked out? Run: make sign-in-link EMAIL=someone@example.com"
    assert not AuditEvent.objects.exists()


def test_a_deactivated_administrator_does_not_count(make_user: Callable[..., User]) -> None:
    make_user(Role.ADMINISTRATOR, "gone@example.com", "correct horse battery staple", is_active=False)
    assert not administrator_has_password()
    assert ADDRESS in sign_in_hint()


def test_sign_in_link_prints_one_link(alice: User) -> None:
    link = run("sign_in_link", " Alice@Example.com ")
    found = find(link.rstrip("/").rpartition("/")[2])
    assert found is not None
    assert found.user == alice
    assert AuditEvent.objects.filter(action="sign_in_link.welcome_made").count() == 1


def test_sign_in_link_without_an_address_is_for_the_first_administrator(db: None) -> None:
    assert find(run("sign_in_link").rstrip("/").rpartition("/")[2]) is not None
    assert User.objects.get().email == ADDRESS


@pytest.mark.parametrize("email", ["unknown@example.com", "not an address", "'; --"])
def test_sign_in_link_rejects_unknown_addresses(db: None, email: str) -> None:
    with pytest.raises(CommandError, match="No person has the e-mail address"):
        run("sign_in_link", email)
    assert not User.objects.exists()


def test_sign_in_link_rejects_deactivated_people(make_user: Callable[..., User]) -> None:
    make_user(Role.MEMBER, "gone@example.com", is_active=False)
    with pytest.raises(CommandError, match="deactivated"):
        run("sign_in_link", "gone@example.com")


def test_verify_audit(db: None) -> None:
    assert run("verify_audit") == "The audit log is intact: 0 events."
    demo.load()
    assert "is intact" in run("verify_audit")


def test_verify_audit_detects_a_truncated_log(db: None) -> None:
    from rollout.models import AuditHead

    demo.load()
    AuditHead.objects.update(number=3)
    with pytest.raises(CommandError, match="broken at event"):
        run("verify_audit")


# --- Ports ---------------------------------------------------------------------------------------------------------


def test_free_ports_are_fine() -> None:
    port = free_port()
    assert port_is_free(port)
    require_free_ports(port, [])
    with reserved(port):
        assert port_is_free(port)  # the web server listens on it later
        with pytest.raises(CommandError, match=f"Port {port} is in use"):
            reserved(port)
    with reserved(port):
        pass


def test_a_taken_port_is_refused() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        with pytest.raises(CommandError, match=f"Port {taken} is in use"):
            reserved(taken)
        with pytest.raises(CommandError, match=f"in use: {taken}.*DEMO=0"):
            require_free_ports(free_port(), [taken])


def test_a_port_of_the_fleet_is_refused() -> None:
    port = free_port()
    with pytest.raises(CommandError, match="is needed by the demo sites"):
        require_free_ports(port, [port])
