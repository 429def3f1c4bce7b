"""Keeps the ``Location`` header short, whichever code wrote it: Django, django-allauth or a view."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.conf import settings
from django.core.exceptions import DisallowedRedirect
from django.http import HttpRequest, HttpResponse
from django.utils.http import MAX_URL_REDIRECT_LENGTH

from portal.accounts import next_pages

MAX_LOCATION = 2_000  # characters; all other headers of a response need less than 1,500


class RedirectLengthMiddleware:
    """Shorten redirects within this server, outside all middleware that redirects.

    A ``next`` that does not fit is dropped first, then the whole query. Redirects to other servers and to the app are
    left as they are. A URL that Django could not redirect to at all gets 414 instead of a logged exception.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        path = request.path_info
        is_long = len(path) + len(request.META.get("QUERY_STRING", "")) > MAX_LOCATION
        if is_long and len(request.get_full_path()) > MAX_URL_REDIRECT_LENGTH and not next_pages.is_authorization(path):
            return _too_long()
        response = self.get_response(request)
        location = response.get("Location", "")
        if len(location) <= next_pages.MAX_NEXT or not _is_local(location, request):
            return response
        short = shortened(location)
        if short is None:
            return _too_long()
        response["Location"] = short
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        is_long = len(request.get_full_path()) > next_pages.MAX_NEXT
        return _too_long() if is_long and isinstance(exception, DisallowedRedirect) else None


def _too_long() -> HttpResponse:
    return HttpResponse("The address is too long.\n", status=414, content_type="text/plain; charset=utf-8")


def _is_local(location: str, request: HttpRequest) -> bool:
    parts = urlsplit(location)
    own_hosts = {"", request.META.get("HTTP_HOST", ""), urlsplit(settings.PUBLIC_URL).netloc}
    return parts.scheme in {"", "http", "https"} and parts.netloc in own_hosts


def shortened(location: str) -> str | None:
    """Return the URL without what makes it too long, or None if that is its path."""
    if next_pages.fits(location) and len(location) > MAX_LOCATION:
        return location  # an authorization request, after the sign-in
    parts = urlsplit(location)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    targets = [value for name, value in pairs if name == "next"]
    limit = MAX_URL_REDIRECT_LENGTH if any(map(next_pages.is_authorization, targets)) else MAX_LOCATION
    if not all(map(next_pages.fits, targets)):
        location = parts._replace(query=urlencode([pair for pair in pairs if pair[0] != "next"])).geturl()
        limit = MAX_LOCATION
    if len(location) > limit:
        location = parts._replace(query="").geturl()
    return location if len(location) <= limit else None
