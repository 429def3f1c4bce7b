"""Rate limits: parallel requests count, an office behind one address is not limited, 429 states the wait."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from oauth_provider.clients import remove_client
from oauth_provider.limits import attempts, counters
from oauth_provider.limits.limiter import Limit, Limiter
from oauth_provider.models import RateCount
from oauth_provider.resource_servers import create_resource_server

OFF = {f"{endpoint}_{kind}": "off" for endpoint in ("token", "introspection", "authorize", "sign_in")
       for kind in ("address", "principal", "failures")} | {"sign_in_known_browser": "off"}  # fmt: skip


@pytest.fixture(autouse=True)
def no_permits_left_over(settings: Any, request: pytest.FixtureRequest) -> Iterator[None]:
    """Give each test its own counters: in the database, which is rolled back, and django-allauth's in memory."""
    settings.REDIS_URL = ""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()
    attempts.limiter.forget()
    with time_machine.travel(timezone.now(), tick=False):  # both paths state the same wait
        yield
    attempts.limiter.forget()


def allow(settings: Any, **limits: str) -> None:
    settings.RATE_LIMITS = OFF | limits


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 7, 100, 1000])
def test_several_processes_together_never_exceed_a_limit(count: int, settings: Any) -> None:
    limit = Limit("some", count, 86_400)
    processes = [Limiter() for _ in range(3)]
    taken = [0, 0, 0]
    for _ in range(count + 3):
        for index, process in enumerate(processes):
            taken[index] += process.take(limit, "key") is None
    assert sum(taken) == count


@pytest.mark.django_db(transaction=True)
def test_parallel_requests_count_once_each(settings: Any) -> None:
    limit, limiter = Limit("some", 50, 86_400), Limiter()
    let_through: list[bool] = []

    def ask() -> None:
        from django.db import connection

        let_through.extend(limiter.take(limit, "key") is None for _ in range(20))
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert let_through.count(True) == 50


def test_redis_and_the_database_count_alike(settings: Any, db: None) -> None:

    settings.REDIS_URL = os.environ["REDIS_URL"]
    name = os.urandom(16)
    assert [counters.grant(name, 1, 60, 4, 10) for _ in range(4)] == [4, 4, 2, 0]
    settings.REDIS_URL = ""
    assert [counters.grant(name, 1, 60, 4, 10) for _ in range(4)] == [4, 4, 2, 0]
    assert counters.grant(name, 2, 60, 4, 10) == 4  # a new window


def test_the_database_counts_when_redis_fails(settings: Any, db: None) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    assert [counters.grant(b"sixteen bytes :)", 1, 60, 1, 2) for _ in range(3)] == [1, 1, 0]
    assert RateCount.objects.count() == 1


@pytest.mark.django_db
def test_a_refused_request_takes_no_permit_of_its_other_limits(settings: Any) -> None:
    full, other, limiter = Limit("full", 1, 86_400), Limit("other", 2, 86_400), Limiter()
    assert limiter.take_all([(full, "key")]) is None
    for _ in range(3):
        assert limiter.take_all([(other, "key"), (full, "key")])
    assert [limiter.take(other, "key") is None for _ in range(3)] == [True, True, False]


@pytest.mark.django_db
@pytest.mark.parametrize("redis_url", ["", os.environ["REDIS_URL"]], ids=["database", "redis"])
def test_a_window_of_a_clock_that_was_ahead_limits_nothing(settings: Any, redis_url: str) -> None:
    settings.REDIS_URL = redis_url
    limit, limiter, key = Limit("clock", 2, 60), Limiter(), os.urandom(8).hex()
    with time_machine.travel(timezone.now() + timedelta(days=365)):
        assert [limiter.take(limit, key) is None for _ in range(3)] == [True, True, False]
    assert [limiter.take(limit, key) is None for _ in range(3)] == [True, True, False]


