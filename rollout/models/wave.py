"""Waves: the people who move together."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from rollout.actor import Actor

from .text import LINE


class WaveQuerySet(models.QuerySet["Wave"]):
    def visible_to(self, user: Actor) -> WaveQuerySet:
        """All for administrators and auditors; for owners those with a site of theirs; none for members."""
        if user.reads_all_sites:
            return self
        if not user.works_with_sites:
            return self.none()
        return self.filter(pk__in=self.model.sites.through.objects.filter(site__owners=user.pk).values("wave"))


class Wave(models.Model):
    """A group of passes issued together for the same sites; its funnel is counted from them."""

    title = models.CharField(_("title"), max_length=120, unique=True, validators=LINE)
    sites = models.ManyToManyField("rollout.Site", verbose_name=_("sites"), related_name="waves")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = WaveQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.title
