"""Everybody's own phones: see them, name them, sign out one or all; and the page for a lost one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache

from oauth_provider.models import Device
from oauth_provider.tokens.sessions import LiveSession, live_sessions
from portal.accounts.access import person
from portal.accounts.people import name_phone, sign_out_all_phones, sign_out_phone
from portal.pages.actions import action, form_view, page_view
from portal.presenters.user_agents import app_of, describe
from rollout.models import ApplicationLink


@page_view
def my_devices(request: HttpRequest) -> HttpResponse:
    """The phones on which whoever asks is signed in, on sites that Gatepass provides."""
    context = {"rows": _rows(live_sessions(person(request))), "has_others": _has_others(request)}
    return render(request, "people/my_devices.html", context | {"name_length": Device.NAME_LENGTH})


def _rows(phones: list[LiveSession]) -> list[dict[str, Any]]:
    links = ApplicationLink.objects.registered_here().filter(client_id__in={phone.client_id for phone in phones})
    sites = {link.client_id: link.site for link in links.select_related("site")}
    return [
        {
            "phone": phone,
            "site": sites.get(phone.client_id),
            "app": app_of(phone.user_agent),
            "model": describe(phone.user_agent),
        }
        for phone in phones
    ]


def _has_others(request: HttpRequest) -> bool:
    """Whether this person also uses sites that sign people in themselves."""
    return person(request).passes.filter(~Q(sites__provider="gatepass")).exists()


@action("my_devices")
def name_device(request: HttpRequest, pk: int) -> HttpResponse:
    """Name one of one's own phones; an empty name takes the name away."""
    name = request.POST.get("name", "")
    if len(name.strip()) > Device.NAME_LENGTH:
        words = _("The name was not saved: it is longer than %(most)d characters.") % {"most": Device.NAME_LENGTH}
        messages.error(request, words)
    elif name_phone(person=person(request), pk=pk, name=name):
        messages.success(request, _("Saved."))
    else:
        messages.info(request, _("This phone is already signed out."))
    return redirect("my_devices")


@action("my_devices")
def sign_out_device(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign one of one's own phones out; somebody else's is not there."""
    if sign_out_phone(person=person(request), pk=pk):
        messages.success(
            request, _("Signed out. The app on this phone requires a sign-in within the next few minutes.")
        )
    else:
        messages.info(request, _("This phone is already signed out."))
    return redirect("my_devices")


@action("my_devices")
def sign_out_devices(request: HttpRequest) -> HttpResponse:
    """Sign all of one's own phones out."""
    phones = sign_out_all_phones(person=person(request))
    messages.success(
        request, ngettext("%(n)d phone was signed out.", "%(n)d phones were signed out.", phones) % {"n": phones}
    )
    return redirect("my_devices")


@never_cache
@form_view
def lost_phone(request: HttpRequest) -> HttpResponse:
    """One button that signs every phone out, then what else to do. Pressing it twice is fine."""
    user = person(request)
    context: dict[str, Any] = {"has_others": _has_others(request)}
    if request.method == "POST":
        context["ended"] = sign_out_all_phones(person=user, is_lost=True)
    else:
        context["phones"] = len(live_sessions(user))
    return render(request, "people/lost_phone.html", context)
