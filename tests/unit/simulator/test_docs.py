"""docs/personas.md says of every simulated site what the table says."""

from __future__ import annotations

import pytest

from rollout.compatibility.verdict import Road
from rollout.simulator.persona import Persona
from rollout.simulator.table import PERSONAS
from tests.support.paths import ROOT

PAGE = ROOT / "docs" / "personas.md"


def row(persona: Persona) -> str:
    roads = [
        f"{persona.mdm} by {persona.reason(Road.MDM)[0]}",
        f"{persona.non_mdm} by {persona.reason(Road.NON_MDM)[0]}",
    ]
    name = f"`{persona.name}`" + (" ●" if persona.in_demo else "")
    return f"| {name} | {persona.story} | {roads[0]} | {roads[1]} | {', '.join(persona.warnings)} |"


@pytest.mark.parametrize("name", PERSONAS)
def test_every_persona_has_its_row(name: str) -> None:
    assert row(PERSONAS[name]) in PAGE.read_text().splitlines()


def test_there_is_no_row_of_one_that_is_gone() -> None:
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    assert len(rows) == len(PERSONAS)
