"""HTTP methods of views: pages accept GET, forms GET and POST, actions POST only.

The access decorator (``portal.accounts.access``) is always placed above one of these, so that the response is 404 for
rows that a person may not see, then 403, then 405.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse

from portal.accounts.access import View

from .errors import method_not_allowed

SAFE_METHODS = ("GET", "HEAD")


def _accepts(*methods: str) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method not in methods:
                return method_not_allowed(request, methods)
            return view(request, *args, **kwargs)

        return checked

    return decorate


page_view = _accepts(*SAFE_METHODS)
form_view = _accepts(*SAFE_METHODS, "POST")


def action(page: str, *arguments: str, with_query: bool = False) -> Callable[[View], View]:
    """Call the view on POST only; redirect GET to the page that the action belongs to.

    After a sign-in that a button made necessary, the browser returns to the URL of the action with GET.
    ``page`` is the name of a route, ``arguments`` are the URL arguments that it shares with the action. ``with_query``
    keeps the query string, for actions whose rows it selects; elsewhere it may hold secrets that no URL should.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def acting(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method == "POST":
                return view(request, *args, **kwargs)
            url = reverse(page, kwargs={name: kwargs[name] for name in arguments})
            query = request.META.get("QUERY_STRING", "") if with_query else ""
            return HttpResponseRedirect(f"{url}?{query}" if query else url)

        return form_view(acting)

    return decorate
