"""Observations as earlier releases stored them are read, evaluated and written back as they were.

The files in ``tests/cases/observations`` are rows of real databases, one for each kind of site; see their README.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rollout.compatibility.observation import Observation
from rollout.compatibility.rules import evaluate

CASES = Path(__file__).resolve().parents[2] / "cases" / "observations"
FILES = sorted(CASES.glob("*/*.json"))


def test_there_are_cases_of_every_kind() -> None:
    stored = [json.loads(file.read_text())["observation"] for file in FILES]
    assert {observation["tls"]["kind"] for observation in stored} >= {"valid", "plain", "untrusted", "expired"}
    assert {observation["info_login"]["kind"] for observation in stored} >= {
        "json", "redirect", "login_page", "disabled", "unreachable", "error",
    }  # fmt: skip
    assert {observation["plugins"]["source"] for observation in stored} >= {
        "none", "manual", "upm_json", "upm_token", "gatepass",
    }  # fmt: skip


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_it_is_read_and_written_back_as_it_is(file: Path) -> None:
    stored = json.loads(file.read_text())["observation"]
    assert Observation.from_json(stored).to_json() == stored


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_it_gets_the_same_verdicts_as_before(file: Path) -> None:
    case = json.loads(file.read_text())
    evaluation = evaluate(Observation.from_json(case["observation"]))
    assert {"mdm": evaluation.mdm.verdict, "non_mdm": evaluation.non_mdm.verdict} == case["verdicts"]
