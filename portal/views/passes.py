"""Passes: list, issue, renew and revoke them. A link is shown once, in the response to the POST that creates it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from portal.accounts.access import changeable_pass, dashboard, editors, may_change, person, visible_pass
from portal.forms.pass_filters import PASSES, pass_rows
from portal.forms.passes import ExpiryForm, PassForm
from portal.forms.service_errors import add_form_errors
from portal.models import Role, User
from portal.pages.actions import action, form_view, page_view
from portal.pages.one_time_forms import FormSentError, new_form_id, send_once, sent_before
from portal.presenters.pass_files import FILES
from portal.presenters.pass_reach import reach_warning
from portal.presenters.user_agents import describe
from rollout.enrollment.qr import qr_svg, qr_text_url
from rollout.models import EnrollmentPass, Site
from rollout.services import passes as pass_service


@dashboard
@page_view
def passes(request: HttpRequest) -> HttpResponse:
    """List the passes that this person may see, newest first."""
    listing = PASSES.listing(request, pass_rows(person(request)))
    _annotate_states(listing.rows)
    context = {"listing": listing, "sort": listing.sort, "may_issue": _may_issue(person(request))}
    return render(request, "passes/passes.html", context)


@dashboard
@page_view
def export_csv(request: HttpRequest) -> HttpResponseBase:
    """Export the listed passes as CSV."""
    return PASSES.csv(request, pass_rows(person(request)))


def _annotate_states(rows: Any) -> None:
    now = timezone.now()
    for row in rows:
        row.now_state = row.state(now)
        row.more_sites = row.site_count - len(row.seen_sites)
        row.hidden_sites = row.site_count - len(row.seen_sites[:2])


def _may_issue(user: User) -> bool:
    return user.role in {Role.ADMINISTRATOR, Role.SITE_OWNER}


@never_cache
@editors
@form_view
def create(request: HttpRequest) -> HttpResponse:
    """Issue a pass. The response to the POST shows the link and the QR code, once."""
    user = person(request)
    if request.method != "POST":
        initial = {"sites": [*request.GET.getlist("sites"), *request.GET.getlist("site")]}
        return _form_page(request, PassForm(user=user, initial=initial))
    if "search" in request.POST:  # the search button of the form: no validation
        return _form_page(request, PassForm(user=user, initial=_as_initial(request.POST)))
    form = PassForm(request.POST, user=user)
    if form.is_valid():
        try:
            return _show_once(request, *send_once(request, lambda: _issue(user, form.cleaned_data)))
        except ValidationError as error:
            add_form_errors(form, error)
        except FormSentError as sent:
            return sent_before(request, sent, reverse("pass_create"))
    return _form_page(request, form)


def _form_page(request: HttpRequest, form: PassForm) -> HttpResponse:
    choices = form.site_choices()
    context = {"form": form, "form_id": new_form_id(request), "choices": choices}
    context["more"] = form.site_count() - len(choices)
    context["reach"] = reach_warning()
    return render(request, "passes/create.html", context)


def _as_initial(data: QueryDict) -> dict[str, Any]:
    return {name: data.getlist(name) if name == "sites" else data.get(name) for name in data}


def _issue(user: User, data: dict[str, Any]) -> tuple[tuple[EnrollmentPass, str], str]:
    row, token = pass_service.issue_pass(
        actor=user,
        label=data["label"],
        person=data.get("account"),
        sites=data["sites"],
        expires_at=data["until"],
        max_uses=data["max_uses"],
    )
    return (row, token), reverse("pass", args=[row.pk])


def _show_once(request: HttpRequest, row: EnrollmentPass, token: str) -> HttpResponse:
    """Render the only page that contains the link. The link itself is not stored."""
    url = pass_service.pass_url(token)
    code = qr_svg(qr_text_url(url), title=_("QR code of the pass for %(label)s") % {"label": row.label})
    context = {"row": row, "token": token, "url": url, "code": mark_safe(code)}  # nosec B308 B703  # noqa: S308  (our own drawing)
    context["reach"] = reach_warning(_visible_sites(request, row))
    return render(request, "passes/shown_once.html", context)


@dashboard
@page_view
def enrollment_pass(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a pass: its recipient, sites and phones."""
    return _pass_page(request, visible_pass(request, pk))


