"""Message IDs of the domain packages, and their translated values, appear in the reader's language."""

from __future__ import annotations

from django.template import Context, Template

from portal.presenters.messages import TRANSLATED_VALUES, sentence
from rollout.compatibility.evidence import REASONS


def test_it_works(german: None) -> None:
    said = sentence("The site is unreachable: %(result)s.", {"result": REASONS["dns"]})
    assert said == "Die Site war nicht erreichbar: ihr Name lässt sich nicht auflösen."


def test_templates_use_the_same_translation(german: None) -> None:
    template = Template("{% load gatepass %}{% sentence message values %}")
    values = {"result": REASONS["dns"]}
    said = template.render(Context({"message": "The site is unreachable: %(result)s.", "values": values}))
    assert said == "Die Site war nicht erreichbar: ihr Name lässt sich nicht auflösen."


def test_text_from_people_is_never_translated(german: None) -> None:
    assert "The title is empty. Enter the name that the app shows." not in TRANSLATED_VALUES
    said = sentence(
        "The site is unreachable: %(result)s.", {"result": "The title is empty. Enter the name that the app shows."}
    )
    assert said == "Die Site war nicht erreichbar: The title is empty. Enter the name that the app shows.."


def test_a_message_with_unknown_placeholders_is_shown_unchanged() -> None:
    assert sentence("Older than %(gone)s.", {"said": "x"}) == "Older than %(gone)s."
    assert sentence("Half: 50 %", {"said": "x"}) == "Half: 50 %"
