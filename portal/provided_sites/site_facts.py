"""Endpoints of a hosted site that describe it as Confluence would: ``info/login``, the manifest and the status."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from http import HTTPStatus
from xml.etree import ElementTree

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from oauth_provider.endpoints.machine_view import JSON, MachineResponse, MachineView, Meta
from rollout.models import Product

from .realm import active_site

BUILD_NUMBER = "9111"  # of PROVIDED_CONFLUENCE_VERSION
APPLINKS_VERSION = "10.1.1"
INBOUND_AUTHENTICATION = "com.atlassian.applinks.api.auth.types.OAuthAuthenticationProvider"


@MachineView
def info_login(meta: Meta, _read: Callable[[], bytes], slug: str, version: str) -> MachineResponse:
    """Return the response to the app's first request. Version 1.1 includes the client ID if the OAuth 2.0 switch is on.

    The fields of 1.1 are not documented; clients search for ``clientId`` at any depth. Raises Http404.
    """
    site = active_site(slug)
    if meta["REQUEST_METHOD"] not in {"GET", "HEAD"}:
        return MachineResponse(HTTPStatus.METHOD_NOT_ALLOWED, b"", {"Allow": "GET, HEAD", "Content-Type": JSON})
    facts: dict[str, object] = {"siteTitle": site.title, "baseUrl": site.base_url}
    if version == "1.1" and site.switch_client_id is not None:
        facts["oauth"] = {"clientId": site.switch_client_id}
    return MachineResponse(HTTPStatus.OK, json.dumps(facts).encode(), {"Content-Type": JSON})


@login_not_required
@require_safe
def manifest(request: HttpRequest, slug: str) -> HttpResponse:
    """Return the application links manifest as XML, or as JSON if ``Accept`` prefers it. Raises Http404."""
    site = active_site(slug)
    facts: dict[str, str | bool] = {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, site.base_url)),
        "name": _("%(title)s (hosted by Gatepass)") % {"title": site.title},
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
    """Return the server status as Confluence does. Raises Http404."""
    active_site(slug)
    return JsonResponse({"state": "RUNNING"})
