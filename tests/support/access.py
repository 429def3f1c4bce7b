"""Everything that lets one person in, to see what of it ends."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core import mail
from django.db import transaction
from django.test import Client
from django.utils import timezone

from portal.accounts import sign_in_links
from portal.accounts.api_tokens import create_personal_token
from portal.models import SignInLink, User
from rollout.services.passes import issue_pass


@dataclass
class Access:
    """Everything that lets one person in."""

    person: User
    browser: Client
    phone: Any
    tokens: dict[str, str]
    code: str
    welcome: str
    reset: str
    pass_url: str
    token: str

    def works(self) -> dict[str, bool]:
        """Return what still works, by name. Uses nothing up."""
        with transaction.atomic():
            works = {
                "browser": self.browser.get("/me/passes/").status_code == 200,
                "phone": self.phone.refresh(self.tokens["refresh_token"]).status_code == 200,
                "code": self.phone.redeem(self.code).status_code == 200,
                "welcome": Client().get(self.welcome).status_code == 200,
                "reset": "password1" in Client().get(self.reset, follow=True).text,
                "pass": Client().get(self.pass_url).status_code == 200,
                "token": Client(headers={"authorization": f"Bearer {self.token}"}).get("/api/v1/sites").status_code
                != 401,
            }
            transaction.set_rollback(True)
        return works


def path_of(url: str) -> str:
    return "/" + url.split("/", 3)[3]


def reset_link(person: User) -> str:
    """The path in a password reset mail."""
    mail.outbox.clear()
    Client().post("/accounts/password/reset/", {"email": person.email})
    return path_of(re.search(r"https?://\S+/password/reset/key/\S+", mail.outbox[0].body).group())  # type: ignore[union-attr]


def signed_in(person: User, password: str) -> Client:
    client = Client()
    client.post("/accounts/login/", {"login": person.email, "password": password})
    return client


def access_of(person: User, password: str, *, phone: Any, site: Any, administrator: User) -> Access:
    """Give the person a signed-in browser, a phone, and each kind of link."""
    until = timezone.now() + timedelta(days=1)
    _row, token = issue_pass(
        actor=administrator, label="Person", sites=[site], expires_at=until, person=person, max_uses=None
    )
    return Access(
        person=person,
        browser=signed_in(person, password),
        phone=phone,
        tokens=phone.tokens(),
        code=phone.code(),
        welcome=path_of(sign_in_links.make_link(user=person, purpose=SignInLink.Purpose.WELCOME, actor=administrator)),
        reset=reset_link(person),
        pass_url=f"/e/{token}",
        token=create_personal_token(person=person, name="Script", scopes=["read"], days=1)[1],
    )