def _pass_page(
    request: HttpRequest, row: EnrollmentPass, form: ExpiryForm | None = None, status: int = 200
) -> HttpResponse:
    user = person(request)
    sites, seen = list(row.sites.order_by("title")), _visible_sites(request, row)
    enrollments = list(row.enrollments.all()[:50])
    for enrollment in enrollments:
        enrollment.phone = describe(enrollment.user_agent)  # type: ignore[attr-defined]
    context = {
        "row": row,
        "state": row.state(timezone.now()),
        "sites": seen,
        "more_sites": len(sites) - len(seen),
        "may_change": user.is_administrator or (_may_issue(user) and all(may_change(user, site) for site in sites)),
        "enrollments": enrollments,
        "form": form or ExpiryForm(),
        "form_id": new_form_id(request),
        "reach": reach_warning(seen) if row.revoked_at is None else None,
    }
    return render(request, "passes/pass.html", context, status=status)


def _visible_sites(request: HttpRequest, row: EnrollmentPass) -> list[Site]:
    """The pass's sites that this person may see."""
    visible = Site.objects.visible_to(person(request)).values("pk")
    return list(row.sites.filter(pk__in=visible).order_by("title"))


@dashboard
@action("pass", "pk")
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Revoke the pass, so that its link and QR code stop working."""
    row = changeable_pass(request, pk)
    if pass_service.revoke_pass(actor=person(request), enrollment_pass=row):
        messages.success(request, _("Revoked. The link and its QR code no longer work."))
    else:
        messages.info(request, _("This pass was already revoked."))
    return redirect("pass", pk=row.pk)


@never_cache
@dashboard
@action("pass", "pk")
def renew(request: HttpRequest, pk: int) -> HttpResponse:
    """Create a new link, shown in this response only; the old one stops working."""
    row, form = changeable_pass(request, pk), ExpiryForm(request.POST)
    if form.is_valid():
        try:
            token = send_once(request, lambda: _renew(person(request), row, form.cleaned_data["until"]))
            row.refresh_from_db()
            return _show_once(request, row, token)
        except ValidationError as error:
            add_form_errors(form, error)
        except FormSentError as sent:
            return sent_before(request, sent, reverse("pass", args=[row.pk]))
    return _pass_page(request, row, form)


def _renew(user: User, row: EnrollmentPass, until: datetime) -> tuple[str, str]:
    token = pass_service.renew_pass(actor=user, enrollment_pass=row, expires_at=until)
    return token, reverse("pass", args=[row.pk])


@never_cache
@dashboard
@action("pass", "pk")
def qr(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Return the QR code as a file. The token is sent in the body, because URLs are kept in histories and logs."""
    if kind not in FILES:
        raise Http404
    row = changeable_pass(request, pk)
    token = request.POST.get("token", "")
    try:
        url = pass_service.record_qr(actor=person(request), enrollment_pass=row, token=token, kind=kind)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return _pass_page(request, row, status=400)
    content_type, make = FILES[kind]
    response = HttpResponse(make(row, url), content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="gatepass-{row.pk}.{kind}"'
    return response


@page_view
def my_passes(request: HttpRequest) -> HttpResponse:
    """List the signed-in person's passes, with the steps to set up a phone."""
    active = Prefetch("sites", queryset=Site.objects.active().order_by("title"), to_attr="active_sites")
    rows = list(
        EnrollmentPass.objects.filter(person=person(request)).select_related("person").prefetch_related(active)[:50]
    )
    now = timezone.now()
    for row in rows:
        row.now_state = row.state(now)  # type: ignore[attr-defined]
    sites = {site.pk: site for row in rows if row.revoked_at is None for site in row.active_sites}
    context = {
        "rows": rows,
        "sites": sorted(sites.values(), key=lambda site: site.title.casefold()),
        "app_store_url": settings.IOS_APP_STORE_URL,
    }
    return render(request, "passes/my_passes.html", context)
