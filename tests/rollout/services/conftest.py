from __future__ import annotations

from collections.abc import Iterator

import pytest

from rollout.personas.fleet import PersonaFleet


@pytest.fixture(scope="session")
def fleet() -> Iterator[PersonaFleet]:
    """Every simulated site, at free ports."""
    with PersonaFleet() as running:
        yield running
