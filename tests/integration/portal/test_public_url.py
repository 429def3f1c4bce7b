"""Links that leave Gatepass come from PUBLIC_URL, whatever Host a request has; a stray Host is one line in the log."""

from __future__ import annotations

import re
import smtplib
from pathlib import Path
from typing import Any

import pytest
from allauth.account.adapter import get_adapter
from django.conf import settings as django_settings
from django.core import mail
from django.template.loader import get_template
from django.test import Client, RequestFactory
from django.urls import reverse

from portal.models import User
from portal.pages.middleware import HostMiddleware
from tests.support.paths import ROOT

HOSTS = ["127.0.0.1:1", "127.0.0.1:65535", "testserver:8443", "testserver"]
PASSWORD = "correct horse battery"


@pytest.fixture
def alma(make_user: Any, settings: Any) -> User:
    settings.ACCOUNT_RATE_LIMITS = False
    return make_user("auditor", "alma@example.com", password=PASSWORD)


@pytest.mark.parametrize("host", HOSTS)
def test_a_reset_link_leads_to_the_public_address(client: Client, alma: User, host: str) -> None:
    assert client.post("/accounts/password/reset/", {"email": alma.email}, HTTP_HOST=host).status_code == 302
    (message,) = mail.outbox
    text = message.subject + str(message.body)
    links = re.findall(r"https?://[^\s/]+", text)
    assert set(links) == {django_settings.PUBLIC_URL}
    assert len(links) == 2
    assert host not in text or host in django_settings.PUBLIC_URL
    assert message.subject == "Gatepass: set a new password"


@pytest.mark.parametrize("host", HOSTS)
def test_absolute_urls_of_any_library(settings: Any, host: str) -> None:
    settings.PUBLIC_URL = "https://gatepass.example.com"
    request = RequestFactory().get("/sites/?q=1", HTTP_HOST=host)
    HostMiddleware(lambda request: None)(request)  # type: ignore[arg-type,return-value]
    assert request.build_absolute_uri("/x/?y") == "https://gatepass.example.com/x/?y"
    assert request.build_absolute_uri() == "https://gatepass.example.com/sites/?q=1"
    assert request.build_absolute_uri("x") == "https://gatepass.example.com/sites/x"


def test_the_redirect_to_https_leads_to_the_public_address(settings: Any, client: Client) -> None:
    settings.SECURE_SSL_REDIRECT = True
    answer = client.get("/accounts/login/", HTTP_HOST="127.0.0.1:1")
    host = django_settings.PUBLIC_URL.partition("://")[2]
    assert answer["Location"] == f"https://{host}/accounts/login/"


def test_another_port_does_not_start_the_count_of_failed_sign_ins_again(
    client: Client, alma: User, settings: Any
) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "sign_in_principal": "2/600"}
    for port in (1, 2, 3):
        answer = client.post("/accounts/login/", {"login": alma.email, "password": "x"}, HTTP_HOST=f"127.0.0.1:{port}")
    assert "Too many failed sign-ins" in answer.text


def test_an_unknown_address_gets_no_mail_and_the_same_response(client: Client, alma: User) -> None:
    known = client.post("/accounts/password/reset/", {"email": alma.email}, follow=True)
    unknown = Client().post("/accounts/password/reset/", {"email": "unknown@example.com"}, follow=True)
    assert [message.to for message in mail.outbox] == [[alma.email]]
    assert known.redirect_chain == unknown.redirect_chain
    nonce = re.compile(r'nonce="[^"]*"|value="[^"]{64}"')
    assert nonce.sub("", known.text) == nonce.sub("", unknown.text)


