"""Results of real phones at a site: the list, recording one, and withdrawing a wrong one."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from portal.accounts.access import changeable_site, dashboard, may_change, person, visible_row, visible_site
from portal.forms.phone_results import PHONE_RESULTS, PhoneResultForm, WithdrawForm, initial_result
from portal.forms.service_errors import add_form_errors
from portal.pages.actions import form_view, page_view
from rollout.models import PhoneResult
from rollout.services import phone_results as services


@dashboard
@page_view
def results(request: HttpRequest, pk: int) -> HttpResponse:
    """List the results of a site, the newest first, with those that were withdrawn."""
    site = visible_site(request, pk)
    rows = site.phone_results.select_related("recorded_by", "withdrawn_by")
    listing = PHONE_RESULTS.listing(request, rows)
    context = {"site": site, "listing": listing, "sort": listing.sort, "may_change": may_change(person(request), site)}
    return render(request, "phone_results/results.html", context)


@dashboard
@form_view
def record(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the form for one result, and record it."""
    site, user = changeable_site(request, pk), person(request)
    posted = request.POST if request.method == "POST" else None
    form = PhoneResultForm(posted, initial=initial_result(str(user)))
    if posted is not None and form.is_valid():
        try:
            services.record_result(actor=user, site=site, **form.fields_for_service())
        except ValidationError as error:
            add_form_errors(form, error)
        else:
            messages.success(request, _("Recorded. Rechecking the site with this result…"))
            return redirect("phone_results", site.pk)
    context = {"site": site, "form": form}
    return render(request, "phone_results/record.html", context, status=422 if form.errors else 200)


@dashboard
@form_view
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw a result with a reason. It stays in the list."""
    result = visible_row(request, PhoneResult.objects.select_related("site", "recorded_by"), pk)
    site = changeable_site(request, result.site_id)
    form = WithdrawForm(request.POST if request.method == "POST" else None)
    if result.withdrawn_at:
        return redirect("phone_results", site.pk)
    if request.method == "POST" and form.is_valid():
        try:
            services.withdraw_result(actor=person(request), result=result, reason=form.cleaned_data["reason"])
        except ValidationError as error:
            add_form_errors(form, error)
        else:
            messages.success(request, _("Withdrawn. Rechecking the site without this result…"))
            return redirect("phone_results", site.pk)
    context = {"site": site, "result": result, "form": form}
    return render(request, "phone_results/withdraw.html", context, status=422 if form.errors else 200)
