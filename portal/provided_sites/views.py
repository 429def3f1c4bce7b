"""Sites that Gatepass provides: under their base URL it answers the app and our probes as Confluence would."""

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
    """Return the endpoint for the site's issuer and the clients of its active links. Raises Http404.

    What succeeds has found the site in its own statement; where there is none, every other answer is the same 404.
    """

    @wraps(endpoint.answer)
    def answer(meta: Meta, read: Callable[[], bytes], slug: str) -> MachineResponse:
        realm = meta[META_KEY] = SiteRealm(slug)
        given = endpoint.answer(meta, read)
        if not HTTPStatus.OK <= given.status < HTTPStatus.MULTIPLE_CHOICES:
            realm.site  # noqa: B018 - raises when there is none
        return given

    return MachineView(answer)


def _page_at_site(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Return one of the provider's pages for the site's realm. Raises Http404."""

    @wraps(view)
    def at_site(request: HttpRequest, slug: str) -> HttpResponseBase:
        realm = request.META[META_KEY] = SiteRealm(slug)
        realm.site  # noqa: B018 - raises when there is none
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
    """A page that says honestly what answers here."""
    return render(request, "oauth_provider/provided_site.html", {"site": active_site(slug)})
