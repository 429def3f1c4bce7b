"""E-mail notification settings of the signed-in person, and following or muting a site."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from portal.accounts.access import dashboard, person, visible_site
from portal.forms.notifications import PreferencesForm
from portal.forms.service_errors import add_form_errors
from portal.models import User
from portal.pages.actions import action, form_view
from rollout.models import NotificationPreference, Site, SiteFollow
from rollout.services.notifications import preferences

MAX_FOLLOWS = 100


@dashboard
@form_view
def my_notifications(request: HttpRequest) -> HttpResponse:
    """Show and save the e-mail settings, and list the sites that the person follows or muted."""
    user = person(request)
    row = NotificationPreference.objects.filter(person=user).first()
    if request.method != "POST":
        return _page(request, user, row, PreferencesForm(person=user, initial=_initial(user, row)))
    form = PreferencesForm(request.POST, person=user)
    if form.is_valid():
        try:
            preferences.save_email_settings(actor=user, **{"only_followed": False, **form.cleaned_data})
        except ValidationError as error:
            add_form_errors(form, error)
        else:
            messages.success(request, _("Changes saved."))
            return redirect("my_notifications")
    return _page(request, user, row, form, status=422)


def _initial(user: User, row: NotificationPreference | None) -> dict[str, object]:
    return {**vars(preferences.email_settings_of(user, row))}


def _page(
    request: HttpRequest, user: User, row: NotificationPreference | None, form: PreferencesForm, status: int = 200
) -> HttpResponse:
    follows = SiteFollow.objects.filter(
        person=user, site__in=Site.objects.visible_to(user).values("pk")
    ).select_related("site")
    context = {
        "form": form,
        "row": row,
        "email_settings": preferences.email_settings_of(user, row),
        "follows": follows.order_by("site__title", "pk")[:MAX_FOLLOWS],
    }
    return render(request, "notifications/my_notifications.html", context, status=status)


@dashboard
@action("site", "pk")
def follow(request: HttpRequest, pk: int) -> HttpResponse:
    """Follow the site, or mute it with ``follows=no``."""
    site = visible_site(request, pk)
    follows = request.POST.get("follows") != "no"
    preferences.follow(actor=person(request), site=site, follows=follows)
    text = _("You now follow %(site)s.") if follows else _("You muted %(site)s.")
    messages.success(request, text % {"site": site.title})
    return redirect("my_notifications") if request.POST.get("back") == "list" else redirect("site", site.pk)
