"""A catalogue reaches people: message ids of the pure rooms, and the words put into them, in the reader's language."""

from __future__ import annotations

from django.template import Context, Template

from portal.presenters.messages import TRANSLATED_VALUES, sentence
from rollout.compatibility.evidence import REASONS


def test_it_works(german: None) -> None:
    said = sentence("The site is unreachable: %(result)s.", {"result": REASONS["dns"]})
    assert said == "Die Site war nicht erreichbar: ihr Name lässt sich nicht auflösen."


def test_templates_say_the_same(german: None) -> None:
    template = Template("{% load gatepass %}{% sentence message values %}")
    values = {"result": REASONS["dns"]}
    said = template.render(Context({"message": "The site is unreachable: %(result)s.", "values": values}))
    assert said == "Die Site war nicht erreichbar: ihr Name lässt sich nicht auflösen."


def test_what_somebody_wrote_is_never_translated(german: None) -> None:
    assert "The title is empty." not in WORDS
    said = sentence("The site is unreachable: %(result)s.", {"result": "The title is empty."})
    assert said == "Die Site war nicht erreichbar: The title is empty.."


def test_an_old_message_whose_places_do_not_match_is_shown_as_it_is() -> None:
    assert sentence("Older than %(gone)s.", {"result": "x"}) == "Older than %(gone)s."
    assert sentence("Half: 50 %", {"result": "x"}) == "Half: 50 %"
