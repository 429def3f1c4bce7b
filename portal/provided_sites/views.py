"""Sites that Gatepass provides: under their base URL it answers the app and our probes as Confluence would."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from functools import cached_property, wraps
from http import HTTPStatus
from xml.etree import ElementTree

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from oauth_provider.endpoints import authorize as provider
from oauth_provider.endpoints import machine
from oauth_provider.endpoints.form_endpoint import JSON, Answer, FormEndpoint, Meta
from oauth_provider.realms import META_KEY, Realm, RealmSql
from rollout.models import Product
from rollout.services import provided
from rollout.services.provided import ProvidedSite

from .consent import ConsentView

BUILD_NUMBER = "9111"  # of PROVIDED_CONFLUENCE_VERSION
APPLINKS_VERSION = "10.1.1"
NOWHERE = "gatepass.nowhere"  # in a WSGI environment: its site was looked for, and is not there
INBOUND_AUTHENTICATION = "com.atlassian.applinks.api.auth.types.OAuthAuthenticationProvider"


def _site(slug: str) -> ProvidedSite:
    """Return the active Confluence site that Gatepass provides under this name. Raises Http404."""
    site = provided.provided_site(slug)
    if site is None:
        raise Http404
    return site


def answer(endpoint: FormEndpoint, slug: str, meta: Meta, read: Callable[[], bytes]) -> Answer:
    """An endpoint's answer for the site's issuer and the clients of its active links only. Raises Http404.

    What succeeds has found the site in its own statement; where there is none, every other answer is the same 404. On
    its way to that page a request comes here again: it is counted once.
    """
    if NOWHERE in meta:
        raise Http404
    realm = meta[META_KEY] = SiteRealm(slug)
    try:
        given = endpoint.answer(meta, read)
        if not HTTPStatus.OK <= given.status < HTTPStatus.MULTIPLE_CHOICES:
            realm.site  # noqa: B018 - to be found, or not
    except Http404:
        meta[NOWHERE] = True
        raise
    return given


def _posted(endpoint: FormEndpoint) -> Callable[..., HttpResponse]:
    @csrf_exempt
    @login_not_required
    @wraps(endpoint)
    def at_site(request: HttpRequest, slug: str) -> HttpResponse:
        return answer(endpoint, slug, request.META, lambda: request.body).as_response()

    return at_site


def _in_realm(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """One of the provider's views, for a site that is there."""

    @wraps(view)
    def at_site(request: HttpRequest, slug: str) -> HttpResponseBase:
        realm = request.META[META_KEY] = SiteRealm(slug)
        realm.site  # noqa: B018 - to be found, or not
        return view(request)

    return at_site


class SiteRealm(Realm):
    """The realm of a provided site, looked up when somebody asks for more than the statements do by themselves."""

    def __init__(self, slug: str) -> None:
        super().__init__()
        self.slug = slug

    @cached_property
    def site(self) -> ProvidedSite:
        """Raises Http404."""
        return _site(self.slug)

    @property
    def issuer(self) -> str:
        return self.site.base_url

    @property
    def title(self) -> str:  # type: ignore[override]
        return self.site.title

    @property
    def client_ids(self) -> frozenset[str]:  # type: ignore[override]
        return self.site.client_ids

    @property
    def sql(self) -> RealmSql:
        return RealmSql(provided.base_url_sql(), provided.has_client_sql("c.client_id"), provided.sql_values(self.slug))


authorize = _in_realm(ConsentView.as_view())
metadata = _in_realm(provider.metadata)


@login_not_required
@require_safe
def home(request: HttpRequest, slug: str) -> HttpResponse:
    """A page that says honestly what answers here."""
    return render(request, "oauth_provider/provided_site.html", {"site": _site(slug)})


@login_not_required
def info_login(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    return answer_info_login(request.META, slug, version).as_response()


def answer_info_login(meta: Meta, slug: str, version: str) -> Answer:
    """What the app asks before it shows a login; 1.1 carries the client ID while the OAuth switch is on.

    The field names of 1.1 are not documented; readers search for ``clientId`` at any depth. Raises Http404.
    """
    site = _site(slug)
    if meta["REQUEST_METHOD"] not in {"GET", "HEAD"}:
        return Answer(HTTPStatus.METHOD_NOT_ALLOWED, b"", {"Allow": "GET, HEAD", "Content-Type": JSON})
    facts: dict[str, object] = {"siteTitle": site.title, "baseUrl": site.base_url}
    if version == "1.1" and site.switch_client_id is not None:
        facts["oauth"] = {"clientId": site.switch_client_id}
    return Answer(HTTPStatus.OK, json.dumps(facts).encode(), {"Content-Type": JSON})


@login_not_required
@require_safe
def manifest(request: HttpRequest, slug: str) -> HttpResponse:
    """The application links manifest, XML unless ``Accept`` prefers JSON."""
    site = _site(slug)
    facts: dict[str, str | bool] = {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, site.base_url)),
        "name": _("%(title)s (provided by Gatepass)") % {"title": site.title},
        "typeId": Product.CONFLUENCE,
        "version": settings.PROVIDED_CONFLUENCE_VERSION,
        "buildNumber": BUILD_NUMBER,
        "applinksVersion": APPLINKS_VERSION,
        "inboundAuthenticationTypes": INBOUND_AUTHENTICATION,
        "publicSignup": False,
        "url": site.base_url,
    }
    if request.get_preferred_type(["application/xml", "application/json"]) == "application/json":
        return JsonResponse(facts)
    root = ElementTree.Element("manifest")
    for name, value in facts.items():
        ElementTree.SubElement(root, name).text = value if isinstance(value, str) else str(value).lower()
    document = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return HttpResponse(document, content_type="application/xml; charset=utf-8")


@login_not_required
@require_safe
def status(request: HttpRequest, slug: str) -> JsonResponse:
    """That the site runs, in Confluence's words."""
    _site(slug)
    return JsonResponse({"state": "RUNNING"})


token = _posted(machine.token)
revoke = _posted(machine.revoke)
introspect = _posted(machine.introspect)
introspect_status = _posted(machine.introspect_status)
