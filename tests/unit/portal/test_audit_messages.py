"""Sentences of audit events: one for each action, escaped, without secrets."""

from __future__ import annotations

import ast
import re
from typing import Any

import pytest
from django.utils import timezone

from portal.models import User
from portal.pages.icons import ICONS
from portal.presenters.audit import ACTIONS, FAMILIES, detail_label, details_of, marked_sentence, sentence_of
from rollout.models import AuditEvent
from tests.support.paths import ROOT


def recorded_actions() -> list[str]:
    """Every action in the code: of calls of ``audit.record``, and of exports, which ``pages.listing`` records.

    The places of an f-string are ``.+``.
    """
    patterns = []
    for package in ("portal", "rollout", "oauth_provider"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and ast.unparse(node.func) in {"audit.record", "record", "Export"}:
                    values = [word.value for word in node.keywords if word.arg == "action"]
                    patterns += [_pattern(value) for value in values if ast.unparse(value) != "export.action"]
    return sorted(set(patterns))


def _pattern(value: ast.expr) -> str:
    if isinstance(value, ast.JoinedStr):
        return "".join(re.escape(part.value) if isinstance(part, ast.Constant) else ".+" for part in value.values)
    assert isinstance(value, ast.Constant), ast.unparse(value)
    return re.escape(value.value)


@pytest.mark.parametrize("pattern", recorded_actions())
def test_every_action_the_code_records_has_a_sentence_and_a_family(pattern: str) -> None:
    actions = [action for action in ACTIONS if re.fullmatch(pattern, action)]
    assert actions, f"no sentence for {pattern} in portal/presenters/audit.py"
    for action in actions:
        assert any(action.startswith(FAMILIES[name][1]) for name in FAMILIES), action


def test_every_icon_exists() -> None:
    assert {text.icon for text in ACTIONS.values()} <= set(ICONS)


def event(**fields: Any) -> AuditEvent:
    values = {"number": 1, "at": timezone.now(), "actor_label": "Ruth", "target_label": "Wiki", "details": {}}
    return AuditEvent(**{**values, **fields})


@pytest.mark.parametrize(("sites", "words"), [(1, "for 1 site."), (2, "for 2 sites."), (0, "for 0 sites.")])
def test_singular_and_plural(sites: int, words: str) -> None:
    assert sentence_of(event(action="wave.created", details={"sites": sites})).endswith(words)


def test_text_instead_of_a_count() -> None:
    assert "Wiki" in sentence_of(event(action="wave.created", details={"sites": ["a", "b"]}))


@pytest.mark.parametrize("action", list(ACTIONS))
def test_a_sentence_without_its_details(action: str) -> None:
    assert sentence_of(event(action=action)).endswith(".")
    assert "%" not in sentence_of(event(action=action))


def test_an_unknown_action_is_spelled_out() -> None:
    assert sentence_of(event(action="site.moved_house")) == "Ruth: site: moved house (Wiki)."


def test_names_are_escaped_and_not_formatted() -> None:
    hostile = event(
        action="site.changed", actor_label="<b>%(target)s", target_label="<i>%s", details={"fields": ["<u>"]}
    )
    marked = marked_sentence(hostile, User())
    assert "<i>" not in marked
    assert "<b>" not in marked
    assert "&lt;u&gt;" in marked
    assert sentence_of(hostile) == "<b>%(target)s changed the site <i>%s: <u>."


def test_values_with_the_name_of_a_secret_are_hidden() -> None:
    shown = details_of(event(action="x", details={"token": "abc", "client_secret": "def", "sites": [1, 2]}))
    assert shown == [("token", "hidden"), ("client secret", "hidden"), ("sites", "1, 2")]


def test_a_status_is_shown_with_its_label() -> None:
    row = event(action="site.verdict_changed", details={"mdm": "READY_MDM", "non_mdm": "ACTION_NEEDED"})
    assert sentence_of(row) == "The status of Wiki changed. MDM setup: Ready. Non-MDM setup: Action needed."
    assert details_of(row) == [("mdm", "READY_MDM"), ("non mdm", "ACTION_NEEDED")]


def test_names_of_details_spell_acronyms() -> None:
    assert [detail_label(name) for name in ("non mdm", "with oauth", "fields")] == ["Non MDM", "With OAuth", "Fields"]
