"""Register and remove OAuth clients."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from oauth2_provider.models import get_access_token_model, get_grant_model, get_refresh_token_model

from oauth_provider.clients import register_client, remove_client
from oauth_provider.models import Client

REDIRECT_URI = "confluence-server://oauth-callback"


def test_it_works(db: None) -> None:
    client_id = register_client(name="Wiki", redirect_uri=REDIRECT_URI)
    client = Client.objects.get(client_id=client_id)
    assert (client.client_type, client.authorization_grant_type) == ("public", "authorization-code")
    assert (client.client_secret, client.redirect_uris, client.needs_realm) == ("", REDIRECT_URI, True)
    assert len(client_id) >= 22


@pytest.mark.rfc("8252", "7.1")
@pytest.mark.parametrize(
    "redirect_uri",
    ["", "https://a.example/", "confluence-server://oauth-callback/", f"{REDIRECT_URI} https://a.example/",
     "CONFLUENCE-SERVER://oauth-callback", "confluence-server://oauth-callback#x", "javascript:alert(1)"],
)  # fmt: skip
def test_another_redirect_uri_is_refused(db: None, redirect_uri: str) -> None:
    with pytest.raises(ValidationError):
        register_client(name="Wiki", redirect_uri=redirect_uri)
    assert not Client.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [{"client_type": "confidential"}, {"authorization_grant_type": "password"}, {"skip_authorization": True},
     {"authorization_grant_type": "client-credentials"}],
)  # fmt: skip
def test_no_other_kind_of_client(db: None, changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Client(name="x", redirect_uris=REDIRECT_URI, **changes).full_clean()


def test_a_long_name_is_cut(db: None) -> None:
    assert register_client(name="x" * 400, redirect_uri=REDIRECT_URI)


def test_removing_a_client_deletes_its_codes_and_tokens(phone: Any) -> None:
    phone.tokens()
    first = phone.tokens()["refresh_token"]
    phone.refresh(first)  # its old row is revoked already, and does not count
    phone.code()
    assert remove_client(client_id=phone.client_id) == 2
    for model in (Client, get_grant_model(), get_access_token_model(), get_refresh_token_model()):
        assert not model.objects.exists()


def test_removing_an_unknown_client_returns_0(db: None) -> None:
    assert remove_client(client_id="unknown") == 0


def test_other_clients_stay(phone: Any) -> None:
    phone.tokens()
    other = register_client(name="other", redirect_uri=REDIRECT_URI)
    assert remove_client(client_id=other) == 0
    assert get_refresh_token_model().objects.count() == 1


def test_the_deploy_checks_report_nothing_about_the_provider(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("check", deploy=True, tags=["security", "models"])
    assert "oauth2_provider" not in capsys.readouterr().err


@pytest.mark.parametrize("model", ["oauth_provider/client", "oauth2_provider/grant", "oauth2_provider/accesstoken",
                                   "oauth2_provider/refreshtoken"])  # fmt: skip
def test_admin_shows_no_credential(client_of: Any, administrator: Any, phone: Any, model: str) -> None:
    code, tokens = phone.code(), phone.tokens()
    browser = client_of(administrator)
    listing = browser.get(f"/admin/{model}/")
    assert listing.status_code == 200
    row = {"client": Client, "grant": get_grant_model(), "accesstoken": get_access_token_model(),
           "refreshtoken": get_refresh_token_model()}[model.partition("/")[2]].objects.get()  # fmt: skip
    detail = browser.get(f"/admin/{model}/{row.pk}/change/")
    assert detail.status_code == 200
    for secret in (code, code[-4:], tokens["access_token"], tokens["refresh_token"]):
        assert secret not in listing.text
        assert secret not in detail.text


@pytest.mark.parametrize("model", ["accesstoken", "refreshtoken"])
def test_admin_revokes(client_of: Any, administrator: Any, phone: Any, model: str) -> None:
    token = phone.tokens()["refresh_token"]
    rows = get_access_token_model() if model == "accesstoken" else get_refresh_token_model()
    action = {"action": "revoke", "_selected_action": [rows.objects.get().pk]}
    assert client_of(administrator).post(f"/admin/oauth2_provider/{model}/", action).status_code == 302
    assert phone.refresh(token).json()["error"] == "invalid_grant"
