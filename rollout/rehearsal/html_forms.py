"""Parse the forms of an HTML page, as a browser would send them. Pure.

``html.parser`` is not used, because a hostile page of 256 KiB (``<a <a <a …``) keeps it busy for minutes. This parser
reads four kinds of tags, at most ``MAX_TAG`` characters each, so its time is linear in the size of the page.
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
_NEVER_SENT = ("image", "file", "reset", "button")
_TAG = re.compile(r"<(/?form|input|button)(?=[\s/>])", re.I)
_ATTRIBUTE = re.compile(r"""[\s/]*([^\s"'<>/=]{1,100})(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>]+)))?""")

_BLOCKS = (
    (re.compile(r"<!--"), re.compile(r"-->")),
    (re.compile(r"<script\b", re.I), re.compile(r"</script", re.I)),
)


@dataclass
class Form:
    """``fields`` are sent with every button; ``buttons`` are the (name, value) pairs of the submit buttons."""

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def button(self, word: str) -> tuple[str, str] | None:
        """Return the button whose name or value is ``word``."""
        return next((button for button in self.buttons if word in (button[0].lower(), button[1].lower())), None)

    def data_for(self, button: tuple[str, str] | None) -> dict[str, str]:
        """Return the data that is sent when the button is pressed."""
        return {**dict(self.fields), **({button[0]: button[1]} if button and button[0] else {})}


def forms_of(html: str) -> list[Form]:
    """Return the forms of the page in order. Broken markup never raises; unreadable parts are skipped."""
    forms: list[Form] = []
    current: Form | None = None
    for tag, attributes in _tags(_without_blocks(html)):
        if tag == "/form":
            current = None
        elif tag == "form" and current is None and len(forms) < MAX_FORMS:
            current = Form(attributes.get("action", ""), attributes.get("method", "get").lower())
            forms.append(current)
        elif tag in ("input", "button") and current is not None and "disabled" not in attributes:
            _add_control(current, tag, attributes)
    return forms


def _tags(html: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield name and attributes of each relevant tag; of a repeated attribute the first counts."""
    for count, match in enumerate(_TAG.finditer(html)):
        if count >= MAX_TAGS:
            return
        yield match[1].lower(), _attributes(html[match.end() : match.end() + MAX_TAG])


def _attributes(text: str) -> dict[str, str]:
    attributes: dict[str, str] = {}
    position = 0
    while len(attributes) < MAX_ATTRIBUTES and (match := _ATTRIBUTE.match(text, position)):
        value = next((group for group in match.groups()[1:] if group is not None), "")
        attributes.setdefault(match[1].lower(), unescape(value))
        position = match.end()
    return attributes


def _without_blocks(html: str) -> str:
    """Remove comments and scripts. An unclosed one ends the page."""
    for opening, closing in _BLOCKS:
        parts, position = [], 0
        while start := opening.search(html, position):
            parts.append(html[position : start.start()])
            end = closing.search(html, start.end())
            position = end.end() if end else len(html)
        html = "".join([*parts, html[position:]])
    return html


def _add_control(form: Form, tag: str, attributes: dict[str, str]) -> None:
    kind = attributes.get("type", "submit" if tag == "button" else "text").lower()
    pair = (attributes.get("name", ""), attributes.get("value", ""))
    if kind == "submit":
        form.buttons.append(pair)
    elif tag == "button" or kind in _NEVER_SENT or not pair[0] or len(form.fields) >= MAX_CONTROLS:
        return
    elif kind not in ("checkbox", "radio"):
        form.fields.append(pair)
    elif "checked" in attributes:
        form.fields.append((pair[0], attributes.get("value", "on")))
