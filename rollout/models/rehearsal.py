"""Rehearsals: the virtual phone's walk through one site."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from .check_run import RunState, WorkQuerySet


class Rehearsal(models.Model):
    site = models.ForeignKey("rollout.Site", on_delete=models.CASCADE, related_name="rehearsals")
    state = models.CharField(max_length=16, choices=RunState.choices, default=RunState.QUEUED)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    requested_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    failure = models.CharField(max_length=200, blank=True)
    passed = models.BooleanField(null=True)
    stopped_at = models.CharField(max_length=40, blank=True)
    steps = models.JSONField(default=list)

    objects = WorkQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["site", "-id"], name="rehearsal_by_site"),
            models.Index(fields=["state", "lease_until"], name="rehearsal_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.site}: {self.get_state_display()}"

    @property
    def is_finished(self) -> bool:
        return self.state in {RunState.DONE, RunState.FAILED}
