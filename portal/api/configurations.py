"""The current release, in the import format of an MDM; the check of an existing app configuration."""

from __future__ import annotations

import json
from typing import Any, Literal

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.http import parse_etags
from django.utils.translation import gettext as _
from ninja import Query, Router

from portal.accounts.access import may_read_entire_release
from rollout.mdm.checked_configuration import check_configuration
from rollout.mdm.vendor_formats import FORMATS
from rollout.models import ConfigurationRelease
from rollout.services import configurations

from .auth import worker
from .schemas import CheckedConfigurationOut, Error

router = Router(tags=["Configurations"])
FormatId = Literal[tuple(FORMATS)]  # type: ignore[valid-type]  # pydantic needs the ids as literals
RESPONSE_SCHEMA: dict[str, Any] = {
    "responses": {
        200: {
            "description": "The exported file. X-Release-Number is the release. Send ETag as If-None-Match next time.",
            "content": {kind: {} for kind in sorted({entry.content_type for entry in FORMATS.values()})},
        }
    }
}

LINT_REQUEST: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["text"],
                    "properties": {
                        "text": {"type": "string", "description": "The app configuration"},
                        "format": {"enum": list(FORMATS), "description": "Replaces the parameter of this name"},
                    },
                    "additionalProperties": False,
                }
            },
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


@router.get(
    "/current",
    response={304: None, 401: Error, 403: Error, 404: Error, 422: Error},
    openapi_extra=RESPONSE_SCHEMA,
    url_name="current",
)
def current_configuration(request: HttpRequest, format: Query[FormatId] = "json") -> HttpResponse:  # type: ignore[valid-type]
    """Export the newest release in one format. Requires access to all of its sites; the audit log records it."""
    return _exported(request, configurations.current_release(), format)


@router.get(
    "/{int:number}",
    response={304: None, 401: Error, 403: Error, 404: Error, 422: Error},
    openapi_extra=RESPONSE_SCHEMA,
    url_name="release",
)
def configuration_release(request: HttpRequest, number: int, format: Query[FormatId] = "json") -> HttpResponse:  # type: ignore[valid-type]
    """Export one release in one format. Requires access to all of its sites; the audit log records it."""
    return _exported(request, ConfigurationRelease.objects.filter(number=number).first(), format)


def _exported(request: HttpRequest, release: ConfigurationRelease | None, format_id: str) -> HttpResponse:
    """Return the export of a release: 304, which records nothing, if the client has it already. Raises Http404."""
    actor = worker(request)
    if release is None or not ConfigurationRelease.objects.visible_to(actor).filter(pk=release.pk).exists():
        raise Http404
    if not may_read_entire_release(actor, release):
        raise PermissionDenied(_("This release contains sites that you do not manage. Contact an administrator."))
    etag = f'"{release.digest}-{format_id}"'
    response: HttpResponse = HttpResponseNotModified()
    if etag not in parse_etags(request.headers.get("If-None-Match", "")):
        chosen = FORMATS[format_id]
        text = configurations.export_release(actor=actor, release=release, format_id=format_id)
        response = HttpResponse(text, content_type=f"{chosen.content_type}; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{chosen.filename}"'
    response["ETag"] = etag
    response["X-Release-Number"] = str(release.number)
    response["Cache-Control"] = "private, no-cache"
    return response


@router.post(
    "/lint",
    response={200: CheckedConfigurationOut, 400: Error, 401: Error, 403: Error, 404: Error, 422: Error},
    openapi_extra=LINT_REQUEST,
    url_name="lint",
)
def lint_configuration(request: HttpRequest, format: Query[FormatId] = "json") -> dict[str, Any]:  # type: ignore[valid-type]
    """Check an app configuration from an MDM, and repair it where no guess is needed. Nothing is stored.

    The body is a JSON object with `text`, or the configuration itself as your MDM shows or exports it.
    """
    worker(request)
    data, format_id = _pasted(request, format)
    return check_configuration(data, format_id, allow_loopback_http=settings.PROBE_ALLOW_LOOPBACK).as_json()


def _pasted(request: HttpRequest, format_id: str) -> tuple[bytes, str]:
    """Return the configuration and its format. JSON of any other kind than the documented one is a configuration."""
    if request.content_type != "application/json":
        return request.body, format_id
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        return request.body, format_id
    if not (isinstance(body, dict) and isinstance(body.get("text"), str) and body.keys() <= {"text", "format"}):
        return request.body, format_id
    chosen = body.get("format", format_id)
    if chosen not in list(FORMATS):
        raise ValidationError(
            {"format": _("Select one of these formats: %(formats)s.") % {"formats": ", ".join(FORMATS)}}
        )
    return body["text"].encode("utf-8", "replace"), str(chosen)
