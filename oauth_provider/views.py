"""The endpoints of the provider. Each answers for the realm its route put into the request, or for the root."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, TypeVar

from csp.decorators import csp_update
from django.contrib.auth.decorators import login_not_required
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from oauth2_provider.exceptions import OAuthToolkitError
from oauth2_provider.signals import app_authorized
from oauth2_provider.views.base import BaseAuthorizationView
from oauthlib.oauth2.rfc6749 import errors

from .devices import origin_of
from .models import Client
from .parameters import MAX_BYTES, ParameterError, parse_parameters
from .pkce import METHOD
from .realms import realm_of
from .redemption import Issued, Redemption, redeem_code, refresh
from .redemption import revoke as end_token
from .redirects import ALLOWED_REDIRECT_URIS, ALLOWED_SCHEMES, with_issuer
from .scopes import APP_SCOPE, SCOPES
from .server import NativeAppCore

APPS = dict(
    zip(
        ALLOWED_REDIRECT_URIS,
        (gettext_lazy("Confluence Data Center app"), gettext_lazy("Jira Data Center app")),
        strict=True,
    )
)
FORM = "application/x-www-form-urlencoded"
Response = TypeVar("Response", bound=HttpResponseBase)


def _unseen(response: Response) -> Response:
    """The response, kept out of caches and its address out of Referer headers (RFC 6749 5.1, RFC 9700 4.2.4)."""
    response["Cache-Control"] = "no-store"
    response["Pragma"] = "no-cache"
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    return response


# Chromium holds a form's redirect to form-action too; 'self' alone would keep the answer from the app.
@method_decorator(csp_update({"form-action": [f"{scheme}:" for scheme in ALLOWED_SCHEMES]}), name="dispatch")
@method_decorator(login_not_required, name="dispatch")  # it asks for the sign-in itself, after a look at the request
class AuthorizeView(BaseAuthorizationView):
    """GET asks the person, POST takes the answer. Both read the request from the query and check all of it again."""

    oauthlib_backend_class = NativeAppCore

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            query = request.META.get("QUERY_STRING", "").encode("latin-1", "replace")
            request.oauth_parameters = parse_parameters(query)  # type: ignore[attr-defined]
        except ParameterError as error:
            unreadable = errors.InvalidRequestFatalError(description=str(error))
            return _unseen(self.render_to_response({"error": unreadable}, HTTPStatus.BAD_REQUEST))
        return _unseen(super().dispatch(request, *args, **kwargs))

    def get(self, request: HttpRequest) -> HttpResponse:
        try:
            scopes, credentials = self.validate_authorization_request(request)
        except OAuthToolkitError as error:
            return self.error_response(error, None)
        context = {
            "app": APPS[credentials["redirect_uri"]],
            "realm": realm_of(request.META),
            "permissions": [SCOPES[scope] for scope in scopes],
        }
        page = render(request, "oauth_provider/consent.html", context)
        # Not "no-referrer": browsers then send the form with "Origin: null", which the CSRF check refuses.
        page["Referrer-Policy"] = "same-origin"
        return page

    def post(self, request: HttpRequest) -> HttpResponse:
        """Answer the app: a code when the person pressed Allow, ``access_denied`` otherwise."""
        try:
            scopes, credentials = self.validate_authorization_request(request)
            uri, *_rest = self.create_authorization_response(
                request, " ".join(scopes), credentials, allow=request.POST.get("answer") == "allow"
            )
        except OAuthToolkitError as error:
            return self.error_response(error, None)
        return self.redirect(uri, None)

    def redirect(self, redirect_to: str, application: Any) -> HttpResponse:
        """Send every answer, good or bad, to the app with the realm's issuer (RFC 9207)."""
        return super().redirect(with_issuer(redirect_to, realm_of(self.request.META).issuer), application)

    def render_to_response(self, context: dict[str, Any], status: int) -> HttpResponse:
        """The page for what must not go back to the app: unknown client, wrong redirect, unreadable request."""
        error = context["error"]
        page = {"explanation": _explain(error), "error": error, "realm": realm_of(self.request.META)}
        return render(self.request, "oauth_provider/error.html", page, status=status)


def _explain(error: Exception) -> str:
    """What a person is told: what is wrong and who can mend it."""
    if isinstance(error, errors.InvalidClientIdError | errors.MissingClientIdError):
        return _(
            "This site does not know the app that sent you here. Its client ID may have changed, which happens when "
            "an administrator creates the application link again: your phone then needs the new configuration."
        )
    if isinstance(
        error, errors.MismatchingRedirectURIError | errors.InvalidRedirectURIError | errors.MissingRedirectURIError
    ):
        return _("The app asked for the answer at an address that is not the app's own, so nothing was sent there.")
    return _("The app sent a request that cannot be read.")


