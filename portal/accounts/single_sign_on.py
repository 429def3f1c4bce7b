"""Single sign-on for staff by an OpenID provider of the organisation (settings ``OIDC_*``).

The provider says who it is and which groups they are in; a group is a role. Whoever is in none of the groups is
refused. A person is matched by the provider's own identifier, the first time by an e-mail address that it vouches for;
who is new is added. The role follows the groups at every sign-in.
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

logger = logging.getLogger(__name__)


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """allauth does the protocol: discovery, PKCE, state, the ID token. This says who becomes whom."""

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Find or add the person, give them the role of their groups, and let allauth go on. Refuses with a page."""
        claims = claims_of(sociallogin.account.extra_data)
        role = role_of(claims)
        if role is None:
            raise _refused(request, _("None of your groups has access."))
        if not sociallogin.is_existing:
            sociallogin.connect(request, self._person(request, claims, role))
        person = User.objects.get(pk=sociallogin.user.pk)
        if person.role != role:
            try:
                change_person(actor=None, person=person, name=person.get_full_name(), role=role)
            except ValidationError as error:  # the last administrator stays one
                raise _refused(request, " ".join(error.messages)) from None
        sociallogin.user = User.objects.get(pk=person.pk)

    def _person(self, request: HttpRequest, claims: Mapping[str, Any], role: str) -> User:
        email = str(claims.get("email") or "").strip()
        if not email or claims.get("email_verified") is not True:
            raise _refused(request, _("The identity provider has not verified your e-mail address."))
        known = User.objects.filter(email__iexact=email).first()
        if known is not None:
            return known
        try:
            return create_person(actor=None, email=email, name=str(claims.get("name") or "")[:150], role=role)
        except ValidationError as error:
            raise _refused(request, " ".join(error.messages)) from None

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """False: whoever is allowed here was added above."""
        return False


class SingleSignOnMiddleware:
    """A provider that does not answer is a page for the person, with 502, and not an error of ours."""

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
    """The claims of the ID token, and over them those of the userinfo endpoint."""
    return {**(extra_data.get("id_token") or {}), **(extra_data.get("userinfo") or {})}


def role_of(claims: Mapping[str, Any]) -> str | None:
    """The strongest role that one of the groups gives (``OIDC_ROLE_GROUPS``), else ``OIDC_DEFAULT_ROLE``, else None."""
    told = claims.get(settings.OIDC_GROUPS_CLAIM)
    groups = {str(group) for group in told} if isinstance(told, list) else {str(told)} if told else set()
    for role in Role.values:  # strongest first
        if groups & set(settings.OIDC_ROLE_GROUPS.get(role, "").split(";")) - {""}:
            return role
    return settings.OIDC_DEFAULT_ROLE or None


def _refused(request: HttpRequest, reason: str) -> ImmediateHttpResponse:
    return ImmediateHttpResponse(render(request, "socialaccount/refused.html", {"reason": reason}, status=403))
