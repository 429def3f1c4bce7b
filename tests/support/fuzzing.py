"""Gives each property test FUZZ_SECONDS (60) instead of a number of examples: `make fuzz`."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

SECONDS = float(os.environ.get("FUZZ_SECONDS", "60"))
settings.register_profile("fuzz", max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck))
settings.load_profile("fuzz")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the property tests only."""
    is_property = [getattr(getattr(item, "obj", None), "is_hypothesis_test", False) for item in items]
    config.hook.pytest_deselected(items=[item for item, kept in zip(items, is_property, strict=True) if not kept])
    items[:] = [item for item, kept in zip(items, is_property, strict=True) if kept]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Repeat the test, each time with other examples, until its time is over."""
    deadline = time.monotonic() + SECONDS
    yield
    while time.monotonic() < deadline:
        item.runtest()
