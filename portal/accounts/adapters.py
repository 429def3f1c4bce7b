"""How people get in: allauth with local accounts, nobody signs themselves up."""

from __future__ import annotations

from ipaddress import ip_address

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.models import User
from rollout.services import vault


def home(user: User) -> str:
    """Return the first page of this person: the overview, or for a member their own passes."""
    return reverse("overview" if user.works_with_sites else "my_passes")


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """False: an administrator adds people."""
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        user = request.user
        return home(user) if isinstance(user, User) else reverse("account_login")

    def get_client_ip(self, request: HttpRequest) -> str:
        """The visitor's address (``portal.accounts.proxies``); without one, the unspecified one."""
        try:
            return str(ip_address(request.META.get("REMOTE_ADDR", "").partition("%")[0]))
        except ValueError:
            return "0.0.0.0"  # noqa: S104 - nobody listens there

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """After the first password a person goes on to their work, not to the same form again."""
        return self.get_login_redirect_url(request)


class MFAAdapter(DefaultMFAAdapter):
    """What second factors are called, and how the secrets of those that have one are kept: TOTP, recovery codes."""

    def encrypt(self, text: str) -> str:
        """Sealed, where there is a key to seal with (``CREDENTIAL_KEYS``)."""
        return vault.seal(text) if vault.is_available() else text

    def decrypt(self, encrypted_text: str) -> str:
        """Raises VaultError when the key that sealed it is gone: nobody signs in by a factor that cannot be read."""
        return vault.open_(encrypted_text) if vault.is_sealed(encrypted_text) else encrypted_text

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:
        """What the form for a new one begins with."""
        number = Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1
        return _("Passkey") if number == 1 else _("Passkey %(number)d") % {"number": number}
