"""The API reference page, rendered on the server from the OpenAPI schema, without scripts."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from ninja import NinjaAPI
from ninja.openapi.docs import DocsBase


class Reference(DocsBase):
    """Renders the reference page of the API."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        schema = api.get_openapi_schema()
        operations = [
            _operation(path, method, operation)
            for path, methods in schema["paths"].items()
            for method, operation in methods.items()
        ]
        context = {
            "operations": operations,
            "description": api.description,
            "example": f'curl -H "Authorization: Bearer $TOKEN" {settings.PUBLIC_URL}/api/v1/sites',
            "schema_url": self.get_openapi_url(api, {}),
        }
        return render(request, "api/reference.html", context)


def _operation(path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    """Return the template context of one operation."""
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": operation["summary"],
        "description": operation.get("description", ""),
        "tag": operation.get("tags", [""])[0],
        "parameters": [
            {
                "name": parameter["name"],
                "place": parameter["in"],
                "required": parameter.get("required", False),
                "kind": _kind(parameter["schema"]),
                "description": parameter["schema"].get("description", ""),
            }
            for parameter in operation.get("parameters", ())
        ],
        "body": _body(operation),
        "statuses": sorted(str(status) for status in operation["responses"]),
    }


def _kind(schema: dict[str, Any]) -> str:
    """Return a parameter's type, or its values if it is an enum."""
    for choice in (schema, *schema.get("anyOf", ())):
        if "enum" in choice:
            return ", ".join(str(value) for value in choice["enum"])
    return str(schema.get("type", "text"))


def _body(operation: dict[str, Any]) -> str:
    """Return the name of the body's schema, or an empty string."""
    content = operation.get("requestBody", {}).get("content", {})
    reference = content.get("application/json", {}).get("schema", {}).get("$ref", "")
    return str(reference).rpartition("/")[2]
