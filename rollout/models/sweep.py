"""Sweeps: one pass over many sites; and the hosts that are asked one request at a time."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class SweepState(models.TextChoices):
    RUNNING = "running", _("Running")
    PAUSED = "paused", _("Paused")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


class SweepQuerySet(models.QuerySet["Sweep"]):
    def unfinished(self) -> SweepQuerySet:
        return self.filter(state__in=[SweepState.RUNNING, SweepState.PAUSED])


class Sweep(models.Model):
    """One pass over many sites. The counters are moved by the batches that finish its runs, never counted anew."""

    class Trigger(models.TextChoices):
        SCHEDULE = "schedule", _("Schedule")
        BUTTON = "button", _("Button")
        COMMAND = "command", _("Command line")

    trigger = models.CharField(_("started by"), max_length=16, choices=Trigger.choices)
    state = models.CharField(_("state"), max_length=16, choices=SweepState.choices, default=SweepState.RUNNING)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    started_at = models.DateTimeField()
    paused_at = models.DateTimeField(null=True)
    paused_seconds = models.PositiveIntegerField(default=0)  # all pauses that have ended
    last_finished_at = models.DateTimeField(null=True)  # when a run of it finished last
    finished_at = models.DateTimeField(null=True)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)  # judged
    failing = models.PositiveIntegerField(default=0)  # of those, the sites that could not be reached
    broken = models.PositiveIntegerField(default=0)  # runs that ended without a judgement
    changed = models.PositiveIntegerField(default=0)  # of those judged, the sites whose verdict changed
    # At the end: {"mdm": {verdict: count}, "non_mdm": {verdict: count}}
    summary = models.JSONField(default=dict)

    objects = SweepQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["trigger"],
                condition=Q(trigger="schedule", state__in=["running", "paused"]),
                name="one_unfinished_scheduled_sweep",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_trigger_display()}, {self.started_at:%Y-%m-%d %H:%M}"

    @property
    def is_finished(self) -> bool:
        return self.state in {SweepState.DONE, SweepState.FAILED}

    @property
    def left(self) -> int:
        return max(0, self.total - self.done - self.broken)

    def seconds_of_pause(self, now: datetime) -> int:
        """Whole seconds of the pause that is still on."""
        return max(0, round((now - self.paused_at).total_seconds())) if self.paused_at else 0

    def seconds_at_work(self, now: datetime) -> float:
        """Seconds from the start to the end, or to now, without the pauses."""
        end = self.finished_at or now
        return max(0.0, (end - self.started_at).total_seconds() - self.paused_seconds - self.seconds_of_pause(end))

    def per_minute(self, now: datetime) -> float | None:
        """How many sites a minute were finished; None while that says nothing yet."""
        seconds, finished = self.seconds_at_work(now), self.done + self.broken
        return finished * 60 / seconds if finished and seconds >= 1 else None

    def time_left(self, now: datetime) -> timedelta | None:
        """How long the rest takes at the rate so far; None when there is no rate yet, or nothing left."""
        rate = self.per_minute(now)
        return timedelta(minutes=self.left / rate) if rate and self.left and not self.is_finished else None


class ProbeHost(models.Model):
    """A host (with port) that sites live on. Whoever holds its lease is the only one that asks it anything."""

    host = models.CharField(max_length=300, unique=True)
    leased_until = models.DateTimeField(null=True)
    lease = models.CharField(max_length=40, blank=True)  # whose
    free_at = models.DateTimeField(null=True)  # not to be asked before: the pause that the per-host budget wants

    class Meta:
        indexes = [
            models.Index(fields=["leased_until"], name="probe_host_leased", condition=Q(leased_until__isnull=False)),
            models.Index(fields=["free_at"], name="probe_host_resting", condition=Q(free_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.host
