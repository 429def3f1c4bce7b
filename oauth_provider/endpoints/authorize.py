"""The endpoints of the provider. Each answers for the realm its route put into the request, or for the root."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from csp.decorators import csp_update
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe
from oauth2_provider.exceptions import OAuthToolkitError
from oauth2_provider.views.base import BaseAuthorizationView
from oauthlib.oauth2.rfc6749 import errors

from oauth_provider.limits.attempts import WAIT_KEY, Attempt, TooManyRequestsError
from oauth_provider.realms import realm_of
from oauth_provider.redirects import ALLOWED_REDIRECT_URIS, ALLOWED_SCHEMES, with_issuer
from oauth_provider.scopes import APP_SCOPE, SCOPES
from oauth_provider.tokens.pkce import METHOD

from .form_endpoint import UNSEEN
from .parameters import ParameterError, parse_parameters
from .server import NativeAppCore

APPS = dict(
    zip(
        ALLOWED_REDIRECT_URIS,
        (gettext_lazy("Confluence Data Center app"), gettext_lazy("Jira Data Center app")),
        strict=True,
    )
)


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
            return unseen(self.render_to_response({"error": unreadable}, HTTPStatus.BAD_REQUEST))
        if WAIT_KEY in request.META:
            raise TooManyRequestsError(request.META[WAIT_KEY])
        with Attempt("authorize", request.META.get("REMOTE_ADDR", ""), str(request.user.pk or "")) as attempt:
            response = super().dispatch(request, *args, **kwargs)
            if response.status_code < HTTPStatus.BAD_REQUEST:
                attempt.succeeded()
        return unseen(response)

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
        page = HttpResponse(self.consent(context, person=str(request.user), back=quote(request.get_full_path())))
        # Not "no-referrer": browsers then send the form with "Origin: null", which the CSRF check refuses.
        page["Referrer-Policy"] = "same-origin"
        return page

    def consent(self, context: dict[str, Any], **of_person: str) -> str:
        """The page that asks; ``of_person`` is the part of its context that is another one for each person."""
        return render_to_string("oauth_provider/consent.html", context | of_person, self.request)

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


def unseen(response: HttpResponseBase) -> HttpResponseBase:
    """The response, kept out of caches; its address kept out of Referer headers unless it says otherwise."""
    for name, value in UNSEEN.items():
        response.headers.setdefault(name, value)
    return response


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
        "introspection_endpoint": f"{realm.endpoints}/introspect",
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "authorization_response_iss_parameter_supported": True,
    }
    return JsonResponse(document, headers={"Access-Control-Allow-Origin": "*"})


authorize = AuthorizeView.as_view()
