"""Application links: Atlassian's name for an OAuth client registered on a site."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

# The page allows exactly these. The redirect URL differs by product (domain data: rollout.compatibility.matrix).
APPLICATION_TYPE = "external"
DIRECTION = "incoming"
PERMISSION = "WRITE"


class LinkQuerySet(models.QuerySet["ApplicationLink"]):
    def active(self) -> LinkQuerySet:
        return self.filter(revoked_at=None)

    def registered_here(self) -> LinkQuerySet:
        """Links whose client Gatepass itself registered: what is pasted for another site may look like one of them."""
        return self.filter(site__provider="gatepass")

    def for_mdm(self) -> LinkQuerySet:
        """Active links whose client ID goes into the MDM configuration."""
        return self.active().filter(origin=ApplicationLink.Origin.WIZARD)


class ApplicationLink(models.Model):
    """One OAuth client of one site. A site has at most one active link of each origin."""

    class Origin(models.TextChoices):
        WIZARD = "wizard", _("Made by an administrator, for MDM")
        SWITCH = "switch", _("Made by the OAuth 2.0 switch, without MDM")

    site = models.ForeignKey("rollout.Site", on_delete=models.CASCADE, related_name="links")
    origin = models.CharField(max_length=16, choices=Origin.choices, default=Origin.WIZARD)
    client_id = models.CharField(_("client ID"), max_length=255)
    redirect_url = models.CharField(_("redirect URL"), max_length=200)
    permission = models.CharField(_("permission"), max_length=16, default=PERMISSION)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    rotated_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = LinkQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["site", "origin"], condition=Q(revoked_at=None), name="one_active_link_per_origin"
            )
        ]
        indexes = [models.Index(fields=["client_id"], name="link_by_client_id")]

    def __str__(self) -> str:
        return f"{self.site}: {self.get_origin_display()}"
