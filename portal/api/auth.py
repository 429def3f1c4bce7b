"""Authentication of API requests: a token, or a browser session with its CSRF token."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from ninja.errors import AuthenticationError
from ninja.security import APIKeyCookie, HttpBearer
from oauth2_provider.oauth2_backends import OAuthLibCore

from oauth_provider.limits.attempts import count_failure
from portal.accounts import api_tokens
from portal.accounts.access import person, principal
from portal.accounts.service_accounts import ServiceAccount
from portal.models import ApiToken, User

SAFE = {"GET", "HEAD", "OPTIONS"}
# Confluence's scopes; each includes the previous one.
READ_SCOPES = {"READ", "WRITE", "ADMIN", "SYSTEM_ADMIN"}
WRITE_SCOPES = READ_SCOPES - {"READ"}


def _keep_body(request: HttpRequest) -> None:
    """Read the body before form parsing consumes the stream."""
    len(request.body)


class Token(HttpBearer):
    """A service token, a personal token, or an access token of an OAuth client in the root realm.

    An invalid token does not fall back to the session cookie. Access tokens of hosted sites are not accepted.
    """

    def authenticate(self, request: HttpRequest, token: str) -> User | ServiceAccount:
        """Return who acts. Raises AuthenticationError, PermissionDenied if a scope is missing, or
        TooManyRequestsError above the limit of failures.
        """
        _keep_body(request)
        by_kind = _with_api_token if api_tokens.is_api_token(token) else _with_access_token
        account = by_kind(request, token)
        request.user = account if isinstance(account, User) else AnonymousUser()
        return account


def _with_api_token(request: HttpRequest, text: str) -> User | ServiceAccount:
    try:
        token = api_tokens.authenticate(request, text)
    except api_tokens.InvalidTokenError as error:
        raise AuthenticationError from error
    if not token.allows(ApiToken.Scope.READ if request.method in SAFE else ApiToken.Scope.WRITE):
        raise PermissionDenied(_("The token lacks a scope. Use read to read, write to read and write."))
    return api_tokens.actor_of(token)


def _with_access_token(request: HttpRequest, _text: str) -> User:
    valid, verified = OAuthLibCore().verify_request(request, scopes=[])
    if not valid or not isinstance(verified.user, User) or not verified.user.is_active:
        count_failure("api", str(request.META.get("REMOTE_ADDR", "")))
        raise AuthenticationError
    if not (READ_SCOPES if request.method in SAFE else WRITE_SCOPES) & set(verified.scopes):
        raise PermissionDenied(_("The access token lacks a scope. Use READ to read, WRITE to read and write."))
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


credentials = [Token(), Session()]


def worker(request: HttpRequest) -> User | ServiceAccount:
    """Return who acts. Raises Http404 for members, as the pages do."""
    account = principal(request)
    if not account.works_with_sites:
        raise Http404
    return account
