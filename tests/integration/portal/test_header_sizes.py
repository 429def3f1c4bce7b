"""No response has headers that grow with what a stranger sends: a reverse proxy refuses those over its buffer."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from django.test import Client

from portal.accounts import next_pages
from tests.support.every_route import ROWS, World

BUFFER = 4_096 - 512  # bytes: the default of nginx, with a margin for headers of a proxy
STATUS_LINE = 96
LONG = quote("é" * 600)
QUERIES = (f"q={LONG}", f"next=/sites/%3Fq%3D{LONG}", f"next=/sites/%3Fq%3D{LONG}&q={LONG}&page=2", "&=" * 4_000)
AUTHORIZE = "/rest/oauth2/latest/authorize"


def header_bytes(answer: Any) -> int:
    lines = [f"{name}: {value}" for name, value in answer.items()]
    lines += [cookie.output() for cookie in answer.cookies.values()]
    return STATUS_LINE + sum(len(line.encode()) + 2 for line in lines)


@pytest.mark.parametrize("role", ["anonymous", "administrator"])
@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query[:12])
def test_every_route_with_a_long_query(world: World, role: str, query: str) -> None:
    client = world.clients[role]
    client.raise_request_exception = False
    for name in ROWS:
        if name in next_pages.AUTHORIZE_VIEWS:
            continue
        for method in ("GET", "POST"):
            answer = client.generic(method, f"{world.url(name)}?{query}")
            assert header_bytes(answer) < BUFFER, (name, method, answer.headers.get("Location", "")[:200])


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "path", ["/welcome/{}", "/e/{}", "/at/{}", "/sites/{}", "/accounts/{}", "/admin/{}", "/{}", "//{}", "/static/{}"]
)
@pytest.mark.parametrize("size", [1_500, 7_000, 30_000])
def test_long_paths(client: Client, db: None, caplog: Any, path: str, method: str, size: int) -> None:
    client.raise_request_exception = False
    answer = client.generic(method, path.format("x" * size))
    assert answer.status_code < 500
    assert header_bytes(answer) < BUFFER
    assert not [record for record in caplog.records if record.exc_info]


def test_a_long_address_is_not_returned_to(client: Client, db: None) -> None:
    assert client.get("/sites/?q=short")["Location"] == "/accounts/login/?next=/sites/%3Fq%3Dshort"
    longest = "/sites/?q=".ljust(next_pages.MAX_NEXT, "x")
    (kept,) = parse_qs(urlsplit(client.get(longest)["Location"]).query)["next"]
    assert kept == longest
    assert client.get(longest + "x")["Location"] == "/accounts/login/"


@pytest.mark.parametrize("kind", ["form", "query"])
def test_the_sign_in_drops_a_long_next(client: Client, make_user: Any, kind: str) -> None:
    make_user("auditor", "alma@example.com", password="correct horse battery")
    form, target = {"login": "alma@example.com", "password": "correct horse battery"}, f"/sites/?q={LONG}"
    if kind == "form":
        answer = client.post("/accounts/login/", form | {"next": target})
    else:
        answer = client.post(f"/accounts/login/?next={quote(target)}", form)
    assert answer["Location"] == "/"


@pytest.mark.parametrize("state", ["s" * 4_096, quote("é" * 1_500)])
def test_a_long_state_comes_back_after_the_sign_in(client: Client, make_user: Any, state: str) -> None:
    make_user("auditor", "alma@example.com", password="correct horse battery")
    address = f"{AUTHORIZE}?client_id=x&response_type=code&state={state}"
    sign_in = client.get(address)["Location"]
    (target,) = parse_qs(urlsplit(sign_in).query)["next"]
    assert target == address
    form = {"login": "alma@example.com", "password": "correct horse battery", "next": target}
    assert client.post(sign_in, form)["Location"] == address


def test_an_authorization_request_over_every_limit_is_no_exception(client: Client, db: None, caplog: Any) -> None:
    for query in ("&" * 16_000, f"state={quote('é' * 2_600)}", "state=" + "s" * 40_000):
        answer = client.get(f"{AUTHORIZE}?{query}")
        assert 300 < answer.status_code < 500
        assert header_bytes(answer) < BUFFER
    assert not [record for record in caplog.records if record.exc_info]
