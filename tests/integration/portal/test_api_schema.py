"""Responses match the OpenAPI schema, for valid and for invalid requests; none is a server error."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from portal.models import User
from portal.serving.handler import Handler
from rollout.models import Site
from rollout.services import configurations

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
SITES = "/api/v1/sites"
CSRF = "a" * 32
OPERATIONS = [
    ("GET", SITES),
    ("POST", SITES),
    ("GET", "/api/v1/sites/{site_id}"),
    ("PATCH", "/api/v1/sites/{site_id}"),
    ("POST", "/api/v1/sites/{site_id}/checks"),
    ("GET", "/api/v1/check-runs/{run_id}"),
    ("GET", "/api/v1/configurations/current"),
]


@pytest.fixture
def schema(db: None, settings: Any) -> Iterator[Any]:
    """The schema of the real application, called through WSGI in the transaction of the test."""
    settings.ALLOWED_HOSTS = ["localhost"]  # the host that schemathesis uses
    # The end of a request closes its connection, and with it the test's transaction; Django's own client does the same.
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    yield schemathesis.openapi.from_wsgi("/api/v1/openapi.json", Handler())
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


def test_all_operations_are_tested(schema: Any) -> None:
    paths = schema.raw_schema["paths"]
    assert sorted(OPERATIONS) == sorted((method.upper(), path) for path in paths for method in paths[path])


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_responses_match_the_schema(
    schema: Any, client_of: Any, administrator: User, site: Site, method: str, path: str, mode: GenerationMode
) -> None:
    configurations.publish_release(actor=administrator, sites=Site.objects.all())
    session = client_of(administrator).cookies["gatepass_session"].value
    cookies = {"gatepass_session": session, "gatepass_csrf": CSRF}

    numbers = count()

    @examples(max_examples=20, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(case=schema[path][method].as_strategy(generation_mode=mode))
    def send(case: schemathesis.Case) -> None:
        case.cookies = {}  # a generated session cookie is not a sign-in
        if mode is GenerationMode.POSITIVE:  # existing ids and storable text reach more code
            if "site_id" in case.path_parameters:
                case.path_parameters = {"site_id": site.pk}
            if path == SITES and isinstance(case.body, dict):
                case.body |= {"base_url": f"https://s{next(numbers)}.example.com", "provider": "confluence"}
        case.headers.pop("Authorization", None)  # a generated token would be rejected before anything else
        response = case.call(cookies=cookies, headers={"X-CSRFToken": CSRF})
        case.validate_response(response, checks=CHECKS)

    send()
