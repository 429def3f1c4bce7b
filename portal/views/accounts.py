"""Gatepass's own account views: sign-in by link or certificate, and the theme switch."""

from __future__ import annotations

from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_variables

from portal.accounts import next_pages, sign_in_links
from portal.accounts.adapters import home
from portal.accounts.client_certificates import certified_person
from portal.models import SignInLink, User
from portal.pages.actions import action, form_view
from portal.pages.context_processors import THEMES

THEME_SECONDS = 365 * 24 * 3600


def safe_next(request: HttpRequest) -> str | None:
    """Return the URL in ``next`` if it is on this server and short, else None. Prevents open redirects."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    is_allowed = next_pages.is_allowed(target, host=request.get_host(), require_https=request.is_secure())
    return target if is_allowed else None


@sensitive_variables("token")
@login_not_required
@csrf_protect
@never_cache
@form_view
def welcome(request: HttpRequest, token: str) -> HttpResponse:
    """Show a button that signs in the link's person. Only its POST uses the link: mail scanners open links by GET."""
    link = sign_in_links.find(token)
    if link is None:
        return _invalid_link_page(request)
    if request.method != "POST":
        response = render(
            request, "account/welcome.html", {"person": link.user, "link": link, "next": safe_next(request)}
        )
        # "no-referrer" would also blank the Origin header, and the form's POST would fail its CSRF check.
        response["Referrer-Policy"] = "strict-origin"
        return response
    with transaction.atomic():  # a sign-in that fails leaves the link unused
        user = sign_in_links.use(token)
        return _sign_in(request, link, user) if user else _invalid_link_page(request)


def _sign_in(request: HttpRequest, link: SignInLink, user: User) -> HttpResponse:
    if link.purpose == SignInLink.Purpose.REHEARSAL:
        login(request, user)
        request.session[sign_in_links.REHEARSAL_SESSION_KEY] = True
        request.session.set_expiry(sign_in_links.LIFETIMES[SignInLink.Purpose.REHEARSAL])
        return _without_referrer(HttpResponseRedirect(safe_next(request) or home(user)))
    first_page = home(user) if user.has_usable_password() else reverse("account_set_password")
    # As with a password, a person who has a second factor must enter it.
    return _without_referrer(perform_login(request, user, redirect_url=first_page))


@login_not_required
@csrf_protect
@never_cache
@action("account_login")
def certificate_sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in the person whose client certificate the proxy verified; the button is on the sign-in page."""
    user = certified_person(request)
    if user is None:
        messages.error(request, _("Your client certificate does not match an active account. Sign in another way."))
        return HttpResponseRedirect(reverse("account_login"))
    record_authentication(request, user, method="certificate")
    return perform_login(request, user, redirect_url=safe_next(request))


def _invalid_link_page(request: HttpRequest) -> HttpResponse:
    """Return one page for unknown, used and expired links, so that it does not reveal which links existed."""
    return _without_referrer(render(request, "account/sign_in_link_invalid.html", status=410))


def _without_referrer(response: HttpResponse) -> HttpResponse:
    response["Referrer-Policy"] = "no-referrer"
    return response


def no_page(request: HttpRequest) -> HttpResponse:
    """Return 404 for a page of django-allauth that Gatepass does not offer."""
    raise Http404


@login_not_required
@action("overview")
def theme(request: HttpRequest) -> HttpResponse:
    """Store the chosen theme in a cookie and redirect back."""
    response = HttpResponseRedirect(safe_next(request) or resolve_url(settings.LOGIN_REDIRECT_URL))
    chosen = request.POST.get("theme")
    if chosen in THEMES:
        response.set_cookie(
            "theme", chosen, max_age=THEME_SECONDS, secure=settings.HTTPS, httponly=True, samesite="Lax"
        )
    return response
