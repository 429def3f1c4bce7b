"""Waves: groups of people who move together, their passes and their progress."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Func, Max, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from portal.accounts.access import administrators, dashboard, person, visible_wave
from portal.forms.service_errors import add_form_errors
from portal.forms.waves import MEMBERS, WAVES, IssueForm, WaveForm
from portal.models import User
from portal.pages.actions import form_view, page_view
from portal.pages.one_time_forms import FormSentError, new_form_id, send_once, sent_before
from portal.presenters import overview
from portal.presenters.pass_files import sheet_of
from portal.presenters.pass_reach import reach_warning
from rollout.models import EnrollmentPass, Provider, SignIn, Site, Wave
from rollout.services import passes as pass_service
from rollout.services import waves as services


@dashboard
@page_view
def waves(request: HttpRequest) -> HttpResponse:
    """List the waves that this person may see, with the number of passes that were used."""
    user = person(request)
    listing = WAVES.listing(request, _with_counts(Wave.objects.visible_to(user)))
    context = {"listing": listing, "sort": listing.sort, "may_plan": user.is_administrator}
    return render(request, "waves/waves.html", context)


def _with_counts(rows: QuerySet[Wave]) -> QuerySet[Wave]:
    """Annotate waves with their numbers of sites, passes and used passes."""
    sites = Wave.sites.through.objects.filter(wave=OuterRef("pk")).order_by()
    site_count = sites.values(rows=Func("pk", function="COUNT"))
    return rows.annotate(
        site_count=Subquery(site_count),
        pass_count=Count("passes"),
        used_count=Count("passes", filter=Q(passes__uses__gt=0)),
    ).select_related("created_by")


@administrators
@form_view
def create(request: HttpRequest) -> HttpResponse:
    """Create a wave. The form also searches for sites."""
    if request.method != "POST":
        return _create_page(request, WaveForm(initial={"sites": request.GET.getlist("site")}))
    if "search" in request.POST:  # the search button of the form: no validation
        initial = {name: request.POST.get(name) for name in ("title", "find")}
        return _create_page(request, WaveForm(initial=initial | {"sites": request.POST.getlist("sites")}))
    form = WaveForm(request.POST)
    if form.is_valid():
        try:
            fields = {"title": form.cleaned_data["title"], "sites": form.cleaned_data["sites"]}
            created = services.create_wave(actor=person(request), **fields)
        except ValidationError as error:
            add_form_errors(form, error)
        else:
            messages.success(request, _("%(title)s was created. Issue its passes next.") % {"title": created.title})
            return redirect("wave", created.pk)
    return _create_page(request, form, status=422)


def _create_page(request: HttpRequest, form: WaveForm, status: int = 200) -> HttpResponse:
    choices = form.site_choices()
    more = Site.objects.active().count() - len(choices)
    context = {"form": form, "choices": choices, "more": more, "reach": reach_warning()}
    return render(request, "waves/create.html", context, status=status)


@never_cache
@dashboard
@form_view
def wave(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a wave, and run the action that its forms post as ``do``: one of ``ACTIONS``."""
    row = visible_wave(request, pk)
    if request.method != "POST":
        return _wave_page(request, row, IssueForm())
    if not person(request).is_administrator:
        raise PermissionDenied(_("Only administrators can manage waves. You have read-only access to this one."))
    action = ACTIONS.get(request.POST.get("do", ""))
    return action(request, row) if action else HttpResponseBadRequest(_("Unknown action. Go back and try again."))


def _issue(request: HttpRequest, row: Wave) -> HttpResponse:
    """Issue the passes and show their links, in this response only."""
    form, user = IssueForm(request.POST), person(request)
    if form.is_valid():
        try:
            labels, until = form.cleaned_data["labels"].splitlines(), form.cleaned_data["until"]
            issued = send_once(
                request,
                lambda: (
                    services.issue_wave_passes(actor=user, wave=row, labels=labels, expires_at=until),
                    reverse("wave", args=[row.pk]),
                ),
            )
            shown = [(wave_pass, pass_service.pass_url(token), token) for wave_pass, token in issued]
            context = {"wave": row, "issued": shown, "until": until, "reach": reach_warning(row.sites.all())}
            return render(request, "waves/issued.html", context)
        except FormSentError as sent:
            return sent_before(request, sent, reverse("wave", args=[row.pk]))
        except ValidationError as error:
            _add_label_errors(form, error)
    return _wave_page(request, row, form, status=422)


def _add_label_errors(form: IssueForm, error: ValidationError) -> None:
    """Show errors of a single label on the field with all labels."""
    if hasattr(error, "error_dict") and "label" in error.error_dict:
        error.error_dict["labels"] = error.error_dict.pop("label")
    add_form_errors(form, error)


def _sheet(request: HttpRequest, row: Wave) -> HttpResponse:
    """Return the print sheet. Tokens are sent in the body, because URLs are kept in histories and logs."""
    try:
        cards = services.record_sheet(actor=person(request), wave=row, tokens=request.POST.getlist("token"))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return _wave_page(request, row, IssueForm(), status=400)
    response = HttpResponse(sheet_of(cards), content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="gatepass-wave-{row.pk}.pdf"'
    return response


def _finish(request: HttpRequest, row: Wave) -> HttpResponse:
    """Finish the wave."""
    services.finish_wave(actor=person(request), wave=row)
    messages.success(request, _("The wave is finished. Its passes remain valid until they expire."))
    return redirect("wave", row.pk)


ACTIONS = {"issue": _issue, "sheet": _sheet, "finish": _finish}


def _wave_page(request: HttpRequest, row: Wave, form: IssueForm, status: int = 200) -> HttpResponse:
    user = person(request)
    sites = list(row.sites.filter(pk__in=Site.objects.visible_to(user).values("pk")).order_by("title")[:200])
    provided = row.sites.filter(provider=Provider.GATEPASS).exists()
    stages = overview.wave_stages(row)
    listing = MEMBERS.listing(request, _members(row, user))
    now = timezone.now()
    for member in listing.rows:
        member.now_state = member.state(now)
    context: dict[str, Any] = {
        "wave": row,
        "sites": sites,
        "more_sites": row.sites.count() - len(sites),
        "provided": provided,
        # Only the OAuth provider knows about sign-ins: if that is Confluence, the last stage cannot be counted.
        "stages": _with_waiting(stages if provided else stages[:2]),
        "listing": listing,
        "sort": listing.sort,
        "form": form,
        "form_id": new_form_id(request) if user.is_administrator and row.finished_at is None else "",
        "may_run": user.is_administrator,
        "reach": reach_warning(sites) if row.finished_at is None else None,
    }
    return render(request, "waves/wave.html", context, status=status)


def _with_waiting(stages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add to each stage the number of passes that are still in the stage before it."""
    previous = [stage["count"] for stage in stages[:1]] + [stage["count"] for stage in stages]
    return [stage | {"waiting": before - stage["count"]} for stage, before in zip(stages, previous, strict=False)]


def _members(row: Wave, user: User) -> QuerySet[EnrollmentPass]:
    """The wave's passes that this person may see, annotated with ``used_at`` and ``signed_in_at``."""
    sign_ins = SignIn.objects.filter(
        person=OuterRef("person"), site__waves=row, is_rehearsal=False, signed_in_at__gte=OuterRef("created_at")
    )
    newest = sign_ins.order_by("-signed_in_at").values("signed_in_at")[:1]
    rows = EnrollmentPass.objects.visible_to(user).filter(wave=row).select_related("person")
    return rows.annotate(used_at=Max("enrollments__enrolled_at"), signed_in_at=Subquery(newest))
