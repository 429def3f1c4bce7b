"""Application links: creation, client ID rotation, revocation, and the OAuth 2.0 switch of the Non-MDM setup."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.accounts.access import changeable_site, dashboard, person, visible_row
from portal.forms.links import ClientIdForm, LinkForm
from portal.forms.service_errors import add_form_errors
from portal.pages.actions import action, form_view
from rollout.compatibility.matrix import redirect_url_for
from rollout.models import ApplicationLink, SignIn, Site
from rollout.services import links as services

NEW_LINK_KEY = "link_just_made"  # session key of the link whose credentials page is still to be shown, once


@dashboard
@form_view
def wizard(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the form for a new application link and, once after saving, its credentials."""
    site = changeable_site(request, pk)
    link = site.links.for_mdm().first()
    if link and request.method != "POST":
        if request.session.pop(NEW_LINK_KEY, None) == link.pk:
            return render(request, "links/credentials.html", {"site": site, "link": link})
        messages.info(request, _("This site already has an application link."))
        return redirect("site", site.pk)
    form = LinkForm(request.POST if request.method == "POST" else None, site=site)
    # The service also reports a missing client ID, together with all wrong choices.
    if form.is_bound and set(form.errors) <= {"client_id"}:
        try:
            link = services.create_link(actor=person(request), site=site, **form.cleaned_data)
        except ValidationError as error:
            add_form_errors(form, error)
        else:
            request.session[NEW_LINK_KEY] = link.pk
            return redirect("link_wizard", site.pk)
    context = {"site": site, "form": form, "redirect_url": redirect_url_for(site.product)}
    return render(request, "links/wizard.html", context, status=422 if form.errors else 200)


@dashboard
@form_view
def rotate(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the impact and, on POST, replace the client ID of the link."""
    link, site = _changeable(request, pk)
    if request.method != "POST":
        return _rotate_page(request, link, site, ClientIdForm(site=site))
    form = ClientIdForm(request.POST, site=site)
    if form.is_valid():
        try:
            link = services.rotate_link(actor=person(request), link=link, **form.cleaned_data)
        except ValidationError as error:
            add_form_errors(form, error)
        else:
            messages.success(request, _("The client ID has changed. Publish a release to deliver it to phones."))
            request.session[NEW_LINK_KEY] = link.pk
            return redirect("link_wizard" if link.origin == ApplicationLink.Origin.WIZARD else "site", site.pk)
    return _rotate_page(request, link, site, form)


def _rotate_page(request: HttpRequest, link: ApplicationLink, site: Site, form: ClientIdForm) -> HttpResponse:
    context = {"link": link, "site": site, "form": form, "people": _signed_in(link), "redirect_url": link.redirect_url}
    return render(request, "links/rotate.html", context, status=422 if form.errors else 200)


@dashboard
@form_view
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the impact and, on POST, revoke the link."""
    link, site = _changeable(request, pk)
    if request.method != "POST":
        return render(request, "links/revoke.html", {"link": link, "site": site, "people": _signed_in(link)})
    ended = services.revoke_link(actor=person(request), link=link)
    if ended:
        message = ngettext(
            "The link was revoked. %(count)s phone was signed out.",
            "The link was revoked. %(count)s phones were signed out.",
            ended,
        )
        messages.success(request, message % {"count": ended})
    else:
        messages.success(request, _("The link was revoked."))
    return redirect("site", site.pk)


@dashboard
@action("site", "pk")
def switch(request: HttpRequest, pk: int) -> HttpResponse:
    """Turn OAuth 2.0 for the Non-MDM setup on or off."""
    site = changeable_site(request, pk)
    state = request.POST.get("on")
    if state not in {"1", "0"}:
        return redirect("site", site.pk)
    try:
        services.switch_oauth(actor=person(request), site=site, on=state == "1")
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        on, off = _("OAuth 2.0 is on for the Non-MDM setup."), _("OAuth 2.0 is off for the Non-MDM setup.")
        messages.success(request, on if state == "1" else off)
    return redirect("site", site.pk)


def _changeable(request: HttpRequest, pk: int) -> tuple[ApplicationLink, Site]:
    """Return an active link and its site, if this person may change the site. Raises Http404 and PermissionDenied."""
    link = visible_row(request, ApplicationLink.objects.active(), pk)
    return link, changeable_site(request, link.site_id)


def _signed_in(link: ApplicationLink) -> int:
    """Return how many people signed in with this client ID and would be signed out by a change."""
    return (
        SignIn.objects.filter(site=link.site_id, client_id=link.client_id, is_rehearsal=False)
        .values("person")
        .distinct()
        .count()
    )
