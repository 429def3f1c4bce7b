"""My devices: a person's own phones, to rename and sign out; and the page for a lost phone."""

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
from portal.accounts.account_notices import SHOWN
from portal.accounts.people import name_phone, sign_out_all_phones, sign_out_phone
from portal.models import AccountNotice
from portal.pages.actions import action, form_view, page_view
from portal.presenters.user_agents import app_of, describe
from rollout.models import ApplicationLink


@page_view
def my_devices(request: HttpRequest) -> HttpResponse:
    """List the phones on which this person is signed in to sites hosted by Gatepass, and reuses of their tokens."""
    user = person(request)
    context = {
        "rows": _rows(live_sessions(user)),
        "has_others": _has_others(request),
        "notices": user.account_notices.filter(kind=AccountNotice.Kind.TOKEN_REUSED)[:SHOWN],
        "name_length": Device.NAME_LENGTH,
    }
    return render(request, "people/my_devices.html", context)


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
    """Return whether this person also has passes for sites that Gatepass does not host."""
    return person(request).passes.filter(~Q(sites__provider="gatepass")).exists()


@action("my_devices")
def name_device(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename one of one's own phones; an empty name removes the name."""
    name = request.POST.get("name", "")
    if len(name.strip()) > Device.NAME_LENGTH:
        message = _("The name is too long. Use at most %(max)d characters.") % {"max": Device.NAME_LENGTH}
        messages.error(request, message)
    elif name_phone(person=person(request), pk=pk, name=name):
        messages.success(request, _("Changes saved."))
    else:
        messages.info(request, _("That phone is already signed out."))
    return redirect("my_devices")


@action("my_devices")
def sign_out_device(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign out a phone of the signed-in person."""
    if sign_out_phone(person=person(request), pk=pk):
        messages.success(request, _("Signed out. The app requires a new sign-in the next time it connects."))
    else:
        messages.info(request, _("That phone is already signed out."))
    return redirect("my_devices")


@action("my_devices")
def sign_out_devices(request: HttpRequest) -> HttpResponse:
    """Sign out all of one's own phones."""
    phones = sign_out_all_phones(person=person(request))
    messages.success(
        request, ngettext("%(n)d phone was signed out.", "%(n)d phones were signed out.", phones) % {"n": phones}
    )
    return redirect("my_devices")


@never_cache
@form_view
def lost_phone(request: HttpRequest) -> HttpResponse:
    """Show a button that signs out all of one's own phones, and what else to do. Repeating it does no harm."""
    user = person(request)
    context: dict[str, Any] = {"has_others": _has_others(request)}
    if request.method == "POST":
        context["ended"] = sign_out_all_phones(person=user, is_lost=True)
    else:
        context["phones"] = len(live_sessions(user))
    return render(request, "people/lost_phone.html", context)
