"""Second factors that roles must sign in with (settings ``SECOND_FACTOR_ROLES`` and ``PASSKEY_ROLES``).

A middleware guards every page, Django admin and the API included. Only the views listed here, which use or set up a
factor, are open without it.
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

from . import next_pages
from .sign_in_links import REHEARSAL_SESSION_KEY

# Views that are open to a session without the required factor.
EXEMPT_VIEWS = {"account_logout", "account_reauthenticate", "theme", "healthz", "readyz", "metrics"}
PROOF_VIEWS = EXEMPT_VIEWS | {"mfa_reauthenticate", "mfa_reauthenticate_webauthn"}
SETUP_VIEWS = PROOF_VIEWS | {
    "mfa_index", "mfa_activate_totp", "mfa_list_webauthn", "mfa_add_webauthn", "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes", "mfa_download_recovery_codes", "account_set_password", "account_change_password",
}  # fmt: skip


NEXT_KEY = "after_factor_setup"  # session key: the page that a person had opened before they had to set up a factor


class Missing(Enum):
    """What a session lacks: the person did not use their factor in it, or has none."""

    PROOF = auto()
    FACTOR = auto()


def missing_factor(request: HttpRequest) -> Missing | None:
    """Return what the session lacks for the person's role, or None."""
    kinds = required_factor_types(request.user.role)  # type: ignore[union-attr]
    if kinds is None:
        return None
    records = get_authentication_records(request, request.user)
    if any(record.get("method") == "mfa" and record.get("type") in kinds for record in records):
        return None
    owned = Authenticator.objects.filter(user_id=request.user.pk, type__in=kinds)
    return Missing.PROOF if owned.exists() else Missing.FACTOR


def required_factor_types(role: str) -> set[str] | None:
    """Return the types of factor of which this role must use one; None if a password is enough."""
    if role in settings.PASSKEY_ROLES:
        return {Authenticator.Type.WEBAUTHN.value}
    if role in settings.SECOND_FACTOR_ROLES:
        return {kind.value for kind in Authenticator.Type}
    return None


class SignInPolicyMiddleware:
    """Redirects a session without the required factor to the page that uses or sets one up; 403 for the API."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> HttpResponse | None:
        if not (settings.PASSKEY_ROLES or settings.SECOND_FACTOR_ROLES) or not request.user.is_authenticated:
            return None
        if request.session.get(REHEARSAL_SESSION_KEY):  # RehearsalSessionMiddleware limits this session to one view
            return None
        missing = missing_factor(request)
        match = request.resolver_match
        name = match.view_name if match else ""
        if missing is None and NEXT_KEY in request.session:
            return _continue(request, name)
        if missing is None or name in (PROOF_VIEWS if missing is Missing.PROOF else SETUP_VIEWS):
            return None
        if name.startswith("api:"):
            message = _("Your role requires a second factor. Sign in again with it.")
            error = {"code": "not_allowed", "message": message, "fields": {}}
            return JsonResponse({"error": error}, status=403)
        return _redirect_to_proof(request) if missing is Missing.PROOF else _redirect_to_setup(request)


def _redirect_to_proof(request: HttpRequest) -> HttpResponse:
    is_key = Authenticator.objects.filter(user_id=request.user.pk, type=Authenticator.Type.WEBAUTHN).exists()
    page = reverse("mfa_reauthenticate_webauthn" if is_key else "mfa_reauthenticate")
    # Also after a POST: every URL responds to GET with a page.
    return HttpResponseRedirect(f"{page}?{urlencode({'next': next_pages.page_to_return_to(request)})}")


def _continue(request: HttpRequest, name: str) -> HttpResponse | None:
    """Redirect from the page at which django-allauth ends a setup to the page that was opened before it.

    The recovery codes come in between, with a link to that page: they must be seen.
    """
    here, target = request.get_full_path(), request.session[NEXT_KEY]
    if name != "mfa_index" and here != target:
        return None
    del request.session[NEXT_KEY]
    return None if here == target else HttpResponseRedirect(target)


def _redirect_to_setup(request: HttpRequest) -> HttpResponse:
    # Also after a POST: every URL responds to GET with a page.
    request.session[NEXT_KEY] = request.get_full_path()
    only_passkeys = request.user.role in settings.PASSKEY_ROLES  # type: ignore[union-attr]
    messages.warning(
        request,
        _("Your role requires a passkey. Add one to continue.")
        if only_passkeys
        else _("Your role requires a second factor. Set one up to continue."),
    )
    return HttpResponseRedirect(reverse("mfa_add_webauthn" if only_passkeys else "mfa_index"))
