"""Redis that is away, hangs or is full: people and phones sign in, limits hold, and no request waits for a second."""

from __future__ import annotations

import contextlib
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
import time_machine
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from oauth_provider.limits import attempts
from oauth_provider.limits.redis_pause import redis_pause
from oauth_provider.models import RateCount
from portal.celery import app
from portal.models import User
from rollout.services import queue
from tests.support import servers
from tests.support.private_servers import PrivateRedis

PASSWORD = "correct horse battery staple"


@contextlib.contextmanager
def away() -> Iterator[tuple[str, str]]:
    yield "redis://127.0.0.1:9/0", "redis://127.0.0.1:9/1"


@contextlib.contextmanager
def hanging() -> Iterator[tuple[str, str]]:
    """A port that accepts connections and never responds."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"redis://127.0.0.1:{listener.getsockname()[1]}"
        yield f"{url}/0", f"{url}/1"


@contextlib.contextmanager
def full() -> Iterator[tuple[str, str]]:
    """A Redis that responds ``OOM command not allowed`` to each write."""
    directory = servers.temporary_directory()
    try:
        with contextlib.closing(PrivateRedis(directory)) as server:
            with redis.Redis.from_url(server.url) as client:
                client.config_set("maxmemory", 1)
            yield server.url, server.broker_url
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(params=[away, hanging, full])
def no_redis(request: pytest.FixtureRequest, settings: Any, db: None) -> Iterator[None]:
    with request.param() as (url, broker_url):
        settings.REDIS_URL = url
        settings.CACHES = {"default": {"BACKEND": "portal.pages.fallback_cache.FallbackCache", "LOCATION": url}}
        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the time is Redis's
        Client().get("/accounts/login/")  # what a process does only once
        broker = app.conf.broker_url, app.conf.broker_write_url
        app.conf.update(broker_url=broker_url, broker_write_url=broker_url)
        _forget()
        yield
        _forget()
        app.conf.update(broker_url=broker[0], broker_write_url=broker[1])


def _forget() -> None:
    redis_pause.end()
    queue._paused_until = 0.0
    attempts.limiter.forget()


@contextlib.contextmanager
def within_a_second() -> Iterator[None]:
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < 1


@pytest.fixture
def person(no_redis: None, make_user: Callable[..., User]) -> User:
    return make_user("member", "person@example.com", PASSWORD)


def test_a_person_signs_in_and_guesses_are_limited(person: User, settings: Any) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "sign_in_principal": "2/86400", "sign_in_address": "600/86400"}
    stranger, browser = Client(), Client()
    with within_a_second():
        assert browser.post("/accounts/login/", {"login": person.email, "password": PASSWORD}).status_code == 302
    for status in (200, 200, 429):
        with within_a_second():
            guess = stranger.post("/accounts/login/", {"login": person.email, "password": "wrong"})
        assert guess.status_code == status
    assert RateCount.objects.count() == 3  # of the address, of the account, and that its limit was reached


def test_limits_of_django_allauth_hold(person: User, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "reset_password": "1/20m/key"}
    with within_a_second():
        pages = [Client().post("/accounts/password/reset/", {"email": person.email}) for _ in range(2)]
    assert [page.status_code for page in pages] == [302, 429]


def test_a_phone_signs_in_and_refreshes(no_redis: None, phone: Any, settings: Any) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "token_address": "600/86400", "token_failures": "1/86400"}
    with within_a_second():
        tokens = phone.tokens()
    redis_pause.end()
    with within_a_second():
        assert phone.refresh(tokens["refresh_token"]).status_code == 200
    with time_machine.travel(timezone.now(), tick=False):  # both paths state the same wait
        assert [phone.refresh("x" * 86).status_code for _ in range(2)] == [400, 429]


def test_a_write_wakes_no_worker_and_does_not_wait(no_redis: None, django_capture_on_commit_callbacks: Any) -> None:
    with within_a_second(), django_capture_on_commit_callbacks(execute=True):
        for number in range(20):
            queue.wake_worker("run_check_worker", number)


def test_readyz_reports_it(no_redis: None) -> None:
    with within_a_second():
        answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["components"]["broker"]) == (503, "failing")


def test_the_cache_keeps_values_in_the_process(no_redis: None) -> None:
    with within_a_second():
        for number in range(20):
            cache.set(f"key-{number}", number)
        assert [cache.get(f"key-{number}") for number in range(20)] == list(range(20))
        assert cache.add("key-1", 2) is False
        assert (cache.delete("key-1"), cache.touch("key-2"), cache.get("key-1")) == (True, True, None)


def test_redis_is_used_again_after_the_pause(settings: Any, monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    cache.set("key", "in Redis")
    redis_pause.begin(ConnectionError())
    assert cache.get("key") is None
    redis_pause.end()
    assert cache.get("key") == "in Redis"


def test_a_worker_is_woken_while_the_broker_responds(django_capture_on_commit_callbacks: Any, db: None) -> None:
    def waiting() -> int:
        with app.connection_for_read() as broker:
            return int(broker.default_channel.client.llen(app.conf.task_default_queue))

    before = waiting()
    with django_capture_on_commit_callbacks(execute=True):
        queue.wake_worker("run_check_worker")
        queue.wake_worker("run_check_worker")
    assert waiting() == before + 2
