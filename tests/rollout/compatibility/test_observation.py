from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout.compatibility.observation import (
    Answer,
    Endpoint,
    InfoLogin,
    Manifest,
    Observation,
    PluginVersions,
    Tls,
)
from rollout.compatibility.rules import judge
from rollout.compatibility.verdict import Verdict

HOSTILE = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["confluence", "jira", "9.1", "9.12.14", "http://[", "https://x@y", "%(host)s", "%", "\ud800"]),
)
MAYBE = st.none() | HOSTILE
TIMES = st.datetimes(timezones=st.just(UTC))
MAYBE_NAIVE = st.none() | TIMES | st.datetimes()
ANSWERS = st.builds(
    Answer,
    HOSTILE,
    HOSTILE,
    TIMES,
    status=st.none() | st.integers(),
    error=MAYBE,
    content_type=HOSTILE,
    location=MAYBE,
    hops=st.lists(HOSTILE, max_size=3).map(tuple),
    elapsed_ms=st.integers(),
    excerpt=HOSTILE,
)


def kinds(*names: str) -> st.SearchStrategy[str]:
    return st.sampled_from(names) | HOSTILE


ENDPOINTS = st.builds(Endpoint, ANSWERS, kinds("answers", "intercepted", "missing", "error", "unreachable"))
OBSERVATIONS = st.builds(
    Observation,
    base_url=HOSTILE,
    product=HOSTILE,
    observed_at=TIMES,
    manifest=st.builds(Manifest, ANSWERS, MAYBE, MAYBE, MAYBE, MAYBE),
    info_login=st.builds(InfoLogin, ANSWERS, kinds("json", "redirect", "login_page", "disabled"), MAYBE, MAYBE),
    authorize=ENDPOINTS,
    token=ENDPOINTS,
    tls=st.builds(Tls, kinds("valid", "plain", "expired", "error"), MAYBE, MAYBE, MAYBE_NAIVE, HOSTILE),
    plugins=st.builds(PluginVersions, MAYBE, MAYBE, kinds("manual", "gatepass"), MAYBE_NAIVE),
)


def test_it_works(ready: Observation):
    stored = json.dumps(ready.to_json())
    assert Observation.from_json(json.loads(stored)) == ready


def test_parts_that_are_not_known_survive(build: Callable[..., Observation]):
    bare = build(
        manifest={"version": None, "answer": {"status": None, "error": "timeout", "hops": ()}},
        tls={"kind": "plain", "expires_at": None},
        plugins=PluginVersions(),
    )
    assert Observation.from_json(json.loads(json.dumps(bare.to_json()))) == bare


def test_a_judgement_can_be_replayed_from_what_was_stored(ready: Observation):
    assert judge(Observation.from_json(ready.to_json())) == judge(ready)


@pytest.mark.parametrize("number", [0, 2, None, "1"])
def test_another_format_is_refused(ready: Observation, number: object):
    with pytest.raises(ValueError, match="format"):
        Observation.from_json({**ready.to_json(), "format": number})


@given(OBSERVATIONS)
def test_any_observation_is_stored_and_read_back(observation: Observation):
    assert Observation.from_json(json.loads(json.dumps(observation.to_json()))) == observation


@given(OBSERVATIONS)
def test_any_observation_gets_a_verdict_and_sentences(observation: Observation):
    judgement = judge(observation)
    for road in judgement.roads():
        assert road.verdict in Verdict
        assert all(found.to_json()["evidence"]["summary"] for found in road.findings)
        assert json.dumps(road.to_json())
