"""Explain why a pasted text is not valid JSON, especially after copying it from e-mails and web pages. Pure."""

from __future__ import annotations

import json
import re

from rollout.message_ids import gettext_noop as _

from .site_entry import SiteListError

_SMART_QUOTES = re.compile("[\u201c\u201d\u201e\u201f\u2018\u2019\u201a\u00ab\u00bb\u2033\uff02]")
_CLOSING_SMART_QUOTE = re.compile(_SMART_QUOTES.pattern + r"\s*[:,}\]]")
_ESCAPED_QUOTES = re.compile(r"&(?:quot|#34|#x22|#39|apos|amp);", re.IGNORECASE)

# Beginning of a message of the json module → the reason in "This is not valid JSON: …".
REASONS = {
    "Expecting value": _("a value is missing, or is text without quotes"),
    "Expecting property name": _("a key in straight double quotes is missing"),
    "Expecting ':'": _("the colon after a key is missing"),
    "Expecting ','": _("a comma or a closing bracket is missing"),
    "Unterminated string": _("a quotation mark is not closed"),
    "Invalid control character": _("a string contains a line break or another control character"),
    "Invalid \\": _("a backslash starts an invalid escape"),
    "Extra data": _("there is more text after the end"),
}


def not_json(text: str, error: json.JSONDecodeError) -> SiteListError:
    """Return the SiteListError for a JSONDecodeError: a code, what to change, and the line and column."""
    before, rest = text[: error.pos], text[error.pos :]
    for code, applies, message in (
        (
            "xml",
            before.strip() == "" and rest.startswith("<"),
            _("This is XML. Paste only the text between <string> and </string>."),
        ),
        (
            "html-escaped",
            bool(_ESCAPED_QUOTES.match(rest)),
            _("The quotes are HTML-escaped (&quot;). Copy the text from its original source."),
        ),
        (
            "smart-quotes",
            bool(_SMART_QUOTES.match(rest)),
            _('There are typographic quotes. Replace them with straight ones ("): a text editor or chat changed them.'),
        ),
        ("single-quotes", rest.startswith("'"), _('There are single quotes. JSON allows only double quotes (").')),
        (
            "trailing-comma",
            _ends_in_comma(before, rest),
            _("There is a comma before a closing bracket. Remove the comma."),
        ),
        (
            "not-an-array",
            error.msg == "Extra data" and text.lstrip().startswith("{"),
            _("There are several objects without an array. Put square brackets around them."),
        ),
        # A string with a straight opening and a typographic closing quote fails at a later position.
        (
            "smart-quotes",
            bool(_CLOSING_SMART_QUOTE.search(text)),
            _('There are typographic quotes. Replace them with straight ones ("): a text editor or chat changed them.'),
        ),
    ):
        if applies:
            return SiteListError(code, message, _place(error))
    reason = next((text for beginning, text in REASONS.items() if error.msg.startswith(beginning)), error.msg)
    return SiteListError("not-json", _("This is not valid JSON: %(reason)s."), _place(error), {"reason": reason})


def _ends_in_comma(before: str, rest: str) -> bool:
    # The error is at the bracket in Python 3.11, at the comma in 3.13.
    joined = before.rstrip()[-1:] + rest if not rest.startswith(",") else rest
    return re.match(r",\s*[\]}]", joined) is not None


def _place(error: json.JSONDecodeError) -> str:
    return f"line {error.lineno}, column {error.colno}"
