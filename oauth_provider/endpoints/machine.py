"""The endpoints that software posts to: token, revoke, introspect. Each answers for its route's realm, or the root."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.db import IntegrityError, transaction
from oauth2_provider.signals import app_authorized

from oauth_provider.limits import attempts
from oauth_provider.models import Client
from oauth_provider.realms import realm_of
from oauth_provider.resource_servers import credential_of
from oauth_provider.scopes import APP_SCOPE
from oauth_provider.tokens import redemption
from oauth_provider.tokens.devices import origin_of

from . import introspection
from .form_endpoint import FormRequest, RefusedError, form_endpoint
from .machine_view import JSON, NO_STORE_HEADERS, MachineResponse, json_response


@form_endpoint
def token(request: FormRequest) -> MachineResponse:
    """Code or refresh token in, tokens out. The redemption is ours (``redemption``), to be atomic."""
    _require_public_client(request)
    if "grant_type" not in request.sent:
        raise RefusedError("invalid_request", "Missing grant_type parameter.")
    grant = _GRANTS.get(request.sent["grant_type"])
    if grant is None:
        raise RefusedError("unsupported_grant_type", "Only authorization_code and refresh_token exist here.")
    with attempts.Attempt("token", request.address, request.sent.get("client_id", "")) as attempt:
        answer = grant(request)
        attempt.succeeded()
    return answer


def _redeem_code(request: FormRequest) -> MachineResponse:
    client_id, sent = _client_id(request), request.sent
    if "code" not in sent:
        _get_client(request)
        raise RefusedError("invalid_request", "Missing code parameter.")
    verifier, redirect_uri = sent.get("code_verifier", ""), sent.get("redirect_uri")
    wanted = redemption.Redemption(sent["code"], verifier, redirect_uri, origin_of(request.meta))
    try:
        with transaction.atomic():  # the sign-in is recorded with what it is a record of
            issued = redemption.redeem(client_id, realm_of(request.meta).sql, wanted)
            if issued is None:  # only now the reason is looked for
                issued = redemption.redeem_code(_get_client(request), wanted)
            if issued is not None:
                app_authorized.send(sender=token, request=request.as_request(), token=issued.access_token_row)
    except IntegrityError:  # the client was removed, or its person was, since they were read
        raise _invalid_client() from None
    return _token_response(issued, "The code is unknown, expired or used, or not for this request.")


def _refresh_tokens(request: FormRequest) -> MachineResponse:
    client_id, sent = _client_id(request), request.sent
    if "refresh_token" not in sent:
        _get_client(request)
        raise RefusedError("invalid_request", "Missing refresh_token parameter.")
    if not set(sent.get("scope", APP_SCOPE).split()) <= {APP_SCOPE}:
        raise RefusedError("invalid_scope", "The scope cannot grow.")
    realm, origin = realm_of(request.meta).sql, origin_of(request.meta)
    issued = redemption.refresh(client_id, realm, sent["refresh_token"], origin)
    if issued is None:  # only now the reason is looked for
        issued = redemption.recover_or_revoke(_get_client(request), realm, sent["refresh_token"], origin)
    return _token_response(issued, "The refresh token is unknown, expired or used.")


_GRANTS = {"authorization_code": _redeem_code, "refresh_token": _refresh_tokens}


@form_endpoint
def revoke(request: FormRequest) -> MachineResponse:
    """Ends a token of the client that asks, and its pair; a token nobody knows is answered alike (RFC 7009 2.2)."""
    _require_public_client(request)
    with attempts.Attempt("token", request.address, request.sent.get("client_id", "")) as attempt:
        client = _get_client(request)
        if "token" not in request.sent:
            raise RefusedError("invalid_request", "Missing token parameter.")
        redemption.revoke(client, request.sent["token"])
        attempt.succeeded()
    return MachineResponse(HTTPStatus.OK, b"", {"Content-Type": JSON, **NO_STORE_HEADERS})


@form_endpoint
def introspect(request: FormRequest) -> MachineResponse:
    """Tells a resource server of this realm whether an access token is alive, and whose it is (RFC 7662)."""
    return json_response(_introspect_token(request) or {"active": False})


@form_endpoint
def introspect_status(request: FormRequest) -> MachineResponse:
    """The same for a proxy that reads no JSON: 204 with the person in a header, or 401 for the app.

    A resource server that does not authenticate gets 403, so that a proxy does not ask the app to sign in again.
    """
    try:
        found = _introspect_token(request, may_lack_token=True)
    except RefusedError as refusal:
        if refusal.answer.status != HTTPStatus.UNAUTHORIZED:
            raise
        raise RefusedError("invalid_client", "No such resource server here.", HTTPStatus.FORBIDDEN) from None
    if not found:
        error = 'Bearer error="invalid_token"' if "token" in request.sent else "Bearer"  # RFC 6750 section 3.1
        return json_response({"active": False}, HTTPStatus.UNAUTHORIZED, {"WWW-Authenticate": error})
    person = {"X-Gatepass-User": str(found["username"]), "X-Gatepass-Subject": str(found["sub"])}
    return MachineResponse(HTTPStatus.NO_CONTENT, b"", {"Content-Type": JSON, **NO_STORE_HEADERS, **person})


def _introspect_token(request: FormRequest, *, may_lack_token: bool = False) -> dict[str, Any] | None:
    credential = credential_of(request.meta, request.sent)
    with attempts.Attempt("introspection", request.address, credential.client_id if credential else "") as attempt:
        if credential is None:
            raise _invalid_resource_server()
        found = introspection.introspect(credential, request.sent.get("token", ""), realm_of(request.meta))
        if found is None:
            raise _invalid_resource_server()
        attempt.succeeded()
    if "token" not in request.sent and not may_lack_token:
        raise RefusedError("invalid_request", "Missing token parameter.")
    return found.facts


def _require_public_client(request: FormRequest) -> None:
    """Raises RefusedError for a secret, in whatever form: nobody has one (RFC 8252 section 8.5)."""
    if request.meta.get("HTTP_AUTHORIZATION"):
        description = "Apps are public clients: send client_id in the body, without a secret."
        raise RefusedError(
            "invalid_client", description, HTTPStatus.UNAUTHORIZED, **{"WWW-Authenticate": 'Basic realm="none"'}
        )
    if "client_secret" in request.sent:
        raise _invalid_client()


def _client_id(request: FormRequest) -> str:
    if "client_id" not in request.sent:
        raise _invalid_client()
    return request.sent["client_id"]


def _get_client(request: FormRequest) -> Client:
    """The public client that asks. Raises RefusedError when it does not exist in this realm."""
    client = Client.objects.filter(client_id=_client_id(request)).first()
    if client is None or not realm_of(request.meta).admits(client.client_id, needs_realm=client.needs_realm):
        raise _invalid_client()
    return client


def _invalid_client() -> RefusedError:
    return RefusedError("invalid_client", "No such client here.", HTTPStatus.UNAUTHORIZED)


def _invalid_resource_server() -> RefusedError:
    challenge = {"WWW-Authenticate": 'Basic realm="introspection"'}
    return RefusedError("invalid_client", "No such resource server here.", HTTPStatus.UNAUTHORIZED, **challenge)


def _token_response(issued: redemption.Issued | None, otherwise: str) -> MachineResponse:
    """RFC 6749 section 5.1. Raises RefusedError when there are none."""
    if issued is None:
        raise RefusedError("invalid_grant", otherwise)
    return json_response(
        {
            "access_token": issued.pair.access_token,
            "token_type": "Bearer",
            "expires_in": issued.expires_in,
            "refresh_token": issued.pair.refresh_token,
            "scope": issued.scope,
        }
    )
