"""What people see when a page cannot be shown: what is wrong, and what to do next."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import get_template

from portal.accounts import home
from portal.models import User


def _page(request: HttpRequest, template: str, status: int, reason: str = "") -> HttpResponse:
    """Render inside the navigation for people who are signed in, alone for everybody else."""
    user = getattr(request, "user", None)
    known = user if isinstance(user, User) else None  # a lazy user answers for its class
    context = {
        "frame": "base.html" if known else "base_phone.html",
        "home": home(known) if known else "/",
        "reason": reason,
    }
    return render(request, template, context, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return HttpResponse(get_template("400.html").render(), status=400)  # the host itself may be what is wrong


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say why, when the refusal does."""
    return _page(request, "403.html", 403, reason=str(exception))


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, "404.html", 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Nothing but a file: whatever broke may also have broken users, sessions and the database."""
    return HttpResponse(get_template("500.html").render(), status=500)
