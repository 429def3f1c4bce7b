"""Views for software: they need only the WSGI environment, without session, cookies, language or Django forms.

So the same function runs as a view behind the full middleware stack and on the fast path (``portal.serving.handler``).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import update_wrapper
from http import HTTPStatus
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse

JSON = "application/json"
# Keep a response out of caches and its URL out of Referer headers (RFC 6749 section 5.1, RFC 9700 section 4.2.4).
NO_STORE_HEADERS = {"Cache-Control": "no-store", "Pragma": "no-cache", "Referrer-Policy": "no-referrer"}
# For every response to software: no browser renders it, and its texts are in English, as RFC 6749 requires.
MACHINE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; form-action 'none'; base-uri 'none'",
    "Content-Language": "en",
}
# WSGI environment key of an exception that the view raised on the fast path. Behind the middleware stack the view
# raises it again instead of running twice, so that the stack renders, counts and logs it.
FAILURE_KEY = "oauth_provider.failure"

Meta = dict[str, Any]  # a WSGI environment (PEP 3333), Django's request.META


class MachineResponse(NamedTuple):
    """Status, body and the headers that the view sets."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    def as_response(self) -> HttpResponse:
        """Return it as a Django response."""
        return HttpResponse(self.body, status=self.status, headers={**MACHINE_HEADERS, **self.headers})


class MachineView:
    """A view whose ``answer(meta, read, **captured)`` needs no request object. Without login and CSRF check.

    ``read`` returns the body, ``captured`` are the values captured from the URL.
    """

    csrf_exempt, login_required = True, False  # attributes that Django's middleware checks

    def __init__(self, answer: Callable[..., MachineResponse]) -> None:
        self.answer = answer
        update_wrapper(self, answer)

    def __call__(self, request: HttpRequest, **captured: Any) -> HttpResponse:
        if FAILURE_KEY in request.META:
            raise request.META[FAILURE_KEY]
        return self.answer(request.META, lambda: request.body, **captured).as_response()


def json_response(
    facts: dict[str, Any], status: int = HTTPStatus.OK, headers: Mapping[str, str] | None = None
) -> MachineResponse:
    """Return a JSON answer that stays out of caches."""
    return MachineResponse(
        status, json.dumps(facts).encode(), {"Content-Type": JSON, **NO_STORE_HEADERS, **(headers or {})}
    )
