"""Passes, and the evidence that phones were set up: enrollments (self-reported) and sign-ins (verified)."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from rollout.actor import Actor

from .text import LINE


class PassState(models.TextChoices):
    VALID = "valid", _("Valid")
    EXPIRED = "expired", _("Expired")
    REVOKED = "revoked", _("Revoked")
    USED_UP = "used_up", _("Used up")


class PassQuerySet(models.QuerySet["EnrollmentPass"]):
    def not_revoked(self) -> PassQuerySet:
        """Return passes that were not revoked. Deactivating a person revokes theirs.

        The subquery, not a join, keeps an update of these rows a compare-and-set: PostgreSQL evaluates the conditions
        again on a row that another transaction has changed.
        """
        inactive = get_user_model()._default_manager.filter(is_active=False)
        return self.filter(Q(person=None) | ~Q(person__in=inactive.values("pk")), revoked_at=None)

    def usable(self, now: datetime) -> PassQuerySet:
        """Return passes that can still be used."""
        return self.not_revoked().filter(Q(max_uses=None) | Q(uses__lt=F("max_uses")), expires_at__gt=now)

    def visible_to(self, user: Actor) -> PassQuerySet:
        """Return all passes for administrators and auditors, those of their sites for owners, their own for members."""
        if user.reads_all_sites:
            return self
        mine = Q(person=user.pk)
        if user.works_with_sites:
            mine |= Q(pk__in=EnrollmentPass.objects.filter(sites__owners=user.pk).values("pk"))
        return self.filter(mine)

    def in_state(self, state: str, now: datetime) -> PassQuerySet:
        """Filter by ``PassState``, with the same precedence as ``EnrollmentPass.state``."""
        if state == PassState.REVOKED:
            return self.filter(Q(person__is_active=False) | Q(revoked_at__isnull=False))
        live = self.not_revoked()
        if state == PassState.EXPIRED:
            return live.filter(expires_at__lte=now)
        live = live.filter(expires_at__gt=now)
        if state == PassState.USED_UP:
            return live.filter(max_uses__isnull=False, uses__gte=F("max_uses"))
        return self.usable(now)


class EnrollmentPass(models.Model):
    """A link or QR code that sets up a phone, for one person or a group. Only the digest of its token is stored."""

    token_digest = models.CharField(max_length=64, unique=True, editable=False)
    label = models.CharField(_("recipient"), max_length=120, validators=LINE)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="passes",
    )
    sites = models.ManyToManyField("rollout.Site", verbose_name=_("sites"), related_name="passes")
    wave = models.ForeignKey("rollout.Wave", on_delete=models.SET_NULL, null=True, blank=True, related_name="passes")
    expires_at = models.DateTimeField(_("expires"))
    max_uses = models.PositiveIntegerField(_("allowed uses"), null=True, blank=True)
    uses = models.PositiveIntegerField(_("uses"), default=0, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(_("created"))
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    objects = PassQuerySet.as_manager()

    class Meta:
        verbose_name = _("pass")
        verbose_name_plural = _("passes")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(max_uses=None) | Q(uses__lte=F("max_uses")), name="pass_not_used_more_than_allowed"
            )
        ]
        indexes = [models.Index(fields=["expires_at"], name="pass_expiry")]

    def __str__(self) -> str:
        return self.label

    def state(self, now: datetime) -> PassState:
        """Return the state of the pass. Revoked takes precedence over expired and used up."""
        if self.revoked_at or (self.person is not None and not self.person.is_active):
            return PassState.REVOKED
        if self.expires_at <= now:
            return PassState.EXPIRED
        if self.max_uses is not None and self.uses >= self.max_uses:
            return PassState.USED_UP
        return PassState.VALID


class Enrollment(models.Model):
    """One use of a pass: a person reported that their phone is set up."""

    enrollment_pass = models.ForeignKey(
        EnrollmentPass, on_delete=models.CASCADE, related_name="enrollments", verbose_name=_("pass")
    )
    enrolled_at = models.DateTimeField(_("reported"))
    user_agent = models.CharField(_("user agent"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("phone setup")
        verbose_name_plural = _("phone setups")
        ordering = ["-enrolled_at"]

    def __str__(self) -> str:
        return f"{self.enrollment_pass}"


class SignIn(models.Model):
    """One OAuth sign-in of the app to a site hosted by Gatepass: tokens were issued to this person."""

    site = models.ForeignKey("rollout.Site", on_delete=models.CASCADE, related_name="sign_ins")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="app_sign_ins")
    client_id = models.CharField(_("client ID"), max_length=255)
    user_agent = models.CharField(_("user agent"), max_length=200, blank=True)
    is_rehearsal = models.BooleanField(_("sign-in test"), default=False)
    signed_in_at = models.DateTimeField(_("signed in"))

    class Meta:
        verbose_name = _("sign-in")
        verbose_name_plural = _("sign-ins")
        ordering = ["-signed_in_at"]
        indexes = [
            models.Index(fields=["-signed_in_at"], name="sign_in_recent"),
            models.Index(fields=["site", "-signed_in_at"], name="sign_in_by_site"),
        ]

    def __str__(self) -> str:
        return f"{self.person} → {self.site}"
