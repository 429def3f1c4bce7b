"""Cache headers: pages of signed-in people are private, and pages with secrets are not stored at all."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from portal.models import User


@pytest.mark.parametrize(
    "path", ["/accounts/2fa/totp/activate/", "/accounts/password/set/", "/passes/new/", "/people/new/"]
)
def test_pages_with_secrets_are_not_stored(client_of: Any, administrator: User, path: str) -> None:
    answer = client_of(administrator).get(path)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("path", ["/", "/sites/", "/me/passes/", "/nowhere/"])
def test_a_persons_pages_are_private(client_of: Any, administrator: User, path: str) -> None:
    assert client_of(administrator).get(path)["Cache-Control"] == "private, no-cache"


def test_public_responses_have_no_cache_header(db: None) -> None:
    assert "Cache-Control" not in Client().get("/.well-known/oauth-authorization-server")
