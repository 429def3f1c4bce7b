"""Adding sites: by their addresses alone, or one that Gatepass hosts."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from oauth_provider.limits.attempts import TooManyRequestsError
from portal.accounts.access import editors, person
from portal.forms.new_sites import MAX_TEXT, AddSiteForm
from portal.forms.service_errors import add_form_errors
from portal.forms.sites import SiteForm
from portal.models import User
from portal.pages.actions import action, form_view
from portal.pages.rate_limits import take_look_up
from portal.presenters.pasted_addresses import Address, read_addresses, shown_preview, summary
from rollout.compatibility.site_preview import SitePreview
from rollout.formats.ca_bundle import NoAuthorityError, check_ca_bundle
from rollout.formats.certificates import MAX_BUNDLE, BundleError
from rollout.models import Provider, Site
from rollout.pasted_url.pasted_lines import split_lines
from rollout.services import site_lookups
from rollout.services import sites as services

PREVIEW_FIELDS = (*AddSiteForm.IDENTITY, "people", "notes", "ca_bundle")


@editors
@form_view
def create(request: HttpRequest) -> HttpResponse:
    """Show the form that adds sites, and add them. With ``provider=gatepass``, the form of a hosted site."""
    if (request.POST.get("provider") or request.GET.get("provider")) == Provider.GATEPASS:
        return _create_hosted(request)
    user = person(request)
    form = AddSiteForm(_posted(request), initial=_initial(), user=user, provider=Provider.CONFLUENCE)
    if request.method == "POST" and form.is_valid():
        try:
            added = _add(form, user)
        except ValidationError as error:
            add_form_errors(form, error)
        else:
            return _added(request, form, added)
    return _page(request, form, _preview_context(form.addresses), status=422 if form.errors else 200)


def _add(form: AddSiteForm, user: User) -> list[Site]:
    """Add the sites of a valid form. Raises ValidationError by field."""
    fields = form.values()
    if not user.is_administrator:
        fields["owners"] = [user]  # only administrators choose the owners
    if len(form.addresses) > 1:
        return services.add_sites(actor=user, base_urls=form.base_urls, **fields)
    title = form.cleaned_data["title"] or None
    return [services.create_site(actor=user, title=title, base_url=form.base_urls[0], **fields)]


def _added(request: HttpRequest, form: AddSiteForm, added: list[Site]) -> HttpResponse:
    """Redirect to the new site or sites; show the form again if there are addresses left to correct."""
    if len(form.addresses) == 1:
        messages.success(request, _("%(title)s was added. Its first check has started.") % {"title": added[0].title})
        return redirect("site", added[0].pk)
    text = ngettext(
        "%(count)s site was added. Its first check has started.",
        "%(count)s sites were added. Their first checks have started.",
        len(added),
    )
    messages.success(request, text % {"count": len(added)})
    left = [address.text for address in form.addresses if address.error]
    if not left:
        return redirect("sites")
    again = AddSiteForm(
        initial=_initial() | {"base_url": "\n".join(left)}, user=form.user, provider=Provider.CONFLUENCE
    )
    return _page(request, again, _preview_context(read_addresses("\n".join(left), user=form.user)))


@editors
@action("site_create")
def preview(request: HttpRequest) -> HttpResponse:
    """Show what was understood of the entered addresses and, with ``look_up``, what the site reports.

    htmx requests get the partial, first without a look-up, which may take seconds. The buttons *Look up* and *Use …*
    get the page with everything that was entered.
    """
    user, text = person(request), _text(request.POST)
    addresses = read_addresses(text, user=user)
    found, problem = None, ""
    can_look_up = len(addresses) == 1 and addresses[0].is_new
    if can_look_up and (request.POST.get("look_up") or not request.htmx):  # type: ignore[attr-defined]
        try:
            take_look_up(user)
            found = _look_up(addresses[0], request.POST)
        except TooManyRequestsError as error:
            problem = _("Too many look-ups. Wait %(seconds)s seconds, or add the site now: its check reads the rest.")
            problem %= {"seconds": error.retry_after}
    context = _preview_context(addresses, found, problem)
    if request.htmx:  # type: ignore[attr-defined]
        looks_up = can_look_up and not (found or problem)
        return render(request, "sites/_preview.html", context | {"looks_up": looks_up})
    form = AddSiteForm(initial=_entered(request.POST, text, found), user=user, provider=Provider.CONFLUENCE)
    return _page(request, form, context)


def _text(data: QueryDict) -> str:
    """The entered text, with the line replaced that *Use …* gives (``use``: number of the line and base URL)."""
    text = data.get("base_url", "")[:MAX_TEXT]
    number, _space, suggestion = data.get("use", "").partition(" ")
    lines = split_lines(text)
    if number.isascii() and number.isdecimal() and len(number) < 4 and int(number) < len(lines):
        lines[int(number)] = suggestion
        return "\n".join(lines)
    return text


def _look_up(address: Address, data: QueryDict) -> SitePreview:
    ca_bundle = data.get("ca_bundle", "")[:MAX_BUNDLE]
    try:
        if ca_bundle:
            check_ca_bundle(ca_bundle)
    except (BundleError, NoAuthorityError):
        ca_bundle = ""  # the form reports it when the site is added
    through_proxy = bool(data.get("through_proxy"))
    return site_lookups.look_up_site(base_url=address.base_url, ca_bundle=ca_bundle, through_proxy=through_proxy)


def _initial() -> dict[str, Any]:
    return {"provider": Provider.CONFLUENCE}


def _entered(data: QueryDict, text: str, found: SitePreview | None) -> dict[str, Any]:
    """The initial values of a form that shows what was entered, completed by what the site reports."""
    entered = {name: data.get(name, "") for name in PREVIEW_FIELDS}
    if "PRIVATE KEY" in entered["ca_bundle"]:
        entered["ca_bundle"] = ""  # must not be sent back
    flags = {name: bool(data.get(name)) for name in ("cache_session_in_mobile_browser", "through_proxy")}
    reported = {"title": found.title, "product": found.product} if found else {}
    return {
        **_initial(),
        **entered,
        **flags,
        **{name: value for name, value in reported.items() if not entered[name]},
        "base_url": text,
        "owners": [pk for pk in data.getlist("owners") if pk.isascii() and pk.isdecimal()],
    }


def _preview_context(addresses: list[Address], found: SitePreview | None = None, problem: str = "") -> dict[str, Any]:
    return {
        "addresses": addresses,
        "summary": summary(addresses),
        "new_count": sum(address.is_new for address in addresses),
        "found": shown_preview(found),
        "problem": problem,
    }


def _page(request: HttpRequest, form: AddSiteForm, context: dict[str, Any], status: int = 200) -> HttpResponse:
    return render(request, "sites/create.html", context | {"form": form}, status=status)


def _create_hosted(request: HttpRequest) -> HttpResponse:
    """Show the form of a site that Gatepass hosts, and create it."""
    user, provider = person(request), Provider.GATEPASS
    initial = {"provider": provider, "product": "confluence"}
    form = SiteForm(_posted(request), initial=initial, user=user, provider=provider)
    if request.method == "POST" and form.is_valid():
        fields = form.cleaned_data
        if not user.is_administrator:
            fields = {**fields, "owners": [user]}
        try:
            site = services.create_site(actor=user, **fields)
        except ValidationError as error:
            add_form_errors(form, error)
        else:
            messages.success(request, _("%(title)s was added. Its first check has started.") % {"title": site.title})
            return redirect("site", site.pk)
    return render(request, "sites/create_hosted.html", {"form": form}, status=422 if form.errors else 200)


def _posted(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None
