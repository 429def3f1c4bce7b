"""Limits in front of the pages where people sign in and let an app in; the provider's endpoints guard themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from oauth_provider.limits.attempts import Attempt, TooManyRequestsError
from portal.accounts import lockouts

from .errors import too_many_requests

SIGN_IN = {
    "account_login", "account_reauthenticate", "account_reset_password", "mfa_authenticate", "mfa_reauthenticate",
    "mfa_reauthenticate_webauthn",
    "mfa_login_webauthn", "certificate_sign_in", "admin:login",
}  # fmt: skip


class RateLimitMiddleware:
    """Counts what is posted to sign in, and answers 429 where a limit was reached, here or in a view.

    Last in the row, so that what it counts has passed every other check.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], args: list[Any], kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        match = request.resolver_match
        if request.method != "POST" or match is None or match.view_name not in SIGN_IN:
            return None
        try:
            with Attempt("sign_in", request.META.get("REMOTE_ADDR", ""), _principal(request)) as attempt:
                response = view(request, *args, **kwargs)
                if response.status_code == 302:  # whoever does not get in sees the form again
                    attempt.succeeded()
        except TooManyRequestsError as error:
            return self.process_exception(request, error)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, TooManyRequestsError):
            return None
        return _page(request, exception.retry_after)


# Routes of django-allauth that respond 429 by themselves, and the limit in ACCOUNT_RATE_LIMITS that they check.
ALLAUTH_LIMITS = {
    "account_reset_password": "reset_password",
    "account_reset_password_from_key": "reset_password_from_key",
    "account_change_password": "change_password",
    "account_set_password": "change_password",
}


def allauth_limit_reached(request: HttpRequest) -> HttpResponse:
    """Return the 429 page for a limit of django-allauth, which looks this up as ``handler429`` of the URLconf."""
    match = request.resolver_match
    action = ALLAUTH_LIMITS.get(match.view_name if match else "", "login_failed")
    return _page(request, lockouts.longest_window(action))


def _page(request: HttpRequest, seconds: int) -> HttpResponse:
    response = too_many_requests(request, lockouts.try_again(seconds))
    response.headers["Retry-After"] = str(seconds)
    return response


def _principal(request: HttpRequest) -> str:
    """Whose account is tried: the one that is signed in, the one whose second factor is asked, or the one typed in."""
    if request.user.is_authenticated:
        return str(request.user.pk)
    half_signed_in = request.session.get("account_login")  # allauth's, between password and second factor
    if isinstance(half_signed_in, dict):
        return str(half_signed_in.get("user_pk", ""))
    return (request.POST.get("login") or request.POST.get("email") or "").strip().lower()
