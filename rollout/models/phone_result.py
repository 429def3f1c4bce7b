"""What people saw when they tried a site with a real phone (docs/real-phone.md)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .text import LINE, NOTES


class PhoneResultQuerySet(models.QuerySet["PhoneResult"]):
    def counting(self) -> PhoneResultQuerySet:
        """Return results that count as evidence: not withdrawn, and tried at the site's current base URL."""
        return self.filter(withdrawn_at=None, base_url=models.F("site__base_url"))


class PhoneResult(models.Model):
    """One try with one phone, in one setup. Rows are never changed or deleted; a wrong one is withdrawn.

    ``base_url`` and ``server_version`` are the site's at the time, because a result says nothing about another server.
    """

    class Setup(models.TextChoices):
        MDM = "mdm", _("MDM setup")
        NON_MDM = "non_mdm", _("Non-MDM setup")

    class Outcome(models.TextChoices):
        WORKED = "worked", _("Worked")
        FAILED = "failed", _("Failed")

    class Step(models.TextChoices):
        """The keys of ``phone_rules.STEPS``, in their order; the label is what the person saw if the step failed."""

        SITE = "site", _("The app did not accept the site")
        SIGN_IN_PAGE = "sign_in_page", _("The sign-in page was not shown")
        SIGN_IN = "sign_in", _("Signing in did not succeed")
        RETURN = "return", _("The phone did not return to the app")
        CONTENT = "content", _("The app showed no content")

    class Certificate(models.TextChoices):
        YES = "yes", _("Yes")
        NO = "no", _("No")
        UNKNOWN = "unknown", _("Unknown")

    site = models.ForeignKey(
        "rollout.Site", on_delete=models.CASCADE, related_name="phone_results", verbose_name=_("site")
    )
    setup = models.CharField(_("setup"), max_length=8, choices=Setup.choices)
    outcome = models.CharField(_("result"), max_length=8, choices=Outcome.choices)
    failed_step = models.CharField(_("first step that failed"), max_length=16, choices=Step.choices, blank=True)
    ios_version = models.CharField(_("iOS version"), max_length=40, validators=LINE)
    app_version = models.CharField(_("app version"), max_length=40, validators=LINE)
    client_certificate = models.CharField(
        _("client certificate used"), max_length=8, choices=Certificate.choices, default=Certificate.UNKNOWN
    )
    tried_on = models.DateField(_("tried on"))
    tried_by = models.CharField(_("tried by"), max_length=120, validators=LINE)
    note = models.TextField(_("note"), max_length=4000, blank=True, validators=NOTES)
    base_url = models.CharField(_("base URL"), max_length=500)
    server_version = models.CharField(_("server version"), max_length=40, blank=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("recorded by"),
    )
    recorded_at = models.DateTimeField(_("recorded"))
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("withdrawn by"),
    )
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    withdrawal_reason = models.CharField(_("reason for withdrawal"), max_length=200, blank=True, validators=LINE)

    objects = PhoneResultQuerySet.as_manager()

    class Meta:
        verbose_name = _("phone result")
        verbose_name_plural = _("phone results")
        ordering = ["-tried_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome="worked", failed_step="") | (Q(outcome="failed") & ~Q(failed_step="")),
                name="phone_result_failed_at_a_step",
            )
        ]
        indexes = [models.Index(fields=["site", "-tried_on", "-id"], name="phone_result_by_site")]

    def __str__(self) -> str:
        return f"{self.site}: {self.get_setup_display()}, {self.get_outcome_display()}"
