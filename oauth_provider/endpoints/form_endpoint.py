"""How software asks and is answered: a form in the body, nothing in the URL, JSON that nobody keeps.

An endpoint works on a request's WSGI environment, so it is a view of Django's, and can be answered ahead of all that
Django does around a view.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from functools import update_wrapper
from http import HTTPStatus
from typing import Any, NamedTuple

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse

from oauth_provider.limits import attempts

from .parameters import MAX_BYTES, ParameterError, parse_parameters

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
# Kept out of caches and out of Referer headers (RFC 6749 section 5.1, RFC 9700 section 4.2.4).
UNSEEN = {"Cache-Control": "no-store", "Pragma": "no-cache", "Referrer-Policy": "no-referrer"}

Meta = dict[str, Any]  # a WSGI environment (PEP 3333), which is what Django calls META


class Answer(NamedTuple):
    """What goes back, whoever sends it."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    cookies: Sequence[tuple[str, str]] = ()  # headers whose name comes more than once

    def as_response(self) -> HttpResponse:
        return HttpResponse(self.body, status=self.status, headers=dict(self.headers))


class Asked(NamedTuple):
    """A request whose form was read: ``sent`` are its parameters, ``body`` what they were read from."""

    meta: Meta
    sent: dict[str, str]
    body: bytes

    @property
    def address(self) -> str:
        return str(self.meta.get("REMOTE_ADDR", ""))

    def as_request(self) -> HttpRequest:
        """The same as Django has it, for listeners of signals."""
        return WSGIRequest({**self.meta, "wsgi.input": io.BytesIO(self.body)})


class RefusedError(Exception):
    """An OAuth error (RFC 6749 section 5.2)."""

    def __init__(self, error: str, description: str, status: int = HTTPStatus.BAD_REQUEST, **headers: str) -> None:
        super().__init__(error, description)
        self.answer = json_answer({"error": error, "error_description": description}, status, headers)


class FormEndpoint:
    """An endpoint that is posted a form. ``deed`` gets it read strictly; its ``RefusedError`` becomes an answer."""

    csrf_exempt, login_required = True, False  # what Django's middleware looks for on a view

    def __init__(self, deed: Callable[[Asked], Answer]) -> None:
        self.deed = deed
        update_wrapper(self, deed)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.answer(request.META, lambda: request.body).as_response()

    def answer(self, meta: Meta, read: Callable[[], bytes]) -> Answer:
        """``read`` returns the body, and is called only for one whose length is known and allowed."""
        if meta["REQUEST_METHOD"] != "POST":
            return Answer(HTTPStatus.METHOD_NOT_ALLOWED, b"", {"Allow": "POST", "Content-Type": JSON, **UNSEEN})
        try:
            return self.deed(_read_form(meta, read))
        except RefusedError as refusal:
            return refusal.answer
        except attempts.TooManyRequestsError as error:
            description = f"Too many requests. Try again in {error.retry_after} seconds."
            facts = {"error": "too_many_requests", "error_description": description}
            return json_answer(facts, HTTPStatus.TOO_MANY_REQUESTS, {"Retry-After": str(error.retry_after)})


def json_answer(facts: dict[str, Any], status: int = HTTPStatus.OK, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, json.dumps(facts).encode(), {"Content-Type": JSON, **UNSEEN, **(headers or {})})


def _read_form(meta: Meta, read: Callable[[], bytes]) -> Asked:
    """Raises RefusedError when the body cannot be taken."""
    if meta.get("CONTENT_TYPE", "").partition(";")[0].strip().lower() != FORM:
        raise RefusedError("invalid_request", f"The body must be {FORM}.")
    if meta.get("QUERY_STRING"):
        raise RefusedError("invalid_request", "Parameters belong into the body.")
    length = meta.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()):
        raise RefusedError("invalid_request", "The length of the body is not a number.")
    if len(length) > 9 or int(length) > MAX_BYTES:
        raise RefusedError("invalid_request", "The request is too large.", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    try:
        body = read()
        return Asked(meta, parse_parameters(body), body)
    except ParameterError as error:
        raise RefusedError("invalid_request", str(error)) from None
