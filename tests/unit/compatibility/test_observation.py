from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout.compatibility.observation import (
    Answer,
    Certificate,
    Endpoint,
    Fingerprint,
    Hop,
    InfoLogin,
    KnownLinks,
    LoginPage,
    Manifest,
    Metadata,
    Observation,
    PlainHttp,
    PluginVersions,
    ServerStatus,
    Tls,
)
from rollout.compatibility.rules import evaluate
from rollout.compatibility.verdict import Verdict
from tests.support.paths import CASES

# Written by the hand-written codec that pydantic replaced: the new one must read and write the same text.
OBSERVATION_CASES = sorted((CASES / "observation_json").glob("*.json"))

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
    headers=st.lists(st.tuples(HOSTILE, HOSTILE), max_size=2).map(tuple),
    size=st.integers(),
    address=HOSTILE,
    trace=st.lists(st.builds(Hop, HOSTILE, st.none() | st.integers(), MAYBE, st.integers(), HOSTILE), max_size=2).map(
        tuple
    ),
)
NAMES = st.lists(HOSTILE, max_size=3).map(tuple)
BOOLEANS = st.none() | st.booleans()


def kinds(*names: str) -> st.SearchStrategy[str]:
    return st.sampled_from(names) | HOSTILE


ENDPOINTS = st.builds(Endpoint, ANSWERS, kinds("answers", "intercepted", "missing", "error", "unreachable"), MAYBE)
INFO_LOGINS = st.builds(
    InfoLogin,
    ANSWERS,
    kinds("json", "redirect", "login_page", "disabled"),
    MAYBE,
    MAYBE,
    NAMES,
    MAYBE,
    MAYBE,
    MAYBE,
    NAMES | st.just(("two_client_ids",)),
)
CERTIFICATES = st.builds(Certificate, HOSTILE, HOSTILE, NAMES, MAYBE_NAIVE, MAYBE_NAIVE, HOSTILE)
OBSERVATIONS = st.builds(
    Observation,
    base_url=HOSTILE,
    product=HOSTILE,
    observed_at=TIMES,
    manifest=st.builds(Manifest, ANSWERS, MAYBE, MAYBE, MAYBE, MAYBE, MAYBE, MAYBE),
    info_login=INFO_LOGINS,
    authorize=ENDPOINTS,
    token=ENDPOINTS,
    tls=st.builds(
        Tls,
        kinds("valid", "plain", "expired", "error"),
        MAYBE,
        MAYBE,
        MAYBE_NAIVE,
        HOSTILE,
        kinds("system", "site"),
        st.lists(CERTIFICATES, max_size=2).map(tuple),
    ),
    plugins=st.builds(
        PluginVersions, MAYBE, MAYBE, kinds("manual", "upm_json", "gatepass"), MAYBE_NAIVE, BOOLEANS, BOOLEANS
    ),
    info_login_plain=st.none() | INFO_LOGINS,
    login_page=st.none() | st.builds(LoginPage, ANSWERS, kinds("page", "script"), MAYBE, MAYBE, MAYBE),
    status=st.none() | st.builds(ServerStatus, ANSWERS, MAYBE | kinds("RUNNING", "MAINTENANCE")),
    fingerprint=st.builds(Fingerprint, MAYBE, HOSTILE),
    metadata=st.none() | st.builds(Metadata, ANSWERS, st.booleans(), MAYBE, MAYBE, MAYBE, NAMES),
    plain_http=st.none() | st.builds(PlainHttp, ANSWERS, kinds("redirects", "loop", "elsewhere", "closed")),
    links=st.builds(KnownLinks, MAYBE, MAYBE),
)


def test_it_works(ready: Observation):
    stored = json.dumps(ready.to_json())
    assert Observation.from_json(json.loads(stored)) == ready


def test_unknown_parts_are_kept(build: Callable[..., Observation]):
    bare = build(
        manifest={"version": None, "answer": {"status": None, "error": "timeout", "hops": ()}},
        tls={"kind": "plain", "expires_at": None},
        plugins=PluginVersions(),
    )
    assert Observation.from_json(json.loads(json.dumps(bare.to_json()))) == bare


def test_a_stored_observation_gets_the_same_evaluation(ready: Observation):
    assert evaluate(Observation.from_json(ready.to_json())) == evaluate(ready)


def test_format_1_is_read(ready: Observation):
    """It has four requests, and no default values."""
    newer = {
        "info_login_plain",
        "info_login_old",
        "login_page",
        "status",
        "fingerprint",
        "metadata",
        "plain_http",
        "links",
    }
    stored = {name: value for name, value in ready.to_json().items() if name not in newer} | {"format": 1}
    for part in ("manifest", "info_login", "authorize", "token"):
        for name in ("headers", "size", "address", "trace"):
            del stored[part]["answer"][name]
    del stored["tls"]["chain"], stored["tls"]["trust"], stored["plugins"]["oauth_enabled"]
    del stored["info_login"]["oddities"], stored["manifest"]["form"]
    read = Observation.from_json(stored)
    assert (read.format, read.manifest.version, read.tls.chain) == (2, "9.2.1", ())
    assert (read.login_page, read.plain_http, read.links) == (None, None, KnownLinks())
    assert evaluate(read).mdm.verdict is Verdict.READY_MDM


def test_a_name_that_no_format_has_is_refused(ready: Observation):
    stored = ready.to_json()
    for more in ({"secret": "x"}, {"tls": {**stored["tls"], "secret": "x"}}):
        with pytest.raises(ValueError, match="secret"):
            Observation.from_json({**stored, **more})


@pytest.mark.parametrize("number", [0, 3, None, "1"])
def test_another_format_is_refused(ready: Observation, number: object):
    with pytest.raises(ValueError, match="format"):
        Observation.from_json({**ready.to_json(), "format": number})


@pytest.mark.parametrize("case", OBSERVATION_CASES, ids=lambda case: case.stem)
def test_a_stored_observation_is_written_back_byte_for_byte(case: Path):
    text = case.read_text()
    stored = json.loads(text)
    written = Observation.from_json(stored).to_json()
    if stored["format"] == 1:
        assert written == json.loads(case.with_name("format_1_written_again.json").read_text())
    else:
        assert json.dumps(written, indent=2) + "\n" == text


@given(OBSERVATIONS)
def test_any_observation_is_stored_and_read_back(observation: Observation):
    assert Observation.from_json(json.loads(json.dumps(observation.to_json()))) == observation


@given(OBSERVATIONS)
def test_any_observation_gets_a_verdict_and_sentences(observation: Observation):
    evaluation = evaluate(observation)
    for setup in evaluation.setups():
        assert setup.verdict in Verdict
        assert all(found.to_json()["evidence"]["summary"] for found in setup.findings)
        assert json.dumps(setup.to_json())
