"""A ready site's observation, and a way to change one thing about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rollout.compatibility.observation import (
    Answer,
    Endpoint,
    InfoLogin,
    Manifest,
    Observation,
    PluginVersions,
    Tls,
)

NOW = datetime(2025, 3, 4, 12, 30, tzinfo=UTC)
BASE = "https://confluence.example.com/wiki"


def answer(path: str = "", *, base: str = BASE, method: str = "GET", **changes: Any) -> Answer:
    """What came back from ``path``: 200 JSON unless ``changes`` say otherwise."""
    url = f"{base}/{path}"
    fields: dict[str, Any] = {"status": 200, "content_type": "application/json", "hops": (url,), **changes}
    return Answer(method, url, NOW, **fields)


def ready_observation(base: str = BASE, product: str = "confluence") -> Observation:
    """A Confluence 9.2.1 that passes every rule on both roads."""
    return Observation(
        base_url=base,
        product=product,
        observed_at=NOW,
        manifest=Manifest(
            answer("rest/applinks/1.0/manifest", base=base, content_type="application/xml"),
            product=product,
            version="9.2.1",
            name="Wiki",
            canonical_url=base,
        ),
        info_login=InfoLogin(answer("rest/nativemobile/1.1/info/login", base=base), "json", client_id="abc123"),
        authorize=Endpoint(answer("rest/oauth2/latest/authorize", base=base), "answers"),
        token=Endpoint(answer("rest/oauth2/latest/token", base=base, method="POST", status=400), "answers"),
        tls=Tls("valid", protocol="TLSv1.3", issuer="Example CA", expires_at=NOW + timedelta(days=90)),
        plugins=PluginVersions(oauth="4.1.1", mobile="19.1.47", source="manual", as_of=NOW),
    )


def changed(whole: Any, **changes: Any) -> Any:
    """``whole`` with parts changed, dicts reaching into a part: ``changed(ready, manifest={"version": "9.0"})``."""
    parts = {
        name: changed(getattr(whole, name), **value) if isinstance(value, dict) else value
        for name, value in changes.items()
    }
    return replace(whole, **parts)


@pytest.fixture
def ready() -> Observation:
    return ready_observation()


@pytest.fixture
def build() -> Callable[..., Observation]:
    """``build(manifest={"version": "9.0"})``: a ready observation with these parts changed."""
    return lambda **changes: changed(ready_observation(), **changes)