@pytest.mark.django_db
def test_a_permit_of_an_earlier_window_is_not_returned_to_the_next_one(settings: Any) -> None:
    limit, limiter = Limit("some", 1, 60), Limiter()
    with time_machine.travel(0, tick=False) as clock:
        assert limiter.take(limit, "key") is None
        clock.shift(60)
        assert limiter.take(limit, "key") is None
        limiter.give_back_all([(limit, "key")], 0)
        assert limiter.take(limit, "key") == 60


@pytest.mark.rfc("6749", "10.10")
@pytest.mark.rfc("6749", "5.2")
def test_guesses_at_the_token_endpoint_are_limited(phone: Any, settings: Any) -> None:
    """AppAuth ends the sign-in after any 4xx with an "error" member, so a reached limit has none."""
    allow(settings, token_failures="5/3600")
    answers = [phone.refresh("x" * 86).status_code for _ in range(7)]
    assert answers == [400] * 5 + [429, 429]
    refused = phone.redeem("unknown")
    assert (refused.status_code, list(refused.json())) == (429, ["detail"])
    assert 0 < int(refused["Retry-After"]) <= 3600
    assert refused["Content-Type"] == "application/json"
    assert refused["Cache-Control"] == "no-store"


def test_guesses_of_others_behind_the_same_address_stop_no_phone(phone: Any, settings: Any) -> None:
    """Made-up tokens use up neither the answers of living ones nor the limits of the address and the client."""
    allow(settings, token_failures="5/3600", token_address="9/3600", token_principal="9/3600")
    code, tokens = phone.code(), phone.tokens()
    for guess in (phone.refresh, phone.redeem, phone.revoke):
        assert {guess("x" * 86).status_code for _ in range(12)} <= {400, 200, 429}
        assert guess("x" * 86).status_code == 429
    assert phone.redeem(code).status_code == 200
    renewed = phone.refresh(tokens["refresh_token"])
    assert renewed.status_code == 200
    assert phone.revoke(renewed.json()["access_token"]).status_code == 200
    assert phone.refresh(renewed.json()["refresh_token"]).json()["error"] == "invalid_grant"


def test_phones_whose_sign_in_ended_are_no_guesses(phone: Any, settings: Any) -> None:
    """After a roll-out, thousands of phones send tokens of a revoked link from one address at the same moment."""
    allow(settings, token_failures="1/3600")
    phones = [phone.tokens()["refresh_token"] for _ in range(4)]
    for token in phones[:2]:
        phone.revoke(token)
    assert {phone.refresh(token).status_code for token in phones[:2]} == {400}
    remove_client(client_id=phone.client_id)
    assert {phone.refresh(token).status_code for token in phones[2:]} == {401}
    assert [phone.refresh(phones[0]).status_code for _ in range(2)] == [429, 429]  # each one's own limit


def test_an_ended_sign_in_does_not_use_up_the_limit_of_its_address(phone: Any, settings: Any) -> None:
    allow(settings, token_failures="2/3600", token_address="9/3600")
    living, ended = phone.tokens()["refresh_token"], phone.tokens()["refresh_token"]
    assert [phone.revoke(ended).status_code for _ in range(12)] == [200] * 3 + [429] * 9
    assert phone.refresh(living).status_code == 200


def test_a_removed_client_has_its_own_limit(phone: Any, settings: Any) -> None:
    allow(settings, token_failures="1/3600", authorize_failures="1/3600")
    assert [phone.redeem("x", client_id=f"made-up-{number}").status_code for number in range(2)] == [401, 429]
    assert [phone.authorize(client_id=f"made-up-{number}").status_code for number in range(2)] == [400, 429]
    remove_client(client_id=phone.client_id)
    assert phone.redeem("x").status_code == 401
    page = phone.authorize()
    assert (page.status_code, "does not recognize" in page.text) == (400, True)


