"""An include that takes values sees these values alone: what the page around it sets does not reach it."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.template.base import Lexer, TokenType

from tests.support.paths import ROOT

TEMPLATES = ROOT / "templates"
SOURCES = sorted((*TEMPLATES.rglob("*.html"), *TEMPLATES.rglob("*.txt")))


def tags(source: str) -> list[list[str]]:
    """The block tags of a template, each split into its words."""
    return [token.split_contents() for token in Lexer(source).tokenize() if token.token_type == TokenType.BLOCK]


def leaking(source: str) -> list[str]:
    """The includes that take values and see the page's variables as well."""
    return [bits[1] for bits in tags(source) if bits[0] == "include" and "with" in bits and "only" not in bits]


def needs_csrf_token(source: str) -> bool:
    """Whether a template, or one that it includes in its own context, holds a form that is posted."""
    return any(
        bits[0] == "csrf_token" or (bits[0] == "include" and "only" not in bits and needs_csrf_token(included(bits)))
        for bits in tags(source)
    )


def included(bits: list[str]) -> str:
    path = TEMPLATES / bits[1].strip("\"'")
    return path.read_text() if path.exists() else ""  # one of Django's own


def without_csrf_token(source: str) -> list[str]:
    """The includes that get values alone and lack the token that their form needs."""
    return [
        bits[1]
        for bits in tags(source)
        if bits[0] == "include"
        and "only" in bits
        and "csrf_token=csrf_token" not in bits
        and needs_csrf_token(included(bits))
    ]


def test_it_works() -> None:
    assert leaking('{% include "a.html" %}{% include "b.html" with x="only" only %}') == []
    assert leaking('{% if a %}{% include "c.html" with x=1 y=_("with only") %}{% endif %}') == ['"c.html"']
    form = '{% include "partials/form.html" with form=form only %}'
    assert without_csrf_token(form) == ['"partials/form.html"']
    assert without_csrf_token(form.replace(" only", " csrf_token=csrf_token only")) == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_an_include_with_values_takes_nothing_else(path: Path) -> None:
    assert leaking(path.read_text()) == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_a_form_in_an_include_gets_its_token(path: Path) -> None:
    assert without_csrf_token(path.read_text()) == []
