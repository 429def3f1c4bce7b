"""The audit log: append-only; each event contains the hash of the previous one.

Names and addresses of people are in a row beside the event, which can be erased. The event contains a salted digest of
each half of that row, so the chain stays valid without it (docs/privacy.md).
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import CharField, Q
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from rollout.actor import Actor

# Models whose label names a person.
PERSONAL_TARGETS = {"user", "enrollmentpass"}
ERASURES = {"activity.erased", "person.erased"}  # actions of the events that erase personal data


class AuditQuerySet(models.QuerySet["AuditEvent"]):
    def with_names(self) -> AuditQuerySet:
        """Return the events with their personal data, in one query."""
        return self.select_related("personal_data")

    def visible_to(self, user: Actor) -> AuditQuerySet:
        """Return all events for administrators and auditors, those of their sites for owners, none for members."""
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
    """Who did what to which object, and when. Labels are copies, so they outlive the object."""

    number = models.BigIntegerField(unique=True)
    at = models.DateTimeField(_("time"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        null=True,
        db_constraint=False,
        related_name="+",
        verbose_name=_("actor ID"),
    )
    actor_label = models.CharField(_("actor"), max_length=200)
    action = models.CharField(max_length=60)
    target_type = models.CharField(_("object type"), max_length=40, blank=True)
    target_id = models.CharField(_("object ID"), max_length=40, blank=True)
    target_label = models.CharField(_("object"), max_length=200, blank=True)
    details = models.JSONField(default=dict)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)
    # Of the key that signed the hash; None for events written before events were signed.
    key_id = models.CharField(_("key ID"), max_length=12, null=True)
    # Of the halves of the personal data; None without this half, and for events written before there was such data.
    actor_digest = models.CharField(max_length=64, null=True)
    target_digest = models.CharField(max_length=64, null=True)

    objects = AuditQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
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
            raise TypeError(_("Audit events cannot be changed."))
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise TypeError(_("Audit events cannot be deleted."))

    @property
    def actor_name(self) -> str | None:
        """The actor's name; None once it is erased."""
        data = self._half("actor")
        return self.actor_label or (data.actor_label if data else None if self.actor_digest else "")

    @property
    def target_name(self) -> str | None:
        """The object's name, empty without an object; None once it is erased."""
        data = self._half("target")
        return self.target_label or (data.target_label if data else None if self.target_digest else "")

    @property
    def address(self) -> str:
        """The client's IP address; empty for a command or a worker, and once it is erased."""
        data = self._half("actor")
        return data.address if data else ""

    def _half(self, half: str) -> AuditPersonalData | None:
        """Return the personal data if the event has this half of it and it is not erased."""
        if not getattr(self, f"{half}_digest"):
            return None
        data: AuditPersonalData | None = getattr(self, "personal_data", None)
        return data if data and getattr(data, f"{half}_salt") else None


class AuditPersonalData(models.Model):
    """Whom an event names, and the client's IP address, outside the chain: each half can be erased on its own.

    Erasing deletes the half and its salt, without which the digest in the event cannot be guessed, and stores the
    number of the event that records the erasure. The database refuses every other change.
    """

    event = models.OneToOneField(
        AuditEvent,
        on_delete=models.DO_NOTHING,
        to_field="number",
        primary_key=True,
        db_constraint=False,
        related_name="personal_data",
        verbose_name=_("audit event"),
    )
    actor_label = models.CharField(_("actor"), max_length=200, blank=True)
    address = models.CharField(_("IP address"), max_length=45, blank=True)
    actor_salt = models.CharField(max_length=32, blank=True)
    actor_erased_by = models.BigIntegerField(null=True)
    target_label = models.CharField(_("object"), max_length=200, blank=True)
    target_salt = models.CharField(max_length=32, blank=True)
    target_erased_by = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = _("personal data of an audit event")
        verbose_name_plural = _("personal data of audit events")
        indexes = [
            models.Index(fields=[name], name=f"audit_{name}", condition=Q(**{f"{name}__isnull": False}))
            for name in ("actor_erased_by", "target_erased_by")
        ]

    def __str__(self) -> str:
        return str(self.pk)

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError(_("Audit events cannot be changed."))
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise TypeError(_("Audit events cannot be deleted."))


class AuditHead(models.Model):
    """The newest event of the chain: one row that each writer locks, so that two events never share a predecessor."""

    number = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, blank=True)
    signature = models.CharField(max_length=64, blank=True, db_default="")
    # The newest checkpoint outside the database (services.audit_anchors).
    checkpoint_number = models.BigIntegerField(db_default=0)
    checkpoint_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.number)
