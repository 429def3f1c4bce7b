"""A client, its codes and its tokens are known only on their own site."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone
from oauth2_provider.models import get_access_token_model, get_grant_model, get_refresh_token_model

from oauth_provider.models import Client
from oauth_provider.realms import META_KEY, Realm
from rollout.models import ApplicationLink, Site
from rollout.services.sites import archive_site, restore_site


@pytest.fixture(params=["/at/other", ""], ids=["another site", "the root"])
def elsewhere(request: pytest.FixtureRequest, phone: Any, make_provided_site: Callable[[str], Site]) -> Any:
    """The same app at a site where it is not registered."""
    make_provided_site("other")
    return replace(phone, base=request.param)


@pytest.fixture
def root_phone(phone: Any) -> Any:
    """A client of Gatepass's own API, bound to no site."""
    client = Client(name="API", redirect_uris="confluence-server://oauth-callback")
    client.full_clean()
    client.save()
    return replace(phone, base="", client_id=client.client_id)


def test_a_client_works_in_its_own_realm(phone: Any, root_phone: Any) -> None:
    assert phone.tokens()["scope"] == "WRITE"
    assert root_phone.tokens()["scope"] == "WRITE"


@pytest.mark.rfc("9207", "2")
def test_the_root_realm_has_its_own_issuer(root_phone: Any, callback: Any, settings: Any) -> None:
    assert callback(root_phone.answer("cancel"))["iss"] == settings.PUBLIC_URL


def test_authorize_in_another_realm_rejects_the_client(elsewhere: Any) -> None:
    for response in (elsewhere.authorize(), elsewhere.answer()):
        assert response.status_code == 400
        assert not response.has_header("Location")
        assert "does not recognize the app" in response.text
    assert not get_grant_model().objects.exists()


def test_a_code_is_refused_in_another_realm_and_stays_valid(phone: Any, elsewhere: Any) -> None:
    code = phone.code()
    response, unknown = elsewhere.redeem(code), elsewhere.redeem(code, client_id="unknown")
    assert response.status_code == 401
    assert response.content == unknown.content
    assert not get_access_token_model().objects.exists()
    assert phone.redeem(code).status_code == 200


def test_a_refresh_token_is_refused_in_another_realm_and_stays_valid(phone: Any, elsewhere: Any) -> None:
    token = phone.tokens()["refresh_token"]
    response = elsewhere.refresh(token)
    assert (response.status_code, response.json()["error"]) == (401, "invalid_client")
    assert phone.refresh(token).status_code == 200


def test_a_token_cannot_be_revoked_in_another_realm(phone: Any, elsewhere: Any) -> None:
    token = phone.tokens()["refresh_token"]
    response = elsewhere.revoke(token)
    assert (response.status_code, response.json()["error"]) == (401, "invalid_client")
    assert get_refresh_token_model().objects.filter(revoked=None).count() == 1


def test_another_sites_client_cannot_use_the_code(
    phone: Any, make_provided_site: Callable[[str], Site], phone_of: Callable[..., Any]
) -> None:
    other = phone_of(make_provided_site("other"))
    assert other.redeem(phone.code()).json()["error"] == "invalid_grant"
    assert other.refresh(phone.tokens()["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_client_of_the_root_is_unknown_on_a_site(phone: Any, root_phone: Any) -> None:
    at_site = replace(root_phone, base=phone.base)
    assert at_site.authorize().status_code == 400
    assert at_site.redeem(root_phone.code()).json()["error"] == "invalid_client"


def test_a_revoked_link_ends_its_client_on_the_site(phone: Any) -> None:
    code, token = phone.code(), phone.tokens()["refresh_token"]
    ApplicationLink.objects.update(revoked_at=timezone.now())
    assert phone.authorize().status_code == 400
    assert phone.redeem(code).json()["error"] == "invalid_client"
    assert phone.refresh(token).json()["error"] == "invalid_client"


def test_an_archived_site_responds_404(phone: Any, provided_site: Site) -> None:
    provided_site.archived_at = timezone.now()
    provided_site.save()
    assert phone.authorize().status_code == 404
    assert phone.redeem("x").status_code == 404
    assert phone.revoke("x").status_code == 404


def test_a_header_cannot_set_the_realm(phone: Any, elsewhere: Any) -> None:
    forged = {META_KEY: "x", f"HTTP_{META_KEY.upper()}": "x", "HTTP_OAUTH_PROVIDER_REALM": phone.base}
    response = elsewhere.browser.get(elsewhere.authorize_url(), **forged)
    assert response.status_code == 400


def test_clients_that_a_realm_admits() -> None:
    site, root = Realm(), Realm()
    site.client_ids = frozenset({"one"})
    assert site.admits("one", needs_realm=True)
    assert not site.admits("two", needs_realm=True)
    assert not site.admits("two", needs_realm=False)
    assert root.admits("two", needs_realm=False)
    assert not root.admits("one", needs_realm=True)


def opens_our_api(access_token: str) -> bool:
    from oauthlib.common import Request

    from oauth_provider.validators import NativeAppValidator

    return bool(NativeAppValidator().validate_bearer_token(access_token, ["WRITE"], Request("/api/v1/")))


def test_a_sites_token_is_refused_by_the_own_api(phone: Any, root_phone: Any) -> None:
    assert opens_our_api(root_phone.tokens()["access_token"])
    assert not opens_our_api(phone.tokens()["access_token"])
    assert not opens_our_api("unknown")


def test_a_deactivated_persons_token_is_refused(root_phone: Any, member: Any) -> None:
    token = root_phone.tokens()["access_token"]
    member.is_active = False
    member.save()
    assert not opens_our_api(token)


@pytest.mark.parametrize("is_archived_by_sql", [False, True])
def test_a_restored_site_revives_no_token_and_no_code(
    phone: Any, provided_site: Site, administrator: Any, is_archived_by_sql: bool
) -> None:
    """Also if an older version archived it, which ended nothing."""
    tokens, code = phone.tokens(), phone.code()
    if is_archived_by_sql:
        Site.objects.filter(pk=provided_site.pk).update(archived_at=timezone.now())
    else:
        archive_site(actor=administrator, site=provided_site)
    assert phone.refresh(tokens["refresh_token"]).status_code == 404
    provided_site.refresh_from_db()
    restore_site(actor=administrator, site=provided_site)
    assert phone.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert phone.redeem(code).json()["error"] == "invalid_grant"
    assert not get_access_token_model().objects.exists()
    assert phone.tokens()["scope"] == "WRITE"
