"""Views for software: they work on a request's WSGI environment alone, without session, cookie, language or form.

So the same function answers as a view behind the full middleware stack, and ahead of it (``portal.serving.handler``).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import update_wrapper
from http import HTTPStatus
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse

JSON = "application/json"
# Out of caches and Referer headers (RFC 6749 section 5.1, RFC 9700 section 4.2.4).
NO_STORE_HEADERS = {"Cache-Control": "no-store", "Pragma": "no-cache", "Referrer-Policy": "no-referrer"}
# Of every answer to software: no browser renders it, and its words are English (RFC 6749 has no other).
MACHINE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; form-action 'none'; base-uri 'none'",
    "Content-Language": "en",
}
# In a WSGI environment: what the view raised ahead of the middleware stack. The view raises it again, so that the
# stack renders, counts and logs it, and nothing is done twice.
FAILURE_KEY = "oauth_provider.failure"

Meta = dict[str, Any]  # a WSGI environment (PEP 3333), which is what Django calls META


class MachineResponse(NamedTuple):
    """Status, body and the headers that the view decides."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    def as_response(self) -> HttpResponse:
        """Return the same as Django has it."""
        return HttpResponse(self.body, status=self.status, headers={**MACHINE_HEADERS, **self.headers})


class MachineView:
    """A view whose ``answer(meta, read, **captured)`` needs no request object.

    ``read`` returns the body, ``captured`` are the values of the route.
    """

    csrf_exempt, login_required = True, False  # what Django's middleware looks for on a view

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
