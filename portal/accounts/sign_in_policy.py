"""How strongly each role has to sign in (settings ``SECOND_FACTOR_ROLES`` and ``PASSKEY_ROLES``).

One middleware in front of every page, Django admin and the API included, so that nothing is forgotten: what is not
listed here as part of proving or setting up a factor stays closed.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from .sign_in_links import REHEARSING

# Of everybody who is signed in by less than their role needs.
ALWAYS_OPEN = {"account_logout", "account_reauthenticate", "theme", "healthz", "readyz", "metrics"}
PROVING = ALWAYS_OPEN | {"mfa_reauthenticate", "mfa_reauthenticate_webauthn"}
ENROLLING = PROVING | {
    "mfa_index", "mfa_activate_totp", "mfa_list_webauthn", "mfa_add_webauthn", "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes", "mfa_download_recovery_codes", "account_set_password", "account_change_password",
}  # fmt: skip


class Missing(Enum):
    """What a session lacks: the factor was not used in it, or the person has none yet."""

    PROOF = auto()
    FACTOR = auto()


def what_is_missing(request: HttpRequest) -> Missing | None:
    """Return None when the session is as strong as the person's role needs."""
    kinds = needed_kinds(request.user.role)  # type: ignore[union-attr]
    if kinds is None:
        return None
    records = get_authentication_records(request, request.user)
    if any(record.get("method") == "mfa" and record.get("type") in kinds for record in records):
        return None
    owned = Authenticator.objects.filter(user_id=request.user.pk, type__in=kinds)
    return Missing.PROOF if owned.exists() else Missing.FACTOR


def needed_kinds(role: str) -> set[str] | None:
    """The kinds of factor of which one has to be used; None when a password is enough."""
    if role in settings.PASSKEY_ROLES:
        return {Authenticator.Type.WEBAUTHN.value}
    if role in settings.SECOND_FACTOR_ROLES:
        return {kind.value for kind in Authenticator.Type}
    return None


class SignInPolicyMiddleware:
    """Sends whoever is signed in too weakly to prove a factor or to set one up; answers the API 403."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> HttpResponse | None:
        if not (settings.PASSKEY_ROLES or settings.SECOND_FACTOR_ROLES) or not request.user.is_authenticated:
            return None
        if request.session.get(REHEARSING):  # the virtual phone's: it opens one door, for two minutes
            return None
        missing = what_is_missing(request)
        match = request.resolver_match
        name = match.view_name if match else ""
        if missing is None or name in (PROVING if missing is Missing.PROOF else ENROLLING):
            return None
        if name.startswith("api:"):
            return JsonResponse({"detail": _("Your role requires a second factor. Sign in again with it.")}, status=403)
        return _to_prove(request) if missing is Missing.PROOF else _to_enroll(request)


def _to_prove(request: HttpRequest) -> HttpResponse:
    is_key = Authenticator.objects.filter(user_id=request.user.pk, type=Authenticator.Type.WEBAUTHN).exists()
    page = reverse("mfa_reauthenticate_webauthn" if is_key else "mfa_reauthenticate")
    # Also of a POST: a GET of every address leads to a page.
    return HttpResponseRedirect(f"{page}?{urlencode({'next': request.get_full_path()})}")


def _to_enroll(request: HttpRequest) -> HttpResponse:
    only_passkeys = request.user.role in settings.PASSKEY_ROLES  # type: ignore[union-attr]
    messages.warning(
        request,
        _("Your role requires sign-in with a passkey. Add one to continue.")
        if only_passkeys
        else _("Your role requires a second factor. Set one up to continue."),
    )
    return HttpResponseRedirect(reverse("mfa_add_webauthn" if only_passkeys else "mfa_index"))
