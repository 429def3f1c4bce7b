"""Single sign-on for staff with the organization's OpenID provider (settings ``OIDC_*``).

Each configured group of the provider gives a role; people in none of them are refused. A person is matched by the
provider's identifier, or at first sign-in by a verified e-mail address, and created if new. Every sign-in updates the
role.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from requests.exceptions import RequestException  # noqa: TID251 - what allauth's own session raises

from portal.models import Role, User

from .people import change_person, create_person
from .sign_in_metrics import SIGN_INS

logger = logging.getLogger(__name__)


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """Maps an account at the provider to a person. django-allauth implements the protocol itself."""

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Find or create the person and set their role. Raises ImmediateHttpResponse with an error page."""
        claims = claims_of(sociallogin.account.extra_data)
        role = role_of(claims)
        if role is None:
            raise _refused(request, _("You are not in a group that has access to Gatepass."))
        if not sociallogin.is_existing:
            sociallogin.connect(request, self._find_or_create_person(request, claims, role))
        person = User.objects.get(pk=sociallogin.user.pk)
        if person.role != role:
            try:
                change_person(actor=None, person=person, name=person.get_full_name(), role=role)
            except ValidationError as error:  # such as the last administrator, whose role cannot change
                raise _refused(request, " ".join(error.messages)) from None
        sociallogin.user = User.objects.get(pk=person.pk)

    def _find_or_create_person(self, request: HttpRequest, claims: Mapping[str, Any], role: str) -> User:
        email = str(claims.get("email") or "").strip()
        if not email or claims.get("email_verified") is not True:
            raise _refused(request, _("Your identity provider does not confirm your e-mail address."))
        known = User.objects.filter(email__iexact=email).first()
        if known is not None:
            return known
        try:
            return create_person(actor=None, email=email, name=str(claims.get("name") or "")[:150], role=role)
        except ValidationError as error:
            raise _refused(request, " ".join(error.messages)) from None

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Return False: ``pre_social_login`` has created people who have access."""
        return False


class SingleSignOnMiddleware:
    """Returns a page with status 502 when the provider does not respond, instead of a server error."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        match = request.resolver_match
        if match is None or not match.view_name.startswith("openid_connect_"):
            return None
        if not isinstance(exception, RequestException | OAuth2Error):
            return None
        logger.warning("single_sign_on_unavailable", extra={"error": type(exception).__name__})
        return render(request, "socialaccount/authentication_error.html", status=502)


def claims_of(extra_data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the claims of the ID token, overridden by those of the userinfo endpoint."""
    return {**(extra_data.get("id_token") or {}), **(extra_data.get("userinfo") or {})}


def role_of(claims: Mapping[str, Any]) -> str | None:
    """Return the highest role of the person's groups (``OIDC_ROLE_GROUPS``), or ``OIDC_DEFAULT_ROLE``, or None."""
    claim = claims.get(settings.OIDC_GROUPS_CLAIM)
    groups = {str(group) for group in claim} if isinstance(claim, list) else {str(claim)} if claim else set()
    for role in Role.values:  # highest first
        if groups & set(settings.OIDC_ROLE_GROUPS.get(role, "").split(";")) - {""}:
            return role
    return settings.OIDC_DEFAULT_ROLE or None


def _refused(request: HttpRequest, reason: str) -> ImmediateHttpResponse:
    SIGN_INS.labels("single_sign_on", "failure").inc()
    return ImmediateHttpResponse(render(request, "socialaccount/refused.html", {"reason": reason}, status=403))
