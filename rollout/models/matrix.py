"""Editions of the version matrix that administrators entered in Django admin; they replace the built-in one."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .site import Product
from .text import LINE, NOTES


class MatrixEdition(models.Model):
    """One dated edition. Once in force it cannot be edited; a change is a new edition."""

    as_of = models.DateField(_("as of"), help_text=_("Date on which the source page was last modified."))
    source = models.URLField(_("source"), max_length=500)
    note = models.TextField(_("changes"), max_length=2000, blank=True, validators=NOTES)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(_("created"), editable=False)
    in_force_at = models.DateTimeField(_("active since"), null=True, editable=False)

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("compatibility matrix edition")
        verbose_name_plural = _("compatibility matrix editions")
        indexes = [models.Index(fields=["-in_force_at", "-id"], name="matrix_in_force")]

    def __str__(self) -> str:
        return f"{self.as_of.isoformat()} #{self.pk}"


class MatrixLine(models.Model):
    """One line of an edition, as ``rollout.compatibility.matrix.Requirement`` describes it."""

    edition = models.ForeignKey(MatrixEdition, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveSmallIntegerField(default=0)
    product = models.CharField(_("product"), max_length=16, choices=Product.choices)
    source = models.URLField(_("source"), max_length=500)
    redirect_url = models.CharField(_("redirect URL"), max_length=200, validators=LINE)
    app = models.CharField(_("minimum app version"), max_length=40, validators=LINE)
    since = models.CharField(_("from version"), max_length=40, blank=True, validators=LINE)
    below = models.CharField(_("below version"), max_length=40, blank=True, validators=LINE)
    server = models.CharField(_("minimum server version"), max_length=40, blank=True, validators=LINE)
    oauth_plugin = models.CharField(_("minimum OAuth plugin version"), max_length=40, blank=True, validators=LINE)
    mobile_plugin = models.CharField(_("minimum mobile plugin version"), max_length=40, blank=True, validators=LINE)
    unclear = models.CharField(
        _("reason if unclear"),
        max_length=300,
        blank=True,
        validators=LINE,
        help_text=_(
            "Fill in instead of the minimum versions if the source does not state whether these versions work."
        ),
    )

    class Meta:
        ordering = ["edition", "position", "pk"]
        verbose_name = _("version range")
        verbose_name_plural = _("version ranges")

    def __str__(self) -> str:
        return f"{self.product} {self.since or '…'} – {self.below or '…'}"
