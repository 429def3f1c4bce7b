"""The consent page's shorter way says what the long one says, or nothing."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from django.contrib.messages.storage.session import SessionStorage
from django.contrib.sessions.backends.base import SessionBase
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from oauth2_provider.models import get_grant_model

from oauth_provider.limits import attempts
from portal.accounts import session_limits
from portal.accounts.sign_in_links import REHEARSING
from portal.models import User
from portal.provided_sites.consent import _pages as page_memory
from portal.serving import consent_shortcut
from portal.serving.handler import Handler
from rollout.models import Provider, Site
from rollout.services import links

REDIRECT_URI = "confluence-server://oauth-callback"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
CSRF = "c" * 32

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("wsgi")]


@dataclass(frozen=True)
class Said:
    """An answer, and whether the shorter way gave it."""

    status: int
    headers: dict[str, str]
    body: str
    is_short: bool


@dataclass
class Sheet:
    """A browser that speaks WSGI with the handler."""

    cookies: dict[str, str]
    session: SessionBase
    query: dict[str, str]
    monkeypatch: pytest.MonkeyPatch

    def ask(self, method: str = "GET", form: dict[str, str] | None = None, **environ: str) -> Said:
        body = urlencode(form or {}).encode()
        request: dict[str, Any] = {
            "REQUEST_METHOD": method, "SCRIPT_NAME": "", "PATH_INFO": "/at/pilot/rest/oauth2/latest/authorize",
            "QUERY_STRING": urlencode(self.query), "SERVER_NAME": "testserver", "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "testserver", "REMOTE_ADDR": "10.1.2.3",
            "HTTP_COOKIE": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "CONTENT_TYPE": "application/x-www-form-urlencoded" if form is not None else "",
            "CONTENT_LENGTH": str(len(body)) if form is not None else "",
            "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(body), **environ,
        }  # fmt: skip
        short: list[Any] = []
        answered: list[Any] = []
        answer = consent_shortcut.answer
        with self.monkeypatch.context() as patch:
            patch.setattr(consent_shortcut, "answer", lambda meta: short.append(answer(meta)) or short[-1])
            chunks = Handler()(request, lambda status, headers, _error=None: answered.extend((status, headers)))
            content = b"".join(chunks).decode()
        return Said(int(answered[0][:3]), dict(answered[1]), content, bool(short) and short[0] is not None)

    def post(self, answer: str = "allow", **changes: str) -> Said:
        return self.ask("POST", {"answer": answer, "csrfmiddlewaretoken": CSRF}, **changes)

    def ask_the_long_way(self, *args: Any, **kwargs: Any) -> Said:
        with self.monkeypatch.context() as patch:
            patch.setattr(consent_shortcut, "answer", lambda _meta: None)
            return self.ask(*args, **kwargs)


@pytest.fixture(autouse=True)
def postgresql_only() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("the shorter way is for PostgreSQL")


@pytest.fixture
def site(make_site: Callable[..., Site], settings: Any) -> Site:
    settings.ALLOWED_HOSTS = ["testserver"]
    return make_site(title="Wiki", slug="pilot", provider=Provider.GATEPASS, base_url=f"{settings.PUBLIC_URL}/at/pilot")


@pytest.fixture
def sheet(site: Site, administrator: User, member: User, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Sheet:
    link = links.create_link(actor=administrator, site=site, redirect_url=REDIRECT_URI)
    browser = Client()
    browser.force_login(member)
    query = {
        "response_type": "code", "client_id": link.client_id, "redirect_uri": REDIRECT_URI, "scope": "WRITE",
        "state": "ä&=/ ?", "code_challenge": CHALLENGE, "code_challenge_method": "S256",
    }  # fmt: skip
    cookies = {
        settings.SESSION_COOKIE_NAME: browser.cookies[settings.SESSION_COOKIE_NAME].value,
        settings.CSRF_COOKIE_NAME: CSRF,
    }
    return Sheet(cookies, browser.session, query, monkeypatch)


def change(session: SessionBase, **values: object) -> None:
    for name, value in values.items():
        session[name] = value
    session.save()


def comparable(said: Said) -> dict[str, Any]:
    """The headers, lists without their order and the cookie without its date."""
    headers: dict[str, Any] = {**said.headers}
    headers["Vary"] = set(headers.get("Vary", "").split(", "))
    headers["Set-Cookie"] = re.sub(r"expires=[^;]+", "", headers.get("Set-Cookie", "").strip())
    return headers


def same(text: str) -> str:
    """Without what is another one each time: the mask of the CSRF token, the code."""
    text = re.sub(r'name="csrfmiddlewaretoken" value="\w{64}"', "TOKEN", text)
    return re.sub(r"code=\w+", "code=CODE", text)


@pytest.mark.parametrize("theme", ["auto", "dark"])
@pytest.mark.parametrize("agent", ["", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1) AppleWebKit/605 Mobile/15E148"])
def test_the_same_page(sheet: Sheet, theme: str, agent: str) -> None:
    sheet.cookies["theme"] = theme
    for _first_and_from_memory in range(2):
        short, long = sheet.ask(HTTP_USER_AGENT=agent), sheet.ask_the_long_way(HTTP_USER_AGENT=agent)
        assert (short.status, short.is_short, long.is_short) == (200, True, False)
        assert same(short.body) == same(long.body)
        assert comparable(short) == comparable(long)
        assert "\ue000" not in short.body
        assert "frame-ancestors 'none'" in short.headers["Content-Security-Policy"]
        assert "confluence-server:" in short.headers["Content-Security-Policy"]


@pytest.mark.parametrize("answer", ["allow", "cancel"])
def test_the_same_redirect(sheet: Sheet, answer: str) -> None:
    form = {"answer": answer, "csrfmiddlewaretoken": CSRF}
    short, long = sheet.post(answer), sheet.ask_the_long_way("POST", form)
    assert (short.status, short.is_short) == (302, True)
    assert (long.status, long.is_short) == (302, False)
    short.headers["Location"], long.headers["Location"] = (
        same(short.headers["Location"]),
        same(long.headers["Location"]),
    )
    assert comparable(short) == comparable(long)
    assert ("error=access_denied" in short.headers["Location"]) == (answer == "cancel")
    assert short.headers["Referrer-Policy"] == "no-referrer"


def test_the_code_is_kept_as_a_digest_for_what_was_asked(sheet: Sheet, member: User) -> None:
    code = re.findall(r"code=(\w+)", sheet.post().headers["Location"])[0]
    grant = get_grant_model().objects.get()
    assert code not in str(grant.__dict__)
    assert (grant.user, grant.application.client_id) == (member, sheet.query["client_id"])
    assert (grant.code_challenge, grant.code_challenge_method) == (CHALLENGE, "S256")
    assert (grant.redirect_uri, grant.scope, grant.claims, grant.resource) == (REDIRECT_URI, "WRITE", "{}", [])


def test_a_name_is_escaped_on_the_page_from_memory(sheet: Sheet, member: User) -> None:
    sheet.ask()
    member.first_name = "<script>\ue000back\ue000"
    member.save()
    page = sheet.ask().body
    assert "&lt;script&gt;" in page
    assert "<script>\ue000" not in page


def test_two_people_see_their_own_page(sheet: Sheet, alice: User, settings: Any) -> None:
    mine = sheet.ask().body
    browser = Client()
    browser.force_login(alice)
    sheet.cookies[settings.SESSION_COOKIE_NAME] = browser.cookies[settings.SESSION_COOKIE_NAME].value
    theirs = sheet.ask().body
    assert f"<strong>{alice}</strong>" in theirs
    assert f"<strong>{alice}</strong>" not in mine
    assert len(set(re.findall(r'csrfmiddlewaretoken" value="(\w+)"', mine + theirs))) == 2


def test_a_page_takes_four_statements_and_an_answer_five(sheet: Sheet) -> None:
    with CaptureQueriesContext(connection) as queries:
        sheet.ask()
    assert len(queries) == 4, queries.captured_queries
    with CaptureQueriesContext(connection) as queries:
        sheet.post()
    assert len(queries) == 5, queries.captured_queries


def _password(sheet: Sheet) -> None:
    user = User.objects.get(pk=sheet.session["_auth_user_id"])
    user.set_password("another one for this person")
    user.save()


def _ago(name: str, seconds: int) -> Callable[[Sheet], None]:
    return lambda sheet: change(sheet.session, **{name: int(time.time()) - seconds - 5})


LACKING: dict[str, tuple[Callable[[Sheet], Any], int]] = {
    "session cookie": (lambda sheet: sheet.cookies.pop("gatepass_session"), 302),
    "CSRF cookie": (lambda sheet: sheet.cookies.pop("gatepass_csrf"), 200),
    "session": (lambda sheet: sheet.session.delete(), 302),
    "living session": (lambda sheet: (sheet.session.set_expiry(-1), sheet.session.save()), 302),
    "person": (lambda sheet: change(sheet.session, _auth_user_id="999999999"), 302),
    "active person": (lambda _sheet: User.objects.update(is_active=False), 302),
    "same password": (_password, 302),
    "known backend": (lambda sheet: change(sheet.session, _auth_user_backend="gone.Backend"), 302),
    "use of late": (_ago(session_limits.SEEN, 3600), 302),
    "young session": (_ago(session_limits.BEGUN, 12 * 3600), 302),
    "note of use": (_ago(session_limits.SEEN, session_limits.SEEN_EVERY), 200),
    "person of flesh": (lambda sheet: change(sheet.session, **{REHEARSING: True}), 200),
    "read messages": (lambda sheet: change(sheet.session, **{SessionStorage.session_key: "[]"}), 200),
    "read message cookie": (lambda sheet: sheet.cookies.update(messages="x"), 200),
    "whole cookies": (lambda sheet: sheet.cookies.update(other='"\\000"'), 200),
    "site": (lambda _sheet: Site.objects.update(archived_at="2026-01-01T00:00Z"), 404),
}


@pytest.mark.parametrize("what", LACKING)
def test_whatever_is_lacking_goes_the_long_way(sheet: Sheet, what: str) -> None:
    take_away, status = LACKING[what]
    take_away(sheet)
    said = sheet.ask()
    assert (said.status, said.is_short) == (status, False)
    if status == 302:
        assert urlsplit(said.headers["Location"]).path == "/accounts/login/"


def test_a_role_that_needs_a_factor_goes_the_long_way(sheet: Sheet, settings: Any) -> None:
    settings.SECOND_FACTOR_ROLES = ["member"]
    said = sheet.ask()
    assert not said.is_short
    assert urlsplit(said.headers["Location"]).path == "/accounts/2fa/"


@pytest.mark.parametrize(
    ("form", "environ"),
    [
        ({"answer": "allow"}, {}),
        ({"answer": "allow", "csrfmiddlewaretoken": "x" * 32}, {}),
        ({"answer": "allow", "csrfmiddlewaretoken": CSRF}, {"HTTP_ORIGIN": "https://evil.example"}),
        ({"answer": "allow", "csrfmiddlewaretoken": CSRF}, {"HTTP_ORIGIN": "null"}),
    ],
)
def test_a_foreign_form_is_refused(sheet: Sheet, form: dict[str, str], environ: dict[str, str]) -> None:
    said = sheet.ask("POST", form, **environ)
    assert (said.status, said.is_short) == (403, False)
    assert not get_grant_model().objects.exists()


@pytest.mark.parametrize("length", ["", "x", "-1", "9999999"])
def test_a_body_without_a_length_goes_the_long_way(sheet: Sheet, length: str) -> None:
    form = {"answer": "allow", "csrfmiddlewaretoken": CSRF}
    assert not sheet.ask("POST", form, CONTENT_LENGTH=length).is_short


@pytest.mark.parametrize(
    "query",
    [
        {"client_id": "unknown"}, {"redirect_uri": "https://evil.example/"}, {"scope": "ADMIN"},
        {"code_challenge_method": "plain"}, {"response_type": "token"}, {"code_challenge": ""},
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_bad_request_gets_the_same_answer(sheet: Sheet, query: dict[str, str], method: str) -> None:
    sheet.query |= query
    form = {"answer": "allow", "csrfmiddlewaretoken": CSRF} if method == "POST" else None
    short, long = sheet.ask(method, form), sheet.ask_the_long_way(method, form)
    assert (short.status, same(short.body)) == (long.status, same(long.body))
    assert comparable(short) == comparable(long)
    assert not get_grant_model().objects.exists()


def test_a_reached_limit_is_the_same_page_and_counts_once(
    sheet: Sheet, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REDIS_URL = ""
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"authorize_who": "1/86400"}
    taken, take_all = [], attempts.limiter.take_all
    monkeypatch.setattr(attempts.limiter, "take_all", lambda wanted: taken.append(wanted) or take_all(wanted))
    attempts.limiter.forget()
    try:
        assert [sheet.ask().status for _ in range(3)] == [200, 429, 429]
        assert len(taken) == 3
        assert int(sheet.ask().headers["Retry-After"]) > 0
    finally:
        attempts.limiter.forget()


def test_many_looks_of_the_page_do_not_pile_up(sheet: Sheet, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.provided_sites.consent._MOST", 2)
    for number in range(5):
        Site.objects.filter(pk=site.pk).update(title=f"Wiki {number}")
        assert f"Wiki {number}" in sheet.ask().body
        assert len(page_memory) <= 2


def test_the_same_line_is_logged(sheet: Sheet, member: User, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    for query, code in (({}, 200), ({"client_id": "unknown"}, 400)):
        sheet.query |= query
        caplog.clear()
        assert sheet.ask().status == code
        line = next(record.msg for record in caplog.records if record.name == "portal.serving.consent_shortcut")
        assert (line["event"], line["code"], line["user_id"], line["ip"]) == (
            "request_finished",
            code,
            member.pk,
            "10.1.2.3",
        )
        assert "state=" not in caplog.text
        assert CHALLENGE not in caplog.text


def test_the_session_is_written_only_when_it_changed(sheet: Sheet, settings: Any) -> None:
    assert settings.SESSION_COOKIE_NAME not in sheet.ask().headers["Set-Cookie"]
    assert "Set-Cookie" not in sheet.post().headers


def test_a_head_request_goes_the_long_way(sheet: Sheet) -> None:
    assert not sheet.ask("HEAD").is_short