def test_a_mail_server_that_is_down_does_not_show_which_accounts_exist(
    client: Client, alma: User, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    def refuse(*_arguments: Any, **_options: Any) -> None:
        raise smtplib.SMTPServerDisconnected("Connection unexpectedly closed")

    monkeypatch.setattr(mail.EmailMessage, "send", refuse)
    answer = client.post("/accounts/password/reset/", {"email": alma.email})
    assert (answer.status_code, answer["Location"]) == (302, reverse("account_reset_password_done"))
    assert "was not sent: SMTPServerDisconnected" in caplog.text


def test_the_texts_of_sign_in_mails_are_ours() -> None:
    adapter = get_adapter()
    for name in ("subject", "message"):
        template: Any = get_template(f"account/email/password_reset_key_{name}.txt")
        assert Path(template.origin.name).is_relative_to(ROOT / "templates")
    assert adapter.format_email_subject("x") == "x"
    assert not django_settings.ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS


@pytest.mark.parametrize("host", ["evil.example", "evil.example:1", "a b", "", "127.0.0.1\nX", "[::1", "x" * 9000])
@pytest.mark.parametrize("path", ["/", "/sites/", "/api/v1/sites", "/rest/oauth2/latest/token", "/healthz"])
def test_a_stray_host_is_one_line(client: Client, caplog: Any, host: str, path: str) -> None:
    answer = client.get(path, HTTP_HOST=host)
    assert answer.status_code == 400
    assert len(answer.content) < 150
    assert "evil" not in answer.text
    (record,) = caplog.records
    assert (record.levelname, record.exc_info) == ("WARNING", None)
    line = record.getMessage()
    assert line.startswith("Refused host ")
    assert len(line) < 200
    assert "\n" not in line


BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("public", "host", "leads_to"),
    [
        ("localhost:8000", "127.0.0.1:8000", "localhost:8000"),
        ("localhost:8000", "[::1]:8000", "localhost:8000"),
        ("localhost:8000", "127.0.0.1:9000", "localhost:9000"),  # a tunnel
        ("127.0.0.1:8000", "localhost:8000", "127.0.0.1:8000"),  # a trial that began there
        ("[::1]:8000", "localhost:8000", "[::1]:8000"),
        ("localhost", "127.0.0.1", "localhost"),
    ],
)
def test_pages_of_a_trial_lead_to_its_name(
    client: Client, settings: Any, method: str, public: str, host: str, leads_to: str
) -> None:
    settings.PUBLIC_URL = f"http://{public}"
    answer = client.generic(method, "/e/ABC/?a=%2F&b=1", HTTP_HOST=host, HTTP_ACCEPT=BROWSER)
    assert (answer.status_code, answer["Location"]) == (302, f"http://{leads_to}/e/ABC/?a=%2F&b=1")
    answer = client.get("/", PATH_INFO="//evil.example/x", HTTP_HOST=host, HTTP_ACCEPT=BROWSER)
    assert answer["Location"] == f"http://{leads_to}//evil.example/x"


@pytest.mark.parametrize(
    ("public", "host"),
    [
        ("http://localhost:8000", "localhost:9000"),
        ("http://127.0.0.1:8000", "127.0.0.1:9000"),
        ("https://gatepass.example.com", "127.0.0.1:8000"),
        ("http://localhost:8000", "testserver"),
    ],
)
def test_pages_under_the_public_name_or_without_one_of_this_machine_do_not(
    client: Client, settings: Any, public: str, host: str
) -> None:
    settings.PUBLIC_URL = public
    assert client.get("/accounts/login/", HTTP_HOST=host, HTTP_ACCEPT=BROWSER).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("method", "path", "accept", "status"),
    [
        ("GET", "/healthz", BROWSER, 200),
        ("GET", "/healthz", "*/*", 200),
        ("GET", "/readyz", BROWSER, 200),
        ("GET", "/api/v1/sites", BROWSER, 401),
        ("GET", "/at/pilot/rest/nativemobile/1.1/info/login", BROWSER, 404),
        ("GET", "/rest/oauth2/latest/token", BROWSER, 405),
        ("POST", "/rest/oauth2/latest/token", BROWSER, 400),
        ("POST", "/accounts/login/", BROWSER, 200),
        ("GET", "/accounts/login/", "*/*", 200),
    ],
)
def test_machines_and_forms_get_their_response_under_every_name_of_a_trial(
    client: Client, settings: Any, method: str, path: str, accept: str, status: int
) -> None:
    settings.PUBLIC_URL = "http://localhost:8000"
    client.cookies["other"] = "x"  # takes the full middleware stack
    answer = client.generic(method, path, HTTP_HOST="127.0.0.1:8000", HTTP_ACCEPT=accept)
    assert answer.status_code == status
