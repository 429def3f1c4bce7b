"""Findings as a run stores them: rows written by the hand-written codec are read, and written the same way."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from rollout.models import CheckRun, Finding
from rollout.models.check_run import stored_findings
from tests.support.paths import CASES

CASE = CASES / "stored_findings.json"
LEAST = {"position": 0, "setup": "mdm", "rule": "HTTPS", "outcome": "PASS", "message": "It is https."}


def test_stored_findings_are_written_back_byte_for_byte() -> None:
    text = CASE.read_text()
    findings = CheckRun(evaluated_findings=json.loads(text)).findings
    assert findings[0].answered_at == datetime(2025, 3, 4, 12, 30, tzinfo=UTC)
    assert json.dumps(json.loads(stored_findings(findings)), indent=2) + "\n" == text


def test_a_finding_stored_under_the_former_name_of_its_setup_still_loads() -> None:
    former = {"road": LEAST["setup"], **{key: value for key, value in LEAST.items() if key != "setup"}}
    assert CheckRun(evaluated_findings=[former]).findings == (Finding(**LEAST),)  # type: ignore[arg-type]


def test_what_is_empty_is_not_stored() -> None:
    assert json.loads(stored_findings([Finding(**LEAST)])) == [LEAST]  # type: ignore[arg-type]


def test_a_finding_moved_from_its_own_row_has_empty_fields() -> None:
    stored = [{**LEAST, "remedy": "", "values": {}, "asked": "", "answered": ""}]
    findings = CheckRun(evaluated_findings=stored).findings
    assert findings == (Finding(**LEAST),)  # type: ignore[arg-type]


def test_a_field_that_a_finding_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="secret"):
        assert CheckRun(evaluated_findings=[{**LEAST, "secret": "x"}]).findings
