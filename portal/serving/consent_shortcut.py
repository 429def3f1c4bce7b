"""The consent page's shorter way: for whoever has nothing else to do than to answer it.

A person comes here once for each phone, and whole offices do at the same hour. Django's row of middleware asks three
times as much of such a request as the answer itself takes. Here the same is found out by two statements. A request
that lacks anything, and every exception, goes the long way and gets its answer there: here nobody is sent away. The
view, and behind it django-oauth-toolkit's validation, is the same one.
"""

from __future__ import annotations

import functools
import hmac
import logging
import re
from http import HTTPStatus
from typing import Any

import structlog
from csp.middleware import CSPMiddleware
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.handlers.wsgi import WSGIRequest
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.locale import LocaleMiddleware

from oauth_provider.endpoints.form_endpoint import Answer, Meta
from portal.accounts import session_limits
from portal.accounts.sign_in_links import REHEARSING
from portal.accounts.sign_in_policy import needed_kinds, what_is_missing
from portal.models import User
from portal.provided_sites import views
from portal.sessions import SessionStore
from rollout import sql

logger = structlog.get_logger(__name__)
_PATH = re.compile(r"/at/([-\w]+)/rest/oauth2/latest/authorize", re.ASCII)


def _unused(_request: HttpRequest) -> HttpResponse:
    raise AssertionError("only the hooks of these are called")


_csrf: Any = CsrfViewMiddleware(_unused)
_language: Any = LocaleMiddleware(_unused)
_session: Any = SessionMiddleware(_unused)
_policy: Any = CSPMiddleware(_unused)


def is_consent(path: str) -> bool:
    return _PATH.fullmatch(path) is not None


def answer(meta: Meta) -> Answer | None:
    """The page, or the redirect to the app; None for a request that has to go the long way."""
    found = _PATH.fullmatch(meta["PATH_INFO"])
    request: Any = WSGIRequest(meta)
    if connection.vendor != "postgresql":  # elsewhere values come without their types
        return None
    if found is None or request.method not in {"GET", "POST"} or not _are_whole(request.COOKIES):
        return None
    if not _sign_in(request):
        return None
    _language.process_request(request)
    _policy.process_request(request)
    _csrf.process_request(request)
    if _csrf.process_view(request, views.authorize, (), {"slug": found[1]}) is not None:
        return None
    response: Any = views.authorize(request, found[1])
    for middleware in (_csrf, _language, _session, _policy):
        response = middleware.process_response(request, response)
    _log(request, response.status_code)
    cookies = [("Set-Cookie", cookie.OutputString()) for cookie in response.cookies.values()]
    return Answer(response.status_code, response.content, dict(response.items()), cookies)


def _log(request: Any, code: int) -> None:
    """The line that ``RequestLogMiddleware`` writes at the end; without the query, which is hidden there."""
    facts = {
        "request": f"{request.method} {request.path}",
        "user_id": request.user.pk,
        "ip": request.META.get("REMOTE_ADDR", ""),
    }
    level = logging.INFO if code < HTTPStatus.BAD_REQUEST else logging.WARNING
    logger.log(level, "request_finished", code=code, **facts)


def _are_whole(cookies: dict[str, str]) -> bool:
    """Whether a browser comes with what the page needs, and nothing that other middleware has to deal with."""
    needed = {settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME}
    return needed <= cookies.keys() and "messages" not in cookies and not any("\x00" in v for v in cookies.values())


def _sign_in(request: Any) -> bool:
    """Give the request its session and its person; False unless both are as every middleware wants them."""
    session = request.session = SessionStore(request.COOKIES[settings.SESSION_COOKIE_NAME])
    if session.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return False
    if session.get(REHEARSING) or "_messages" in session or not session_limits.is_fresh(session):
        return False
    found = sql.rows(_statement(), {"pk": int(session[SESSION_KEY])})
    if not found:
        return False
    user = User.from_db("default", [field.attname for field in User._meta.concrete_fields], found[0])
    if not user.is_active or not hmac.compare_digest(session.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash()):
        return False
    request.user = user
    return needed_kinds(user.role) is None or what_is_missing(request) is None


@functools.cache
def _statement() -> str:
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in User._meta.concrete_fields)
    return f"SELECT {columns} FROM {quote(User._meta.db_table)} WHERE id = %(pk)s"  # noqa: S608 - our own names
