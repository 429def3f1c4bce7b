"""Sweeps (bulk checks) and the leases of the hosts that they check."""

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
        """Return running and paused sweeps."""
        return self.filter(state__in=[SweepState.RUNNING, SweepState.PAUSED])


class Sweep(models.Model):
    """A check of many sites. The batches that finish its runs increment the counters."""

    class Trigger(models.TextChoices):
        SCHEDULE = "schedule", _("Schedule")
        BUTTON = "button", _("Started manually")
        COMMAND = "command", _("Command line")

    trigger = models.CharField(_("started by"), max_length=16, choices=Trigger.choices)
    state = models.CharField(_("state"), max_length=16, choices=SweepState.choices, default=SweepState.RUNNING)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    started_at = models.DateTimeField(_("started"))
    paused_at = models.DateTimeField(null=True)
    paused_seconds = models.PositiveIntegerField(default=0)  # of all finished pauses
    last_finished_at = models.DateTimeField(null=True)  # the last time one of its runs finished
    finished_at = models.DateTimeField(_("finished"), null=True)
    total = models.PositiveIntegerField(_("sites"), default=0)
    done = models.PositiveIntegerField(_("checked"), default=0)  # evaluated
    failing = models.PositiveIntegerField(_("unreachable"), default=0)  # of those, unreachable sites
    broken = models.PositiveIntegerField(_("failed"), default=0)  # runs that ended without an evaluation
    # Of the evaluated sites, those whose verdict changed.
    changed = models.PositiveIntegerField(_("status changed"), default=0)
    # At the end: {"mdm": {verdict: count}, "non_mdm": {verdict: count}}
    summary = models.JSONField(default=dict)

    objects = SweepQuerySet.as_manager()

    class Meta:
        verbose_name = _("bulk check")
        verbose_name_plural = _("bulk checks")
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
        """Number of sites that are not checked yet."""
        return max(0, self.total - self.done - self.broken)

    def seconds_of_pause(self, now: datetime) -> int:
        """Return the seconds since the current pause began; 0 if the sweep is not paused."""
        return max(0, round((now - self.paused_at).total_seconds())) if self.paused_at else 0

    def seconds_at_work(self, now: datetime) -> float:
        """Return the seconds from the start to the end (or to now), without pauses."""
        end = self.finished_at or now
        return max(0.0, (end - self.started_at).total_seconds() - self.paused_seconds - self.seconds_of_pause(end))

    def per_minute(self, now: datetime) -> float | None:
        """Return the sites finished per minute, or None while there are too few to tell."""
        seconds, finished = self.seconds_at_work(now), self.done + self.broken
        return finished * 60 / seconds if finished and seconds >= 1 else None

    def time_left(self, now: datetime) -> timedelta | None:
        """Return the estimated time for the remaining sites, or None without a rate or when none remain."""
        rate = self.per_minute(now)
        return timedelta(minutes=self.left / rate) if rate and self.left and not self.is_finished else None


class ProbeHost(models.Model):
    """A host (with port) of sites. Only the worker that holds its lease sends requests to it."""

    host = models.CharField(max_length=300, unique=True)
    leased_until = models.DateTimeField(null=True)
    lease = models.CharField(_("lease ID"), max_length=40, blank=True)  # token of the worker
    free_at = models.DateTimeField(
        _("next request after"), null=True
    )  # no request before this time: the pause between two checks of a host

    class Meta:
        verbose_name = _("host lease")
        verbose_name_plural = _("host leases")
        indexes = [
            models.Index(fields=["leased_until"], name="probe_host_leased", condition=Q(leased_until__isnull=False)),
            models.Index(fields=["free_at"], name="probe_host_resting", condition=Q(free_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.host
