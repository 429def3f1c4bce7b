"""The authorization endpoint: the page that asks a person for consent, and the redirect to the app."""

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
            return add_no_store_headers(self.render_to_response({"error": unreadable}, HTTPStatus.BAD_REQUEST))
        with Attempt("authorize", request.META.get("REMOTE_ADDR", ""), str(request.user.pk or "")) as attempt:
            response = super().dispatch(request, *args, **kwargs)
            if response.status_code < HTTPStatus.BAD_REQUEST:
                attempt.succeeded()
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
        page = {"explanation": _explanation(error), "error": error, "realm": realm_of(self.request.META)}
        return render(self.request, "oauth_provider/error.html", page, status=status)


def add_no_store_headers(response: HttpResponseBase) -> HttpResponseBase:
    """The response, kept out of caches; its address kept out of Referer headers unless it says otherwise."""
    for name, value in NO_STORE_HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _explanation(error: Exception) -> str:
    """What a person is told: what is wrong and who can mend it."""
    if isinstance(error, errors.InvalidClientIdError | errors.MissingClientIdError):
        return _(
            "This site does not recognize the app that sent you here. An administrator may have created a new "
            "application link with a new client ID. Your phone then needs the new configuration."
        )
    if isinstance(
        error, errors.MismatchingRedirectURIError | errors.InvalidRedirectURIError | errors.MissingRedirectURIError
    ):
        return _("The app requested a redirect to an address that is not its own. Nothing was sent there.")
    return _("The app sent an invalid request.")


authorize = AuthorizeView.as_view()
