"""What the form that adds sites shows of each pasted address, and of what the site there reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.models import User
from rollout.compatibility.evidence import PRODUCT_NAMES
from rollout.compatibility.site_preview import SitePreview
from rollout.http_client.failures import ERRORS
from rollout.models import Site
from rollout.pasted_url.pasted_address import PastedUrlError, read_pasted_url
from rollout.pasted_url.pasted_lines import MAX_LINES, split_lines

from .messages import sentence

# By ``Choice.reason`` and ``SitePreview.note``.
REASONS: dict[str, Promise] = {
    "own": gettext_lazy("The site's own base URL"),
    "redirect": gettext_lazy("Requests to %(entered)s are redirected here"),
    "answers": gettext_lazy("The site responds here, not at %(entered)s"),
    "entered": gettext_lazy(
        "As entered. The site's own base URL is another one: sign-in would change the address on the way."
    ),
    "redirecting": gettext_lazy("As entered. It redirects to %(found)s: the app would lose its sign-in cookies."),
    "silent": gettext_lazy("As entered. Nothing responds as Confluence or Jira does."),
}
NOTES: dict[str, Promise] = {
    "cloud": gettext_lazy(
        "This is an Atlassian Cloud site (version %(version)s). The Data Center app does not open it."
    ),
    "other-product": gettext_lazy("This is %(product)s. The app opens Confluence and Jira only."),
    "own-is-http": gettext_lazy(
        "The site's own base URL is %(url)s. OAuth 2.0 requires HTTPS: correct it in the site's general configuration."
    ),
    "blocked": gettext_lazy(
        "Gatepass is not allowed to connect to this private address. Add %(network)s to PROBE_ALLOWED_NETWORKS, or add "
        "the site now and check it later."
    ),
    "redirected": gettext_lazy(
        "Requests without sign-in are redirected to %(host)s, so the site's title and product cannot be read. Enter "
        "them below, or add the site without."
    ),
    "refused": gettext_lazy(
        "The server responds with HTTP %(status)s to requests without sign-in, so the site's title and product cannot "
        "be read. Enter them below, or add the site without."
    ),
    "no-manifest": gettext_lazy(
        "Nothing at this address responds as Confluence or Jira does. Check the context path, such as /wiki, or add "
        "the site and see its check."
    ),
}


@dataclass(frozen=True)
class Address:
    """One pasted address.

    Either ``base_url`` is set, with ``changes`` as the end of a sentence, or ``error``. ``suggestion`` is the base URL
    that was probably meant. ``site`` is the site that already has this base URL, if this person may see it.
    ``repeats`` marks the same base URL as that of an earlier line, which is no error.
    """

    number: int
    text: str
    base_url: str = ""
    changes: str = ""
    error: str = ""
    suggestion: str = ""
    site: Site | None = None
    repeats: bool = False

    @property
    def is_new(self) -> bool:
        return not self.error and not self.repeats


def read_addresses(text: str, *, user: User) -> list[Address]:
    """Read pasted text, one address a line, numbered from 0, and compare them with the sites that are there."""
    addresses, seen = [], set()
    for number, line in enumerate(split_lines(text)[: MAX_LINES + 1]):
        address = _read(number, line)
        if address.base_url in seen:
            address = Address(number, line, address.base_url, repeats=True)
        elif address.base_url:
            seen.add(address.base_url)
        addresses.append(address)
    return _with_known_sites(addresses, user)


def _read(number: int, text: str) -> Address:
    try:
        pasted = read_pasted_url(text, allow_loopback_http=settings.PROBE_ALLOW_LOOPBACK)
    except PastedUrlError as error:
        return Address(number, text, error=sentence(error.message, error.values), suggestion=error.suggestion)
    changes = ", ".join(sentence(change.message, change.values) for change in pasted.changes)
    return Address(number, text, str(pasted.base_url), changes)


def _with_known_sites(addresses: list[Address], user: User) -> list[Address]:
    new = [address.base_url for address in addresses if address.is_new]
    known = set(Site.objects.filter(base_url__in=new).values_list("base_url", flat=True))
    visible = {site.base_url: site for site in Site.objects.visible_to(user).filter(base_url__in=known)}
    return [
        _known(address, visible.get(address.base_url)) if address.is_new and address.base_url in known else address
        for address in addresses
    ]


def _known(address: Address, site: Site | None) -> Address:
    return Address(address.number, address.text, error=_taken(site), site=site)


def _taken(site: Site | None) -> str:
    if site is None:
        return _("This base URL is already in use. Ask an administrator for access to the site.")
    if site.archived_at:
        return _("This site is here already, and archived: %(title)s.") % {"title": site.title}
    return _("This site is here already: %(title)s.") % {"title": site.title}


def summary(addresses: list[Address]) -> str:
    """Return the numbers of several addresses, for example ``4 addresses: 2 new, 1 here already, 1 with an error``."""
    taken = sum(address.site is not None for address in addresses)
    counts = (
        (sum(address.is_new for address in addresses), _("%(count)s new")),
        (taken, _("%(count)s here already")),
        (sum(address.repeats for address in addresses), _("%(count)s repeated")),
        (sum(bool(address.error) for address in addresses) - taken, _("%(count)s to correct")),
    )
    parts = ", ".join(text % {"count": count} for count, text in counts if count)
    return _("%(count)s addresses: %(parts)s") % {"count": len(addresses), "parts": parts}


def shown_preview(preview: SitePreview | None) -> dict[str, Any] | None:
    """Return what the page shows of a look-up; None if there was none.

    ``name`` is empty if no site responded. ``problem`` is a sentence, or empty; the site can be added nevertheless.
    ``choices`` are (base URL, reason) with the best first.
    """
    if preview is None:
        return None
    problem = NOTES[preview.note] % preview.values if preview.note else ""
    if preview.error and not problem:
        problem = _("%(error)s You can add the site now and check it later.") % {"error": _(ERRORS[preview.error])}
    product = f"{PRODUCT_NAMES[preview.product]} Data Center {preview.version}".strip() if preview.product else ""
    return {
        "base_url": preview.base_url,
        "title": preview.title,
        "product": preview.product,
        "name": product,
        "problem": problem,
        "choices": [(choice.url, REASONS[choice.reason] % choice.values) for choice in preview.choices],
    }
