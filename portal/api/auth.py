"""Authentication of API requests: an access token issued by Gatepass, or a browser session with its CSRF token."""

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
# Confluence's scopes; each includes the previous one.
READ_SCOPES = {"READ", "WRITE", "ADMIN", "SYSTEM_ADMIN"}
WRITE_SCOPES = READ_SCOPES - {"READ"}


def _keep_body(request: HttpRequest) -> None:
    """Read the body before form parsing consumes the stream."""
    len(request.body)


class AccessToken(HttpBearer):
    """An access token of a client in the root realm. Tokens of hosted sites are not accepted."""

    def authenticate(self, request: HttpRequest, token: str) -> User:
        """Return the token's user. Raises AuthenticationError, or PermissionDenied if a scope is missing."""
        _keep_body(request)
        valid, verified = OAuthLibCore().verify_request(request, scopes=[])
        if not valid or not isinstance(verified.user, User) or not verified.user.is_active:
            raise AuthenticationError  # an invalid token must not fall back to the session cookie
        if not (READ_SCOPES if request.method in SAFE else WRITE_SCOPES) & set(verified.scopes):
            raise PermissionDenied(_("The access token lacks a scope. Use READ to read, WRITE to read and write."))
        request.user = verified.user
        return verified.user


class Session(APIKeyCookie):
    """A browser session. Without a sign-in, the response is 401, before the CSRF token is checked."""

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
    """Return the signed-in user. Raises Http404 for members, as the pages do."""
    user = person(request)
    if not user.works_with_sites:
        raise Http404
    return user
