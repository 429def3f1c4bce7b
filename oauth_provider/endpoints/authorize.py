"""The authorization endpoint: the consent page and the redirect to the app."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from csp.decorators import csp_update
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from oauth2_provider.exceptions import OAuthToolkitError
from oauth2_provider.views.base import BaseAuthorizationView
from oauthlib.oauth2.rfc6749 import errors

from oauth_provider.limits.attempts import Attempt
from oauth_provider.models import known_client_id
from oauth_provider.realms import realm_of
from oauth_provider.redirects import ALLOWED_REDIRECT_URIS, ALLOWED_SCHEMES, with_issuer
from oauth_provider.scopes import SCOPES

from .machine_view import NO_STORE_HEADERS
from .parameters import ParameterError, parse_parameters
from .server import NativeAppCore

APP_NAMES = dict(
    zip(
        ALLOWED_REDIRECT_URIS,
        (gettext_lazy("Confluence Data Center app"), gettext_lazy("Jira Data Center app")),
        strict=True,
    )
)


# Chromium applies form-action to the redirect after a form too; 'self' alone would block the redirect to the app.
@method_decorator(csp_update({"form-action": [f"{scheme}:" for scheme in ALLOWED_SCHEMES]}), name="dispatch")
# The view requires a sign-in itself, after it has validated the request.
@method_decorator(login_not_required, name="dispatch")
class AuthorizeView(BaseAuthorizationView):
    """GET shows the consent page, POST submits it. Both read and validate the request in the query string."""

    oauthlib_backend_class = NativeAppCore

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            query = request.META.get("QUERY_STRING", "").encode("latin-1", "replace")
            request.oauth_parameters = parse_parameters(query)  # type: ignore[attr-defined]
        except ParameterError as error:
            malformed = errors.InvalidRequestFatalError(description=str(error))
            return add_no_store_headers(self.render_to_response({"error": malformed}, HTTPStatus.BAD_REQUEST))
        with Attempt("authorize", request.META.get("REMOTE_ADDR", ""), str(request.user.pk or "")) as attempt:
            response = super().dispatch(request, *args, **kwargs)
            if response.status_code >= HTTPStatus.BAD_REQUEST:
                attempt.failed(client=known_client_id(request.oauth_parameters.get("client_id", "")))  # type: ignore[attr-defined]
        return add_no_store_headers(response)

    def get(self, request: HttpRequest) -> HttpResponse:
        try:
            scopes, credentials = self.validate_authorization_request(request)
        except OAuthToolkitError as error:
            return self.error_response(error, None)
        context = {
            "app": APP_NAMES[credentials["redirect_uri"]],
            "realm": realm_of(request.META),
            "permissions": [SCOPES[scope] for scope in scopes],
            "person": str(request.user),
            "back": quote(request.get_full_path()),
        }
        page = render(request, "oauth_provider/consent.html", context)
        # Not "no-referrer": browsers then send the form with "Origin: null", which the CSRF check refuses.
        page["Referrer-Policy"] = "same-origin"
        return page

    def post(self, request: HttpRequest) -> HttpResponse:
        """Redirect to the app with a code if the person selected Allow, else with ``access_denied``."""
        try:
            scopes, credentials = self.validate_authorization_request(request)
            uri, *_rest = self.create_authorization_response(
                request, " ".join(scopes), credentials, allow=request.POST.get("answer") == "allow"
            )
        except OAuthToolkitError as error:
            return self.error_response(error, None)
        return self.redirect(uri, None)

    def redirect(self, redirect_to: str, application: Any) -> HttpResponse:
        """Redirect to the app, on success and on error, with the realm's issuer (RFC 9207)."""
        return super().redirect(with_issuer(redirect_to, realm_of(self.request.META).issuer), application)

    def render_to_response(self, context: dict[str, Any], status: int) -> HttpResponse:
        """Render errors that must not redirect: an unknown client, a wrong redirect URI, an unreadable request."""
        error = context["error"]
        page = {"explanation": _explanation(error), "error": error, "realm": realm_of(self.request.META)}
        return render(self.request, "oauth_provider/error.html", page, status=status)


def add_no_store_headers(response: HttpResponseBase) -> HttpResponseBase:
    """Keep the response out of caches and its URL out of Referer headers, unless it sets these headers itself."""
    for name, value in NO_STORE_HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _explanation(error: Exception) -> str:
    """Return the error for the person: what is wrong, and what to do where they can do something."""
    if isinstance(error, errors.InvalidClientIdError | errors.MissingClientIdError):
        return _(
            "This site does not recognize the app's client ID. The client ID may have changed because an "
            "administrator created the application link again. In that case, your phone needs the new app "
            "configuration."
        )
    if isinstance(
        error, errors.MismatchingRedirectURIError | errors.InvalidRedirectURIError | errors.MissingRedirectURIError
    ):
        return _(
            "The app requested a redirect to an address that is not registered for it, so Gatepass did not redirect."
        )
    return _("The app sent an invalid request.")


authorize = AuthorizeView.as_view()
