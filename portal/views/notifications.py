"""What one person hears of by mail, and following or muting one site."""

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

MOST_FOLLOWS = 100


@dashboard
@form_view
def my_notifications(request: HttpRequest) -> HttpResponse:
    """What this person gets by mail, and the sites they follow or muted."""
    user = person(request)
    row = NotificationPreference.objects.filter(person=user).first()
    if request.method != "POST":
        return _page(request, user, row, PreferencesForm(person=user, initial=_now(user, row)))
    form = PreferencesForm(request.POST, person=user)
    if form.is_valid():
        try:
            preferences.choose(actor=user, **{"only_followed": False, **form.cleaned_data})
        except ValidationError as error:
            add_form_errors(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("my_notifications")
    return _page(request, user, row, form, status=422)


def _now(user: User, row: NotificationPreference | None) -> dict[str, object]:
    return {**vars(preferences.wants_of(user, row))}


def _page(
    request: HttpRequest, user: User, row: NotificationPreference | None, form: PreferencesForm, status: int = 200
) -> HttpResponse:
    words = SiteFollow.objects.filter(person=user, site__in=Site.objects.visible_to(user).values("pk")).select_related(
        "site"
    )
    context = {
        "form": form,
        "row": row,
        "wants": preferences.wants_of(user, row),
        "follows": words.order_by("site__title", "pk")[:MOST_FOLLOWS],
    }
    return render(request, "notifications/my_notifications.html", context, status=status)


@dashboard
@action("site", "pk")
def follow(request: HttpRequest, pk: int) -> HttpResponse:
    """Follow the site, or with ``follows=no`` be silent of it."""
    site = visible_site(request, pk)
    follows = request.POST.get("follows") != "no"
    preferences.follow(actor=person(request), site=site, follows=follows)
    words = _("You hear of %(site)s now.") if follows else _("You hear nothing of %(site)s any more.")
    messages.success(request, words % {"site": site.title})
    return redirect("my_notifications") if request.POST.get("back") == "list" else redirect("site", site.pk)
