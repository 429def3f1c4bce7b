"""One entry of the site list and what may stand in it; the error every reader and builder of the list raises. Pure."""

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
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class SiteListError(ValueError):
    """A refused site list.

    ``code`` is stable; ``message`` an English sentence with ``%(name)s`` places for ``values``, the message id the
    web translates; ``where`` is ``line 1, column 5`` or a path like ``[0].oauth.clientID``, empty for the whole.
    ``str()`` is the finished English sentence. A secret's value is never in it.
    """

    def __init__(self, code: str, message: str, where: str = "", values: Mapping[str, str] | None = None) -> None:
        self.code, self.message, self.where, self.values = code, message, where, dict(values or {})
        super().__init__(code, message, where)

    def __str__(self) -> str:
        sentence = self.message % self.values
        return f"{self.where}: {sentence}" if self.where else sentence


@dataclass(frozen=True)
class SiteEntry:
    """A site as the app lists it. Without ``client_id`` it has no OAuth part, and the last field means nothing."""

    title: str
    base_url: str
    client_id: str | None = None
    cache_session_in_mobile_browser: bool = False


def checked_entry(entry: SiteEntry, where: str, *, allow_loopback_http: bool) -> SiteEntry:
    """The entry with its base URL in canonical form. Raises SiteListError with the first thing wrong in it."""
    check_title(entry.title, f"{where}.title")
    if entry.client_id is not None:
        check_client_id(entry.client_id, f"{where}.oauth.clientID")
    base_url = canonical_base_url(entry.base_url, f"{where}.baseURL", allow_loopback_http=allow_loopback_http)
    return replace(entry, base_url=base_url)


def check_title(title: str, where: str) -> None:
    """Raises SiteListError unless the title is text that JSON, XML and a phone's list can all carry."""
    if not title.strip():
        raise SiteListError("title-empty", _("The title is empty. The app shows it as the name of the site."), where)
    if len(title) > MAX_TITLE:
        raise SiteListError("title-too-long", _("The title is longer than 200 characters."), where)
    for character in title:
        if unicodedata.category(character) in _UNPRINTABLE or character in _NOT_IN_XML | _BIDI_CONTROLS:
            raise SiteListError(
                "title-character",
                _("The title contains an invisible character (%(character)s). Type it instead of pasting it."),
                where,
                {"character": f"U+{ord(character):04X}"},
            )


def check_client_id(client_id: str, where: str) -> None:
    """Raises SiteListError unless the client ID is one word of printable ASCII."""
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
    """The canonical form of a base URL. Raises SiteListError with ``base-url-`` and the code of the refusal."""
    try:
        return str(parse_base_url(text, allow_loopback_http=allow_loopback_http))
    except BaseUrlError as error:
        # The refusals are plain sentences; ours are format strings.
        raise SiteListError(f"base-url-{error.code}", error.message.replace("%", "%%"), where) from None


def refuse_duplicates(entries: Iterable[SiteEntry]) -> None:
    """Raises SiteListError when two entries have the same canonical base URL."""
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
