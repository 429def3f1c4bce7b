"""Published releases of the site list that goes into the MDM."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from rollout.actor import Actor

from .text import LINE


class ReleaseQuerySet(models.QuerySet["ConfigurationRelease"]):
    def visible_to(self, user: Actor) -> ReleaseQuerySet:
        """All for administrators and auditors; for owners those that carry a site of theirs; none for members."""
        if user.reads_all_sites:
            return self
        if not user.works_with_sites:
            return self.none()
        return self.filter(
            pk__in=self.model.sites.through.objects.filter(site__owners=user.pk).values("configurationrelease")
        )


class ConfigurationRelease(models.Model):
    """A site list as it was published: the exact text an MDM takes, numbered, never changed."""

    number = models.PositiveIntegerField(unique=True)
    site_list = models.TextField()
    digest = models.CharField(max_length=64)
    note = models.CharField(max_length=200, blank=True, validators=LINE)
    sites = models.ManyToManyField("rollout.Site", related_name="releases")
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    published_at = models.DateTimeField()

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]

    def __str__(self) -> str:
        return f"Release {self.number}"
