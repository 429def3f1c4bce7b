"""How people get in: allauth with local accounts, nobody signs themselves up."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.urls import reverse

from .models import User


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

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """After the first password a person goes on to their work, not to the same form again."""
        return self.get_login_redirect_url(request)
