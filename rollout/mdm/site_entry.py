"""One entry of the site list, its validation, and the error for invalid lists. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from rollout.base_url import BaseUrlError, parse_base_url
from rollout.message_ids import gettext_noop as _

MAX_TITLE = 200
MAX_CLIENT_ID = 255

_CLIENT_ID = re.compile(r"[\x21-\x7e]+")  # RFC 6749 appendix A.1, without the space
_UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})  # control, lone surrogate, line and paragraph separator
_NOT_IN_XML = frozenset("\ufffe\uffff")
BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class SiteListError(ValueError):
    """An invalid site list.

    ``code`` is stable. ``message`` is a message id with ``%(name)s`` placeholders for ``values``. ``where`` is a
    position (``line 1, column 5``) or a path (``[0].oauth.clientID``), empty for the whole list. ``str()`` returns the
    English sentence. It never contains the value of a secret.
    """

    def __init__(self, code: str, message: str, where: str = "", values: Mapping[str, str] | None = None) -> None:
        self.code, self.message, self.where, self.values = code, message, where, dict(values or {})
        super().__init__(code, message, where)

    def __str__(self) -> str:
        sentence = self.message % self.values
        return f"{self.where}: {sentence}" if self.where else sentence


@dataclass(frozen=True)
class SiteEntry:
    """A site in the list. Without ``client_id`` it has no OAuth part.

    ``skip_info`` is the value of ``skipInfo``, None without that key: apps with MDM then skip ``info/login``. Gatepass
    never adds it, but keeps one that an existing list has. Source: Atlassian's sequence diagrams of the sign-in (2021);
    where in the configuration the key belongs is not documented.
    """

    title: str
    base_url: str
    client_id: str | None = None
    cache_session_in_mobile_browser: bool = False
    skip_info: bool | None = None


def validate_entry(entry: SiteEntry, where: str, *, allow_loopback_http: bool) -> SiteEntry:
    """Return the entry with its base URL in canonical form. Raises SiteListError for the first problem."""
    check_title(entry.title, f"{where}.title")
    if entry.client_id is not None:
        check_client_id(entry.client_id, f"{where}.oauth.clientID")
    base_url = canonical_base_url(entry.base_url, f"{where}.baseURL", allow_loopback_http=allow_loopback_http)
    return replace(entry, base_url=base_url)


def check_title(title: str, where: str) -> None:
    """Raise SiteListError unless the title is valid in JSON, in XML, and in the app's list."""
    if not title.strip():
        raise SiteListError("title-empty", _("The title is empty. The app shows it as the name of the site."), where)
    if len(title) > MAX_TITLE:
        raise SiteListError("title-too-long", _("The title is longer than 200 characters. Shorten it."), where)
    for character in title:
        if unicodedata.category(character) in _UNPRINTABLE or character in _NOT_IN_XML | BIDI_CONTROLS:
            raise SiteListError(
                "title-character",
                _("The title contains an invisible character (%(character)s). Type the title instead of pasting it."),
                where,
                {"character": f"U+{ord(character):04X}"},
            )


def check_client_id(client_id: str, where: str) -> None:
    """Raise SiteListError unless the client ID is one word of printable ASCII characters."""
    if not client_id:
        raise SiteListError("client-id-empty", _("The client ID is empty. Copy it from the application link."), where)
    if len(client_id) > MAX_CLIENT_ID or not _CLIENT_ID.fullmatch(client_id):
        raise SiteListError(
            "client-id-character",
            _(
                "The client ID must be one word of at most 255 printable ASCII characters. Copy it from the "
                "application link again."
            ),
            where,
        )


def canonical_base_url(text: str, where: str, *, allow_loopback_http: bool) -> str:
    """Return the canonical form of a base URL. Raises SiteListError; its code is ``base-url-`` plus BaseUrlError's."""
    try:
        return str(parse_base_url(text, allow_loopback_http=allow_loopback_http))
    except BaseUrlError as error:
        # A BaseUrlError message is plain text; messages here are format strings.
        raise SiteListError(f"base-url-{error.code}", error.message.replace("%", "%%"), where) from None


def check_duplicates(entries: Iterable[SiteEntry]) -> None:
    """Raise SiteListError if two entries have the same canonical base URL."""
    first_at: dict[str, int] = {}
    for index, entry in enumerate(entries):
        if entry.base_url in first_at:
            raise SiteListError(
                "duplicate-site",
                _("%(base_url)s occurs twice in the list. Keep one entry per site."),
                f"[{index}].baseURL",
                {"base_url": entry.base_url},
            )
        first_at[entry.base_url] = index
