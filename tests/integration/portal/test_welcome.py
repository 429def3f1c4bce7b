"""Single-use sign-in links: opening does not use them, the button signs in once, all refusals look the same."""

from __future__ import annotations

import threading
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from portal.accounts.sign_in_links import make_link
from portal.models import SignInLink, User
from rollout.services.links import create_link
from rollout.services.sites import create_site

PASSWORD = "a long and unusual phrase"


def address(user: User, purpose: SignInLink.Purpose = SignInLink.Purpose.WELCOME) -> str:
    return urlsplit(make_link(user=user, purpose=purpose, actor=None)).path


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_it_works(client: Client, administrator: User) -> None:
    link = address(administrator)
    page = client.get(link)
    assert page.status_code == 200
    assert administrator.email in page.content.decode()
    answer = client.post(link)
    assert answer.headers["Location"] == "/accounts/password/set/"
    assert is_signed_in(client)
    assert client.get(answer.headers["Location"]).status_code == 200


def test_the_first_password_leads_to_the_overview(client: Client, administrator: User) -> None:
    client.post(address(administrator))
    answer = client.post("/accounts/password/set/", {"password1": PASSWORD, "password2": PASSWORD})
    assert answer.headers["Location"] == "/"


def test_a_person_with_a_password_goes_to_the_overview(client: Client, administrator: User) -> None:
    administrator.set_password(PASSWORD)
    administrator.save()
    assert client.post(address(administrator)).headers["Location"] == "/"


def test_a_member_goes_to_their_passes(client: Client, make_user: object) -> None:
    user = make_user(password=PASSWORD)
    assert client.post(address(user)).headers["Location"] == "/me/passes/"


def test_password_sign_in_leads_a_member_to_their_passes(client: Client, make_user: object) -> None:
    user = make_user(password=PASSWORD)
    answer = client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    assert answer.headers["Location"] == "/me/passes/"


@pytest.mark.parametrize("method", ["get", "head"])
def test_opening_the_link_does_not_use_it(client: Client, administrator: User, method: str) -> None:
    link = address(administrator)
    for _ in range(3):
        getattr(client, method)(link)
    assert not is_signed_in(client)
    assert SignInLink.objects.get().used_at is None


def test_it_works_once(client: Client, administrator: User) -> None:
    link = address(administrator)
    client.post(link)
    second = Client()
    answer = second.post(link)
    assert answer.status_code == 410
    assert "Sign-in link not valid" in answer.content.decode()
    assert not is_signed_in(second)


def test_refused_when_expired(client: Client, administrator: User) -> None:
    link = address(administrator)
    SignInLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert client.get(link).status_code == 410
    assert client.post(link).status_code == 410
    assert not is_signed_in(client)


def test_refused_when_the_person_is_deactivated(client: Client, administrator: User) -> None:
    link = address(administrator)
    User.objects.update(is_active=False)
    assert client.post(link).status_code == 410
    assert not is_signed_in(client)


@pytest.mark.parametrize("token", ["AAAAAAAAAAAAAAAAAAAAAAAAAA", "x", "%00", "%F0%9F%98%80", "a" * 300, "<script>"])
def test_refused_when_unknown(client: Client, db: None, token: str) -> None:
    answer = client.get(f"/welcome/{token}/")
    assert answer.status_code in {404, 410}
    assert "<script>" not in answer.content.decode()


def test_refusals_look_the_same(client: Client, administrator: User) -> None:
    link = address(administrator)
    client.post(link)
    client.logout()
    assert client.get(link).content == client.get("/welcome/AAAAAAAAAAAAAAAAAAAAAAAAAA/").content


def test_pages_are_not_cached_and_send_no_referrer(client: Client, administrator: User) -> None:
    link = address(administrator)
    page = client.get(link)
    assert "no-store" in page.headers["Cache-Control"]
    # Not "no-referrer" here: browsers then send "Origin: null", and the button would be refused.
    assert page.headers["Referrer-Policy"] == "strict-origin"
    done = client.post(link)
    assert "no-store" in done.headers["Cache-Control"]
    assert done.headers["Referrer-Policy"] == "no-referrer"


