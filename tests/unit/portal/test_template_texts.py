"""Every word of the templates goes through the catalogue: no text for people outside translate and blocktranslate."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.paths import ROOT

TEMPLATES = ROOT / "templates"

# The same in every language: names, a key of the site list, a unit.
NAMES = {"Gatepass", "cacheSessionInMobileBrowser", "ms"}
# The style page's made-up sites and people.
SAMPLES = {
    "Handbook",
    "Wiki",
    "Old wiki",
    "MDM",
    "12 ms",
    "https://wiki.example.com/wiki",
    "https://.example.com",
    "admin@example.com",
}

_UNSEEN = re.compile(
    r"\{#.*?#\}|<!--.*?-->"
    r"|\{%\s*comment\b.*?\{%\s*endcomment\s*%\}"
    r"|\{%\s*blocktranslate\b.*?\{%\s*endblocktranslate\s*%\}"
    r"|\{%.*?%\}|\{\{.*?\}\}"
    r"|<(script|style|code|pre|kbd|samp|svg)\b.*?</\1>",
    re.DOTALL,
)
_SPOKEN = re.compile(r"""\b(?:alt|aria-label|aria-description|label|placeholder|title)=(?:"([^"]*)"|'([^']*)')""")
_WORD = re.compile(r"[^\W\d_]{2,}")
# Tags and variables that take texts as arguments, and those arguments: marked as _("…") or not.
_TAKES_TEXT = re.compile(
    r"\{%\s*(?!translate|blocktranslate|comment|load|extends|url|static)\w+.*?%\}|\{\{.*?\}\}", re.S
)
_ARGUMENT = re.compile(r"""_\("[^"]*"\)|'[^']*'|"([^"]*)\"""")  # single quotes hold samples of JSON
_PHRASE = re.compile(r"[A-Z][a-z]|[a-z] [a-z]")


def texts(template: str) -> list[str]:
    """What a reader sees or hears of a template that is written in it as it stands."""
    html = _UNSEEN.sub("", re.sub(r"&#?\w+;", " ", template))
    given = [
        argument
        for tag in _TAKES_TEXT.findall(template)
        for argument in _ARGUMENT.findall(tag)
        if _PHRASE.search(argument)
    ]
    spoken = [value for found in _SPOKEN.findall(html) for value in found]
    shown = [text.strip(" \t·") for text in re.sub(r"<[^>]*>", "\n", html).split("\n")]
    return [text for text in (*given, *spoken, *shown) if _WORD.search(text) and text not in NAMES]


def test_it_works() -> None:
    template = '{% load i18n %}<p title="Hint">{% translate "Yes" %} No{# why #}</p><code>x = yes</code>{{ word }}'
    assert texts(template) == ["Hint", "No"]
    assert texts('{% include "a.html" with title=_("Yes") text="Not yet" %}{{ name|default:"None yet" }}') == [
        "Not yet",
        "None yet",
    ]


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_no_template_has_text_of_its_own(path: Path) -> None:
    samples = SAMPLES if path.name == "style.html" else set()
    assert set(texts(path.read_text())) <= samples
