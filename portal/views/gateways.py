"""The gateway of a hosted site: its nginx configuration, and the credentials for token introspection."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables

from oauth_provider.gateway import Gateway, credential_file, nginx_configuration
from oauth_provider.models import ResourceServer
from portal.accounts.access import changeable_site, dashboard, person
from portal.forms.gateway import GatewayForm
from portal.pages.actions import form_view
from portal.provided_sites.gateway_credentials import create_credential, remove_credential
from rollout.models import Site

GATEPASS = "http://127.0.0.1:8000"  # nginx on the same machine as the web process


@sensitive_variables("credential", "secret_file")
@never_cache
@dashboard
@form_view
def gateway(request: HttpRequest, pk: int) -> HttpResponse:
    """Build the configuration from the query (GET); create a credential, shown once, or remove one (POST)."""
    site = changeable_site(request, pk)
    if not site.is_provided:
        raise Http404
    if request.method != "POST":
        return _configuration(request, site)
    if "remove" in request.POST:
        return _remove(request, site, request.POST["remove"])
    credential = create_credential(actor=person(request), site=site)
    secret_file = credential_file(credential.client_id, credential.secret)
    return render(
        request, "sites/gateway.html", _context(site, GatewayForm(initial=_initial())) | {"secret_file": secret_file}
    )


def _configuration(request: HttpRequest, site: Site) -> HttpResponse:
    is_submitted = "application" in request.GET
    form = GatewayForm(request.GET if is_submitted else None, initial=_initial())
    context = _context(site, form)
    if is_submitted and form.is_valid():
        built = Gateway(site.title, site.base_url, form.cleaned_data["gatepass"], form.cleaned_data["application"])
        text = nginx_configuration(built, credential_path=f"gatepass-{site.slug}.secret")
        if "download" in request.GET:
            name = f"gatepass-{site.slug}.conf"
            headers = {"Content-Disposition": f'attachment; filename="{name}"'}
            return HttpResponse(text, content_type="text/plain; charset=utf-8", headers=headers)
        context["configuration"] = text
    return render(request, "sites/gateway.html", context, status=422 if form.errors else 200)


def _remove(request: HttpRequest, site: Site, client_id: str) -> HttpResponse:
    server = ResourceServer.objects.filter(issuer=site.base_url, client_id=client_id[:64]).first()
    if server and remove_credential(actor=person(request), server=server):
        messages.success(request, _("The credential was removed. A gateway that still uses it blocks all requests."))
    return redirect("site_gateway", site.pk)


def _initial() -> dict[str, str]:
    return {"gatepass": GATEPASS}


def _context(site: Site, form: GatewayForm) -> dict[str, object]:
    return {
        "site": site,
        "form": form,
        "servers": ResourceServer.objects.filter(issuer=site.base_url).order_by("created"),
        "credential_path": f"/etc/nginx/gatepass-{site.slug}.secret",
        "configuration_path": f"/etc/nginx/gatepass-{site.slug}.conf",
    }
