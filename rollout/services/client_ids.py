"""What is wrong with a pasted client ID, and what is doubtful about it."""

from __future__ import annotations

import re
import unicodedata

from django.utils.translation import gettext as _

from rollout.actor import Actor
from rollout.models import ApplicationLink, Site
from rollout.models.link import PERMISSION

MAX_LENGTH = 255
EXAMPLE = "your_clientID"  # in the site list of Atlassian's setup guide

_URL = re.compile(r"[a-z][a-z0-9+.-]*://|www\.|[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}/", re.IGNORECASE)
_NAMED_SECRET = re.compile(r"secret[\"']?\s*[=:]", re.IGNORECASE)
# Confluence generates client IDs of 32 hexadecimal digits and secrets of 64. Atlassian does not document either, so the
# length is a doubt and not an error.
_SECRET_FORM = re.compile(r"[0-9a-f]{64}", re.IGNORECASE)


def client_id_errors(client_id: str, *, redirect_url: str) -> list[str]:
    """Return everything that is wrong with a stripped client ID; empty if it can be saved.

    RFC 6749 appendix A.1 allows visible ASCII characters and spaces. A space in it is always a part of other text.
    """
    if not client_id:
        return [_("Paste the client ID that the site showed after you saved the link.")]
    return [*_character_errors(client_id), *_other_values(client_id, redirect_url)]


def _character_errors(client_id: str) -> list[str]:
    errors = []
    if any(character.isspace() for character in client_id):
        errors.append(_("A client ID has no spaces or line breaks. Copy only the ID."))
    if any(not character.isspace() and not "!" <= character <= "~" for character in client_id):
        errors.append(
            _("A client ID has only visible ASCII characters. Remove %(names)s.") % {"names": _odd(client_id)}
        )
    if re.fullmatch(r"([\"']).*\1,?", client_id):
        errors.append(_("Remove the quotation marks around the client ID."))
    if len(client_id) > MAX_LENGTH:
        errors.append(
            _("A client ID has at most %(max)s characters; this has %(length)s. Copy it again.")
            % {"max": MAX_LENGTH, "length": len(client_id)}
        )
    return errors


def _odd(client_id: str) -> str:
    """The first characters that are not visible ASCII, by themselves if they can be seen, otherwise by code point."""
    odd = dict.fromkeys(one for one in client_id if not one.isspace() and not "!" <= one <= "~")
    return ", ".join(one if unicodedata.category(one)[0] in "LNPS" else f"U+{ord(one):04X}" for one in list(odd)[:3])


def _other_values(client_id: str, redirect_url: str) -> list[str]:
    """Return errors for values of the same dialog, or of Atlassian's documentation, that are not the client ID."""
    errors = []
    if redirect_url in client_id:
        errors.append(_("This is the redirect URL. Paste the client ID, which the site shows after you save the link."))
    elif _URL.match(client_id):
        errors.append(_("This is a URL. Paste the client ID, which the site shows after you save the link."))
    if _NAMED_SECRET.search(client_id):
        errors.append(_("This contains the client secret. Paste only the client ID: the app does not need the secret."))
    if client_id == PERMISSION:
        errors.append(_("This is the permission. Paste the client ID, which the site shows after you save the link."))
    if client_id.casefold() == EXAMPLE.casefold():
        errors.append(_("This is the example from Atlassian's documentation. Paste the client ID of your link."))
    return errors


def client_id_doubts(client_id: str, *, site: Site, reader: Actor) -> list[str]:
    """Return why a valid client ID is probably not the right one. Names only sites that the reader may see."""
    doubts = []
    if _SECRET_FORM.fullmatch(client_id):
        doubts.append(
            _("This has 64 hexadecimal digits, as a client secret usually has. Check that it is the client ID.")
        )
    others = other_sites_with(client_id, site=site)
    seen = Site.objects.visible_to(reader).filter(pk__in=[other.pk for other in others]).first()
    if others:
        doubts.append(
            _("%(site)s has the same client ID. Two sites share one only if one is a copy of the other.")
            % {"site": seen.title if seen else _("Another site")}
        )
    return doubts


def other_sites_with(client_id: str, *, site: Site) -> list[Site]:
    """Return the other sites with an active link of this client ID."""
    links = ApplicationLink.objects.active().filter(client_id=client_id).exclude(site=site.pk)
    return list(Site.objects.active().filter(pk__in=links.values("site")).order_by("title")[:20])
