"""Test client that sends each request through the fast path and the full middleware stack and compares the responses.

The fast path runs first, in a savepoint that is rolled back; the response of the full stack is returned.
"""

from __future__ import annotations

import io
import re
from typing import Any
from unittest.mock import patch

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.test import Client
from django.test.client import FakePayload

from portal.serving.handler import Handler

# The first pair of tokens is random; the pair of a refresh is derived and must be the same on both paths.
_FIRST_TOKENS = re.compile(rb'"(access|refresh)_token": "[^"]+"')


class BothPaths(Client):
    """Test client; ``compared`` counts the requests that the fast path handled."""

    compared = 0

    def request(self, **request: Any) -> Any:
        body = request["wsgi.input"].read() if "wsgi.input" in request else b""
        request = {"HTTP_HOST": "testserver", **request}
        fast = self._fast_answer({**self._base_environ(**request), "wsgi.input": io.BytesIO(body)})
        response = super().request(**{**request, "wsgi.input": FakePayload(body)})
        if fast is not None:
            self.compared += 1
            assert fast == (response.status_code, dict(response.items()), _comparable(response.content, body))
        return response

    def _fast_answer(self, environ: dict[str, Any]) -> tuple[int, dict[str, str], bytes] | None:
        body = environ["wsgi.input"].getvalue()
        database = connections[DEFAULT_DB_ALIAS]
        # The handler would otherwise close the connection of the test.
        with transaction.atomic(), patch.object(database, "close_if_unusable_or_obsolete"):
            sent = Handler().fast_answer(environ)
            transaction.set_rollback(True)
        return sent and (sent[0], sent[1], _comparable(sent[2], body))


def _comparable(content: bytes, body: bytes) -> bytes:
    return _FIRST_TOKENS.sub(b"", content) if b"grant_type=authorization_code" in body else content
