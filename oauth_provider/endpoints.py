"""The endpoints that software posts to: token, revoke, introspect. Each answers for its route's realm, or the root.

A form in the body, nothing in the URL, JSON answers that nobody keeps. They need no session, no cookie and no CSRF
token, so the portal answers them ahead of its other middleware.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.views.decorators.csrf import csrf_exempt
from oauth2_provider.signals import app_authorized

from . import introspection, rates, redemption
from .devices import origin_of
from .models import Client
from .parameters import MAX_BYTES, ParameterError, parse_parameters
from .realms import realm_of
from .resource_servers import credential_of
from .scopes import APP_SCOPE

FORM = "application/x-www-form-urlencoded"
Parameters = dict[str, str]
Answer = Callable[[HttpRequest, Parameters], HttpResponse]


class RefusedError(Exception):
    """An OAuth error (RFC 6749 section 5.2). ``args``: error and description."""

    def __init__(self, error: str, description: str, status: int = HTTPStatus.BAD_REQUEST, **headers: str) -> None:
        super().__init__(error, description)
        self.response = _json({"error": error, "error_description": description}, status, headers)


def form_endpoint(answer: Answer) -> Callable[[HttpRequest], HttpResponse]:
    """The view of an endpoint: reads the form strictly, and turns a ``RefusedError`` into its answer."""

    @csrf_exempt
    @login_not_required
    @wraps(answer)
    def view(request: HttpRequest) -> HttpResponse:
        if request.method != "POST":
            return unseen(HttpResponseNotAllowed(["POST"]))
        try:
            response = answer(request, _read_form(request))
        except RefusedError as refusal:
            response = refusal.response
        except rates.TooManyRequestsError as error:
            description = f"Too many requests. Try again in {error.retry_after} seconds."
            facts = {"error": "too_many_requests", "error_description": description}
            response = _json(facts, HTTPStatus.TOO_MANY_REQUESTS, {"Retry-After": str(error.retry_after)})
        return unseen(response)

    return view


def unseen(response: HttpResponse) -> HttpResponse:
    """The response, kept out of caches and its address out of Referer headers (RFC 6749 5.1, RFC 9700 4.2.4)."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Pragma"] = "no-cache"
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    return response


@form_endpoint
def token(request: HttpRequest, sent: Parameters) -> HttpResponse:
    """Code or refresh token in, tokens out. The redemption is ours (``redemption``), to be atomic."""
    _public(request, sent)
    if "grant_type" not in sent:
        raise RefusedError("invalid_request", "Missing grant_type parameter.")
    grant = {"authorization_code": _redeem, "refresh_token": _refresh}.get(sent["grant_type"])
    if grant is None:
        raise RefusedError("unsupported_grant_type", "Only authorization_code and refresh_token exist here.")
    with rates.guard("token", request, sent.get("client_id", "")) as attempt:
        response = grant(request, sent)
        attempt.succeeded()
    return response


def _redeem(request: HttpRequest, sent: Parameters) -> HttpResponse:
    client_id = _client_id(sent)
    if "code" not in sent:
        _client(request, sent)
        raise RefusedError("invalid_request", "Missing code parameter.")
    verifier, redirect_uri = sent.get("code_verifier", ""), sent.get("redirect_uri")
    wanted = redemption.Redemption(sent["code"], verifier, redirect_uri, origin_of(request))
    try:
        with transaction.atomic():  # the sign-in is recorded with what it is a record of
            issued = redemption.redeem(client_id, realm_of(request.META).sql, wanted)
            if issued is None:  # only now is it asked whose fault it was
                issued = redemption.redeem_code(_client(request, sent), wanted)
            if issued is not None:
                app_authorized.send(sender=token, request=request, token=issued.access_token_row)
    except IntegrityError:  # the client was removed, or its person was, since they were read
        raise _no_client() from None
    return _tokens(issued, "The code is unknown, expired or used, or not for this request.")


def _refresh(request: HttpRequest, sent: Parameters) -> HttpResponse:
    client_id = _client_id(sent)
    if "refresh_token" not in sent:
        _client(request, sent)
        raise RefusedError("invalid_request", "Missing refresh_token parameter.")
    if not set(sent.get("scope", APP_SCOPE).split()) <= {APP_SCOPE}:
        raise RefusedError("invalid_scope", "The scope cannot grow.")
    issued = redemption.refresh(client_id, realm_of(request.META).sql, sent["refresh_token"], origin_of(request))
    if issued is None:  # only now is it asked whose fault it was
        issued = redemption.look_again(_client(request, sent), sent["refresh_token"])
    return _tokens(issued, "The refresh token is unknown, expired or used.")


