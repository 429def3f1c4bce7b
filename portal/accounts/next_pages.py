"""Which URLs may be carried through a sign-in, in the parameter ``next``.

A redirect to the sign-in page repeats the URL of the request, and a reverse proxy refuses a response whose headers do
not fit into its buffer. Only an authorization request may be long: its ``state`` belongs to the app.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import HttpRequest
from django.urls import Resolver404, resolve
from django.utils.http import url_has_allowed_host_and_scheme

from oauth_provider.endpoints.parameters import MAX_BYTES

MAX_NEXT = 1_000  # characters
MAX_AUTHORIZATION = MAX_BYTES + 500  # characters; the endpoint refuses a longer query
AUTHORIZE_VIEWS = {"oauth2_provider:authorize", "provided_authorize"}


def fits(url: str) -> bool:
    """Return whether the URL is short enough to return to after a sign-in."""
    return len(url) <= MAX_NEXT or (len(url) <= MAX_AUTHORIZATION and is_authorization(url))


def is_allowed(url: str, *, host: str, require_https: bool) -> bool:
    """Return whether a request may name this URL as ``next``: on this server, and short. Prevents open redirects.

    Django's own check refuses every URL over 2,048 characters.
    """
    if len(url) > MAX_NEXT:
        return fits(url)
    return url_has_allowed_host_and_scheme(url, allowed_hosts={host}, require_https=require_https)


def page_to_return_to(request: HttpRequest) -> str:
    """Return the URL of the request, or an empty string if it is too long to return to."""
    url = request.get_full_path()
    return url if fits(url) else ""


def is_authorization(url: str) -> bool:
    """Return whether this is a path of an authorization endpoint, with or without a query."""
    if not url.startswith("/") or not url.isprintable():  # browsers ignore a tab in "/\t/host"
        return False
    try:
        parts = urlsplit(url)
        return not parts.netloc and resolve(parts.path).view_name in AUTHORIZE_VIEWS
    except (Resolver404, ValueError):
        return False
