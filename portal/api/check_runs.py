"""Check runs: the JSON output of ``check_site``, plus the state of the run."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Path, Router

from portal.accounts.access import visible_row
from rollout.compatibility.next_steps import findings_to_fix
from rollout.compatibility.verdict import Setup
from rollout.models import CheckRun, Finding

from .auth import worker
from .schemas import CheckRunOut, Error, Id

router = Router(tags=["Check runs"])


@router.get("/{run_id}", response={200: CheckRunOut, 401: Error, 403: Error, 404: Error, 422: Error})
def get_check_run(request: HttpRequest, run_id: Path[Id]) -> dict[str, Any]:
    """Return one check run. Poll it while its state is queued or running."""
    worker(request)
    runs = CheckRun.objects.select_related("site")
    return as_json(visible_row(request, runs, run_id))


def as_json(run: CheckRun) -> dict[str, Any]:
    """Return the run as described in docs/api.md, with its stored findings, most severe first."""
    observation = run.observation
    return {
        "id": run.pk,
        "site": run.site_id,
        "state": run.state,
        "trigger": run.trigger,
        "failure": run.failure,
        "requested_at": run.requested_at,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        # The base URL at the time of the check; the site's URL may have changed since.
        "url": observation["base_url"] if observation else run.site.base_url,
        "matrix": run.matrix,
        "setups": {
            Setup.MDM.value: _setup(run, Setup.MDM, run.mdm_verdict),
            Setup.NON_MDM.value: _setup(run, Setup.NON_MDM, run.non_mdm_verdict),
        },
        "observation": observation,
    }


def _setup(run: CheckRun, setup: Setup, verdict: str) -> dict[str, Any]:
    mine = [finding for finding in run.findings if finding.setup == setup.value]
    first = [finding.rule for finding in findings_to_fix(mine)]
    return {"verdict": verdict, "findings": [_finding(finding) for finding in mine], "first": first}


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "outcome": finding.outcome,
        "evidence": {
            "summary": finding.message % finding.values,
            "asked": finding.asked or None,
            "answered": finding.answered or None,
            "at": finding.answered_at.isoformat() if finding.answered_at else None,
        },
        "remedy": finding.remedy % finding.values,
    }
