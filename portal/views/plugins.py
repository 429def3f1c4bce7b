"""The plugin versions of a site: entered, pasted, or read with a token that is used once or kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters

from portal.accounts.access import changeable_site, dashboard, person
from portal.forms.plugins import PasteForm, PluginVersionsForm, TokenForm, plugin_forms
from portal.forms.service_errors import add_form_errors
from portal.pages.actions import action
from rollout.models import Site
from rollout.services import plugins as services

from .site_page import page

PLUGIN_NAMES = {"oauth": gettext_lazy("OAuth 2.0 provider plugin"), "mobile": gettext_lazy("mobile plugin")}


@dashboard
@action("site", "pk")
def enter(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep the versions of the form's fields."""
    site = changeable_site(request, pk)

    def keep(fields: dict[str, Any]) -> None:
        services.enter_versions(actor=person(request), site=site, **fields)

    return _answer(request, site, "entered", PluginVersionsForm(request.POST), keep)


@dashboard
@action("site", "pk")
def paste(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep the versions in a pasted answer of the site's plugin manager."""
    site = changeable_site(request, pk)

    def keep(fields: dict[str, Any]) -> services.Kept:
        return services.paste_versions(actor=person(request), site=site, text=fields["text"])

    return _answer(request, site, "pasted", PasteForm(request.POST, prefix="paste"), keep)


@sensitive_post_parameters()
@dashboard
@action("site", "pk")
def read(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the site now, with the token of the form; the person waits for at most eight seconds."""
    site = changeable_site(request, pk)

    def keep(fields: dict[str, Any]) -> services.Kept:
        return services.read_versions(actor=person(request), site=site, **fields)

    return _answer(request, site, "token", TokenForm(request.POST, prefix="token"), keep)


@dashboard
@action("site", "pk")
def read_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the site now, with the token that was kept."""
    site = changeable_site(request, pk)
    try:
        kept = services.read_with_stored_token(actor=person(request), site=site)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        if kept:
            _say(request, kept)
        else:
            messages.error(request, _("There is no stored token that the site accepts. Enter one."))
    return _back(site)


@dashboard
@action("site", "pk")
def forget_token(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove the token that was kept."""
    site = changeable_site(request, pk)
    if services.forget_token(actor=person(request), site=site):
        messages.success(request, _("The stored token was removed. Revoke it on the site too if nothing else uses it."))
    return _back(site)


def _answer(
    request: HttpRequest, site: Site, setup: str, form: forms.Form, keep: Callable[[dict[str, Any]], Any]
) -> HttpResponse:
    """Keep what the form says; back to the site's page, or the page again with the form's faults."""
    if site.is_provided:
        return _back(site)
    if form.is_valid():
        try:
            kept = keep(form.cleaned_data)
        except ValidationError as error:
            add_form_errors(form, error)
        else:
            _say(request, kept)
            return _back(site)
    return page(request, site, forms=plugin_forms(site, **{setup: form}), status=422)


def _say(request: HttpRequest, kept: services.Kept | None) -> None:
    messages.success(request, _("Saved. Rechecking…"))
    for name in kept.missing if kept else ():
        words = _("The %(plugin)s is not in the text. Its version stays unchanged.")
        messages.info(request, words % {"plugin": PLUGIN_NAMES[name]})


def _back(site: Site) -> HttpResponse:
    return redirect("site", site.pk)
