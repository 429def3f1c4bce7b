"""Refresh: the token rotates, an old one ends the family, deactivated people are refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.utils import timezone
from oauth2_provider.models import get_access_token_model, get_refresh_token_model

from oauth_provider.models import Device
from oauth_provider.tokens import redemption
from oauth_provider.tokens.token_format import digest
from portal.models import User
from rollout.models import Site


def refused(response: Any) -> bool:
    return (response.status_code, response.json()["error"]) == (400, "invalid_grant")


def living() -> int:
    return get_refresh_token_model().objects.filter(revoked=None).count()


@pytest.mark.rfc("9700", "4.14.2")
def test_it_works(phone: Any) -> None:
    first = phone.tokens()
    response = phone.refresh(first["refresh_token"])
    assert response.status_code == 200
    second = response.json()
    assert second["refresh_token"] != first["refresh_token"]
    assert second["access_token"] != first["access_token"]
    assert second["scope"] == "WRITE"
    assert living() == 1
    assert get_access_token_model().objects.count() == 1  # the old access token ended with its refresh token


@pytest.mark.rfc("9700", "4.14.2")
def test_an_old_token_ends_the_whole_family(phone: Any) -> None:
    first = phone.tokens()["refresh_token"]
    second = phone.refresh(first).json()["refresh_token"]
    third = phone.refresh(second).json()["refresh_token"]
    assert refused(phone.refresh(first))
    assert refused(phone.refresh(third))
    assert living() == 0
    assert not get_access_token_model().objects.exists()


@pytest.mark.rfc("6749", "6")
def test_a_token_of_another_client_is_refused_and_stays_valid(phone: Any, provided_site: Site) -> None:
    from oauth_provider.clients import register_client
    from rollout.models import ApplicationLink

    other = register_client(name="other", redirect_uri="confluence-server://oauth-callback")
    ApplicationLink.objects.create(site=provided_site, origin="switch", client_id=other, created_at=timezone.now())
    token = phone.tokens()["refresh_token"]
    assert refused(phone.refresh(token, client_id=other))
    assert phone.refresh(token).status_code == 200


@pytest.mark.rfc("6749", "6")
@pytest.mark.parametrize("scope", ["READ", "ADMIN", "WRITE ADMIN", "nonsense"])
def test_a_wider_scope_is_refused(phone: Any, scope: str) -> None:
    token = phone.tokens()["refresh_token"]
    assert phone.refresh(token, scope=scope).json()["error"] == "invalid_scope"
    assert phone.refresh(token, scope="WRITE").json()["scope"] == "WRITE"


@pytest.mark.rfc("9700", "4.14.2")
def test_an_unused_token_expires_after_ninety_days(phone: Any) -> None:
    token = phone.tokens()["refresh_token"]
    with time_machine.travel(timezone.now() + timedelta(days=89), tick=False):
        token = phone.refresh(token).json()["refresh_token"]
    with time_machine.travel(timezone.now() + timedelta(days=89 + 90, hours=2), tick=False):
        assert refused(phone.refresh(token))


@pytest.mark.rfc("9700", "4.14.2")
def test_a_sign_in_ends_after_a_year_regardless_of_refreshes(phone: Any, settings: Any) -> None:
    settings.SIGN_IN_MAX_DAYS = 100
    token = phone.tokens()["refresh_token"]
    with time_machine.travel(timezone.now() + timedelta(days=60), tick=False):
        token = phone.refresh(token).json()["refresh_token"]
    with time_machine.travel(timezone.now() + timedelta(days=99), tick=False):
        token = phone.refresh(token).json()["refresh_token"]
    with time_machine.travel(timezone.now() + timedelta(days=101), tick=False):
        assert refused(phone.refresh(token))


def test_a_retry_within_seconds_gets_the_same_pair(phone: Any) -> None:
    first = phone.tokens()["refresh_token"]
    second, again = phone.refresh(first).json(), phone.refresh(first).json()
    assert (second["refresh_token"], second["access_token"]) == (again["refresh_token"], again["access_token"])
    assert again["expires_in"] <= second["expires_in"]
    assert phone.refresh(second["refresh_token"]).status_code == 200


@pytest.mark.rfc("9700", "4.14.2")
def test_a_retry_later_is_a_reuse(phone: Any) -> None:
    first = phone.tokens()["refresh_token"]
    second = phone.refresh(first).json()["refresh_token"]
    with time_machine.travel(timezone.now() + timedelta(seconds=11), tick=False):
        assert refused(phone.refresh(first))
        assert refused(phone.refresh(second))
    assert living() == 0


def test_the_setting_turns_retries_off(phone: Any, settings: Any) -> None:
    settings.REFRESH_RETRY_SECONDS = 0
    first = phone.tokens()["refresh_token"]
    second = phone.refresh(first).json()["refresh_token"]
    assert refused(phone.refresh(first))
    assert refused(phone.refresh(second))


def test_a_retry_of_a_deactivated_person_is_refused(phone: Any, member: User) -> None:
    first = phone.tokens()["refresh_token"]
    phone.refresh(first)
    member.is_active = False
    member.save()
    assert refused(phone.refresh(first))


def test_a_forged_token_of_a_real_family_has_no_effect(phone: Any) -> None:
    token = phone.tokens()["refresh_token"]
    made_up = token[:30] + ("A" if token[30] != "A" else "B") + token[31:]
    assert refused(phone.refresh(made_up))
    assert phone.refresh(token).status_code == 200


def test_a_new_server_key_signs_out_no_phones(phone: Any, settings: Any) -> None:
    token = phone.tokens()["refresh_token"]
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key: long enough, and known to everybody"
    second = phone.refresh(token)
    assert second.status_code == 200
    with time_machine.travel(timezone.now() + timedelta(seconds=11), tick=False):
        assert refused(phone.refresh(token))  # recognized as genuine by the previous key
    assert living() == 0


def test_a_sign_in_stays_one_row_after_refreshes(phone: Any) -> None:
    token = phone.tokens()["refresh_token"]
    for _ in range(5):
        token = phone.refresh(token).json()["refresh_token"]
    assert get_refresh_token_model().objects.count() == get_access_token_model().objects.count() == 1


@pytest.mark.rfc("9700", "4.14.2")
def test_a_deactivated_person_cannot_refresh(phone: Any, member: User) -> None:
    token = phone.tokens()["refresh_token"]
    member.is_active = False
    member.save()
    assert refused(phone.refresh(token))
    assert get_refresh_token_model().objects.count() == 1


def test_a_redirect_uri_is_ignored(phone: Any) -> None:
    """Some Atlassian clients send it."""
    token = phone.tokens()["refresh_token"]
    assert phone.refresh(token, redirect_uri="confluence-server://oauth-callback").status_code == 200


@pytest.mark.rfc("6749", "5.2")
@pytest.mark.parametrize("token", ["unknown", "x" * 4000, "é", "' OR 1=1 --"])
def test_an_unknown_token_is_an_invalid_grant(phone: Any, token: str) -> None:
    assert refused(phone.refresh(token))


@pytest.mark.rfc("6749", "5.2")
@pytest.mark.parametrize("token", [None, ""])
def test_a_missing_token_is_an_invalid_request(phone: Any, token: str | None) -> None:
    assert phone.refresh(token).json()["error"] == "invalid_request"


def test_an_access_token_is_no_refresh_token(phone: Any) -> None:
    assert refused(phone.refresh(phone.tokens()["access_token"]))


def test_a_removed_client_is_unknown_at_once(phone: Any) -> None:
    from oauth_provider.clients import remove_client

    token = phone.tokens()["refresh_token"]
    assert remove_client(client_id=phone.client_id) == 1
    response = phone.refresh(token)
    assert (response.status_code, response.json()["error"]) == (401, "invalid_client")


@pytest.mark.rfc("9700", "4.14.2")
def test_a_changed_password_ends_every_sign_in(phone: Any, member: User) -> None:
    member.set_password("the password of before")
    member.save()
    browser = phone.browser
    browser.force_login(member)
    tokens = phone.tokens()
    form = {
        "oldpassword": "the password of before",
        "password1": "horse battery staple correct",
        "password2": "horse battery staple correct",
    }
    assert browser.post("/accounts/password/change/", form).status_code == 302
    assert refused(phone.refresh(tokens["refresh_token"]))
    assert not get_access_token_model().objects.exists()


def is_known(access_token: str) -> bool:
    return get_access_token_model().objects.filter(token_checksum=digest(access_token)).exists()


@contextmanager
def lost_by_a_crash() -> Iterator[None]:
    """Undo the writes inside, as a database crash does before they reach the disk."""
    models = (get_refresh_token_model(), get_access_token_model(), Device)
    before = [(model, list(model.objects.values())) for model in models]
    yield
    for model, rows in before:
        for row in rows:
            assert model.objects.filter(pk=row[model._meta.pk.attname]).update(**row)


@pytest.mark.rfc("9700", "4.14.2")
def test_a_refresh_whose_write_was_lost_is_recovered(phone: Any) -> None:
    first = phone.tokens()["refresh_token"]
    with lost_by_a_crash():
        second = phone.refresh(first).json()
    assert not is_known(second["access_token"])
    third = phone.refresh(second["refresh_token"])
    assert third.status_code == 200
    assert is_known(third.json()["access_token"])
    assert phone.refresh(second["refresh_token"]).json()["refresh_token"] == third.json()["refresh_token"]  # a retry
    assert phone.refresh(third.json()["refresh_token"]).status_code == 200
    assert refused(phone.refresh(first))  # a reuse
    assert living() == 0


@pytest.mark.rfc("9700", "4.14.2")
def test_a_refresh_is_retried_after_response_and_write_were_lost(phone: Any) -> None:
    first = phone.tokens()["refresh_token"]
    with lost_by_a_crash():
        second = phone.refresh(first).json()["refresh_token"]
    assert phone.refresh(first).json()["refresh_token"] == second


@pytest.mark.rfc("9700", "4.14.2")
def test_two_lost_writes_are_not_recovered(phone: Any) -> None:
    first = phone.tokens()["refresh_token"]
    with lost_by_a_crash():
        third = phone.refresh(phone.refresh(first).json()["refresh_token"]).json()["refresh_token"]
    assert refused(phone.refresh(third))
    assert living() == 0


@pytest.mark.rfc("7009", "2.1")
def test_an_ended_sign_in_stays_ended_after_a_lost_write(phone: Any, member: User) -> None:
    first = phone.tokens()["refresh_token"]
    with lost_by_a_crash():
        second = phone.refresh(first).json()["refresh_token"]
    User.objects.filter(pk=member.pk).update(is_active=False)
    assert refused(phone.refresh(second))
    User.objects.filter(pk=member.pk).update(is_active=True)
    assert phone.post("revoke", client_id=phone.client_id, token=first).status_code == 200
    assert refused(phone.refresh(second))


def test_a_reactivated_person_continues_with_a_lost_refresh(phone: Any, member: User) -> None:
    first = phone.tokens()["refresh_token"]
    with lost_by_a_crash():
        second = phone.refresh(first).json()["refresh_token"]
    User.objects.filter(pk=member.pk).update(is_active=False)
    assert refused(phone.refresh(second))
    assert living() == 1
    User.objects.filter(pk=member.pk).update(is_active=True)
    assert phone.refresh(second).status_code == 200


def test_a_concurrent_retry_does_not_prevent_recovery(phone: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the check for a lost write and the next query, a concurrent retry makes the token the current one."""
    first = phone.tokens()["refresh_token"]
    with lost_by_a_crash():
        second = phone.refresh(first).json()["refresh_token"]
    rotate = redemption.statements.rotate

    def rotate_late(rotation: Any) -> str | None:
        found = rotate(rotation)
        if found is None and not retried:
            retried.append(phone.refresh(first))
        return found

    retried: list[Any] = []
    monkeypatch.setattr(redemption.statements, "rotate", rotate_late)
    assert phone.refresh(second).status_code == 200
    assert retried[0].status_code == 200


@pytest.mark.rfc("9700", "4.14.2")
def test_a_retry_across_a_change_of_keys_gets_the_same_pair(phone: Any, settings: Any) -> None:
    first = phone.tokens()["refresh_token"]
    second = phone.refresh(first).json()["refresh_token"]
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another key, which is long enough, too"
    assert phone.refresh(first).json()["refresh_token"] == second


def test_a_new_key_recognizes_tokens_of_the_old_one(phone: Any, settings: Any) -> None:
    first = phone.tokens()["refresh_token"]
    with lost_by_a_crash():
        second = phone.refresh(first).json()["refresh_token"]
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another key, which is long enough, too"
    assert phone.refresh(second).status_code == 200


@pytest.mark.skipif(connection.vendor != "postgresql", reason="a setting of PostgreSQL")
@pytest.mark.django_db(transaction=True)
def test_only_the_refresh_itself_does_not_wait_for_the_disk(phone: Any) -> None:
    phone.refresh(phone.tokens()["refresh_token"])
    with connection.cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        assert cursor.fetchone() == ("on",)
