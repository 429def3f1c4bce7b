"""Published releases of the app configuration that is exported to an MDM."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from rollout.actor import Actor

from .text import LINE


class ReleaseQuerySet(models.QuerySet["ConfigurationRelease"]):
    def visible_to(self, user: Actor) -> ReleaseQuerySet:
        """Return all releases for administrators and auditors, those with their sites for owners, none for members."""
        if user.reads_all_sites:
            return self
        if not user.works_with_sites:
            return self.none()
        return self.filter(
            pk__in=self.model.sites.through.objects.filter(site__owners=user.pk).values("configurationrelease")
        )


class ConfigurationRelease(models.Model):
    """A published site list: the exact text that is exported to an MDM. It is numbered, and its text never changes."""

    number = models.PositiveIntegerField(unique=True)
    site_list = models.TextField()
    digest = models.CharField(_("SHA-256"), max_length=64)
    note = models.CharField(max_length=200, blank=True, validators=LINE)
    sites = models.ManyToManyField("rollout.Site", related_name="releases")
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    published_at = models.DateTimeField(_("published"))
    # Gatepass sends nothing to an MDM: a person says that they have entered the list in its console.
    deployed_at = models.DateTimeField(_("deployed"), null=True, blank=True)
    deployed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("deployed by"),
    )
    console = models.CharField(_("MDM console"), max_length=60, blank=True, db_default="", validators=LINE)

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("configuration release")
        verbose_name_plural = _("configuration releases")
        ordering = ["-number"]

    def __str__(self) -> str:
        return f"Release {self.number}"
