"""Responses match the OpenAPI schema, for valid and for invalid requests; none is a server error.

`make test-long` sends many more requests, other ones in each run.
"""

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
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from portal.accounts.api_tokens import create_personal_token, create_service_token
from portal.models import User
from portal.serving.handler import Handler
from rollout.models import Site
from rollout.services import configurations
from tests.support.environment import LONG

CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance,
    negative_data_rejection, unsupported_method,
]  # fmt: skip
SITES = "/api/v1/sites"
CSRF = "a" * 32
EXAMPLES = 200 if LONG else 10
OPERATIONS = [
    ("GET", SITES),
    ("POST", SITES),
    ("GET", "/api/v1/sites/{site_id}"),
    ("PATCH", "/api/v1/sites/{site_id}"),
    ("POST", "/api/v1/sites/{site_id}/checks"),
    ("GET", "/api/v1/check-runs/{run_id}"),
    ("GET", "/api/v1/configurations/current"),
    ("GET", "/api/v1/configurations/{number}"),
    ("POST", "/api/v1/configurations/lint"),
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


def with_session(client_of: Any, administrator: User) -> dict[str, Any]:
    session = client_of(administrator).cookies["gatepass_session"].value
    return {"cookies": {"gatepass_session": session, "gatepass_csrf": CSRF}, "headers": {"X-CSRFToken": CSRF}}


def with_service_token(_client_of: Any, administrator: User) -> dict[str, Any]:
    _row, text = create_service_token(actor=administrator, name="Schema", scopes=["write"], days=1)
    return {"headers": {"Authorization": f"Bearer {text}"}}


def with_personal_token(_client_of: Any, administrator: User) -> dict[str, Any]:
    _row, text = create_personal_token(person=administrator, name="Schema", scopes=["write"], days=1)
    return {"headers": {"Authorization": f"Bearer {text}"}}


@pytest.mark.parametrize("credential", [with_session, with_service_token, with_personal_token])
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_responses_match_the_schema(
    schema: Any,
    client_of: Any,
    administrator: User,
    site: Site,
    method: str,
    path: str,
    mode: GenerationMode,
    credential: Any,
) -> None:
    configurations.publish_release(actor=administrator, sites=Site.objects.all())
    sent_with = credential(client_of, administrator)
    statuses = set()
    numbers = count()

    @examples(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=not LONG,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=schema[path][method].as_strategy(generation_mode=mode))
    def send(case: schemathesis.Case) -> None:
        case.cookies = {}  # a generated session cookie is not a sign-in
        if mode is GenerationMode.POSITIVE:  # existing ids and storable text reach more code
            if "site_id" in case.path_parameters:
                case.path_parameters = {"site_id": site.pk}
            if path == SITES and isinstance(case.body, dict):
                case.body |= {"base_url": f"https://s{next(numbers)}.example.com", "provider": "confluence"}
        case.headers.pop("Authorization", None)  # a generated token would be rejected before anything else
        response = case.call(**sent_with)
        statuses.add(response.status_code)
        # The check of a configuration takes any bytes: what an MDM shows may be no valid JSON.
        excluded = [negative_data_rejection] if path.endswith("/lint") else []
        case.validate_response(response, checks=CHECKS, excluded_checks=excluded)

    send()
    assert 401 not in statuses
