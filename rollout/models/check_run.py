"""Check runs: one check of one site, from the queue to its findings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from pydantic import AliasChoices, ConfigDict, Field, TypeAdapter

from rollout.compatibility.observation import Observation, Time
from rollout.compatibility.suggested_base_url import suggested_base_url
from rollout.compatibility.verdict import Verdict

from .serialized_json import SerializedJson, SerializedJsonEncoder
from .site import VerdictChoices
from .waiting_times import is_over


class RunState(models.TextChoices):
    QUEUED = "queued", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


UNFINISHED = (RunState.QUEUED, RunState.RUNNING)


class WorkQuerySet(models.QuerySet[Any]):
    """Rows that a worker claims: check runs and rehearsals."""

    def waiting(self, now: datetime, lease: timedelta) -> WorkQuerySet:
        """Queued rows, and running ones whose worker did not finish within its lease of at most ``lease``."""
        abandoned = Q(is_over("lease_until", now, lease), state=RunState.RUNNING)
        return self.filter(Q(state=RunState.QUEUED) | abandoned).order_by("pk")

    def unfinished(self) -> WorkQuerySet:
        return self.filter(state__in=UNFINISHED)

    def claim(self, pk: int, *, now: datetime, lease_until: datetime) -> bool:
        """Claim one waiting row for this worker. Return False if another worker has it or it is finished."""
        claimed = self.waiting(now, lease_until - now).order_by().filter(pk=pk)
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


def stored_findings(findings: Iterable[Finding]) -> SerializedJson:
    """Serialize findings for ``CheckRun.evaluated_findings``, without empty fields."""
    return SerializedJson(_FINDINGS.dump_json(tuple(findings), exclude_defaults=True), "utf-8")


class CheckRun(models.Model):
    """One check of one site: its state in the queue, the observation, and the findings of the rules."""

    class Trigger(models.TextChoices):
        ADDED = "added", _("Site added")
        EDITED = "edited", _("Site edited")
        BUTTON = "button", _("Check now")
        SCHEDULE = "schedule", _("Schedule")
        COMMAND = "command", _("Command line")
        SWEEP = "sweep", _("Bulk check")
        REEVALUATED = "rejudged", _("Re-evaluated")
        PHONE_RESULT = "phone_result", _("Phone result")

    site = models.ForeignKey("rollout.Site", on_delete=models.CASCADE, related_name="check_runs")
    trigger = models.CharField(_("started by"), max_length=16, choices=Trigger.choices)
    state = models.CharField(max_length=16, choices=RunState.choices, default=RunState.QUEUED)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    requested_at = models.DateTimeField(_("requested"))
    sweep = models.ForeignKey(
        "rollout.Sweep", on_delete=models.SET_NULL, null=True, related_name="runs", verbose_name=_("bulk check")
    )
    # The scheduled time of this run; there is at most one run of a site for each.
    due_at = models.DateTimeField(_("scheduled for"), null=True)
    host = models.CharField(
        max_length=300, blank=True
    )  # host and port of the base URL; requests to one host are sent one at a time
    urgent = models.BooleanField(default=False)  # started by a person: runs before those of a sweep
    started_at = models.DateTimeField(_("started"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    lease = models.CharField(max_length=40, blank=True)  # token of the worker; only its holder finishes the run
    lease_until = models.DateTimeField(null=True)
    failure = models.CharField(max_length=200, blank=True)
    observation = models.JSONField(null=True, encoder=SerializedJsonEncoder)
    mdm_verdict = models.CharField(
        _("MDM setup status"), max_length=16, choices=VerdictChoices.choices, default=Verdict.UNKNOWN.value
    )
    non_mdm_verdict = models.CharField(
        _("non-MDM setup status"), max_length=16, choices=VerdictChoices.choices, default=Verdict.UNKNOWN.value
    )
    # The verdicts of the previous run if this run changed one; used for "Changed in the last 24 hours".
    was_mdm_verdict = models.CharField(_("previous MDM setup status"), max_length=16, blank=True)
    was_non_mdm_verdict = models.CharField(_("previous non-MDM setup status"), max_length=16, blank=True)
    changed_at = models.DateTimeField(_("status changed"), null=True)
    matrix = models.CharField(_("compatibility matrix edition"), max_length=40, blank=True)
    evaluated_at = models.DateTimeField(_("evaluated"), null=True)
    evaluated_findings = models.JSONField(
        default=list, encoder=SerializedJsonEncoder
    )  # of both setups, most severe first within each

    objects = WorkQuerySet.as_manager()

    class Meta:
        verbose_name = _("check run")
        verbose_name_plural = _("check runs")
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
        """The stored observation, or None before the run is done."""
        return Observation.from_json(self.observation) if self.observation else None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings of both setups, most severe first within each."""
        return _FINDINGS.validate_python(self.evaluated_findings)

    @property
    def suggested_base_url(self) -> str | None:
        """A better base URL that the observation shows; None without one, or if it cannot be read anymore."""
        try:
            seen = self.facts
            return suggested_base_url(seen) if seen else None
        except (AttributeError, KeyError, TypeError, ValueError):
            return None
