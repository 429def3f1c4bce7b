"""Which methods a view takes: a page is read, a form is also sent, an action is only sent.

Decorators stand in one order on every view: the gate (``portal.accounts.access``) above one of these. A person to whom
something does not exist gets 404 whatever method they send, then comes 403, then 405.
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

READING = ("GET", "HEAD")


def _takes(*methods: str) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method not in methods:
                return method_not_allowed(request, methods)
            return view(request, *args, **kwargs)

        return checked

    return decorate


page_view = _takes(*READING)
form_view = _takes(*READING, "POST")


def action(page: str, *arguments: str, with_query: bool = False) -> Callable[[View], View]:
    """Let the view act on POST only. GET leads to the page that the action belongs to.

    A person whose session ended before they pressed a button signs in and comes back to the action's URL by GET.
    ``page`` is the name of a route, ``arguments`` are those of the action's URL that the page takes too. The query
    string goes along only where it says which rows the action is for: elsewhere it may hold what no URL should.
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
