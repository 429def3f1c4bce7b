"""The current release, in the import format of an MDM."""

from __future__ import annotations

from typing import Any, Literal

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Query, Router

from portal.accounts.access import may_read_entire_release
from rollout.mdm.vendor_formats import FORMATS
from rollout.models import ConfigurationRelease
from rollout.services import configurations

from .auth import worker
from .schemas import Error

router = Router(tags=["Configurations"])
FormatId = Literal[tuple(FORMATS)]  # type: ignore[valid-type]  # pydantic needs the ids as literals
RESPONSE_SCHEMA: dict[str, Any] = {
    "responses": {
        200: {
            "description": "The exported file. ETag is the SHA-256 of the site list, X-Release-Number the release.",
            "content": {kind: {} for kind in sorted({entry.content_type for entry in FORMATS.values()})},
        }
    }
}


@router.get(
    "/current",
    response={401: Error, 403: Error, 404: Error, 422: Error},
    openapi_extra=RESPONSE_SCHEMA,
    url_name="current",
)
def current_configuration(request: HttpRequest, format: Query[FormatId] = "json") -> HttpResponse:  # type: ignore[valid-type]
    """Export the newest release in one format. Requires access to all of its sites; the audit log records it."""
    actor = worker(request)
    release = ConfigurationRelease.objects.order_by("-number").first()
    if release is None or not ConfigurationRelease.objects.visible_to(actor).filter(pk=release.pk).exists():
        raise Http404
    if not may_read_entire_release(actor, release):
        raise PermissionDenied(_("This release contains sites that you do not manage. Contact an administrator."))
    text = configurations.export_release(actor=actor, release=release, format_id=format)
    chosen = FORMATS[format]
    response = HttpResponse(text, content_type=f"{chosen.content_type}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{chosen.filename}"'
    response["ETag"] = f'"{release.digest}"'
    response["X-Release-Number"] = str(release.number)
    response["Cache-Control"] = "no-store"
    return response
