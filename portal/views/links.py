"""Application links: creation, test and rotation of the client ID, revocation, and the OAuth 2.0 switch."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.accounts.access import changeable_site, dashboard, person, visible_row
from portal.forms.links import ClientIdForm
from portal.forms.service_errors import add_form_errors
from portal.pages.actions import action, form_view, page_view
from portal.presenters import link_steps, link_tests
from rollout.compatibility.matrix import redirect_url_for
from rollout.models import ApplicationLink, CheckRun, SignIn, Site
from rollout.services import links as services
from rollout.services.checks import check_runs
from rollout.services.client_ids import client_id_doubts


@dashboard
@form_view
def wizard(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the steps that create the link and save its client ID; once there is a link, show it with its test."""
    site = changeable_site(request, pk)
    if site.archived_at:
        messages.error(request, _("This site is archived. Restore it first."))
        return redirect("site", site.pk)
    link = site.links.for_mdm().first()
    if link and request.method != "POST":
        return render(request, "links/link.html", _link_context(request, site, link))
    form = ClientIdForm(request.POST if request.method == "POST" else None, site=site, reader=person(request))
    redirect_url = redirect_url_for(site.product)
    if form.is_bound and _saved(
        form,
        lambda client_id: services.create_link(
            actor=person(request), site=site, redirect_url=redirect_url, client_id=client_id
        ),
    ):
        messages.success(request, _("The application link was saved."))
        return redirect("link_wizard", site.pk)
    return _form_page(request, "links/wizard.html", site, form)


def _saved(form: ClientIdForm, save: Callable[[str], ApplicationLink]) -> ApplicationLink | None:
    """Save the client ID of a bound form. Return None, with all errors on the form, if it cannot be saved."""
    if not form.is_valid():
        return None
    if form.is_doubtful:
        form.add_error("client_id", list(form.doubts))
        return None
    try:
        return save(form.cleaned_data.get("client_id", ""))
    except ValidationError as error:
        add_form_errors(form, error)
        return None


def _form_page(
    request: HttpRequest, template: str, site: Site, form: ClientIdForm, link: ApplicationLink | None = None
) -> HttpResponse:
    context = {"site": site, "form": form, "link": link, "steps": link_steps.of_site(site)}
    if "client_id" in form.errors:
        form.fields["client_id"].widget.attrs["autofocus"] = True
    if link:
        context["people"] = _signed_in(link)
    return render(request, template, context, status=422 if form.errors else 200)


def _link_context(request: HttpRequest, site: Site, link: ApplicationLink) -> dict[str, object]:
    doubts = client_id_doubts(link.client_id, site=site, reader=person(request))
    return {"site": site, "link": link, "test": link_tests.of_link(site, link, doubts=doubts)}


@dashboard
@action("link_wizard", "pk")
def test(request: HttpRequest, pk: int) -> HttpResponse:
    """Start a check of the site, which also tests the client ID, and return to the page of the link."""
    site = changeable_site(request, pk)
    if not site.archived_at:
        check_runs.request_check(site=site, actor=person(request), trigger=CheckRun.Trigger.BUTTON)
    return redirect("link_wizard", site.pk)


@dashboard
@page_view
def test_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """Render the part of the link's page that is polled while its check runs. Raises Http404 without a link."""
    site = changeable_site(request, pk)
    link = site.links.for_mdm().first()
    if link is None:
        raise Http404
    return render(request, "links/_test.html", _link_context(request, site, link))


@dashboard
@form_view
def rotate(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the impact and, on POST, replace the client ID of the link."""
    link, site = _changeable(request, pk)
    form = ClientIdForm(request.POST if request.method == "POST" else None, site=site, reader=person(request))
    if form.is_bound and _saved(
        form, lambda client_id: services.rotate_link(actor=person(request), link=link, client_id=client_id)
    ):
        messages.success(request, _("The client ID has changed. Publish a release to deliver it to phones."))
        return redirect("link_wizard" if link.origin == ApplicationLink.Origin.WIZARD else "site_link", site.pk)
    return _form_page(request, "links/rotate.html", site, form, link)


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
    return redirect("site_link", site.pk)


@dashboard
@action("site_link", "pk")
def switch(request: HttpRequest, pk: int) -> HttpResponse:
    """Turn OAuth 2.0 for the Non-MDM setup on or off."""
    site = changeable_site(request, pk)
    state = request.POST.get("on")
    if state not in {"1", "0"}:
        return redirect("site_link", site.pk)
    try:
        services.switch_oauth(actor=person(request), site=site, on=state == "1")
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        on, off = _("OAuth 2.0 is on for the Non-MDM setup."), _("OAuth 2.0 is off for the Non-MDM setup.")
        messages.success(request, on if state == "1" else off)
    return redirect("site_link", site.pk)


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