def test_the_button_needs_the_csrf_token(administrator: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    link = address(administrator)
    assert strict.post(link).status_code == 403
    assert SignInLink.objects.get().used_at is None


def test_other_methods_are_refused(client: Client, administrator: User) -> None:
    assert client.put(address(administrator)).status_code == 405


def test_a_sign_in_test_continues_to_next(client: Client, member: User) -> None:
    link = address(member, SignInLink.Purpose.REHEARSAL) + "?next=/at/pilot/rest/oauth2/latest/authorize%3Fa%3Db"
    assert "/at/pilot/" in client.get(link).content.decode()
    assert client.post(link).headers["Location"] == "/at/pilot/rest/oauth2/latest/authorize?a=b"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_a_sign_in_test_never_redirects_to_another_host(client: Client, member: User, target: str) -> None:
    link = address(member, SignInLink.Purpose.REHEARSAL)
    assert client.post(link, {"next": target}).headers["Location"] == "/me/passes/"


def test_another_person_is_signed_out_first(client: Client, administrator: User, member: User) -> None:
    client.force_login(administrator)
    before = client.session.session_key
    client.post(address(member))
    assert client.session["_auth_user_id"] == str(member.pk)
    assert client.session.session_key != before


def test_a_new_password_signs_out_everywhere_else(client: Client, administrator: User) -> None:
    administrator.set_password(PASSWORD)
    administrator.save()
    elsewhere = Client()
    elsewhere.force_login(administrator)
    client.force_login(administrator)
    changed = f"{PASSWORD}, changed"
    fields = {"oldpassword": PASSWORD, "password1": changed, "password2": changed}
    assert client.post("/accounts/password/change/", fields).headers["Location"] == "/"
    assert client.get("/accounts/password/change/").status_code == 200
    assert elsewhere.get("/accounts/password/change/").status_code == 302


def test_the_browser_of_a_sign_in_test_may_only_authorize(client: Client, administrator: User) -> None:
    """It acts for an administrator inside a worker that connects to sites, so it may only authorize an app."""
    site = create_site(actor=administrator, title="Pilot", provider="gatepass", slug="pilot")
    link = create_link(actor=administrator, site=site, redirect_url="confluence-server://oauth-callback")
    assert client.post(address(administrator, SignInLink.Purpose.REHEARSAL)).status_code == 302
    assert client.session.get_expiry_age() <= 120

    query = {
        "response_type": "code", "client_id": link.client_id, "redirect_uri": link.redirect_url, "scope": "WRITE",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256",
    }  # fmt: skip
    assert client.get("/at/pilot/rest/oauth2/latest/authorize", query).status_code == 200
    for path in ("/", "/sites/", "/people/", "/admin/", "/accounts/password/change/", "/me/passes/"):
        assert client.get(path)["Location"].startswith(("/accounts/login/", "/admin/login/")), path
    assert client.post("/people/new/", {"email": "mallory@example.com", "role": "administrator"}).status_code == 302
    assert client.get("/api/v1/sites").status_code == 401
    assert client.get("/metrics", REMOTE_ADDR="203.0.113.5").status_code == 404
    assert not User.objects.filter(email="mallory@example.com").exists()


def test_one_of_two_concurrent_links_remains(administrator: User, transactional_db: None) -> None:
    start = threading.Barrier(3)

    def make() -> None:
        start.wait(20)
        make_link(user=administrator, purpose=SignInLink.Purpose.WELCOME, actor=None)
        connection.close()

    threads = [threading.Thread(target=make) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert SignInLink.objects.filter(user=administrator, used_at=None).count() == 1


def test_people_cannot_change_their_own_address(client_of: object, member: User) -> None:
    """Passes and roles depend on the address, which an administrator has verified."""
    client = client_of(member)
    for answer in (
        client.get("/accounts/email/"),
        client.post("/accounts/email/", {"action_add": "", "email": "x@y.zz"}),
    ):
        assert answer.status_code == 404
