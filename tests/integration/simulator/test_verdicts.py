"""Every simulated site gets the expected verdicts, for the expected reasons."""

from __future__ import annotations

import json

import pytest

from rollout.compatibility.observation import Observation
from rollout.compatibility.rules import MOST_SEVERE_FIRST, evaluate
from rollout.compatibility.verdict import Outcome, Setup
from rollout.simulator.table import PERSONAS


@pytest.fixture
def simulated(request, fleet):
    if why := fleet.left_out.get(request.param):
        pytest.skip(why)
    return PERSONAS[request.param]


every_site = pytest.mark.parametrize("simulated", PERSONAS, indirect=True)


@every_site
def test_the_verdict_of_each_setup_and_its_reason(observations, simulated) -> None:
    evaluation = evaluate(observations[simulated.name])
    summaries = [
        f"{f.rule} {f.outcome}: {f.evidence()['summary']}" for setup in evaluation.setups() for f in setup.findings
    ]

    assert (evaluation.mdm.verdict, evaluation.non_mdm.verdict) == (simulated.mdm, simulated.non_mdm), summaries
    for setup in evaluation.setups():
        rule, outcome = simulated.reason(setup.setup)
        assert (rule, outcome) in {(finding.rule, finding.outcome) for finding in setup.findings}, summaries
        more_severe = MOST_SEVERE_FIRST[: MOST_SEVERE_FIRST.index(outcome)]
        assert outcome is Outcome.PASS or not {finding.outcome for finding in setup.findings} & set(more_severe), (
            summaries
        )


@every_site
def test_expected_warnings(observations, simulated) -> None:
    setups = evaluate(observations[simulated.name]).setups()
    warned = {finding.rule for setup in setups for finding in setup.findings if finding.outcome is Outcome.WARNING}
    expected = {*simulated.warnings, *(["HTTPS"] if simulated.scheme == "http" else [])}
    assert expected <= warned
    if simulated.mdm.value.startswith("READY") and simulated.non_mdm.value.startswith("READY"):
        assert warned == expected  # a site with both setups ready has no unexpected warning


@every_site
def test_the_error_without_a_response(observations, simulated) -> None:
    if simulated.error:
        assert observations[simulated.name].manifest.answer.error == simulated.error


@every_site
def test_every_serious_finding_has_a_remedy(observations, simulated) -> None:
    for setup in evaluate(observations[simulated.name]).setups():
        for finding in setup.findings:
            if finding.outcome not in (Outcome.PASS, Outcome.WARNING):
                assert finding.remedy % finding.values
            assert finding.message % finding.values


@every_site
def test_an_observation_can_be_stored_and_evaluated_again(observations, simulated) -> None:
    observation = observations[simulated.name]
    text = json.dumps(observation.to_json())
    assert len(text) < 100_000, "a hostile response must not fill the database"
    stored = Observation.from_json(json.loads(text))
    assert evaluate(stored).mdm.verdict == evaluate(observation).mdm.verdict == simulated.mdm


def test_there_are_sites_for_both_setups_and_every_verdict() -> None:
    assert len(PERSONAS) >= 30
    assert {simulated.mdm for simulated in PERSONAS.values()} == {
        "READY_MDM", "ACTION_NEEDED", "INCOMPATIBLE", "UNKNOWN",
    }  # fmt: skip
    assert all(simulated.reason(setup)[0] for simulated in PERSONAS.values() for setup in Setup)
