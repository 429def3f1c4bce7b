"""Notices, the e-mail settings of people, and webhooks with their deliveries."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .text import LINE


class NoticeKind(models.TextChoices):
    VERDICT = "verdict", _("Site status changed")
    CERTIFICATE = "certificate", _("Certificate expires soon")
    CLIENT_ID = "client_id", _("Unexpected client ID")
    SWEEP = "sweep", _("Bulk check failed")
    WEBHOOK = "webhook", _("Webhook paused")


class NoticeQuerySet(models.QuerySet["Notice"]):
    def released(self) -> NoticeQuerySet:
        """Return notices that may be sent: those that are not held by a cool-down."""
        return self.filter(held_until=None)


class Notice(models.Model):
    """An event that is sent by e-mail and webhooks. Repeats of the same event have the same ``subject``."""

    kind = models.CharField(max_length=16, choices=NoticeKind.choices)
    site = models.ForeignKey("rollout.Site", on_delete=models.CASCADE, null=True, related_name="notices")
    sweep = models.ForeignKey(
        "rollout.Sweep", on_delete=models.CASCADE, null=True, related_name="notices", verbose_name=_("bulk check")
    )
    run = models.ForeignKey("rollout.CheckRun", on_delete=models.SET_NULL, null=True, related_name="+")
    subject = models.CharField(max_length=200)
    details = models.JSONField(default=dict)
    at = models.DateTimeField(_("time"))
    # Repeats during the cool-down are merged into one notice, which is sent after this time.
    held_until = models.DateTimeField(null=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
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
    """The e-mail settings of one person, and the queue of their digests.

    Until the person saves their settings (``chosen_at``), the defaults of their role apply and only the queue is used.
    """

    class Every(models.TextChoices):
        NEVER = "never", _("Never")
        HOUR = "hour", _("At most hourly")
        DAY = "day", _("Once a day")

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notification_preference"
    )
    every = models.CharField(_("e-mail frequency"), max_length=8, choices=Every.choices, default=Every.DAY)
    kinds = models.JSONField(default=list)  # of NoticeKind
    only_followed = models.BooleanField(
        _("only followed sites"), default=False
    )  # owned and followed; for people who see all
    hour = models.PositiveSmallIntegerField(_("hour"), default=8)  # of the daily digest, in time_zone
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True, validators=LINE)
    chosen_at = models.DateTimeField(_("settings saved"), null=True)
    digest_up_to = models.BigIntegerField(default=0)  # id of the last notice in a digest
    digest_at = models.DateTimeField(_("last digest"), null=True)
    next_digest_at = models.DateTimeField(_("next digest"), null=True)
    lease_until = models.DateTimeField(null=True)  # a worker is sending
    failures = models.PositiveSmallIntegerField(default=0)  # consecutive, of the mail server
    failed_because = models.CharField(_("last error"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("e-mail notification setting")
        verbose_name_plural = _("e-mail notification settings")
        indexes = [models.Index(fields=["next_digest_at"], name="digest_due")]

    def __str__(self) -> str:
        return str(self.person)


class SiteFollow(models.Model):
    """A person follows a site that they do not own, or mutes one that they would get notifications about."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="site_follows")
    site = models.ForeignKey("rollout.Site", on_delete=models.CASCADE, related_name="follows")
    follows = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "site"], name="one_follow_per_person_and_site")]

    def __str__(self) -> str:
        return f"{self.person}: {self.site}"


class Webhook(models.Model):
    """A receiver of notices. Deliveries are signed with the secret, which is stored encrypted and shown once."""

    name = models.CharField(_("name"), max_length=80, validators=LINE)
    url = models.CharField(_("URL"), max_length=500, validators=LINE)
    kinds = models.JSONField(default=list)  # of NoticeKind
    sites = models.ManyToManyField("rollout.Site", verbose_name=_("sites"), blank=True, related_name="webhooks")
    secret = models.TextField(editable=False)  # encrypted
    old_secret = models.TextField(blank=True, editable=False)  # encrypted; valid until old_secret_until
    old_secret_until = models.DateTimeField(null=True, editable=False)
    is_active = models.BooleanField(_("active"), default=True)
    paused_because = models.CharField(_("reason for pause"), max_length=200, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(_("created"), editable=False)
    sent_up_to = models.BigIntegerField(default=0)  # id of the last notice in a delivery
    failures = models.PositiveIntegerField(default=0, editable=False)  # consecutive
    failing_since = models.DateTimeField(null=True, editable=False)
    # After a failure, nothing is sent to the receiver before this time.
    not_before = models.DateTimeField(_("next attempt after"), null=True, editable=False)

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name


class DeliveryState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    DELIVERED = "delivered", _("Delivered")
    FAILED = "failed", _("Failed")


class AttemptError(models.TextChoices):
    """Why no request was sent; ``http_client.failures.ERRORS`` has the errors of requests."""

    LOST = "lost", _("The worker stopped before it received a response.")
    NO_KEY = (
        "no_key",
        _("The webhook secret could not be decrypted. Add the key that it was encrypted with to CREDENTIAL_KEYS."),
    )


class WebhookDelivery(models.Model):
    """One message to one webhook, and all attempts to send it."""

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    key = models.UUIDField(_("message ID"), unique=True)  # the webhook-id header, the same in every attempt
    event = models.CharField(max_length=40)
    body = models.JSONField(_("body"))
    state = models.CharField(max_length=16, choices=DeliveryState.choices, default=DeliveryState.WAITING)
    attempts = models.JSONField(default=list)  # [{"at", "status", "error", "elapsed_ms"}], oldest first
    created_at = models.DateTimeField(_("created"))
    tries = models.PositiveSmallIntegerField(_("attempts since queued"), default=0)  # sending it again resets this
    next_attempt_at = models.DateTimeField(_("next attempt"), null=True)
    lease_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["webhook", "-id"], name="delivery_by_webhook"),
            models.Index(fields=["next_attempt_at"], name="delivery_waiting", condition=Q(state="waiting")),
        ]

    def __str__(self) -> str:
        return f"{self.event} → {self.webhook}"