class FormEndpoint:
    """What token and revoke share: a form in the body, nothing in the URL, no client authentication, JSON errors."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        refusal = _read_form(request) if request.method == "POST" else None
        response = refusal or super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
        if request.method == "POST":
            response["Content-Type"] = "application/json"
        return _unseen(response)


def _read_form(request: HttpRequest) -> HttpResponse | None:
    """Put the body's parameters into ``request.oauth_parameters``; return the refusal when they cannot be taken."""
    if request.META.get("HTTP_AUTHORIZATION"):
        refusal = _refusal(
            "invalid_client", "Apps are public clients: send client_id in the body, without a secret.", 401
        )
        refusal["WWW-Authenticate"] = 'Basic realm="none"'
        return refusal
    if request.content_type != FORM:
        return _refusal("invalid_request", f"The body must be {FORM}.")
    if request.META.get("QUERY_STRING"):
        return _refusal("invalid_request", "Parameters belong into the body.")
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()):
        return _refusal("invalid_request", "The length of the body is not a number.")
    if len(length) > 9 or int(length) > MAX_BYTES:
        return _refusal("invalid_request", "The request is too large.", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    try:
        request.oauth_parameters = parse_parameters(request.body)  # type: ignore[attr-defined]
    except ParameterError as error:
        return _refusal("invalid_request", str(error))
    return None


def _refusal(error: str, description: str, status: int = HTTPStatus.BAD_REQUEST) -> JsonResponse:
    return JsonResponse({"error": error, "error_description": description}, status=status)


@method_decorator([csrf_exempt, login_not_required], name="dispatch")
class TokenView(FormEndpoint, View):
    """Code or refresh token in, tokens out. The redemption is ours (``redemption``), to be atomic."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        sent: dict[str, str] = request.oauth_parameters  # type: ignore[attr-defined]
        if "grant_type" not in sent:
            return _refusal("invalid_request", "Missing grant_type parameter.")
        grant = {"authorization_code": self.redeem, "refresh_token": self.refresh}.get(sent["grant_type"])
        if grant is None:
            return _refusal("unsupported_grant_type", "Only authorization_code and refresh_token exist here.")
        client = _client(request, sent)
        return _no_client() if client is None else grant(request, client, sent)

    def redeem(self, request: HttpRequest, client: Client, sent: dict[str, str]) -> HttpResponse:
        if "code" not in sent:
            return _refusal("invalid_request", "Missing code parameter.")
        redemption = Redemption(
            sent["code"], sent.get("code_verifier", ""), sent.get("redirect_uri"), origin_of(request)
        )
        try:
            with transaction.atomic():  # the sign-in is recorded with what it is a record of
                issued = redeem_code(client, redemption)
                if issued is not None:
                    app_authorized.send(sender=self, request=request, token=issued.access_token_row)
        except IntegrityError:  # the client was removed, or its person was, since they were read
            return _no_client()
        return _tokens(issued, "The code is unknown, expired or used, or not for this request.")

    def refresh(self, request: HttpRequest, client: Client, sent: dict[str, str]) -> HttpResponse:
        if "refresh_token" not in sent:
            return _refusal("invalid_request", "Missing refresh_token parameter.")
        if not set(sent.get("scope", APP_SCOPE).split()) <= {APP_SCOPE}:
            return _refusal("invalid_scope", "The scope cannot grow.")
        issued = refresh(client, sent["refresh_token"], origin_of(request))
        return _tokens(issued, "The refresh token is unknown, expired or used.")


@method_decorator([csrf_exempt, login_not_required], name="dispatch")
class RevokeView(FormEndpoint, View):
    """Ends a token of the client that asks, and its pair; a token nobody knows is answered alike (RFC 7009 2.2)."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        sent: dict[str, str] = request.oauth_parameters  # type: ignore[attr-defined]
        client = _client(request, sent)
        if client is None:
            return _no_client()
        if "token" not in sent:
            return _refusal("invalid_request", "Missing token parameter.")
        end_token(client, sent["token"])
        return HttpResponse()


def _client(request: HttpRequest, sent: dict[str, str]) -> Client | None:
    """The public client that asks, if it exists in this realm; a secret is one that nobody has."""
    if "client_secret" in sent or "client_id" not in sent:
        return None
    client = Client.objects.filter(client_id=sent["client_id"]).first()
    realm = realm_of(request.META)
    return client if client and realm.admits(client.client_id, needs_realm=client.needs_realm) else None


def _no_client() -> HttpResponse:
    return _refusal("invalid_client", "No such client here.", HTTPStatus.UNAUTHORIZED)


def _tokens(issued: Issued | None, otherwise: str) -> HttpResponse:
    """RFC 6749 section 5.1, or ``invalid_grant``."""
    if issued is None:
        return _refusal("invalid_grant", otherwise)
    return JsonResponse(
        {
            "access_token": issued.pair.access_token,
            "token_type": "Bearer",
            "expires_in": issued.expires_in,
            "refresh_token": issued.pair.refresh_token,
            "scope": issued.scope,
        }
    )


@login_not_required
@require_safe
def metadata(request: HttpRequest) -> JsonResponse:
    """RFC 8414 metadata of the realm; says what the endpoints do, no more."""
    realm = realm_of(request.META)
    document = {
        "issuer": realm.issuer,
        "authorization_endpoint": f"{realm.endpoints}/authorize",
        "token_endpoint": f"{realm.endpoints}/token",
        "revocation_endpoint": f"{realm.endpoints}/revoke",
        "scopes_supported": [APP_SCOPE],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "code_challenge_methods_supported": [METHOD],
        "token_endpoint_auth_methods_supported": ["none"],
        "revocation_endpoint_auth_methods_supported": ["none"],
        "authorization_response_iss_parameter_supported": True,
    }
    return JsonResponse(document, headers={"Access-Control-Allow-Origin": "*"})


authorize = AuthorizeView.as_view()
token = TokenView.as_view()
revoke = RevokeView.as_view()
