"""How many SQL statements a peer that is a Django project takes for one of each unit of work."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from .exchange import Phone, Tokens
from .load import Answer, Flow

_BRACKETS = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")


def count_statements(facts: dict[str, Any], browser: Client) -> dict[str, int]:
    """``{unit: statements}``, each unit walked once before it is counted, so that nothing is counted of a first use."""
    kept: list[Tokens] = []
    phone = Phone({**facts, "port": 80, "cookies": {}}, kept)
    units = {
        "exchange": phone.exchange,
        "refresh": lambda: phone.refresh(kept[-1]),
        "introspect": lambda: phone.introspect(kept[-1]),
        "info/login": phone.info_login,
        "revoke": lambda: phone.revoke(kept[-1]),
    }
    if "info" not in facts:
        del units["info/login"]
    counts = {}
    for name, unit in units.items():
        walk(browser, unit())
        if name == "revoke":
            walk(browser, phone.exchange())
        counts[name] = walk(browser, unit())
    return counts


def walk(browser: Client, flow: Flow) -> int:
    """Walk through one unit of work without a socket and return its SQL statements. Only pages get the cookies."""
    with CaptureQueriesContext(connection) as queries:
        data = next(flow)
        while True:
            try:
                data = flow.send(_ask(browser, data))
            except StopIteration:
                return sum(not (query["sql"] or "").upper().startswith(_BRACKETS) for query in queries)


def _ask(browser: Client, data: bytes) -> Answer:
    """What the project answers to these bytes, without a socket."""
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    method, target, _version = first.split()
    headers = dict(line.split(": ", 1) for line in lines)
    client = browser if "authorize" in urlsplit(target).path else Client(SERVER_NAME="127.0.0.1")
    response = client.generic(
        method,
        urlsplit(target).path,
        body,
        content_type=headers.get("Content-Type", ""),
        QUERY_STRING=urlsplit(target).query,
        **({"HTTP_AUTHORIZATION": headers["Authorization"]} if "Authorization" in headers else {}),
    )
    lines = [f"{name}: {value}" for name, value in response.headers.items()]
    lines += [f"Set-Cookie: {name}={cookie.value}" for name, cookie in response.cookies.items()]
    return Answer(response.status_code, "\r\n".join(["", *lines]).encode("latin-1"), response.content)
