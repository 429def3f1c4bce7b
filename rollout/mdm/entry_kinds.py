"""Kinds of findings in the entries of a site list. Pure."""

from __future__ import annotations

from rollout.base_url import REFUSALS
from rollout.message_ids import gettext_noop as _

from .list_findings import Kind, Severity


def _wrong(message: str, fix: str, *, repaired: bool = False) -> Kind:
    """Not usable as it stands, although what the app does with it is not documented."""
    return Kind(Severity.UNKNOWN_EFFECT, message, fix, repaired=repaired)


def _note(message: str, fix: str, *, severity: Severity = Severity.UNKNOWN_EFFECT) -> Kind:
    return Kind(severity, message, fix, blocks=False)


_BASE_URL_FIX = _("Enter the address that people open in a browser, such as https://confluence.example.com/wiki.")

ENTRY_KINDS = {
    "no-sites": _wrong(_("The list contains no sites."), _("Add at least one site.")),
    "entry-not-object": _wrong(
        _("The entry is %(found)s, not an object."), _("Write each site as an object with title and baseURL.")
    ),
    "key-spelling": _wrong(
        _("The key %(found)s is not one that the app knows: it must be %(expected)s, including capitalization."),
        _("Rename the key to %(expected)s."),
        repaired=True,
    ),
    "key-misplaced": _wrong(
        _("The key %(found)s is in the wrong object: clientID and cacheSessionInMobileBrowser belong inside oauth."),
        _("Move the key to the right object."),
        repaired=True,
    ),
    "missing-key": _wrong(_("The key %(key)s is missing."), _("Add the key with its value.")),
    "missing-flag": _note(
        _("The key cacheSessionInMobileBrowser is missing. What the app does without it is not documented."),
        _('Add "cacheSessionInMobileBrowser": false.'),
    ),
    "unknown-key": _note(
        _("The key %(found)s is not documented for the app."),
        _("Keep the key if you know what needs it. Otherwise, leave it out."),
    ),
    "skip-info": _note(
        _("The entry contains skipInfo, with which the app does not request info/login."),
        _("Try it on one phone: Atlassian described it in 2021, before OAuth 2.0."),
        severity=Severity.STYLE,
    ),
    "secret": _wrong(
        _("The entry contains a secret in the key %(key)s. Phones store app configuration unencrypted."),
        _("Delete the secret here, and replace it where it was created. The app needs only the client ID."),
        repaired=True,
    ),
    "wrong-type": _wrong(_("%(key)s is %(found)s, but must be %(expected)s."), _("Write it as %(expected)s.")),
    "boolean-as-text": _wrong(
        _("%(key)s is a text because %(value)s is in quotes."), _("Write %(value)s without quotes."), repaired=True
    ),
    "title-empty": _wrong(_("The title is empty. The app shows it as the name of the site."), _("Enter a title.")),
    "title-character": _wrong(
        _("The title contains an invisible character (%(character)s)."), _("Type the title instead of pasting it.")
    ),
    "title-long": _note(_("The title is longer than 200 characters."), _("Shorten the title.")),
    "title-space": _note(_("The title starts or ends with a space."), _("Remove the space."), severity=Severity.STYLE),
    "html-entity": _note(
        _("%(key)s contains %(found)s, so it was escaped once too often: phones show the entity."),
        _("Write the character itself."),
    ),
    "client-id-empty": _wrong(_("The client ID is empty."), _("Copy it from the application link.")),
    "client-id-space": _wrong(_("The client ID starts or ends with a space."), _("Remove the space."), repaired=True),
    "client-id-character": _wrong(
        _("The client ID must be one word of at most 255 printable ASCII characters."),
        _("Copy it from the application link again."),
    ),
    "client-id-redirect": _wrong(
        _("The client ID is the redirect URL of the app."), _("Copy the client ID from the application link.")
    ),
    "client-id-placeholder": _note(
        _("The client ID is a placeholder, as in an example of the documentation."),
        _("Copy the client ID from the application link."),
    ),
    "base-url-markup": _wrong(
        _("The base URL has the markup of a link around it."), _("Enter only the address."), repaired=True
    ),
    "base-url-space": _wrong(_("The base URL starts or ends with a space."), _("Remove the space."), repaired=True),
    "base-url-line-break": _wrong(
        _("There is a line break or tab inside the base URL."), _("Write the address on one line."), repaired=True
    ),
    "base-url-page": _note(
        _("The base URL ends in a page (%(page)s), not at the site."), _("Enter %(suggestion)s if that is the site.")
    ),
    "base-url-placeholder": _note(
        _("The base URL has the host name of an example (%(host)s)."), _("Enter the address of your site.")
    ),
    "trailing-slash": _note(_("The base URL ends in a slash."), _("Remove the slash."), severity=Severity.STYLE),
    "base-url-spelling": _note(
        _("The base URL has another spelling than the usual one."), _("Write %(canonical)s."), severity=Severity.STYLE
    ),
    "duplicate-site": _wrong(_("%(base_url)s is already entry %(first)s of the list."), _("Keep one entry per site.")),
    "vendor-variable": _note(
        _("%(found)s in %(key)s is a variable, which the MDM (%(vendor)s) replaces before phones receive the list."),
        _("Enter the final text. The repaired list keeps the text so that no MDM replaces it."),
    ),
    "adjacent-braces": _note(
        _("Two adjacent braces (%(found)s) belong to a variable in Microsoft Intune, which may reject the list."),
        _("Put a space between the braces."),
    ),
    **{f"base-url-{code}": _wrong(message, _BASE_URL_FIX) for code, message in REFUSALS.items()},
}
