"""A ready site's observation, and a way to change one thing about it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rollout.compatibility.observation import Observation
from tests.support.observations import changed, ready_observation


@pytest.fixture
def ready() -> Observation:
    return ready_observation()


@pytest.fixture
def build() -> Callable[..., Observation]:
    """``build(manifest={"version": "9.0"})``: a ready observation with these parts changed."""
    return lambda **changes: changed(ready_observation(), **changes)
