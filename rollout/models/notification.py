"""What people and other systems are told without asking: notices, who wants which, and their deliveries."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .text import LINE


class NoticeKind(models.TextChoices):
    VERDICT = "verdict", _("A verdict changed")
    CERTIFICATE = "certificate", _("A certificate is about to expire")
    CLIENT_ID = "client_id", _("A site hands out another client ID")
    SWEEP = "sweep", _("A check of many sites failed")
    WEBHOOK = "webhook", _("A webhook was paused")


class NoticeQuerySet(models.QuerySet["Notice"]):
    def told(self) -> NoticeQuerySet:
        """Notices that may be told: those that are not held back by a cool-down."""
        return self.filter(held_until=None)


class Notice(models.Model):
    """Something that happened and may interest somebody. ``subject`` groups repeats of the same thing."""

    kind = models.CharField(max_length=16, choices=NoticeKind.choices)
    site = models.ForeignKey("rollout.Site", on_delete=models.CASCADE, null=True, related_name="notices")
    sweep = models.ForeignKey("rollout.Sweep", on_delete=models.CASCADE, null=True, related_name="notices")
    run = models.ForeignKey("rollout.CheckRun", on_delete=models.SET_NULL, null=True, related_name="+")
    subject = models.CharField(max_length=200)
    details = models.JSONField(default=dict)
    at = models.DateTimeField()
    # A repeat within the cool-down waits until then and is told once, with a count; nobody reads it before.
    held_until = models.DateTimeField(null=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["subject"], condition=Q(held_until__isnull=False), name="one_held_notice_per_subject"
            )
        ]
        indexes = [
            models.Index(fields=["subject", "-at"], name="notice_by_subject"),
            models.Index(fields=["held_until"], name="notice_held", condition=Q(held_until__isnull=False)),
            models.Index(fields=["at"], name="notice_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.subject}"


class NotificationPreference(models.Model):
    """What one person wants to read of, and how often; and how far their digests have come.

    Until the person chooses (``chosen_at``), the defaults of their role hold, and the row is only the queue's.
    """

    class Every(models.TextChoices):
        NEVER = "never", _("Never")
        HOUR = "hour", _("At most hourly")
        DAY = "day", _("Once a day")

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notification_preference"
    )
    every = models.CharField(_("e-mail"), max_length=8, choices=Every.choices, default=Every.DAY)
    kinds = models.JSONField(default=list)  # of NoticeKind
    only_followed = models.BooleanField(_("sites"), default=False)  # for those who see all: owned and followed ones
    hour = models.PositiveSmallIntegerField(_("hour"), default=8)  # of the daily digest, in time_zone
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True, validators=LINE)
    chosen_at = models.DateTimeField(null=True)
    digest_up_to = models.BigIntegerField(default=0)  # the last notice that a digest told
    digest_at = models.DateTimeField(null=True)  # when one was sent last
    next_digest_at = models.DateTimeField(null=True)  # not looked at before
    lease_until = models.DateTimeField(null=True)  # a worker is sending
    failures = models.PositiveSmallIntegerField(default=0)  # of the mail server, in a row
    failed_because = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [models.Index(fields=["next_digest_at"], name="digest_due")]

    def __str__(self) -> str:
        return str(self.person)


class SiteFollow(models.Model):
    """One person's word on one site: follow it although they do not own it, or be silent of it although they do."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="site_follows")
    site = models.ForeignKey("rollout.Site", on_delete=models.CASCADE, related_name="follows")
    follows = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "site"], name="one_follow_per_person_and_site")]

    def __str__(self) -> str:
        return f"{self.person}: {self.site}"


class Webhook(models.Model):
    """Where another system wants to hear of notices. The secret signs; it is kept encrypted and shown once."""

    name = models.CharField(_("name"), max_length=80, validators=LINE)
    url = models.CharField(_("URL"), max_length=500, validators=LINE)
    kinds = models.JSONField(default=list)  # of NoticeKind
    sites = models.ManyToManyField("rollout.Site", verbose_name=_("sites"), blank=True, related_name="webhooks")
    secret = models.TextField(editable=False)  # encrypted
    old_secret = models.TextField(blank=True, editable=False)  # encrypted; signs too until it ends
    old_secret_until = models.DateTimeField(null=True, editable=False)
    is_active = models.BooleanField(_("active"), default=True)
    paused_because = models.CharField(max_length=200, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(editable=False)
    sent_up_to = models.BigIntegerField(default=0)  # the last notice that a delivery was made of
    failures = models.PositiveIntegerField(default=0, editable=False)  # in a row
    failing_since = models.DateTimeField(null=True, editable=False)
    not_before = models.DateTimeField(
        null=True, editable=False
    )  # after a failure, the receiver is left alone until then

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name


class DeliveryState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    DELIVERED = "delivered", _("Delivered")
    FAILED = "failed", _("Given up")


class AttemptError(models.TextChoices):
    """Why an attempt failed before a request was sent; the other errors are ``http_client.failures.ERRORS``."""

    LOST = "lost", _("The worker that sent it did not come back.")
    NO_KEY = "no_key", _("The secret could not be opened: CREDENTIAL_KEYS lacks the key that sealed it.")


class WebhookDelivery(models.Model):
    """One message to one webhook, and every attempt at it."""

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    key = models.UUIDField(unique=True)  # sent as an idempotency key, the same in every attempt
    event = models.CharField(max_length=40)
    body = models.JSONField()
    state = models.CharField(max_length=16, choices=DeliveryState.choices, default=DeliveryState.WAITING)
    attempts = models.JSONField(default=list)  # [{"at", "status", "error", "elapsed_ms"}], the first first
    created_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)  # attempts since it was queued, or asked for again
    next_attempt_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["webhook", "-id"], name="delivery_by_webhook"),
            models.Index(fields=["next_attempt_at"], name="delivery_waiting", condition=Q(state="waiting")),
        ]

    def __str__(self) -> str:
        return f"{self.event} → {self.webhook}"
