"""What each part of the fast path saves, for one machine request in this process, without the web server's socket.

Each row leaves out one part. PostgreSQL is real, so a row includes CPU and waiting time: the fastest of many rounds, in
which the rows take turns. The decision record (docs/decisions/0008-fast-path.md) quotes this table.
"""

from __future__ import annotations

import io
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode

from tests.support import servers

ROUNDS, REQUESTS = 40, 50
BASE = "/at/bench/rest/oauth2/latest"
GOAL = 2.0  # times as fast as the full stack


def main() -> bool:
    """Print the table; return whether the fast path meets its goal."""
    with tempfile.TemporaryDirectory(prefix="gpf-") as directory:
        chosen = servers.choose(Path(directory))
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "DATABASE_URL": chosen.database_url,
            "REDIS_URL": chosen.redis_url,
            "STATE_DIR": directory,
            "SECRET_KEY": "a public key for benchmarks only, long enough for Django",
            "PUBLIC_URL": "http://127.0.0.1:8000",
            "LOG_LEVEL": "ERROR",
            "RATE_LIMIT_TOKEN_ADDRESS": "9000000/60",
            "RATE_LIMIT_TOKEN_PRINCIPAL": "9000000/60",
        }
        with chosen.running():
            import django

            django.setup()
            return _measured()


def _measured() -> bool:
    from django.conf import settings
    from django.core.handlers.wsgi import WSGIHandler
    from django.db import connection

    from portal.serving.handler import Handler

    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    connection.settings_dict["TEST"]["NAME"] = f"gatepass_bench_{os.getpid()}"
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        refresh = _signed_in_phone()
        fast, stack = Handler(), WSGIHandler()
        rows: dict[str, Callable[[], float]] = {
            "fast path": lambda: _timed(fast, refresh),
            "without prepared statements": lambda: _timed(fast, refresh, _by_cursor),
            "without counting and logging": lambda: _timed(fast, refresh, _unrecorded),
            "without rate limits": lambda: _timed(fast, refresh, _unlimited),
            "full middleware stack": lambda: _timed(stack, refresh),
        }
        best = dict.fromkeys(rows, float("inf"))
        for _round in range(ROUNDS):
            for name, measure in rows.items():
                best[name] = min(best[name], measure())
        return _report(best)
    finally:
        connection.creation.destroy_test_db("", verbosity=0)


def _report(best: dict[str, float]) -> bool:
    print(f"{'a refresh in one process, best of ' + str(ROUNDS) + ' rounds':<52}{'µs':>8}{'ratio':>9}")
    for name, microseconds in best.items():
        print(f"{name:<52}{microseconds:>8.0f}{microseconds / best['fast path']:>9.2f}")
    ratio = best["full middleware stack"] / best["fast path"]
    met = ratio >= GOAL
    print(
        f"{'fast path compared with the full stack':<52}{ratio:>8.2f} times (goal {GOAL:g}){'' if met else '  missed'}"
    )
    return met


class _Refresh:
    """One phone that refreshes repeatedly."""

    def __init__(self, client_id: str, token: str) -> None:
        self.client_id, self.token = client_id, token

    def environ(self) -> dict[str, Any]:
        form = {"grant_type": "refresh_token", "client_id": self.client_id, "refresh_token": self.token}
        body = urlencode(form).encode()
        return {
            "REQUEST_METHOD": "POST", "SCRIPT_NAME": "", "PATH_INFO": f"{BASE}/token", "QUERY_STRING": "",
            "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "8000", "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "127.0.0.1:8000", "HTTP_USER_AGENT": "Confluence/2.0 (iPhone; iOS 18.1)",
            "REMOTE_ADDR": "10.0.0.1", "CONTENT_TYPE": "application/x-www-form-urlencoded",
            "CONTENT_LENGTH": str(len(body)), "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(body),
        }  # fmt: skip


def _timed(handler: Any, refresh: _Refresh, changed: Callable[[], Any] | None = None) -> float:
    """Return the mean microseconds of one refresh over ``REQUESTS``."""
    with changed() if changed else patch.dict(os.environ):
        started = time.perf_counter()
        for _request in range(REQUESTS):
            response = handler(refresh.environ(), lambda *_started: None)
            body = b"".join(response)
            if hasattr(response, "close"):
                response.close()
            refresh.token = json.loads(body)["refresh_token"]
        return (time.perf_counter() - started) / REQUESTS * 1e6


@contextmanager
def _by_cursor() -> Iterator[None]:
    """Use Django's cursor instead of prepared statements."""
    from django.db import connection

    def run(statement: str, values: Any) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    with patch("oauth_provider.ports._statement_runner", lambda: run):
        yield


@contextmanager
def _unrecorded() -> Iterator[None]:
    class Nothing:
        def __init__(self, *_arguments: Any, **_more: Any) -> None: ...

        def finish(self, _answer: Any) -> None: ...

    with patch("portal.serving.handler.RequestRecord", Nothing):
        yield


@contextmanager
def _unlimited() -> Iterator[None]:
    from oauth_provider.limits.attempts import limiter

    with patch.object(limiter, "take_all", lambda _wanted: None):
        yield


def _signed_in_phone() -> _Refresh:
    from django.conf import settings
    from django.test import Client
    from django.utils import timezone

    from oauth_provider.clients import register_client
    from portal.models import User
    from rollout.models import ApplicationLink, Product, Provider, Site

    from .exchange import Phone, Tokens
    from .statements import walk

    now, redirect = timezone.now(), "confluence-server://oauth-callback"
    site = Site.objects.create(
        title="Bench", slug="bench", provider=Provider.GATEPASS, product=Product.CONFLUENCE,
        base_url=f"{settings.PUBLIC_URL}/at/bench", created_at=now, updated_at=now,
    )  # fmt: skip
    client_id = register_client(name=site.title, redirect_uri=redirect)
    ApplicationLink.objects.create(site=site, client_id=client_id, redirect_url=redirect, created_at=now)
    browser = Client(SERVER_NAME="127.0.0.1")
    browser.force_login(User.objects.create_user("person@example.com"))
    tokens: list[Tokens] = []
    facts = {
        "authorize": f"{BASE}/authorize", "token": f"{BASE}/token", "client_id": client_id, "redirect_uri": redirect,
        "scope": "WRITE", "button": {"answer": "allow"}, "port": 80,
    }  # fmt: skip
    walk(browser, Phone(facts, tokens).exchange())
    return _Refresh(client_id, tokens[0].refresh_token)
