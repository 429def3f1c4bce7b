"""Every simulated site gets the verdicts it must get, for the reason it must get them."""

from __future__ import annotations

import json

import pytest

from rollout.compatibility.observation import Observation
from rollout.compatibility.rules import GRAVEST_FIRST, judge
from rollout.compatibility.verdict import Outcome, Road
from rollout.simulator.table import PERSONAS


@pytest.fixture
def persona(request, fleet):
    if why := fleet.left_out.get(request.param):
        pytest.skip(why)
    return PERSONAS[request.param]


every_persona = pytest.mark.parametrize("persona", PERSONAS, indirect=True)


@every_persona
def test_the_verdict_of_each_road_and_its_reason(observations, persona) -> None:
    judgement = judge(observations[persona.name])
    said = [f"{f.rule} {f.outcome}: {f.evidence()['summary']}" for road in judgement.roads() for f in road.findings]

    assert (judgement.mdm.verdict, judgement.non_mdm.verdict) == (persona.mdm, persona.non_mdm), said
    for road in judgement.roads():
        rule, outcome = persona.reason(road.road)
        assert (rule, outcome) in {(finding.rule, finding.outcome) for finding in road.findings}, said
        graver = GRAVEST_FIRST[: GRAVEST_FIRST.index(outcome)]
        assert outcome is Outcome.PASS or not {finding.outcome for finding in road.findings} & set(graver), said


@every_persona
def test_it_warns_of_what_it_must_warn_of(observations, persona) -> None:
    roads = judge(observations[persona.name]).roads()
    warned = {finding.rule for road in roads for finding in road.findings if finding.outcome is Outcome.WARNING}
    expected = {*persona.warnings, *(["HTTPS"] if persona.scheme == "http" else [])}
    assert expected <= warned
    if persona.mdm.value.startswith("READY") and persona.non_mdm.value.startswith("READY"):
        assert warned == expected  # a site that is ready on both roads has no warning that nobody thought of


@every_persona
def test_why_there_is_no_answer(observations, persona) -> None:
    if persona.error:
        assert observations[persona.name].manifest.answer.error == persona.error


@every_persona
def test_it_says_what_to_do(observations, persona) -> None:
    for road in judge(observations[persona.name]).roads():
        for finding in road.findings:
            if finding.outcome not in (Outcome.PASS, Outcome.WARNING):
                assert finding.remedy % finding.values
            assert finding.message % finding.values


@every_persona
def test_it_can_be_stored_and_judged_again(observations, persona) -> None:
    observation = observations[persona.name]
    text = json.dumps(observation.to_json())
    assert len(text) < 100_000, "what a hostile site sends must not fill the database"
    stored = Observation.from_json(json.loads(text))
    assert judge(stored).mdm.verdict == judge(observation).mdm.verdict == persona.mdm


def test_there_are_personas_for_both_roads_and_every_verdict() -> None:
    assert len(PERSONAS) >= 30
    assert {persona.mdm for persona in PERSONAS.values()} == {
        "READY_MDM", "ACTION_NEEDED", "INCOMPATIBLE", "UNKNOWN",
    }  # fmt: skip
    assert all(persona.reason(road)[0] for persona in PERSONAS.values() for road in Road)
