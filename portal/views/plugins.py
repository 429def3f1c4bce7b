"""Plugin versions of a site: entered, pasted, or read with a token that is used once or stored."""

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
@action("check_runs", "pk")
def enter(request: HttpRequest, pk: int) -> HttpResponse:
    """Save the versions that were entered."""
    site = changeable_site(request, pk)

    def save(fields: dict[str, Any]) -> None:
        services.enter_versions(actor=person(request), site=site, **fields)

    return _save_form(request, site, "entered", PluginVersionsForm(request.POST), save)


@dashboard
@action("check_runs", "pk")
def paste(request: HttpRequest, pk: int) -> HttpResponse:
    """Save the versions in pasted JSON of the site's plugin manager."""
    site = changeable_site(request, pk)

    def save(fields: dict[str, Any]) -> services.SavedVersions:
        return services.paste_versions(actor=person(request), site=site, text=fields["text"])

    return _save_form(request, site, "pasted", PasteForm(request.POST, prefix="paste"), save)


@sensitive_post_parameters()
@dashboard
@action("check_runs", "pk")
def read(request: HttpRequest, pk: int) -> HttpResponse:
    """Read the versions from the site with the token of the form. Takes up to eight seconds."""
    site = changeable_site(request, pk)

    def save(fields: dict[str, Any]) -> services.SavedVersions:
        return services.read_versions(actor=person(request), site=site, **fields)

    return _save_form(request, site, "token", TokenForm(request.POST, prefix="token"), save)


@dashboard
@action("check_runs", "pk")
def read_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Read the versions from the site with the stored token."""
    site = changeable_site(request, pk)
    try:
        saved = services.read_with_stored_token(actor=person(request), site=site)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        if saved:
            _add_messages(request, saved)
        else:
            messages.error(request, _("There is no stored token that the site accepts. Enter one."))
    return _redirect_to_site(site)


@dashboard
@action("check_runs", "pk")
def remove_token(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove the stored token."""
    site = changeable_site(request, pk)
    if services.remove_token(actor=person(request), site=site):
        messages.success(request, _("The stored token was removed. Revoke it on the site too if nothing else uses it."))
    return _redirect_to_site(site)


def _save_form(
    request: HttpRequest, site: Site, method: str, form: forms.Form, save: Callable[[dict[str, Any]], Any]
) -> HttpResponse:
    """Save the form and redirect to the tab with the versions, or show it again with the form's errors."""
    if site.is_provided:
        return _redirect_to_site(site)
    if form.is_valid():
        try:
            saved = save(form.cleaned_data)
        except ValidationError as error:
            add_form_errors(form, error)
        else:
            _add_messages(request, saved)
            return _redirect_to_site(site)
    return page(request, site, forms=plugin_forms(site, **{method: form}), status=422)


def _add_messages(request: HttpRequest, saved: services.SavedVersions | None) -> None:
    messages.success(request, _("Saved. Rechecking…"))
    for name in saved.missing if saved else ():
        message = _("The %(plugin)s is not in the text. Its version stays unchanged.")
        messages.info(request, message % {"plugin": PLUGIN_NAMES[name]})


def _redirect_to_site(site: Site) -> HttpResponse:
    return redirect("check_runs", site.pk)