def test_invalid_authorization_requests_of_others_stop_no_phone(phone: Any, settings: Any) -> None:
    allow(settings, authorize_failures="2/3600", authorize_address="4/3600")
    strange = {"redirect_uri": "https://elsewhere.example/"}
    assert [phone.authorize(**strange).status_code for _ in range(8)] == [400] * 2 + [429] * 6
    assert phone.authorize().status_code == 200


def test_an_office_behind_one_address_is_not_limited(phone: Any, settings: Any) -> None:
    allow(settings, token_failures="5/3600")
    token = phone.tokens()["refresh_token"]
    for _ in range(20):  # four times the failure limit
        token = phone.refresh(token).json()["refresh_token"]


@pytest.mark.parametrize("name", ["token_address", "token_principal"])
def test_all_answered_requests_of_an_address_and_of_a_client(phone: Any, settings: Any, name: str) -> None:
    tokens = [phone.tokens()["refresh_token"] for _ in range(4)]
    allow(settings, **{name: "3/3600"})
    assert [phone.refresh(token).status_code for token in tokens] == [200, 200, 200, 429]


def test_addresses_are_counted_separately(phone: Any, settings: Any) -> None:
    allow(settings, token_failures="1/3600")
    assert [phone.refresh("x").status_code for _ in range(2)] == [400, 429]
    phone.wire = Client(REMOTE_ADDR="203.0.113.9")
    assert phone.refresh("x").status_code == 400


def test_wrong_secrets_at_introspection_are_limited(phone: Any, settings: Any) -> None:
    allow(settings, introspection_failures="2/3600")
    assert [phone.post("introspect", token="x").status_code for _ in range(3)] == [401, 401, 429]


def test_a_gateway_is_answered_whatever_secrets_others_try(phone: Any, provided_site: Any, settings: Any) -> None:
    allow(settings, introspection_failures="2/3600", introspection_address="9/3600")
    _server, credential = create_resource_server(name="gateway", issuer=provided_site.base_url)
    token = phone.tokens()["access_token"]

    def ask(client_id: str, secret: str, token: str) -> Any:
        return phone.post("introspect", client_id=client_id, client_secret=secret, token=token)

    for client_id in (credential.client_id, "made-up"):
        assert [ask(client_id, "x", token).status_code for _ in range(12)] == [401] * 2 + [429] * 10
    assert ask(credential.client_id, credential.secret, token).json()["active"] is True
    assert ask(credential.client_id, credential.secret, "made-up").json() == {"active": False}


def test_authorization_requests_of_a_person_are_limited(phone: Any, settings: Any) -> None:
    allow(settings, authorize_principal="3/3600")
    answers = [phone.authorize() for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert "Too many attempts" in answers[-1].content.decode()
    assert int(answers[-1]["Retry-After"]) > 0


@pytest.mark.parametrize("name", ["sign_in_failures", "sign_in_principal", "sign_in_address"])
def test_guessing_a_password_is_limited(client: Client, settings: Any, member: Any, name: str) -> None:
    allow(settings, **{name: "3/3600"})
    guess = {"login": member.email, "password": "wrong"}
    answers = [client.post("/accounts/login/", guess) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert "Retry-After" in answers[-1]
    assert client.get("/accounts/login/").status_code == 200  # the page itself is not limited


def test_limits_add_no_statement_to_a_refresh(phone: Any, settings: Any, django_assert_num_queries: Any) -> None:
    allow(settings, token_address="12000/3600", token_failures="2000/3600")
    token = phone.tokens()["refresh_token"]
    phone.wire = Client()
    with django_assert_num_queries(1):  # the rotation, within the site
        phone.refresh(token)


def test_expired_counters_are_deleted(db: None) -> None:
    counters.grant(b"sixteen bytes :)", 1, 60, 1, 10)
    assert counters.delete_expired_counts() == 0
    with time_machine.travel(timezone.now() + timedelta(minutes=3), tick=False):
        assert counters.delete_expired_counts() == 1
