"""Tokens of the API: service tokens for administrators, personal tokens for everyone who works with sites."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from portal.accounts import api_tokens
from portal.accounts.access import administrators, dashboard, person
from portal.forms.service_errors import add_form_errors
from portal.forms.token_form import TokenForm
from portal.models import ApiToken
from portal.pages.actions import action, form_view, page_view
from portal.pages.one_time_forms import FormSentError, new_form_id, send_once, sent_before

SHOWN = 200

Create = Callable[[], tuple[ApiToken, str]]


@administrators
@page_view
def service_tokens(request: HttpRequest) -> HttpResponse:
    """List the service tokens, the ended ones last."""
    return _list(request, "tokens/service_tokens.html", ApiToken.objects.filter(person=None))


@never_cache
@administrators
@form_view
def create_service_token(request: HttpRequest) -> HttpResponse:
    """Show the form; the response to its POST shows the new token once."""
    form = TokenForm(request.POST or None, scopes=ApiToken.Scope.values)
    return _create(
        request,
        form,
        "service_tokens",
        lambda: api_tokens.create_service_token(actor=person(request), **form.cleaned_data),
    )


@administrators
@action("service_tokens")
def revoke_service_token(request: HttpRequest, pk: int) -> HttpResponse:
    """Revoke a service token."""
    return _revoke(request, get_object_or_404(ApiToken, pk=pk, person=None), "service_tokens")


@dashboard
@page_view
def my_tokens(request: HttpRequest) -> HttpResponse:
    """List the personal tokens of this person, the ended ones last."""
    return _list(request, "tokens/my_tokens.html", person(request).api_tokens.all())


@never_cache
@dashboard
@form_view
def create_my_token(request: HttpRequest) -> HttpResponse:
    """Show the form; the response to its POST shows the new token once."""
    user = person(request)
    form = TokenForm(request.POST or None, scopes=api_tokens.scopes_for(user))
    return _create(
        request,
        form,
        "my_tokens",
        lambda: api_tokens.create_personal_token(person=user, **form.cleaned_data),
    )


@dashboard
@action("my_tokens")
def revoke_my_token(request: HttpRequest, pk: int) -> HttpResponse:
    """Revoke a personal token of this person."""
    return _revoke(request, get_object_or_404(ApiToken, pk=pk, person=person(request)), "my_tokens")


def _list(request: HttpRequest, template: str, rows: QuerySet[ApiToken]) -> HttpResponse:
    tokens = sorted(rows[:SHOWN], key=lambda token: not token.is_live)
    return render(request, template, {"rows": tokens})


def _create(request: HttpRequest, form: TokenForm, page: str, create: Create) -> HttpResponse:
    """``page`` is the route of the list, whose name is also that of the form's pages."""
    url = reverse(page)
    if request.method == "POST" and form.is_valid():
        try:
            row, text = send_once(request, lambda: (create(), url))
            return render(request, "tokens/shown_once.html", {"token": row, "text": text, "page": page, "url": url})
        except ValidationError as error:
            add_form_errors(form, error)
        except FormSentError as sent:
            return sent_before(request, sent, request.path)
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "form_id": new_form_id(request), "page": page, "url": url}
    return render(request, "tokens/create.html", context, status=status)


def _revoke(request: HttpRequest, token: ApiToken, page: str) -> HttpResponse:
    if api_tokens.revoke_token(actor=person(request), token=token):
        messages.success(request, _("%(name)s was revoked.") % {"name": token.name})
    else:
        messages.info(request, _("%(name)s had already ended.") % {"name": token.name})
    return redirect(page)
