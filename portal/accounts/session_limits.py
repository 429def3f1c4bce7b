"""How long a browser stays signed in, and when it is asked again: idle and absolute limits, and the step-up."""

from __future__ import annotations

import time
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from .sign_in_links import REHEARSING

BEGUN, SEEN = "signed_in_at", "seen_at"  # in the session, in seconds since 1970
SEEN_EVERY = 60  # seconds between two notes that the person is there: a write each
# What takes much of the fleet away at once, or shows a credential: only soon after a proof that it is the same person.
STEP_UP = {
    "sites_export", "check_runs_export", "sweeps_export", "sweep_export", "inventory_export", "passes_export",
    "people_export", "phones_export", "activity_export", "site_gateway", "webhook_create",
}  # fmt: skip


def begin(session: Any) -> None:
    """Note that somebody signed in with this session just now."""
    session[BEGUN] = session[SEEN] = int(time.time())


def is_fresh(session: Any) -> bool:
    """Whether nothing has to be done about the session: it is not over, and that somebody is there was just noted."""
    now = int(time.time())
    idle, age = now - session.get(SEEN, 0), now - session.get(BEGUN, 0)
    return idle <= min(SEEN_EVERY, settings.SESSION_IDLE_MINUTES * 60) and age <= settings.SESSION_MAX_HOURS * 3600


class SessionLimitsMiddleware:
    """Signs out what is over, and asks again before a step-up page. Stands behind the authentication."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            self.look(request)
        return self.get_response(request)

    def look(self, request: HttpRequest) -> None:
        session, now = request.session, int(time.time())
        if is_fresh(session):
            return
        if BEGUN not in session:
            begin(session)
        idle, age = now - session[SEEN], now - session[BEGUN]
        if idle > settings.SESSION_IDLE_MINUTES * 60 or age > settings.SESSION_MAX_HOURS * 3600:
            logout(request)
        elif idle > SEEN_EVERY and not session.get(REHEARSING):
            session[SEEN] = now

    def process_view(self, request: HttpRequest, *_view: Any) -> HttpResponse | None:
        match = request.resolver_match
        if match is None or match.view_name not in STEP_UP or not request.user.is_authenticated:
            return None
        if time.time() - proved_at(request) <= settings.STEP_UP_MINUTES * 60:
            return None
        back = request.get_full_path()  # also of a POST: a GET of every address leads to a page
        if not (request.user.has_usable_password() or Authenticator.objects.filter(user_id=request.user.pk).exists()):
            logout(request)  # by single sign-on, a certificate or a link: the sign-in itself is the only proof
            messages.info(request, _("Sign in again to continue. Your last sign-in is too long ago."))
            return HttpResponseRedirect(f"{reverse('account_login')}?{urlencode({'next': back})}")
        messages.info(request, _("Confirm your identity to continue. Your last sign-in is too long ago."))
        return HttpResponseRedirect(f"{reverse('account_reauthenticate')}?{urlencode({'next': back})}")


def proved_at(request: HttpRequest) -> float:
    """When the person last proved who they are, in seconds since 1970: at sign-in, or when asked again since."""
    records = get_authentication_records(request, request.user)
    return max([request.session.get(BEGUN, 0), *(record.get("at", 0) for record in records)])
