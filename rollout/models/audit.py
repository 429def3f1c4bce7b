"""The audit trail: append-only, each event chained to the one before by its hash."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import CharField, Q
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from rollout.actor import Actor


class AuditQuerySet(models.QuerySet["AuditEvent"]):
    def visible_to(self, user: Actor) -> AuditQuerySet:
        """All for administrators and auditors; for owners what happened to their sites and links; none for members."""
        if user.reads_all_sites:
            return self
        if not user.works_with_sites:
            return self.none()
        theirs = user.owned_sites
        sites = theirs.annotate(name=Cast("pk", CharField())).values("name")
        links = theirs.exclude(links=None).annotate(name=Cast("links__pk", CharField())).values("name")
        return self.filter(
            Q(target_type="site", target_id__in=sites) | Q(target_type="applicationlink", target_id__in=links)
        )


class AuditEvent(models.Model):
    """Who did what to which, when. Labels are copies, so that the trail outlives what it speaks of."""

    number = models.BigIntegerField(unique=True)
    at = models.DateTimeField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, null=True, db_constraint=False, related_name="+"
    )
    actor_label = models.CharField(max_length=200)
    action = models.CharField(max_length=60)
    target_type = models.CharField(max_length=40, blank=True)
    target_id = models.CharField(max_length=40, blank=True)
    target_label = models.CharField(max_length=200, blank=True)
    details = models.JSONField(default=dict)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    objects = AuditQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        indexes = [
            models.Index(fields=["action", "-number"], name="audit_by_action"),
            models.Index(fields=["target_type", "target_id", "-number"], name="audit_by_target"),
            models.Index(fields=["actor", "-number"], name="audit_by_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.action}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError(_("Audit events are never changed."))
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise TypeError(_("Audit events are never deleted."))


class AuditHead(models.Model):
    """The end of the chain: one row that every writer locks, so that two events never share a predecessor."""

    number = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return str(self.number)
