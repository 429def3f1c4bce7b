"""Endpoints that accept a form by POST: parameters only in the body, parsed strictly."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import NamedTuple

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest
from django.utils.http import parse_header_parameters

from oauth_provider.limits.attempts import TooManyRequestsError
from oauth_provider.realms import realm_of

from .machine_view import JSON, NO_STORE_HEADERS, MachineResponse, MachineView, Meta, json_response
from .parameters import MAX_BYTES, ParameterError, parse_parameters
from .refusal_log import record_refusal

FORM = "application/x-www-form-urlencoded"


class FormRequest(NamedTuple):
    """A request with its form: the WSGI environment, the parsed parameters and the raw body."""

    meta: Meta
    parameters: dict[str, str]
    body: bytes

    @property
    def address(self) -> str:
        """The client's IP address."""
        return str(self.meta.get("REMOTE_ADDR", ""))

    def as_request(self) -> HttpRequest:
        """Return it as a Django request, for signal receivers."""
        return WSGIRequest({**self.meta, "wsgi.input": io.BytesIO(self.body)})


class RefusedError(Exception):
    """An OAuth error (RFC 6749 section 5.2)."""

    def __init__(self, error: str, description: str, status: int = HTTPStatus.BAD_REQUEST, **headers: str) -> None:
        super().__init__(error, description)
        self.error = error
        self.response = json_response({"error": error, "error_description": description}, status, headers)


def form_endpoint(handler: Callable[[FormRequest], MachineResponse]) -> MachineView:
    """Return a view that parses the form for ``handler`` and turns RefusedError and a reached limit into responses."""

    @wraps(handler)
    def respond(meta: Meta, read: Callable[[], bytes]) -> MachineResponse:
        if meta["REQUEST_METHOD"] != "POST":
            headers = {"Allow": "POST", "Content-Type": JSON, **NO_STORE_HEADERS}
            return refused(meta, MachineResponse(HTTPStatus.METHOD_NOT_ALLOWED, b"", headers))
        try:
            return handler(_read_form(meta, read))
        except RefusedError as refusal:
            return refused(meta, refusal.response)
        except TooManyRequestsError as error:
            # No "error" member: AppAuth ends the sign-in after any 4xx response that has one.
            data = {"detail": f"Too many requests. Try again in {error.retry_after} seconds."}
            headers = {"Retry-After": str(error.retry_after)}
            return refused(meta, json_response(data, HTTPStatus.TOO_MANY_REQUESTS, headers))

    def refused(meta: Meta, response: MachineResponse) -> MachineResponse:
        realm_of(meta).require()  # a site that does not exist gets another response
        return record_refusal(handler.__name__, response)

    return MachineView(respond)


def _is_utf8(options: str) -> bool:
    """Return whether the parameters of a content type name UTF-8 or no charset (RFC 6749 appendix B)."""
    charset = parse_header_parameters(f"{FORM};{options}")[1].get("charset", "utf-8")
    return charset.lower() in {"utf-8", "utf8"}


def _read_form(meta: Meta, read: Callable[[], bytes]) -> FormRequest:
    """Parse the form. Raises RefusedError if the body is too large or not a valid form."""
    content_type, _, options = meta.get("CONTENT_TYPE", "").partition(";")
    if content_type.strip().lower() != FORM:
        raise RefusedError("invalid_request", f"Content-Type must be {FORM}.")
    if options and not _is_utf8(options):
        raise RefusedError("invalid_request", "The charset must be UTF-8.")
    if meta.get("QUERY_STRING"):
        raise RefusedError("invalid_request", "Send parameters in the body, not in the URL.")
    length = meta.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()):
        raise RefusedError("invalid_request", "Content-Length is not a number.")
    if len(length) > 9 or int(length) > MAX_BYTES:
        raise RefusedError("invalid_request", "The request is too large.", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    try:
        body = read()
        return FormRequest(meta, parse_parameters(body), body)
    except ParameterError as error:
        raise RefusedError("invalid_request", str(error)) from None
