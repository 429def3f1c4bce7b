"""Counts the SQL statements of each unit of work, for peers that are Django projects."""

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
    """Return ``{unit: statements}``. Each unit runs once before it is counted, so that first-use costs are excluded."""
    tokens: list[Tokens] = []
    phone = Phone({**facts, "port": 80, "cookies": {}}, tokens)
    units = {
        "exchange": phone.exchange,
        "refresh": lambda: phone.refresh(tokens[-1]),
        "introspect": lambda: phone.introspect(tokens[-1]),
        "info/login": phone.info_login,
        "revoke": lambda: phone.revoke(tokens[-1]),
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
    """Run one unit of work without a socket; return the number of SQL statements. Only pages get the cookies."""
    with CaptureQueriesContext(connection) as queries:
        data = next(flow)
        while True:
            try:
                data = flow.send(_send(browser, data))
            except StopIteration:
                return sum(not (query["sql"] or "").upper().startswith(_BRACKETS) for query in queries)


def _send(browser: Client, data: bytes) -> Answer:
    """Return the project's response to this request, without a socket."""
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
