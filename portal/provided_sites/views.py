"""Views of hosted sites: Gatepass responds to the app and to probes as Confluence would."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from oauth_provider.endpoints import authorize as provider_authorize
from oauth_provider.endpoints import machine
from oauth_provider.endpoints import metadata as provider_metadata
from oauth_provider.endpoints.machine_view import MachineResponse, MachineView, Meta
from oauth_provider.realms import META_KEY

from .realm import SiteRealm, active_site


def _machine_at_site(endpoint: MachineView) -> MachineView:
    """Return the endpoint for the realm of a site. It raises Http404 if there is no such site.

    A successful response has found the site in its own SQL statement. Other responses need the lookup, so that a
    missing site always results in the same 404.
    """

    @wraps(endpoint.answer)
    def answer(meta: Meta, read: Callable[[], bytes], slug: str) -> MachineResponse:
        realm = meta[META_KEY] = SiteRealm(slug)
        response = endpoint.answer(meta, read)
        if not HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES:
            realm.require()
        return response

    return MachineView(answer)


def _page_at_site(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Return a page of the OAuth provider for the realm of a site. It raises Http404 if there is no such site."""

    @wraps(view)
    def at_site(request: HttpRequest, slug: str) -> HttpResponseBase:
        realm = request.META[META_KEY] = SiteRealm(slug)
        realm.require()
        return view(request)

    return at_site


token = _machine_at_site(machine.token)
revoke = _machine_at_site(machine.revoke)
introspect = _machine_at_site(machine.introspect)
introspect_status = _machine_at_site(machine.introspect_status)
authorize = _page_at_site(provider_authorize.authorize)
metadata = _page_at_site(provider_metadata.metadata)


@login_not_required
@require_safe
def home(request: HttpRequest, slug: str) -> HttpResponse:
    """Show that Gatepass, not Confluence, responds here."""
    return render(request, "oauth_provider/provided_site.html", {"site": active_site(slug)})
