"""The client certificate that checks of a site present. The file is never shown again."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from portal.accounts.access import changeable_site, dashboard, person
from portal.forms.service_errors import add_form_errors
from portal.forms.site_certificates import SiteCertificateForm
from portal.pages.actions import action, form_view
from rollout.models import Site, SiteCertificate
from rollout.services import site_certificates as services
from rollout.services import vault


@sensitive_post_parameters()
@dashboard
@form_view
def certificate(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what is stored, and store the uploaded certificate in its place."""
    site = _site(request, pk)
    form = SiteCertificateForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
    if request.method == "POST" and form.is_valid():
        upload, password = form.cleaned_data["file"], form.cleaned_data["password"]
        try:
            services.store_certificate(actor=person(request), site=site, file=upload.read(), password=password)
        except ValidationError as error:
            add_form_errors(form, error)
        else:
            messages.success(request, _("Saved. Checks of this site now present the certificate. Rechecking…"))
            return redirect("client_certificate", site.pk)
    stored = SiteCertificate.objects.filter(site=site).select_related("site", "stored_by").first()
    context = {
        "site": site,
        "form": form,
        "stored": stored,
        "is_expired": stored and stored.is_expired(timezone.now()),
        "is_usable": stored and services.is_usable(stored),
        "may_store": vault.is_available(),
    }
    return render(request, "site_certificates/certificate.html", context, status=422 if form.errors else 200)


@dashboard
@action("client_certificate", "pk")
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove the stored certificate."""
    site = _site(request, pk)
    if services.remove_certificate(actor=person(request), site=site):
        messages.success(request, _("The client certificate was removed. Rechecking…"))
    return redirect("client_certificate", site.pk)


def _site(request: HttpRequest, pk: int) -> Site:
    """Return the site. Raises Http404 for one that Gatepass hosts: its checks need no certificate."""
    site = changeable_site(request, pk)
    if site.is_provided:
        raise Http404
    return site
