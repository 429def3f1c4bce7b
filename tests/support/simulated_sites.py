"""Run all simulated sites and probe each once with the guarded HTTP client, several at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from rollout.compatibility.observation import KnownLinks, Observation, PluginVersions
from rollout.http_client.policy import FetchPolicy
from rollout.probes.site import Target, observe
from rollout.simulator.fleet import SimulatedFleet

MAX_CONCURRENT = 12
FETCH_POLICY = FetchPolicy(allow_loopback=True, connect_seconds=5, total_seconds=10)  # long enough for a busy machine
SHORT_FETCH_POLICY = replace(FETCH_POLICY, total_seconds=1.5)  # for sites that never finish a response


@pytest.fixture(scope="session")
def fleet() -> Iterator[SimulatedFleet]:
    with SimulatedFleet() as running:
        yield running


@pytest.fixture(scope="session")
def observations(fleet: SimulatedFleet) -> dict[str, Observation]:
    """Observation of each simulated site, by name."""
    return asyncio.run(_observe_all(fleet))


async def _observe_all(fleet: SimulatedFleet) -> dict[str, Observation]:
    slots = asyncio.Semaphore(MAX_CONCURRENT)

    async def one(name: str) -> tuple[str, Observation]:
        async with slots:
            policy = SHORT_FETCH_POLICY if fleet.sites[name].error == "timeout" else FETCH_POLICY
            return name, await observe(target_of(fleet, name), policy=policy, now=lambda: datetime.now(UTC))

    return dict(await asyncio.gather(*map(one, fleet.sites)))


def target_of(fleet: SimulatedFleet, name: str) -> Target:
    """Return what Gatepass knows about a simulated site before it is probed."""
    simulated = fleet.sites[name]
    return Target(
        base_url=fleet.base_url(name),
        product=simulated.product,
        client_id=simulated.link or None,
        plugins=PluginVersions(
            simulated.oauth_plugin, simulated.mobile_plugin, source="manual", as_of=datetime.now(UTC)
        ),
        ca_bundle=fleet.ca_pem if simulated.scheme == "https" and simulated.trusted else "",
        links=KnownLinks(simulated.link or None, simulated.link if simulated.stored_for_non_mdm else None),
    )
