"""django-allauth's adapters: local accounts that only administrators create, second factors, and browser sessions."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from ipaddress import ip_address
from smtplib import SMTPException
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.models import User
from rollout.services import audit, vault

from . import next_pages

logger = logging.getLogger(__name__)


def home(user: User) -> str:
    """Return the URL of the person's start page: the overview, or My passes for a member."""
    return reverse("overview" if user.works_with_sites else "my_passes")


class AccountAdapter(DefaultAccountAdapter):
    """Sign-in by e-mail address, without sign-up."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": gettext_lazy("The e-mail address or the password is wrong."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return False: administrators add people."""
        return False

    def is_safe_url(self, url: str) -> bool:
        """Return whether ``next`` may be this URL: on this server, and short."""
        if len(url) > next_pages.MAX_NEXT:
            return next_pages.fits(url)
        return super().is_safe_url(url)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a message whose links and names come from the settings, not from the request.

        A mail server that does not respond is logged only, so that the page is the same with and without an account.
        """
        message = self.render_mail(
            template_prefix, email, {"email": email, "public_url": settings.PUBLIC_URL} | context
        )
        message.extra_headers["Auto-Submitted"] = "auto-generated"  # RFC 3834: stops automatic replies
        try:
            message.send()
        except (SMTPException, OSError) as error:
            logger.error("The e-mail %s was not sent: %s: %s", template_prefix, type(error).__name__, error)

    def format_email_subject(self, subject: str) -> str:
        """Return the subject without django-allauth's prefix, the host of the request."""
        return subject

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Return the start page of the person who signed in."""
        user = request.user
        return home(user) if isinstance(user, User) else reverse("account_login")

    def set_password(self, user: User, password: str) -> None:
        """Store only the password: saving the whole row could undo a deactivation that happens at the same time."""
        user.set_password(password)
        user.save(update_fields=["password"])

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the client's address (set by ``portal.accounts.proxies``), or 0.0.0.0 when there is none."""
        try:
            return str(ip_address(request.META.get("REMOTE_ADDR", "").partition("%")[0]))
        except ValueError:
            return "0.0.0.0"  # nosec B104  # noqa: S104 - a placeholder, not an address to bind to

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Return the start page; django-allauth would show the same form again."""
        return self.get_login_redirect_url(request)


class MFAAdapter(DefaultMFAAdapter):
    """Encrypts the secrets of TOTP and recovery codes, and names new passkeys."""

    def encrypt(self, text: str) -> str:
        """Return the text encrypted, or unchanged when ``CREDENTIAL_KEYS`` is empty."""
        return vault.seal(text) if vault.is_available() else text

    def decrypt(self, encrypted_text: str) -> str:
        """Return the secret. Raises VaultError when its key is missing, so that the factor cannot be used."""
        return vault.open_(encrypted_text) if vault.is_sealed(encrypted_text) else encrypted_text

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:
        """Return the name that the form for a new passkey suggests."""
        number = Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1
        return _("Passkey") if number == 1 else _("Passkey %(number)d") % {"number": number}


class UserSessionsAdapter(DefaultUserSessionsAdapter):
    """Records in the audit log that a person signed out other browsers."""

    def end_sessions(self, sessions: Sequence[UserSession]) -> None:
        """End these sessions of one person. The current one records its sign-out itself (``user_logged_out``)."""
        others = [session for session in sessions if not session.is_current()]
        with transaction.atomic():
            super().end_sessions(sessions)
            if others:
                user = others[0].user
                audit.record(actor=user, action="person.signed_out", target=user, details={"sessions": len(others)})
