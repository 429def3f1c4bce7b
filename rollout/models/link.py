"""Application links: Atlassian's term for an OAuth client that is registered on a site."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

# The only values that Atlassian's setup guide allows. The redirect URL depends on the product, see
# rollout.compatibility.matrix.
APPLICATION_TYPE = "external"
DIRECTION = "incoming"
PERMISSION = "WRITE"


class LinkQuerySet(models.QuerySet["ApplicationLink"]):
    def active(self) -> LinkQuerySet:
        """Return links that are not revoked."""
        return self.filter(revoked_at=None)

    def registered_here(self) -> LinkQuerySet:
        """Return links whose client is registered with Gatepass, not links that only have the same client ID."""
        return self.filter(site__provider="gatepass")

    def for_mdm(self) -> LinkQuerySet:
        """Return active links whose client ID is part of the app configuration."""
        return self.active().filter(origin=ApplicationLink.Origin.WIZARD)


class ApplicationLink(models.Model):
    """One OAuth client of one site. A site has at most one active link of each origin."""

    class Origin(models.TextChoices):
        WIZARD = "wizard", _("MDM (created by an administrator)")
        SWITCH = "switch", _("Non-MDM (created by the OAuth 2.0 setting)")

    site = models.ForeignKey("rollout.Site", on_delete=models.CASCADE, related_name="links")
    origin = models.CharField(_("origin"), max_length=16, choices=Origin.choices, default=Origin.WIZARD)
    client_id = models.CharField(_("client ID"), max_length=255)
    redirect_url = models.CharField(_("redirect URL"), max_length=200)
    permission = models.CharField(_("permission"), max_length=16, default=PERMISSION)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(_("created"))
    rotated_at = models.DateTimeField(_("client ID rotated"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    objects = LinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("application link")
        verbose_name_plural = _("application links")
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["site", "origin"], condition=Q(revoked_at=None), name="one_active_link_per_origin"
            )
        ]
        indexes = [models.Index(fields=["client_id"], name="link_by_client_id")]

    def __str__(self) -> str:
        return f"{self.site}: {self.get_origin_display()}"
