"""Rate limits of the sign-in pages and of look-ups; the endpoints of the OAuth provider have their own.

A password or a code can be guessed, so above a limit it is not read: the response is 429, right or wrong. A known
browser (``portal.accounts.known_browsers``) and a signed-in one count their own failures only. A passkey or certificate
cannot be guessed: it is always read, and only failures are counted.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any

from allauth.account.utils import url_str_to_user_pk
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse

from oauth_provider.limits.attempts import TooManyRequestsError, limiter
from oauth_provider.limits.limiter import Limit, parse_limit
from portal.accounts import known_browsers, lockouts, sign_in_metrics
from portal.models import User

from .errors import too_many_requests

# The field of each page that contains what can be guessed, and the field that names the account, if one does.
GUESSES = {
    "account_login": ("password", "login"),
    "admin:login": ("password", "username"),
    "account_reauthenticate": ("password", ""),
    "mfa_authenticate": ("code", ""),
    "mfa_reauthenticate": ("code", ""),
}
PROOFS = {"mfa_authenticate", "mfa_login_webauthn", "mfa_reauthenticate_webauthn", "certificate_sign_in"}
RESET = "account_reset_password"

View = Callable[[], HttpResponseBase]


class RateLimitMiddleware:
    """Count submitted sign-ins, mark known browsers, and return 429 when a limit is reached here or in a view.

    It is the last middleware, so that it counts only requests that passed all other checks.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        known_browsers.mark(request, response)
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], args: list[Any], kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        name = request.resolver_match.view_name if request.resolver_match else ""
        if request.method != "POST":
            return None
        call = partial(view, request, *args, **kwargs)
        try:
            if name in GUESSES and request.POST.get(GUESSES[name][0]):
                return _limit_guess(request, name, call)
            if name in PROOFS:
                return _limit_proof(request, name, call)
            if name == RESET:
                _take(_permits(("address", _address(request))))
        except TooManyRequestsError as error:
            return self.process_exception(request, error)
        return None

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, TooManyRequestsError):
            return None
        name = request.resolver_match.view_name if request.resolver_match else ""
        reason = lockouts.too_many_sign_ins if name in GUESSES else lockouts.try_again
        return _page(request, exception.retry_after, reason(exception.retry_after))


def _limit_guess(request: HttpRequest, name: str, view: View) -> HttpResponseBase:
    """Take a permit for a failure before the password or code is read, and return it if that was right.

    Raises TooManyRequestsError. So guesses sent at the same moment count, and a refused one counts for nothing.
    """
    browser = _known_browser(request, name)
    if browser:
        always, of_failure = [], _permits(("known_browser", browser))
    else:
        always = _permits(("address", _address(request)))
        of_failure = _permits(("principal", _account(request, name)), ("failures", _address(request)))
    begun = time.time()
    _take([*always, *of_failure])
    failed = False
    try:
        response = view()
        failed = response.status_code == HTTPStatus.OK  # the form again; a success redirects
        if failed:
            sign_in_metrics.count_failure(name)
    finally:
        if not failed:
            limiter.give_back_all(of_failure, begun)
    return response


def _limit_proof(request: HttpRequest, name: str, view: View) -> HttpResponseBase:
    """Count a wrong passkey or certificate. Raises TooManyRequestsError, in place of its response only."""
    response = view()
    if response.status_code == HTTPStatus.OK or response.headers.get("Location") == reverse("account_login"):
        sign_in_metrics.count_failure(name)
        _take(_permits(("failures", f"proof {_address(request)}")))
    return response


def _known_browser(request: HttpRequest, name: str) -> str | None:
    """Return a key for this browser if the account of this attempt has signed in here before, else None."""
    if name in ("account_reauthenticate", "mfa_reauthenticate"):
        return f"session {request.session.session_key}" if request.user.is_authenticated else None
    if known_browsers.COOKIE not in request.COOKIES:
        return None
    person_pk = _half_signed_in(request)
    if name != "mfa_authenticate":
        people = User.objects.filter(email__iexact=_account(request, name))
        person_pk = people.values_list("pk", flat=True).first()
    return known_browsers.browser_of(request, person_pk) if person_pk else None


def _account(request: HttpRequest, name: str) -> str:
    """Return the account of the attempt, existing or not: entered in the form, or waiting for its second factor."""
    field = GUESSES[name][1]
    if not field:
        return str(request.user.pk or _half_signed_in(request) or "")
    return request.POST.get(field, "").replace("\x00", "").strip().lower()


def _half_signed_in(request: HttpRequest) -> int | None:
    """Return the person between password and second factor, as django-allauth stores it in the session."""
    login = request.session.get("account_login")
    text = login.get("user_pk") if isinstance(login, dict) else None
    return int(url_str_to_user_pk(text)) if text else None


def _address(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))


def _permits(*wanted: tuple[str, str]) -> list[tuple[Limit, str]]:
    """Return a permit of each named limit of sign-ins that is on, for its key."""
    limits = [(parse_limit(f"sign_in_{name}", settings.RATE_LIMITS[f"sign_in_{name}"]), key) for name, key in wanted]
    return [(limit, key) for limit, key in limits if limit is not None and key]


def _take(permits: list[tuple[Limit, str]]) -> None:
    """Take the permits. Raises TooManyRequestsError, and then takes none of them."""
    wait = limiter.take_all(permits)
    if wait is not None:
        raise TooManyRequestsError(wait)


# Routes of django-allauth that respond 429 by themselves, and the limit in ACCOUNT_RATE_LIMITS that they check.
ALLAUTH_LIMITS = {
    "account_reset_password": "reset_password",
    "account_change_password": "change_password",
    "account_set_password": "change_password",
    "account_reauthenticate": "reauthenticate",
}


def allauth_limit_reached(request: HttpRequest) -> HttpResponse:
    """Return the 429 page for a limit of django-allauth, which looks this up as ``handler429`` of the URLconf."""
    match = request.resolver_match
    action = ALLAUTH_LIMITS.get(match.view_name if match else "", "")
    seconds = lockouts.longest_window(action)
    if seconds:
        limiter.report(Limit(action, lockouts.smallest_amount(action), seconds))
    return _page(request, seconds, lockouts.try_again(seconds))


def take_look_up(user: User) -> None:
    """Count a look-up of a site, which sends requests to it. Raises TooManyRequestsError above the person's limit."""
    limit = parse_limit("look_up_principal", settings.RATE_LIMITS["look_up_principal"])
    _take([(limit, str(user.pk))] if limit else [])


def _page(request: HttpRequest, seconds: int, reason: str) -> HttpResponse:
    response = too_many_requests(request, reason)
    response.headers["Retry-After"] = str(seconds)
    return response
