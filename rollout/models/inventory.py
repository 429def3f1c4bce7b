"""App versions on the organization's phones, imported from an MDM's app inventory."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from .check_run import RunState, WorkQuerySet
from .site import Product
from .text import LINE


class AppInventoryQuerySet(models.QuerySet["AppInventory"]):
    def newest(self) -> AppInventoryQuerySet:
        """Return the newest import of each product, ordered by product. One query."""
        newest = self.order_by().values("product").annotate(newest=Max("pk")).values("newest")
        return self.filter(pk__in=newest).order_by("product")


class AppInventory(models.Model):
    """One import. Only the newest one of a product is current; older ones keep their counts but not their phones."""

    product = models.CharField(_("app"), max_length=16, choices=Product.choices)
    imported_at = models.DateTimeField(_("imported"))
    imported_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    file_name = models.CharField(max_length=200, blank=True, validators=LINE)
    phones = models.PositiveIntegerField(default=0)  # with the app
    not_installed = models.PositiveIntegerField(default=0)  # further phones, which do not have the app
    too_old = models.PositiveIntegerField(
        default=0
    )  # below the version that the matrix required at the time of the import
    unreadable = models.PositiveIntegerField(default=0)  # phones whose version is unknown or could not be parsed
    needed = models.CharField(_("required version"), max_length=40)  # the version required at the time of the import
    versions = models.JSONField(
        default=dict
    )  # {version: number of phones}; rare versions are summed up as OTHER_VERSIONS

    OTHER_VERSIONS = "…"

    objects = AppInventoryQuerySet.as_manager()

    class Meta:
        verbose_name = _("app inventory")
        verbose_name_plural = _("app inventories")
        ordering = ["-pk"]
        indexes = [models.Index(fields=["product", "-id"], name="inventory_newest")]

    def __str__(self) -> str:
        return f"{self.get_product_display()}, {self.imported_at:%Y-%m-%d %H:%M}"


class InventoryPhone(models.Model):
    """One phone in an import, with its app version, or without the app."""

    inventory = models.ForeignKey(AppInventory, on_delete=models.CASCADE, related_name="devices")
    device = models.CharField(_("device"), max_length=200, validators=LINE)
    version = models.CharField(_("app version"), max_length=60, blank=True, validators=LINE)
    too_old = models.BooleanField(null=True)  # None: the version is unknown, or the app is not installed
    installed = models.BooleanField(default=True)  # False: the MDM reports that the phone does not have the app

    class Meta:
        verbose_name = _("phone in an app inventory")
        verbose_name_plural = _("phones in app inventories")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["inventory", "device"], name="one_row_per_device")]
        indexes = [models.Index(fields=["inventory", "too_old", "device"], name="inventory_too_old")]

    def __str__(self) -> str:
        return self.device


class InventoryImport(models.Model):
    """An uploaded file that a worker reads: its state in the queue, and the report of what was read or refused."""

    product = models.CharField(_("app"), max_length=16, choices=Product.choices)
    file_name = models.CharField(_("file"), max_length=200, blank=True, validators=LINE)
    size = models.PositiveIntegerField(_("size in bytes"))
    state = models.CharField(max_length=16, choices=RunState.choices, default=RunState.QUEUED)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    requested_at = models.DateTimeField(_("requested"))
    started_at = models.DateTimeField(_("started"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    lease_until = models.DateTimeField(null=True)
    found = models.PositiveIntegerField(_("phones in the file"), null=True)  # None until the file has been read
    failure = models.TextField(blank=True)
    # {"columns": [name], "repeated", "others", "skipped", "skipped_lines": [{"line", "message"}], "unknown_states"}
    report = models.JSONField(default=dict)
    inventory = models.OneToOneField(AppInventory, on_delete=models.CASCADE, null=True, related_name="import_run")

    objects = WorkQuerySet.as_manager()

    class Meta:
        verbose_name = _("app inventory import")
        verbose_name_plural = _("app inventory imports")
        ordering = ["-pk"]
        indexes = [models.Index(fields=["state", "lease_until"], name="inventory_import_waiting")]

    def __str__(self) -> str:
        return f"{self.get_product_display()}, {self.requested_at:%Y-%m-%d %H:%M}"

    @property
    def is_finished(self) -> bool:
        return self.state in {RunState.DONE, RunState.FAILED}


class InventoryFilePart(models.Model):
    """A part of an uploaded file, until a worker has read it. The parts are in the order of their keys."""

    inventory_import = models.ForeignKey(InventoryImport, on_delete=models.CASCADE, related_name="parts")
    content = models.BinaryField(_("content"))

    class Meta:
        verbose_name = _("part of an app inventory file")
        verbose_name_plural = _("parts of app inventory files")
        ordering = ["pk"]

    def __str__(self) -> str:
        return str(self.pk)
