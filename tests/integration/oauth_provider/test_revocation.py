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


# --- After a change of keys ------------------------------------------------------------------------------------
NEW_KEY = "another key: long enough, and known to everybody"


@pytest.mark.rfc("7009", "2.1")
@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
@pytest.mark.parametrize("refreshes", [0, 2])
def test_a_stored_token_is_revoked_whatever_the_key(phone: Any, settings: Any, kind: str, refreshes: int) -> None:
    """The old key is not known any more, so no signature of the token can be verified."""
    tokens = phone.tokens()
    for _ in range(refreshes):
        tokens = phone.refresh(tokens["refresh_token"]).json()
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW_KEY, []
    assert phone.revoke(tokens[kind]).status_code == 200
    assert nothing_lives()
    assert phone.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"


@pytest.mark.rfc("7009", "2.1")
@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_another_client_revokes_nothing_whatever_the_key(
    phone: Any, phone_of: Any, make_provided_site: Any, settings: Any, kind: str
) -> None:
    tokens, other = phone.tokens(), phone_of(make_provided_site("other"))
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW_KEY, []
    assert other.revoke(tokens[kind]).status_code == 200
    assert phone.refresh(tokens["refresh_token"]).status_code == 200


@pytest.mark.parametrize("is_known", [True, False])
def test_a_replaced_token_is_revoked_if_the_old_key_is_known(phone: Any, settings: Any, is_known: bool) -> None:
    first = phone.tokens()["refresh_token"]
    phone.refresh(first)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY] if is_known else [], NEW_KEY
    assert phone.revoke(first).status_code == 200
    assert nothing_lives() is is_known
