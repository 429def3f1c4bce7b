"""Idle and absolute limits of browser sessions, and reauthentication before sensitive pages (step-up)."""

from __future__ import annotations

import time
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from . import next_pages
from .sign_in_links import REHEARSAL_SESSION_KEY

STARTED_KEY, SEEN_KEY = "signed_in_at", "seen_at"  # session keys; seconds since 1970
SEEN_INTERVAL = 60  # seconds; each update of the time of last use writes the session
# Views that need a recent authentication: exports, and forms that create or erase a person or create a credential.
STEP_UP_VIEWS = {
    "sites_export", "check_runs_export", "sweeps_export", "sweep_export", "inventory_export", "passes_export",
    "people_export", "phones_export", "activity_export", "api:current", "api:release", "site_gateway", "webhook_create",
    "client_certificate", "person_create", "person_data", "person_erase", "my_data", "service_token_create",
    "my_token_create",
}  # fmt: skip
# Views whose POST needs one: changes to a person, sign-in links, stored credentials, and exports of configurations.
STEP_UP_ACTIONS = {
    "person", "person_sign_in_link", "person_sign_out", "client_certificate_remove", "site_plugins_read",
    "site_token_forget", "webhook", "configuration_download",
}  # fmt: skip


def begin(session: Any) -> None:
    """Store the time of sign-in in the session."""
    session[STARTED_KEY] = session[SEEN_KEY] = int(time.time())


def is_fresh(session: Any) -> bool:
    """Return whether the session is within its limits and its time of last use need not be updated."""
    now = int(time.time())
    idle, age = now - session.get(SEEN_KEY, 0), now - session.get(STARTED_KEY, 0)
    return idle <= min(SEEN_INTERVAL, settings.SESSION_IDLE_MINUTES * 60) and age <= settings.SESSION_MAX_HOURS * 3600


class SessionLimitsMiddleware:
    """Signs out sessions over their limits and redirects to reauthentication. Comes after AuthenticationMiddleware."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            self.enforce_limits(request)
        return self.get_response(request)

    def enforce_limits(self, request: HttpRequest) -> None:
        """Sign out a session that is too old or was idle for too long; else update its time of last use."""
        session, now = request.session, int(time.time())
        if is_fresh(session):
            return
        if STARTED_KEY not in session:
            begin(session)
        idle, age = now - session[SEEN_KEY], now - session[STARTED_KEY]
        if idle > settings.SESSION_IDLE_MINUTES * 60 or age > settings.SESSION_MAX_HOURS * 3600:
            logout(request)
        elif idle > SEEN_INTERVAL and not session.get(REHEARSAL_SESSION_KEY):
            session[SEEN_KEY] = now

    def process_view(self, request: HttpRequest, *_view: Any) -> HttpResponse | None:
        match = request.resolver_match
        if match is None or not _needs_step_up(request, match.view_name) or not request.user.is_authenticated:
            return None
        if time.time() - authenticated_at(request) <= settings.STEP_UP_MINUTES * 60:
            return None
        if match.view_name.startswith("api:"):
            message = _("Your last sign-in was a while ago. Sign in again, or send an access token instead.")
            error = {"code": "not_allowed", "message": message, "fields": {}}
            return JsonResponse({"error": error}, status=403)
        back = next_pages.page_to_return_to(request)  # also after a POST: every URL responds to GET with a page
        if not (request.user.has_usable_password() or Authenticator.objects.filter(user_id=request.user.pk).exists()):
            logout(request)  # single sign-on, certificate or link: only a new sign-in can confirm the identity
            messages.info(request, _("To continue, sign in again. Your last sign-in was a while ago."))
            return HttpResponseRedirect(f"{reverse('account_login')}?{urlencode({'next': back})}")
        messages.info(request, _("To continue, confirm your identity. Your last sign-in was a while ago."))
        return HttpResponseRedirect(f"{reverse('account_reauthenticate')}?{urlencode({'next': back})}")


def _needs_step_up(request: HttpRequest, name: str) -> bool:
    """Return whether this request needs a recent authentication. One with an access token has no session to renew."""
    if request.method == "POST" and (name in STEP_UP_ACTIONS or name.startswith("admin:")):
        return True
    has_token = request.headers.get("Authorization", "").lower().startswith("bearer ")
    return name in STEP_UP_VIEWS and not (has_token and name.startswith("api:"))


def authenticated_at(request: HttpRequest) -> float:
    """Return the time of the latest sign-in or reauthentication, in seconds since 1970."""
    records = get_authentication_records(request, request.user)
    return max([request.session.get(STARTED_KEY, 0), *(record.get("at", 0) for record in records)])
