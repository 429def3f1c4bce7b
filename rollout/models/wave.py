"""Waves: groups of people whose phones are set up together."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from rollout.actor import Actor

from .text import LINE


class WaveQuerySet(models.QuerySet["Wave"]):
    def visible_to(self, user: Actor) -> WaveQuerySet:
        """Return all waves for administrators and auditors, those with their sites for owners, none for members."""
        if user.reads_all_sites:
            return self
        if not user.works_with_sites:
            return self.none()
        return self.filter(pk__in=self.model.sites.through.objects.filter(site__owners=user.pk).values("wave"))


class Wave(models.Model):
    """A group of passes for the same sites. Its progress is counted from the passes."""

    title = models.CharField(_("title"), max_length=120, unique=True, validators=LINE)
    sites = models.ManyToManyField("rollout.Site", verbose_name=_("sites"), related_name="waves")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(_("created"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    objects = WaveQuerySet.as_manager()

    class Meta:
        verbose_name = _("wave")
        verbose_name_plural = _("waves")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.title
