"""Sign-in tests (rehearsals): a simulated phone signs in to a site."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .check_run import RunState, WorkQuerySet


class Rehearsal(models.Model):
    """One sign-in test of one site: its state in the queue, its steps and its result."""

    site = models.ForeignKey("rollout.Site", on_delete=models.CASCADE, related_name="rehearsals")
    state = models.CharField(max_length=16, choices=RunState.choices, default=RunState.QUEUED)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    requested_at = models.DateTimeField(_("requested"))
    started_at = models.DateTimeField(_("started"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    lease_until = models.DateTimeField(null=True)
    failure = models.CharField(max_length=200, blank=True)
    passed = models.BooleanField(null=True)
    stopped_at = models.CharField(_("stopped at step"), max_length=40, blank=True)
    steps = models.JSONField(default=list)

    objects = WorkQuerySet.as_manager()

    class Meta:
        verbose_name = _("sign-in test")
        verbose_name_plural = _("sign-in tests")
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
