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