@form_endpoint
def revoke(request: HttpRequest, sent: Parameters) -> HttpResponse:
    """Ends a token of the client that asks, and its pair; a token nobody knows is answered alike (RFC 7009 2.2)."""
    _public(request, sent)
    with rates.guard("token", request, sent.get("client_id", "")) as attempt:
        client = _client(request, sent)
        if "token" not in sent:
            raise RefusedError("invalid_request", "Missing token parameter.")
        redemption.revoke(client, sent["token"])
        attempt.succeeded()
    return HttpResponse(content_type="application/json")


@form_endpoint
def introspect(request: HttpRequest, sent: Parameters) -> HttpResponse:
    """Tells a resource server of this realm whether an access token is alive, and whose it is (RFC 7662)."""
    found = _introspected(request, sent)
    return _json(found or {"active": False})


@form_endpoint
def introspect_status(request: HttpRequest, sent: Parameters) -> HttpResponse:
    """The same for a proxy that reads no JSON: 204 with the person in a header, or 401 for the app.

    A resource server that does not authenticate gets 403, so that a proxy does not ask the app to sign in again.
    """
    try:
        found = _introspected(request, sent, may_lack_token=True)
    except RefusedError as refusal:
        if refusal.response.status_code != HTTPStatus.UNAUTHORIZED:
            raise
        raise RefusedError("invalid_client", "No such resource server here.", HTTPStatus.FORBIDDEN) from None
    if not found:
        error = 'Bearer error="invalid_token"' if "token" in sent else "Bearer"  # RFC 6750 section 3.1
        return _json({"active": False}, HTTPStatus.UNAUTHORIZED, {"WWW-Authenticate": error})
    headers = {"X-Gatepass-User": str(found["username"]), "X-Gatepass-Subject": str(found["sub"])}
    return HttpResponse(status=HTTPStatus.NO_CONTENT, headers=headers, content_type="application/json")


def _introspected(request: HttpRequest, sent: Parameters, *, may_lack_token: bool = False) -> dict[str, Any] | None:
    credential = credential_of(request.META, sent)
    with rates.guard("introspection", request, credential.client_id if credential else "") as attempt:
        if credential is None:
            raise _no_resource_server()
        answer = introspection.introspect(credential, sent.get("token", ""), realm_of(request.META))
        if answer is None:
            raise _no_resource_server()
        attempt.succeeded()
    if "token" not in sent and not may_lack_token:
        raise RefusedError("invalid_request", "Missing token parameter.")
    return answer.facts


def _read_form(request: HttpRequest) -> Parameters:
    """The body's parameters. Raises RefusedError when they cannot be taken."""
    meta = request.META
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
        return parse_parameters(request.body)
    except ParameterError as error:
        raise RefusedError("invalid_request", str(error)) from None


def _public(request: HttpRequest, sent: Parameters) -> None:
    """Raises RefusedError for a secret, in whatever form: nobody has one (RFC 8252 section 8.5)."""
    if request.META.get("HTTP_AUTHORIZATION"):
        description = "Apps are public clients: send client_id in the body, without a secret."
        raise RefusedError(
            "invalid_client", description, HTTPStatus.UNAUTHORIZED, **{"WWW-Authenticate": 'Basic realm="none"'}
        )
    if "client_secret" in sent:
        raise _no_client()


def _client_id(sent: Parameters) -> str:
    if "client_id" not in sent:
        raise _no_client()
    return sent["client_id"]


def _client(request: HttpRequest, sent: Parameters) -> Client:
    """The public client that asks. Raises RefusedError when it does not exist in this realm."""
    client = Client.objects.filter(client_id=_client_id(sent)).first()
    if client is None or not realm_of(request.META).admits(client.client_id, needs_realm=client.needs_realm):
        raise _no_client()
    return client


def _no_client() -> RefusedError:
    return RefusedError("invalid_client", "No such client here.", HTTPStatus.UNAUTHORIZED)


def _no_resource_server() -> RefusedError:
    challenge = {"WWW-Authenticate": 'Basic realm="introspection"'}
    return RefusedError("invalid_client", "No such resource server here.", HTTPStatus.UNAUTHORIZED, **challenge)


def _tokens(issued: redemption.Issued | None, otherwise: str) -> HttpResponse:
    """RFC 6749 section 5.1. Raises RefusedError when there are none."""
    if issued is None:
        raise RefusedError("invalid_grant", otherwise)
    return _json(
        {
            "access_token": issued.pair.access_token,
            "token_type": "Bearer",
            "expires_in": issued.expires_in,
            "refresh_token": issued.pair.refresh_token,
            "scope": issued.scope,
        }
    )


def _json(facts: dict[str, Any], status: int = HTTPStatus.OK, headers: dict[str, str] | None = None) -> HttpResponse:
    return HttpResponse(json.dumps(facts), content_type="application/json", status=status, headers=headers)
