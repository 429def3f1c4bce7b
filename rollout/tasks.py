"""What a worker does: thin tasks, ids in, one service call."""

from __future__ import annotations

from celery import shared_task

from rollout.services import check_runs, rehearsals


@shared_task
def run_check(run_id: int) -> None:
    check_runs.run_check(run_id=run_id)


@shared_task
def run_rehearsal(rehearsal_id: int) -> None:
    rehearsals.run_rehearsal(rehearsal_id=rehearsal_id)


@shared_task
def schedule_due_checks() -> None:
    check_runs.schedule_due_checks()


@shared_task
def pick_up_waiting_work() -> None:
    """Wake workers again for rows that still wait: their message was lost, or their worker died."""
    for run_id in check_runs.waiting_runs():
        run_check.delay(run_id)
    for rehearsal_id in rehearsals.waiting_rehearsals():
        run_rehearsal.delay(rehearsal_id)
