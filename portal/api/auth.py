"""Who may call the API: a browser's session with its CSRF token, or an access token of Gatepass itself."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from ninja.errors import AuthenticationError
from ninja.security import APIKeyCookie, HttpBearer
from oauth2_provider.oauth2_backends import OAuthLibCore

from portal.accounts.access import person
from portal.models import User

SAFE = {"GET", "HEAD", "OPTIONS"}
# Scopes as Confluence has them: each holds the one before it.
READING = {"READ", "WRITE", "ADMIN", "SYSTEM_ADMIN"}
WRITING = READING - {"READ"}


def _keep_body(request: HttpRequest) -> None:
    """Read the body before anything looks for form fields in it: a stream is read once."""
    len(request.body)


class AccessToken(HttpBearer):
    """A token of our own provider, of a client of the root realm: those of a provided site are unknown here."""

    def authenticate(self, request: HttpRequest, token: str) -> User:
        """Return the token's person. Raises AuthenticationError, PermissionDenied when the scope is too small."""
        _keep_body(request)
        valid, asked = OAuthLibCore().verify_request(request, scopes=[])
        if not valid or not isinstance(asked.user, User) or not asked.user.is_active:
            raise AuthenticationError  # a bad token is never answered by the cookie beside it
        if not (READING if request.method in SAFE else WRITING) & set(asked.scopes):
            raise PermissionDenied(_("The scope of this access token is too small for this."))
        request.user = asked.user
        return asked.user


class Session(APIKeyCookie):
    """A signed-in browser. Who is not signed in is told so before the CSRF token is asked for."""

    param_name = "gatepass_session"

    def __call__(self, request: HttpRequest) -> Any | None:
        if not request.user.is_authenticated:
            return None
        _keep_body(request)
        return super().__call__(request)

    def authenticate(self, request: HttpRequest, key: str | None) -> User:
        return person(request)


credentials = [AccessToken(), Session()]


def worker(request: HttpRequest) -> User:
    """Return the caller when they work with sites. Raises Http404 for members, as the pages do."""
    user = person(request)
    if not user.works_with_sites:
        raise Http404
    return user
