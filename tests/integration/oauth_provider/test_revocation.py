"""The revocation endpoint: ends a token and its pair, and does not reveal which tokens exist."""

from __future__ import annotations

from typing import Any

import pytest
from oauth2_provider.models import get_access_token_model, get_refresh_token_model


def nothing_lives() -> bool:
    live = get_refresh_token_model().objects.filter(revoked=None)
    return not live.exists() and not get_access_token_model().objects.exists()


@pytest.mark.rfc("7009", "2.1")
@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
@pytest.mark.parametrize("hint", [None, "access_token", "refresh_token", "nonsense"])
def test_it_works(phone: Any, kind: str, hint: str | None) -> None:
    tokens = phone.tokens()
    response = phone.revoke(tokens[kind], token_type_hint=hint)
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    assert nothing_lives()
    assert phone.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"


@pytest.mark.rfc("7009", "2.2")
@pytest.mark.parametrize("token", ["unknown", "é", "x" * 4000])
def test_an_unknown_token_gets_the_same_response(phone: Any, token: str) -> None:
    phone.tokens()
    assert phone.revoke(token).status_code == 200
    assert not nothing_lives()


@pytest.mark.rfc("7009", "2.2")
def test_a_second_revocation_succeeds(phone: Any) -> None:
    token = phone.tokens()["refresh_token"]
    assert [phone.revoke(token).status_code for _ in range(2)] == [200, 200]


@pytest.mark.rfc("7009", "2.1")
@pytest.mark.parametrize("token", [None, ""])
def test_a_missing_token_is_an_invalid_request(phone: Any, token: str | None) -> None:
    response = phone.revoke(token)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


@pytest.mark.rfc("7009", "2.1")
@pytest.mark.parametrize("client_id", [None, "unknown"])
def test_an_unknown_client_cannot_revoke(phone: Any, client_id: str | None) -> None:
    token = phone.tokens()["refresh_token"]
    response = phone.revoke(token, client_id=client_id)
    assert (response.status_code, response.json()["error"]) == (401, "invalid_client")
    assert not nothing_lives()
