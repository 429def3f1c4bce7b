"""Client certificates that checks present to sites that require one."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class SiteCertificate(models.Model):
    """A site's client certificate with its private key.

    Encrypted at rest together with the base URL that it is for, never shown again, never logged, and presented to that
    base URL only. The other columns are what the certificate says in public.
    """

    site = models.OneToOneField(
        "rollout.Site", on_delete=models.CASCADE, related_name="client_certificate", verbose_name=_("site")
    )
    sealed = models.TextField(editable=False)  # encrypted
    subject = models.CharField(_("subject"), max_length=200)
    issuer = models.CharField(_("issuer"), max_length=200)
    fingerprint = models.CharField(_("SHA-256 fingerprint"), max_length=64)
    expires_at = models.DateTimeField(_("expires"))
    stored_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("stored by"),
    )
    stored_at = models.DateTimeField(_("stored"))

    class Meta:
        verbose_name = _("client certificate")
        verbose_name_plural = _("client certificates")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.site}"

    def is_expired(self, now: datetime) -> bool:
        """Whether sites refuse it because of its age."""
        return self.expires_at <= now
