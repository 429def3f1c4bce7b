"""Whatever fails below /api/, the response is JSON of one form."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError
from django.test import Client

from portal.models import User
from portal.pages.body_limits import MIB
from rollout.models import Site


def error_of(answer: Any) -> dict[str, Any]:
    """Return the error of a response; assert its form."""
    assert answer["Content-Type"].startswith("application/json"), answer.content[:200]
    (error,) = answer.json().values()
    assert set(error) == {"code", "message", "fields"}
    assert error["message"]
    return error


@pytest.mark.parametrize(
    "path", ["/api/", "/api/v1/", "/api/v1/nowhere", "/api/v1/sites/", "/api/v2/sites", "/api/x/y"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_path(client: Client, db: None, method: str, path: str) -> None:
    answer = client.generic(method, path)
    assert answer.status_code == 404
    assert error_of(answer)["code"] == "not_found"


def test_a_wrong_method(client: Client, db: None) -> None:
    answer = client.delete("/api/v1/sites")
    assert answer.status_code == 405
    assert answer["Allow"] == "GET, POST"
    assert error_of(answer)["code"] == "method_not_allowed"


def test_no_sign_in(client: Client, db: None) -> None:
    answer = client.get("/api/v1/sites")
    assert answer.status_code == 401
    assert error_of(answer)["code"] == "not_signed_in"


def test_a_body_that_is_not_json(client_of: Any, administrator: User) -> None:
    answer = client_of(administrator).post("/api/v1/sites", b"{", content_type="application/json")
    assert answer.status_code == 400
    assert error_of(answer)["code"] == "bad_request"


@pytest.mark.parametrize("size", [MIB + 1, settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1])
def test_a_body_that_is_too_large(client: Client, db: None, size: int) -> None:
    answer = client.post("/api/v1/sites", b"x" * size, content_type="application/json")
    assert answer.status_code == 413
    assert error_of(answer) == {
        "code": "too_large", "message": "The request body is larger than 1 MiB.", "fields": {},
    }  # fmt: skip


def test_no_csrf_token(administrator: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(administrator)
    answer = client.post("/api/v1/sites", b"{}", content_type="application/json")
    assert answer.status_code == 403
    assert error_of(answer)["code"] == "not_allowed"


@pytest.mark.parametrize(
    ("exception", "status", "code"), [(RuntimeError("ours"), 500, "error"), (OperationalError("x"), 503, "unavailable")]
)
def test_an_exception(
    client_of: Any, administrator: User, monkeypatch: Any, exception: Exception, status: int, code: str
) -> None:
    def fail(*_arguments: Any) -> None:
        raise exception

    monkeypatch.setattr(Site.objects, "visible_to", fail)
    client = client_of(administrator)
    client.raise_request_exception = False
    answer = client.get("/api/v1/sites")
    assert answer.status_code == status
    assert error_of(answer)["code"] == code


def test_an_unknown_host(client: Client) -> None:
    answer = client.get("/api/v1/sites", HTTP_HOST="evil.example")
    assert answer.status_code == 400
    assert error_of(answer)["code"] == "bad_request"
