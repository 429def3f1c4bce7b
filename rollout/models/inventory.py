"""The apps on the organisation's phones, as an MDM's app inventory lists them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from .site import Product
from .text import LINE


class AppInventoryQuerySet(models.QuerySet["AppInventory"]):
    def newest(self) -> AppInventoryQuerySet:
        """The import that counts of each product that has one, by product: one query."""
        newest = self.order_by().values("product").annotate(newest=Max("pk")).values("newest")
        return self.filter(pk__in=newest).order_by("product")


class AppInventory(models.Model):
    """One import. The newest of a product is the one that counts; older ones keep their counts, not their phones."""

    product = models.CharField(_("app"), max_length=16, choices=Product.choices)
    imported_at = models.DateTimeField()
    imported_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    file_name = models.CharField(max_length=200, blank=True, validators=LINE)
    phones = models.PositiveIntegerField(default=0)
    too_old = models.PositiveIntegerField(default=0)  # below the version that the matrix asks for at the import
    unreadable = models.PositiveIntegerField(default=0)  # phones whose version is none
    needed = models.CharField(max_length=40)  # the version asked for at the import
    versions = models.JSONField(default=dict)  # {version: phones}; the rarest ones are counted as OTHER_VERSIONS

    OTHER_VERSIONS = "…"

    objects = AppInventoryQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["product", "-id"], name="inventory_newest")]

    def __str__(self) -> str:
        return f"{self.get_product_display()}, {self.imported_at:%Y-%m-%d %H:%M}"


class InventoryPhone(models.Model):
    inventory = models.ForeignKey(AppInventory, on_delete=models.CASCADE, related_name="devices")
    device = models.CharField(_("device"), max_length=200, validators=LINE)
    version = models.CharField(_("app version"), max_length=60, blank=True, validators=LINE)
    too_old = models.BooleanField(null=True)  # None: the version is none

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["inventory", "device"], name="one_row_per_device")]
        indexes = [models.Index(fields=["inventory", "too_old", "device"], name="inventory_too_old")]

    def __str__(self) -> str:
        return self.device
