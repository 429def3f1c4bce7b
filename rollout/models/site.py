"""A site: one Confluence (or Jira) that phones sign in to, and what is currently known of its two roads."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from rollout.actor import Actor
from rollout.compatibility.observation import PluginVersions
from rollout.compatibility.verdict import Verdict

from .text import LINE, NOTES


class Product(models.TextChoices):
    CONFLUENCE = "confluence", _("Confluence Data Center")
    JIRA = "jira", _("Jira Data Center")


class Provider(models.TextChoices):
    CONFLUENCE = "confluence", _("The site itself")
    GATEPASS = "gatepass", _("Gatepass (rehearsal or gateway)")


class VerdictChoices(models.TextChoices):
    READY_MDM = Verdict.READY_MDM.value, _("Ready for MDM")
    READY_NON_MDM = Verdict.READY_NON_MDM.value, _("Ready without MDM")
    ACTION_NEEDED = Verdict.ACTION_NEEDED.value, _("Action needed")
    INCOMPATIBLE = Verdict.INCOMPATIBLE.value, _("Incompatible")
    UNKNOWN = Verdict.UNKNOWN.value, _("Unknown")


class PluginSource(models.TextChoices):
    """Who told the plugins' versions; the same words as ``observation.PluginVersions.source``."""

    MANUAL = "manual", _("Entered by hand")
    UPM_JSON = "upm_json", _("Pasted from the plugin manager")
    UPM_TOKEN = "upm_token", _("Read from the plugin manager")
    GATEPASS = "gatepass", _("Provided by Gatepass")


class SiteQuerySet(models.QuerySet["Site"]):
    def active(self) -> SiteQuerySet:
        """Sites that are not archived."""
        return self.filter(archived_at=None)

    def visible_to(self, user: Actor) -> SiteQuerySet:
        """Sites this person may see: all for administrators and auditors, their own for owners, none for members."""
        if user.reads_all_sites:
            return self
        return self.filter(owners=user.pk) if user.works_with_sites else self.none()

    def due_for_check(self, now: datetime) -> SiteQuerySet:
        """Active sites whose next scheduled check has come, oldest first."""
        return self.active().filter(check_due_at__lte=now).order_by("check_due_at")


class Site(models.Model):
    title = models.CharField(_("title"), max_length=120, validators=LINE)
    product = models.CharField(_("product"), max_length=16, choices=Product.choices, default=Product.CONFLUENCE)
    base_url = models.CharField(_("base URL"), max_length=500, unique=True)
    provider = models.CharField(
        _("OAuth provider"), max_length=16, choices=Provider.choices, default=Provider.CONFLUENCE
    )
    slug = models.SlugField(
        _("path name"),
        max_length=40,
        unique=True,
        null=True,
        blank=True,
        help_text=_("Only for sites provided by Gatepass: the last part of their base URL."),
    )
    owners = models.ManyToManyField(
        settings.AUTH_USER_MODEL, verbose_name=_("owners"), related_name="owned_sites", blank=True
    )
    notes = models.TextField(_("notes"), max_length=4000, blank=True, validators=NOTES)
    people = models.PositiveIntegerField(
        _("people"), default=0, help_text=_("About how many people use this site on an iPhone.")
    )
    cache_session_in_mobile_browser = models.BooleanField(
        _("keep the mobile browser's session"),
        default=False,
        help_text=_("Whether the app keeps the session of the browser sheet it signs in with."),
    )

    oauth_plugin_version = models.CharField(_("OAuth plugin version"), max_length=40, blank=True)
    mobile_plugin_version = models.CharField(_("mobile plugin version"), max_length=40, blank=True)
    plugin_versions_at = models.DateTimeField(null=True, blank=True, editable=False)
    plugin_versions_source = models.CharField(
        max_length=16, choices=PluginSource.choices, blank=True, default="", editable=False
    )
    # Whether each plugin is enabled, as the Universal Plugin Manager says; None when nobody asked it.
    oauth_plugin_enabled = models.BooleanField(null=True, editable=False)
    mobile_plugin_enabled = models.BooleanField(null=True, editable=False)

    ca_bundle = models.TextField(
        _("CA certificates"),
        max_length=100_000,
        blank=True,
        help_text=_("PEM certificates of a private authority that this site's certificate comes from."),
    )
    through_proxy = models.BooleanField(
        _("ask through the outbound proxy"),
        default=False,
        help_text=_("Checks of this site go through the proxy that the PROBE_PROXY setting names."),
    )

    # What the last judged check run said; written by rollout.services.checks.check_runs only.
    mdm_verdict = models.CharField(
        max_length=16, choices=VerdictChoices.choices, default=Verdict.UNKNOWN.value, editable=False
    )
    non_mdm_verdict = models.CharField(
        max_length=16, choices=VerdictChoices.choices, default=Verdict.UNKNOWN.value, editable=False
    )
    server_version = models.CharField(max_length=40, blank=True, editable=False)
    checked_at = models.DateTimeField(null=True, blank=True, editable=False)
    check_due_at = models.DateTimeField(null=True, blank=True, editable=False)
    failed_checks = models.PositiveSmallIntegerField(default=0, editable=False)  # in a row, the site being unreachable

    created_at = models.DateTimeField(editable=False)
    updated_at = models.DateTimeField(editable=False)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = SiteQuerySet.as_manager()

    class Meta:
        ordering = ["title", "pk"]
        indexes = [
            models.Index(fields=["archived_at", "title", "id"], name="site_by_title"),
            models.Index(fields=["archived_at", "mdm_verdict", "non_mdm_verdict", "-people"], name="site_by_verdict"),
            models.Index(fields=["check_due_at"], name="site_due"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def host(self) -> str:
        """Host and port of the base URL: sites that share them are asked one after the other."""
        return urlsplit(self.base_url).netloc

    @property
    def is_provided(self) -> bool:
        """Whether Gatepass itself answers as this site's OAuth provider."""
        return self.provider == Provider.GATEPASS

    @property
    def plugin_versions(self) -> PluginVersions:
        """What is known of the plugins, for the rules."""
        known = (self.oauth_plugin_version, self.mobile_plugin_version, self.plugin_versions_source)
        if not any(known):
            return PluginVersions()
        return PluginVersions(
            oauth=self.oauth_plugin_version or None,
            mobile=self.mobile_plugin_version or None,
            source="gatepass" if self.is_provided else self.plugin_versions_source or "manual",
            as_of=self.plugin_versions_at,
            oauth_enabled=self.oauth_plugin_enabled,
            mobile_enabled=self.mobile_plugin_enabled,
        )


class SiteCredential(models.Model):
    """A personal access token that an administrator left for scheduled look-ups of plugin versions.

    Encrypted at rest; never shown again, never in a log, and sent to the site's own origin only.
    """

    site = models.OneToOneField(Site, on_delete=models.CASCADE, related_name="credential")
    token = models.TextField(editable=False)  # encrypted
    stored_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    stored_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    refused_at = models.DateTimeField(null=True)  # the site did not accept it: it is not tried again

    def __str__(self) -> str:
        return f"{self.site}"
