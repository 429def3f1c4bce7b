"""The token, revocation and introspection endpoints. Each serves the realm of its route, or the root realm."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.db import IntegrityError, transaction
from oauth2_provider.signals import app_authorized

from oauth_provider.limits import attempts
from oauth_provider.models import Client, known_client_id
from oauth_provider.realms import realm_of
from oauth_provider.resource_servers import credential_of, is_resource_server
from oauth_provider.scopes import APP_SCOPE
from oauth_provider.tokens import redemption
from oauth_provider.tokens.devices import origin_of

from . import introspection
from .form_endpoint import FormRequest, RefusedError, form_endpoint
from .machine_view import JSON, NO_STORE_HEADERS, MachineResponse, json_response


@form_endpoint
def token(request: FormRequest) -> MachineResponse:
    """Exchange a code or refresh token for tokens. ``redemption`` replaces oauthlib here, to be atomic."""
    _require_public_client(request)
    if "grant_type" not in request.parameters:
        raise RefusedError("invalid_request", "Missing grant_type parameter.")
    grant = _GRANTS.get(request.parameters["grant_type"])
    if grant is None:
        raise RefusedError("unsupported_grant_type", "Supported grant types: authorization_code, refresh_token.")
    with attempts.Attempt("token", request.address, request.parameters.get("client_id", "")) as attempt:
        try:
            return grant(request)
        except RefusedError:
            _count_failure(attempt, request, request.parameters.get("refresh_token", ""))
            raise


def _redeem_code(request: FormRequest) -> MachineResponse:
    client_id, parameters = _client_id(request), request.parameters
    if "code" not in parameters:
        _get_client(request)
        raise RefusedError("invalid_request", "Missing code parameter.")
    verifier, redirect_uri = parameters.get("code_verifier", ""), parameters.get("redirect_uri")
    code_request = redemption.Redemption(parameters["code"], verifier, redirect_uri, origin_of(request.meta))
    try:
        with transaction.atomic():  # tokens and audit event are stored together or not at all
            issued = redemption.redeem(client_id, realm_of(request.meta).sql, code_request)
            if issued is None:  # the slow path, to find out why
                issued = redemption.redeem_code(_get_client(request), code_request)
            if issued is not None:
                app_authorized.send(sender=token, request=request.as_request(), token=issued.access_token_row)
    except IntegrityError:  # the client or the person was deleted meanwhile
        raise _invalid_client() from None
    return _token_response(issued, "The code is unknown, expired, used or not valid for this request.")


def _refresh_tokens(request: FormRequest) -> MachineResponse:
    client_id, parameters = _client_id(request), request.parameters
    if "refresh_token" not in parameters:
        _get_client(request)
        raise RefusedError("invalid_request", "Missing refresh_token parameter.")
    if not set(parameters.get("scope", APP_SCOPE).split()) <= {APP_SCOPE}:
        raise RefusedError("invalid_scope", "The scope must not exceed the original scope.")
    realm, origin = realm_of(request.meta).sql, origin_of(request.meta)
    issued = redemption.refresh(client_id, realm, parameters["refresh_token"], origin)
    if issued is None:  # the slow path, to find out why
        issued = redemption.recover_or_revoke(_get_client(request), realm, parameters["refresh_token"], origin)
    return _token_response(issued, "The refresh token is unknown, expired or already used.")


_GRANTS = {"authorization_code": _redeem_code, "refresh_token": _refresh_tokens}


@form_endpoint
def revoke(request: FormRequest) -> MachineResponse:
    """Revoke a token of this client and its pair. Responds alike to unknown tokens (RFC 7009 section 2.2)."""
    _require_public_client(request)
    revoked = request.parameters.get("token", "")
    with attempts.Attempt("token", request.address, request.parameters.get("client_id", "")) as attempt:
        try:
            client = _get_client(request)
            if "token" not in request.parameters:
                raise RefusedError("invalid_request", "Missing token parameter.")
        except RefusedError:
            _count_failure(attempt, request, revoked)
            raise
        if not redemption.revoke(client, revoked):  # the response is the same, but it counts as a failure
            _count_failure(attempt, request, revoked)
    return MachineResponse(HTTPStatus.OK, b"", {"Content-Type": JSON, **NO_STORE_HEADERS})


@form_endpoint
def introspect(request: FormRequest) -> MachineResponse:
    """Return to a resource server of this realm whether an access token is active, and its person (RFC 7662)."""
    return json_response(_introspect_token(request) or {"active": False})


@form_endpoint
def introspect_status(request: FormRequest) -> MachineResponse:
    """The same for a proxy that does not parse JSON: 204 with the person in headers, or 401 for the app.

    A wrong credential of the resource server is 403: with 401, the proxy would make the app sign in again.
    """
    try:
        claims = _introspect_token(request, may_lack_token=True)
    except RefusedError as refusal:
        if refusal.response.status != HTTPStatus.UNAUTHORIZED:
            raise
        raise RefusedError("invalid_client", "Unknown resource server or wrong secret.", HTTPStatus.FORBIDDEN) from None
    if not claims:
        error = 'Bearer error="invalid_token"' if "token" in request.parameters else "Bearer"  # RFC 6750 section 3.1
        return json_response({"active": False}, HTTPStatus.UNAUTHORIZED, {"WWW-Authenticate": error})
    person = {"X-Gatepass-User": str(claims["username"]), "X-Gatepass-Subject": str(claims["sub"])}
    return MachineResponse(HTTPStatus.NO_CONTENT, b"", {"Content-Type": JSON, **NO_STORE_HEADERS, **person})


def _introspect_token(request: FormRequest, *, may_lack_token: bool = False) -> dict[str, Any] | None:
    """Return the claims of the token, None if it is not active. Raises RefusedError."""
    credential = credential_of(request.meta, request.parameters)
    with attempts.Attempt("introspection", request.address, credential.client_id if credential else "") as attempt:
        if credential is None:
            attempt.failed()
            raise _invalid_resource_server()
        result = introspection.introspect(credential, request.parameters.get("token", ""), realm_of(request.meta))
        if result is None:
            attempt.failed(client=credential.client_id if is_resource_server(credential.client_id) else "")
            raise _invalid_resource_server()
    if "token" not in request.parameters and not may_lack_token:
        raise RefusedError("invalid_request", "Missing token parameter.")
    return result.claims


def _count_failure(attempt: attempts.Attempt, request: FormRequest, token: str) -> None:
    """Count a failure of whom it belongs to: the sign-in of a genuine token, else the client at its address."""
    family = redemption.issued_family(token)
    if family is not None:
        attempt.failed(family=str(family))
    else:
        attempt.failed(client=known_client_id(request.parameters.get("client_id", "")))


def _require_public_client(request: FormRequest) -> None:
    """Raise RefusedError if the app sends a secret: public clients have none (RFC 8252 section 8.5)."""
    if request.meta.get("HTTP_AUTHORIZATION"):
        description = "Apps are public clients: send client_id in the body, without a secret."
        raise RefusedError(
            "invalid_client", description, HTTPStatus.UNAUTHORIZED, **{"WWW-Authenticate": 'Basic realm="none"'}
        )
    if "client_secret" in request.parameters:
        raise _invalid_client()


def _client_id(request: FormRequest) -> str:
    if "client_id" not in request.parameters:
        raise _invalid_client()
    return request.parameters["client_id"]


def _get_client(request: FormRequest) -> Client:
    """Return the client of the request. Raises RefusedError if it is unknown in this realm."""
    client = Client.objects.filter(client_id=_client_id(request)).first()
    if client is None or not realm_of(request.meta).admits(client.client_id, needs_realm=client.needs_realm):
        raise _invalid_client()
    return client


def _invalid_client() -> RefusedError:
    return RefusedError("invalid_client", "Unknown client.", HTTPStatus.UNAUTHORIZED)


def _invalid_resource_server() -> RefusedError:
    challenge = {"WWW-Authenticate": 'Basic realm="introspection"'}
    return RefusedError(
        "invalid_client", "Unknown resource server or wrong secret.", HTTPStatus.UNAUTHORIZED, **challenge
    )


def _token_response(issued: redemption.Issued | None, error_description: str) -> MachineResponse:
    """Return the tokens (RFC 6749 section 5.1). Raises RefusedError if there are none."""
    if issued is None:
        raise RefusedError("invalid_grant", error_description)
    return json_response(
        {
            "access_token": issued.pair.access_token,
            "token_type": "Bearer",
            "expires_in": issued.expires_in,
            "refresh_token": issued.pair.refresh_token,
            "scope": issued.scope,
        }
    )
