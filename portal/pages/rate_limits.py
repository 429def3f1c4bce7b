"""Rate limits of the sign-in pages and of look-ups; the endpoints of the OAuth provider have their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from oauth_provider.limits.attempts import Attempt, TooManyRequestsError, limiter
from oauth_provider.limits.limiter import parse_limit
from portal.accounts import lockouts
from portal.models import User

from .errors import too_many_requests

SIGN_IN = {
    "account_login", "account_reauthenticate", "account_reset_password", "mfa_authenticate", "mfa_reauthenticate",
    "mfa_reauthenticate_webauthn",
    "mfa_login_webauthn", "certificate_sign_in", "admin:login",
}  # fmt: skip


class RateLimitMiddleware:
    """Count submitted sign-ins, and return 429 when a limit is reached here or in a view.

    It is the last middleware, so that it counts only requests that passed all other checks.
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
                if response.status_code == 302:  # a failed sign-in shows the form again with status 200
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


def take_look_up(user: User) -> None:
    """Count a look-up of a site, which sends requests to it. Raises TooManyRequestsError above the person's limit."""
    limit = parse_limit("look_up_who", settings.RATE_LIMITS["look_up_who"])
    wait = limiter.take(limit, str(user.pk)) if limit else None
    if wait is not None:
        raise TooManyRequestsError(wait)


def _page(request: HttpRequest, seconds: int) -> HttpResponse:
    response = too_many_requests(request, lockouts.try_again(seconds))
    response.headers["Retry-After"] = str(seconds)
    return response


def _principal(request: HttpRequest) -> str:
    """Return the account of the attempt: signed in, waiting for its second factor, or entered in the form."""
    if request.user.is_authenticated:
        return str(request.user.pk)
    half_signed_in = request.session.get("account_login")  # allauth's, between password and second factor
    if isinstance(half_signed_in, dict):
        return str(half_signed_in.get("user_pk", ""))
    return (request.POST.get("login") or request.POST.get("email") or "").strip().lower()
