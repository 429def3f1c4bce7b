"""Check runs: one verification of one site, from the queue to its findings."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from rollout.compatibility.observation import Observation
from rollout.compatibility.verdict import Outcome, Verdict

from .site import VerdictChoices


class RunState(models.TextChoices):
    QUEUED = "queued", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


class WorkQuerySet(models.QuerySet[Any]):
    """Rows that a worker claims: check runs and rehearsals."""

    def waiting(self, now: datetime) -> WorkQuerySet:
        """Queued rows, and running ones whose worker did not finish within its lease."""
        return self.filter(Q(state=RunState.QUEUED) | Q(state=RunState.RUNNING, lease_until__lt=now)).order_by("pk")

    def claim(self, pk: int, *, now: datetime, lease_until: datetime) -> bool:
        """Take one waiting row for this worker; False when another worker has it or it is finished."""
        claimed = self.waiting(now).order_by().filter(pk=pk)
        return claimed.update(state=RunState.RUNNING, started_at=now, lease_until=lease_until) == 1


class CheckRun(models.Model):
    class Trigger(models.TextChoices):
        ADDED = "added", _("Site added")
        EDITED = "edited", _("Site edited")
        BUTTON = "button", _("Check now")
        SCHEDULE = "schedule", _("Schedule")
        COMMAND = "command", _("Command line")

    site = models.ForeignKey("rollout.Site", on_delete=models.CASCADE, related_name="check_runs")
    trigger = models.CharField(max_length=16, choices=Trigger.choices)
    state = models.CharField(max_length=16, choices=RunState.choices, default=RunState.QUEUED)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    requested_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    failure = models.CharField(max_length=200, blank=True)
    observation = models.JSONField(null=True)
    mdm_verdict = models.CharField(max_length=16, choices=VerdictChoices.choices, default=Verdict.UNKNOWN.value)
    non_mdm_verdict = models.CharField(max_length=16, choices=VerdictChoices.choices, default=Verdict.UNKNOWN.value)
    # The verdicts of the run before, when this run changed one: what "changed since yesterday" is read from.
    was_mdm_verdict = models.CharField(max_length=16, blank=True)
    was_non_mdm_verdict = models.CharField(max_length=16, blank=True)
    changed_at = models.DateTimeField(null=True)
    matrix = models.CharField(max_length=10, blank=True)
    judged_at = models.DateTimeField(null=True)

    objects = WorkQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["site"],
                condition=Q(state__in=["queued", "running"]),
                name="one_unfinished_check_run_per_site",
            )
        ]
        indexes = [
            models.Index(fields=["site", "-id"], name="check_run_by_site"),
            models.Index(fields=["state", "lease_until"], name="check_run_waiting"),
            models.Index(fields=["-changed_at"], name="check_run_changed", condition=Q(changed_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.site}: {self.get_state_display()}"

    @property
    def is_finished(self) -> bool:
        return self.state in {RunState.DONE, RunState.FAILED}

    @property
    def facts(self) -> Observation | None:
        return Observation.from_json(self.observation) if self.observation else None


class Finding(models.Model):
    """What one rule said in one run, on one road. ``message`` and ``remedy`` are message ids for ``values``."""

    run = models.ForeignKey(CheckRun, on_delete=models.CASCADE, related_name="findings")
    position = models.PositiveSmallIntegerField()
    road = models.CharField(max_length=8)
    rule = models.CharField(max_length=40)
    outcome = models.CharField(max_length=16, choices=[(outcome.value, outcome.value) for outcome in Outcome])
    message = models.TextField()
    remedy = models.TextField(blank=True)
    values = models.JSONField(default=dict)
    asked = models.TextField(blank=True)
    answered = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["run", "road", "position"]
        indexes = [models.Index(fields=["rule", "outcome"], name="finding_by_rule")]

    def __str__(self) -> str:
        return f"{self.rule}: {self.outcome}"
