"""Check runs: one verification of one site, from the queue to its findings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from pydantic import AliasChoices, ConfigDict, Field, TypeAdapter

from rollout.compatibility.observation import Observation, Time
from rollout.compatibility.verdict import Verdict

from .site import VerdictChoices


class RunState(models.TextChoices):
    QUEUED = "queued", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


UNFINISHED = (RunState.QUEUED, RunState.RUNNING)


class WorkQuerySet(models.QuerySet[Any]):
    """Rows that a worker claims: check runs and rehearsals."""

    def waiting(self, now: datetime) -> WorkQuerySet:
        """Queued rows, and running ones whose worker did not finish within its lease."""
        return self.filter(Q(state=RunState.QUEUED) | Q(state=RunState.RUNNING, lease_until__lt=now)).order_by("pk")

    def claim(self, pk: int, *, now: datetime, lease_until: datetime) -> bool:
        """Take one waiting row for this worker; False when another worker has it or it is finished."""
        claimed = self.waiting(now).order_by().filter(pk=pk)
        return claimed.update(state=RunState.RUNNING, started_at=now, lease_until=lease_until) == 1


@dataclass(frozen=True)
class Finding:
    """The result of one rule in one run, for one setup. ``message`` and ``remedy`` are message ids for ``values``.

    Rows written by earlier versions name the setup ``road``; they still load.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    position: int
    setup: Annotated[str, Field(validation_alias=AliasChoices("setup", "road"))]  # "mdm" or "non_mdm"
    rule: str
    outcome: str
    message: str
    remedy: str = ""
    values: dict[str, str] = field(default_factory=dict)
    asked: str = ""
    answered: str = ""
    answered_at: Time | None = None


_FINDINGS = TypeAdapter(tuple[Finding, ...])


def stored_findings(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """The findings as ``CheckRun.judged_findings`` holds them; what is empty is left out."""
    return _FINDINGS.dump_python(tuple(findings), mode="json", exclude_defaults=True)


class CheckRun(models.Model):
    class Trigger(models.TextChoices):
        ADDED = "added", _("Site added")
        EDITED = "edited", _("Site edited")
        BUTTON = "button", _("Check now")
        SCHEDULE = "schedule", _("Schedule")
        COMMAND = "command", _("Command line")
        SWEEP = "sweep", _("Check of many sites")
        REEVALUATED = "rejudged", _("Re-evaluated")

    site = models.ForeignKey("rollout.Site", on_delete=models.CASCADE, related_name="check_runs")
    trigger = models.CharField(max_length=16, choices=Trigger.choices)
    state = models.CharField(max_length=16, choices=RunState.choices, default=RunState.QUEUED)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    requested_at = models.DateTimeField()
    sweep = models.ForeignKey("rollout.Sweep", on_delete=models.SET_NULL, null=True, related_name="runs")
    # The scheduled time that this run is for; a site is judged at most once for one.
    due_at = models.DateTimeField(null=True)
    host = models.CharField(max_length=300, blank=True)  # of the site's base URL, with port: who is asked one at a time
    urgent = models.BooleanField(default=False)  # somebody waits for it: goes before what a sweep queued
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    lease = models.CharField(max_length=40, blank=True)  # whose; only the holder writes the run's end
    lease_until = models.DateTimeField(null=True)
    failure = models.CharField(max_length=200, blank=True)
    observation = models.JSONField(null=True)
    mdm_verdict = models.CharField(max_length=16, choices=VerdictChoices.choices, default=Verdict.UNKNOWN.value)
    non_mdm_verdict = models.CharField(max_length=16, choices=VerdictChoices.choices, default=Verdict.UNKNOWN.value)
    # The verdicts of the run before, when this run changed one: what "changed since yesterday" is read from.
    was_mdm_verdict = models.CharField(max_length=16, blank=True)
    was_non_mdm_verdict = models.CharField(max_length=16, blank=True)
    changed_at = models.DateTimeField(null=True)
    matrix = models.CharField(max_length=40, blank=True)
    evaluated_at = models.DateTimeField(null=True)
    evaluated_findings = models.JSONField(default=list)  # of both roads, gravest first on each

    objects = WorkQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["site"],
                condition=Q(state__in=["queued", "running"]),
                name="one_unfinished_check_run_per_site",
            ),
            models.UniqueConstraint(fields=["site", "due_at"], name="one_check_run_per_due_time"),
        ]
        indexes = [
            models.Index(fields=["site", "-id"], name="check_run_by_site"),
            models.Index(
                fields=["-urgent", "id"], name="check_run_waiting", condition=Q(state__in=["queued", "running"])
            ),
            models.Index(
                fields=["host"], name="check_run_unfinished_host", condition=Q(state__in=["queued", "running"])
            ),
            models.Index(fields=["sweep", "id"], name="check_run_by_sweep"),
            models.Index(fields=["requested_at"], name="check_run_by_age"),
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

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the rules said, both roads, gravest first on each."""
        return _FINDINGS.validate_python(self.evaluated_findings)
