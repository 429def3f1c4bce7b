"""The forms of an HTML page, as a browser would submit them. Pure.

Not ``html.parser``: a hostile page of 256 KiB (``<a <a <a …``) keeps it busy for minutes. This parser only knows the
four tags it needs, reads at most ``MAX_TAG`` characters of a tag, and so takes linear time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape

MAX_FORMS = 50
MAX_CONTROLS = 200
MAX_TAGS = 2000
MAX_TAG = 4000
MAX_ATTRIBUTES = 40
_UNSENT = ("image", "file", "reset", "button")
_TAG = re.compile(r"<(/?form|input|button)(?=[\s/>])", re.I)
_ATTRIBUTE = re.compile(r"""[\s/]*([^\s"'<>/=]{1,100})(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>]+)))?""")

_BLOCKS = (
    (re.compile(r"<!--"), re.compile(r"-->")),
    (re.compile(r"<script\b", re.I), re.compile(r"</script", re.I)),
)


@dataclass
class Form:
    """``fields`` are sent whichever button is pressed; ``buttons`` are (name, value) of the submit buttons."""

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def button(self, word: str) -> tuple[str, str] | None:
        """Return the button with this meaning, by its name or value."""
        return next((found for found in self.buttons if word in (found[0].lower(), found[1].lower())), None)

    def pressed(self, button: tuple[str, str] | None) -> dict[str, str]:
        """Return the fields that are sent if that button is pressed."""
        return {**dict(self.fields), **({button[0]: button[1]} if button and button[0] else {})}


def forms_of(html: str) -> list[Form]:
    """Return every form of the page in order; broken markup yields what was parsed, never an exception."""
    forms: list[Form] = []
    current: Form | None = None
    for tag, given in _tags(_without_blocks(html)):
        if tag == "/form":
            current = None
        elif tag == "form" and current is None and len(forms) < MAX_FORMS:
            current = Form(given.get("action", ""), given.get("method", "get").lower())
            forms.append(current)
        elif tag in ("input", "button") and current is not None and "disabled" not in given:
            _add_control(current, tag, given)
    return forms


def _tags(html: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield name and attributes of each relevant tag; of a repeated attribute the first counts."""
    for count, match in enumerate(_TAG.finditer(html)):
        if count >= MAX_TAGS:
            return
        yield match[1].lower(), _attributes(html[match.end() : match.end() + MAX_TAG])


def _attributes(text: str) -> dict[str, str]:
    given: dict[str, str] = {}
    position = 0
    while len(given) < MAX_ATTRIBUTES and (match := _ATTRIBUTE.match(text, position)):
        value = next((group for group in match.groups()[1:] if group is not None), "")
        given.setdefault(match[1].lower(), unescape(value))
        position = match.end()
    return given


def _without_blocks(html: str) -> str:
    """Return the page without comments and scripts, where ``<form`` is not a form. An unclosed one hides the rest."""
    for opening, closing in _BLOCKS:
        kept, position = [], 0
        while start := opening.search(html, position):
            kept.append(html[position : start.start()])
            end = closing.search(html, start.end())
            position = end.end() if end else len(html)
        html = "".join([*kept, html[position:]])
    return html


def _add_control(form: Form, tag: str, given: dict[str, str]) -> None:
    kind = given.get("type", "submit" if tag == "button" else "text").lower()
    pair = (given.get("name", ""), given.get("value", ""))
    if kind == "submit":
        form.buttons.append(pair)
    elif tag == "button" or kind in _UNSENT or not pair[0] or len(form.fields) >= MAX_CONTROLS:
        return
    elif kind not in ("checkbox", "radio"):
        form.fields.append(pair)
    elif "checked" in given:
        form.fields.append((pair[0], given.get("value", "on")))
