"""Validation of the cells of the sites CSV: one reader per column. Without Django."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from rollout.base_url import BaseUrlError, parse_base_url
from rollout.compatibility.version import Version
from rollout.message_ids import gettext_noop as _

PRODUCTS = ("confluence", "jira")
PROVIDERS = ("confluence", "gatepass")
MAX_TITLE, MAX_NOTES, MAX_VERSION, MAX_OWNERS, MAX_EMAIL = 120, 4000, 40, 50, 254
MAX_PEOPLE = 10_000_000

_BOOLEANS = {"": False, "false": False, "no": False, "0": False, "true": True, "yes": True, "1": True}
_EMAIL = re.compile(r"[^\s@,;<>\"()]+@[^\s@,;<>\"()]+\.[^\s@,;<>\"()]+")
# Control characters (except tabs and line breaks), bidi controls, surrogates, and characters that XML does not allow.
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u0080-\u009f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


class InvalidCellError(ValueError):
    """An invalid cell: a ``code``, and a ``message`` with ``%(name)s`` placeholders for ``values``."""

    def __init__(self, code: str, message: str, **values: str) -> None:
        self.code, self.message, self.values = code, message, values
        super().__init__(code)


def read_cell(column: str, text: str, *, allow_loopback_http: bool) -> Any:
    """Return the value of a stripped cell, with the type of the field of ``SiteRow``. Raises InvalidCellError."""
    if _INVISIBLE.search(text):
        raise InvalidCellError("control-character", _("The cell contains an invisible character. Type the text again."))
    if column == "base_url":
        return _base_url(text, allow_loopback_http)
    return _READERS[column](text)


def shown(text: str) -> str:
    """Return the first 60 characters of a text for a message, with unprintable ones replaced."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text[:60])


def _base_url(text: str, allow_loopback_http: bool) -> str:
    try:
        return str(parse_base_url(text, allow_loopback_http=allow_loopback_http))
    except BaseUrlError as error:
        # Messages of BaseUrlError are plain sentences, but those of cells are format strings.
        raise InvalidCellError(f"base-url-{error.code}", error.message.replace("%", "%%")) from None


def _title(text: str) -> str:
    if not text:
        raise InvalidCellError("title-empty", _("The title is empty. Enter the name that the app shows."))
    if re.search(r"[\t\r\n\u2028\u2029]", text):
        raise InvalidCellError("title-line-break", _("The title has more than one line. Write it on one line."))
    return _limited(text, MAX_TITLE)


def _limited(text: str, limit: int) -> str:
    if len(text) > limit:
        raise InvalidCellError(
            "too-long", _("The text is longer than %(limit)s characters. Shorten it."), limit=str(limit)
        )
    return text


def _one_of(choices: tuple[str, ...]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not text:
            return choices[0]
        if text.lower() not in choices:
            message = _("%(found)s is not allowed. Use one of: %(choices)s.")
            raise InvalidCellError("not-a-choice", message, found=shown(text), choices=", ".join(choices))
        return text.lower()

    return read


def _owners(text: str) -> tuple[str, ...]:
    owners: dict[str, str] = {}
    for email in re.split(r"[\s;,]+", text):
        if not email:
            continue
        if len(email) > MAX_EMAIL or not _EMAIL.fullmatch(email):
            raise InvalidCellError(
                "not-an-email",
                _("%(found)s is not an e-mail address. Use the form name@example.com."),
                found=shown(email),
            )
        owners.setdefault(email.lower(), email)
    if len(owners) > MAX_OWNERS:
        raise InvalidCellError(
            "too-many-owners", _("The site has too many owners. Enter at most %(limit)s."), limit=str(MAX_OWNERS)
        )
    return tuple(owners.values())


def _people(text: str) -> int:
    if not text:
        return 0
    if not re.fullmatch(r"[0-9]{1,8}", text, re.ASCII) or int(text) > MAX_PEOPLE:
        raise InvalidCellError(
            "not-a-number", _("%(found)s is not a number of people. Write digits only."), found=shown(text)
        )
    return int(text)


def _version(text: str) -> str:
    if not text:
        return ""
    try:
        Version.parse(text)
    except ValueError:
        message = _("%(found)s is not a version number. Use the form 4.1.1.")
        raise InvalidCellError("not-a-version", message, found=shown(text)) from None
    return _limited(text, MAX_VERSION)


def _boolean(text: str) -> bool:
    if text.lower() not in _BOOLEANS:
        raise InvalidCellError("not-a-boolean", _("%(found)s is not allowed. Use true or false."), found=shown(text))
    return _BOOLEANS[text.lower()]


_READERS: dict[str, Callable[[str], Any]] = {
    "title": _title,
    "product": _one_of(PRODUCTS),
    "provider": _one_of(PROVIDERS),
    "owners": _owners,
    "notes": lambda text: _limited(text, MAX_NOTES),
    "people": _people,
    "oauth_plugin_version": _version,
    "mobile_plugin_version": _version,
    "cache_session_in_mobile_browser": _boolean,
}
