"""No secret reaches the production log during the sign-in of a person and of a phone."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import ModuleType
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import structlog
from django.contrib.auth.decorators import login_not_required
from django.core import mail
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path
from django.utils import timezone

from portal.accounts.sign_in_links import make_link
from portal.logs import logging_config
from portal.models import SignInLink, User
from rollout.models import Site
from rollout.services import links, passes, rehearsals, sites

REDIRECT_URI = "confluence-server://oauth-callback"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # RFC 7636 Appendix B
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
PASSWORD = "correct horse battery staple"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """The log with LOG_JSON=1 and LOG_LEVEL=DEBUG, without database statements."""
    lines = logging_config(level="DEBUG", as_json=True)["formatters"]["line"]
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(**{k: v for k, v in lines.items() if k != "()"}))
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield written
    root.setLevel(before)
    root.removeHandler(handler)


@pytest.fixture
def provided(administrator: User) -> Site:
    return sites.create_site(actor=administrator, title="Pilot", provider="gatepass", slug="pilot")


def authorize(browser: Client, site: Site, client_id: str) -> str:
    """Return the code that the app receives."""
    query = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": REDIRECT_URI,
        "scope": "WRITE",
        "state": "a-state-that-is-hard-to-guess",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    url = f"{urlsplit(site.base_url).path}/rest/oauth2/latest/authorize?{urlencode(query)}"
    assert browser.get(url).status_code == 200
    return parse_qs(urlsplit(browser.post(url, {"answer": "allow"})["Location"]).query)["code"][0]


def test_it_works(log: io.StringIO, administrator: User, provided: Site, make_user: Callable[..., User]) -> None:
    member = make_user("member", "phone@example.com", PASSWORD)
    secrets = {"password": PASSWORD, "verifier": VERIFIER, "challenge": CHALLENGE, "state": "a-state-that-is-hard"}

    # A person is let in by a link, and once more by a password they had reset.
    browser = Client()
    link = make_link(user=member, purpose=SignInLink.Purpose.WELCOME, actor=administrator)
    secrets["sign-in link"] = link.rstrip("/").rpartition("/")[2]
    browser.get(urlsplit(link).path)
    assert browser.post(urlsplit(link).path).status_code == 302
    assert browser.post(urlsplit(link).path).status_code == 410
    Client().post("/accounts/login/", {"login": member.email, "password": f"{PASSWORD} no"})
    Client().post("/accounts/password/reset/", {"email": member.email})
    reset = re.search(r"/accounts/password/reset/key/([^\s/]+)/", str(mail.outbox[-1].body))
    assert reset
    secrets["reset key"] = reset[1]
    assert Client().get(reset[0]).status_code == 302

    # A pass, its page and its button; the code as a file.
    until = timezone.now() + timedelta(days=1)
    row, token = passes.issue_pass(actor=administrator, label="Phone", sites=[provided], expires_at=until)
    secrets["pass"] = token
    for url in (f"/e/{token}", f"/E/{token}?device=iphone", f"/e/{token}x"):
        Client().get(url)
    Client().post(f"/e/{token}/done")
    office = Client()
    office.force_login(administrator)
    assert office.post(f"/passes/{row.pk}/qr.svg", {"token": token}).status_code == 200

    # The phone: authorize, redeem, fail, refresh, revoke; and a bearer token at the API.
    made = links.create_link(actor=administrator, site=provided, redirect_url=REDIRECT_URI)
    secrets["code"] = authorize(browser, provided, made.client_id)
    form = {"client_id": made.client_id, "redirect_uri": REDIRECT_URI, "code_verifier": VERIFIER}

    def ask(endpoint: str, **fields: str) -> Any:
        body = urlencode({**form, **fields})
        url = f"{urlsplit(provided.base_url).path}/rest/oauth2/latest/{endpoint}"
        return Client().post(url, body, content_type="application/x-www-form-urlencoded")

    tokens = ask("token", grant_type="authorization_code", code=secrets["code"]).json()
    secrets |= {"access token": tokens["access_token"], "refresh token": tokens["refresh_token"]}
    tokens = ask("token", grant_type="refresh_token", refresh_token=secrets["refresh token"]).json()
    assert ask("token", grant_type="refresh_token", refresh_token="x" * 30).status_code == 400
    assert (
        Client(headers={"authorization": f"Bearer {secrets['access token']}"}).get("/api/v1/sites").status_code == 401
    )
    assert ask("revoke", token=tokens["refresh_token"]).status_code == 200
    assert ask("token", grant_type="authorization_code", code=secrets["code"]).status_code == 400
    secrets |= {"second access token": tokens["access_token"], "second refresh token": tokens["refresh_token"]}

    # The virtual phone, and the cookies of everybody.
    rehearsal = rehearsals.request_rehearsal(actor=administrator, site=provided)
    assert rehearsals.run_rehearsal(rehearsal_id=rehearsal.pk)
    secrets |= {f"session {n}": client.cookies["gatepass_session"].value for n, client in enumerate((browser, office))}

    written = log.getvalue()
    found = [line for line in written.splitlines() for secret in secrets.values() if secret.lower() in line.lower()]
    events = [json.loads(line) for line in written.splitlines()]
    assert {"request_started", "request_finished"} <= {event["event"] for event in events}
    assert found == []


def test_an_error_page_logs_no_token(log: io.StringIO, db: None) -> None:
    @login_not_required
    def broken(request: HttpRequest, token: str) -> HttpResponse:
        password = request.POST.get("password")
        raise RuntimeError(f"{request.get_full_path()} broke" + ("" if password else "!"))

    urls = ModuleType("urls_that_break")
    urls.urlpatterns = [path("e/<str:token>", broken), path("welcome/<str:token>/", broken)]  # type: ignore[attr-defined]
    urls.handler500 = "portal.pages.errors.server_error"  # type: ignore[attr-defined]
    with override_settings(ROOT_URLCONF=urls):
        client = Client(raise_request_exception=False)
        for url in ("/e/VERYSECRETTOKEN?code=VERYSECRETCODE", "/welcome/VERYSECRETTOKEN/"):
            answer = client.post(url, {"password": "VERYSECRETPASSWORD"})
            assert answer.status_code == 500
            assert "VERYSECRET" not in answer.content.decode()

    written = log.getvalue()
    assert "RuntimeError" in written  # the traceback is there
    assert "VERYSECRET" not in written


def test_values_other_than_text_are_masked(log: io.StringIO) -> None:
    structlog.get_logger("test").warning(
        "test", request=RuntimeError("/e/SECRET"), paths=["/welcome/SECRET/"], more={"url": "/x?code=SECRET"}, count=3
    )
    event = json.loads(log.getvalue().splitlines()[-1])
    assert "SECRET" not in log.getvalue()
    assert event["count"] == 3
