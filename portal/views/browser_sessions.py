"""The browsers in which a person is signed in to Gatepass: list them, sign out one, all others or everything."""

from __future__ import annotations

from typing import Any

from allauth.usersessions.adapter import get_adapter
from allauth.usersessions.models import UserSession
from allauth.usersessions.views import ListUserSessionsView
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.accounts.access import person
from portal.accounts.account_notices import SHOWN
from portal.accounts.people import sign_out_everywhere
from portal.forms.people import SignOutForm
from portal.pages.actions import action, form_view
from portal.presenters.user_agents import browser_label


class SessionsView(ListUserSessionsView):
    """django-allauth's list with readable browser names; its POST signs out all other browsers."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add ``rows``: ``session``, ``browser`` and ``is_current``; the current browser first, then the newest.

        And ``notices``, the latest ones about the account.
        """
        context: dict[str, Any] = super().get_context_data(**kwargs)
        rows = [
            {"session": session, "browser": browser_label(session.user_agent), "is_current": session.is_current()}
            for session in reversed(context["sessions"])  # oldest first
        ]
        context["notices"] = person(self.request).account_notices.all()[:SHOWN]
        return context | {"rows": sorted(rows, key=lambda row: not row["is_current"])}


_sessions_view = SessionsView.as_view()


@form_view
def sessions(request: HttpRequest) -> HttpResponseBase:
    """List the browsers in which this person is signed in; POST signs out all but the current one."""
    return _sessions_view(request)


@action("usersessions_list")
def sign_out_session(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign out one browser of this person. The current one leads to the sign-in page."""
    session = UserSession.objects.filter(user=person(request), pk=pk).first()
    if session is None:
        messages.info(request, _("That browser is already signed out."))
    elif session.is_current():
        logout(request)
        return redirect("account_login")
    else:
        get_adapter().end_sessions([session])
        messages.success(request, _("Signed out: %(browser)s.") % {"browser": browser_label(session.user_agent)})
    return redirect("usersessions_list")


@form_view
def everywhere(request: HttpRequest) -> HttpResponse:
    """Ask what to sign out of oneself; the POST signs out all browsers, this one included, all phones or both."""
    user = person(request)
    form = SignOutForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        ended = sign_out_everywhere(actor=user, person=user, **form.cleaned_data)
        if form.cleaned_data["browsers"]:
            logout(request)
            return redirect("account_login")
        counts = {"phones": ended.phones, "tokens": ended.tokens}
        messages.success(request, _("Signed out (phones: %(phones)d, tokens: %(tokens)d).") % counts)
        return redirect("usersessions_list")
    context = {"form": form, "row": user, "is_me": True, "back": reverse("usersessions_list")}
    return render(request, "people/sign_out.html", context, status=422 if form.errors else 200)
