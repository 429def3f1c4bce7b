"""A catalogue reaches people: message ids of the pure rooms, and the words put into them, in the reader's language."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.template import Context, Template
from django.utils import translation
from django.utils.translation import trans_real

from portal.presenters.messages import WORDS, sentence
from rollout.compatibility.evidence import REASONS
from rollout.models import Site
from rollout.services import imports

GERMAN = {
    "The site could not be reached: %(said)s.": "Die Site war nicht erreichbar: %(said)s.",
    "its name does not resolve": "ihr Name lässt sich nicht auflösen",
    "The title is empty.": "Der Titel ist leer.",
    "There is no column %(column)s. Known are: %(known)s.": "Die Spalte %(column)s gibt es nicht.",
}


def compiled(catalogue: dict[str, str]) -> bytes:
    """The catalogue as GNU gettext's binary: a header, two tables of (length, offset), then the texts."""
    texts = sorted({"": "Content-Type: text/plain; charset=UTF-8\n", **catalogue}.items())
    columns = [[text.encode() for text in column] for column in zip(*texts, strict=True)]
    start, tables, data = 28 + 16 * len(texts), b"", b""
    for column in columns:
        for text in column:
            tables += struct.pack("<II", len(text), start + len(data))
            data += text + b"\0"
    return struct.pack("<7I", 0x950412DE, 0, len(texts), 28, 28 + 8 * len(texts), 0, 0) + tables + data


@pytest.fixture
def german(tmp_path: Path, settings) -> Iterator[None]:
    folder = tmp_path / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.mo").write_bytes(compiled(GERMAN))
    settings.LOCALE_PATHS = [tmp_path]
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch")]
    trans_real._translations.clear()
    with translation.override("de"):
        yield
    trans_real._translations.clear()


def test_it_works(german: None) -> None:
    said = sentence("The site could not be reached: %(said)s.", {"said": REASONS["dns"]})
    assert said == "Die Site war nicht erreichbar: ihr Name lässt sich nicht auflösen."


def test_templates_say_the_same(german: None) -> None:
    template = Template("{% load gatepass %}{% sentence message values %}")
    values = {"said": REASONS["dns"]}
    said = template.render(Context({"message": "The site could not be reached: %(said)s.", "values": values}))
    assert said == "Die Site war nicht erreichbar: ihr Name lässt sich nicht auflösen."


def test_what_somebody_wrote_is_never_translated(german: None) -> None:
    assert "The title is empty." not in WORDS
    said = sentence("The site could not be reached: %(said)s.", {"said": "The title is empty."})
    assert said == "Die Site war nicht erreichbar: The title is empty.."


@pytest.mark.django_db
def test_what_is_wrong_with_an_import(german: None, django_user_model) -> None:
    actor = django_user_model.objects.create_user("ada@example.com")
    report = imports.import_sites(actor=actor, data=b"title,base_url\n,https://a.example.com\n", dry_run=False)
    assert [error.message for error in report.errors] == ["Der Titel ist leer."]
    assert not Site.objects.exists()


def test_an_old_message_whose_places_do_not_match_is_shown_as_it_is() -> None:
    assert sentence("Older than %(gone)s.", {"said": "x"}) == "Older than %(gone)s."
    assert sentence("Half: 50 %", {"said": "x"}) == "Half: 50 %"
