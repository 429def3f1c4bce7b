"""docs/simulated-sites.md describes every simulated site as the table does."""

from __future__ import annotations

import pytest

from rollout.compatibility.verdict import Setup
from rollout.simulator.simulated_site import SimulatedSite
from rollout.simulator.table import PERSONAS
from tests.support.paths import ROOT

PAGE = ROOT / "docs" / "simulated-sites.md"


def row(simulated: SimulatedSite) -> str:
    setups = [
        f"{simulated.mdm} by {simulated.reason(Setup.MDM)[0]}",
        f"{simulated.non_mdm} by {simulated.reason(Setup.NON_MDM)[0]}",
    ]
    name = f"`{simulated.name}`" + (" ●" if simulated.in_demo else "")
    return f"| {name} | {simulated.description} | {setups[0]} | {setups[1]} | {', '.join(simulated.warnings)} |"


@pytest.mark.parametrize("name", PERSONAS)
def test_every_simulated_site_has_its_row(name: str) -> None:
    assert row(PERSONAS[name]) in PAGE.read_text().splitlines()


def test_there_are_no_other_rows() -> None:
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    assert len(rows) == len(PERSONAS)
