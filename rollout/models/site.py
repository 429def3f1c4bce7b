"""Sites: Confluence or Jira servers that phones sign in to, with the current status of their two setups."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from rollout.actor import Actor
from rollout.compatibility.observation import PluginVersions
from rollout.compatibility.verdict import Verdict

from .text import LINE, NOTES
from .waiting_times import is_over


class Product(models.TextChoices):
    CONFLUENCE = "confluence", _("Confluence Data Center")
    JIRA = "jira", _("Jira Data Center")


class Provider(models.TextChoices):
    CONFLUENCE = "confluence", _("The site itself")
    GATEPASS = "gatepass", _("Gatepass")


class VerdictChoices(models.TextChoices):
    READY_MDM = Verdict.READY_MDM.value, _("Ready")
    READY_NON_MDM = Verdict.READY_NON_MDM.value, _("Ready")
    ACTION_NEEDED = Verdict.ACTION_NEEDED.value, _("Action needed")
    INCOMPATIBLE = Verdict.INCOMPATIBLE.value, _("Incompatible")
    UNKNOWN = Verdict.UNKNOWN.value, _("Unknown")


class PluginSource(models.TextChoices):
    """Where the plugin versions come from; the same values as ``observation.PluginVersions.source``."""

    MANUAL = "manual", _("Entered manually")
    UPM_JSON = "upm_json", _("Pasted from the plugin manager")
    UPM_TOKEN = "upm_token", _("Read from the plugin manager")
    GATEPASS = "gatepass", _("Hosted by Gatepass")


class SiteQuerySet(models.QuerySet["Site"]):
    def active(self) -> SiteQuerySet:
        """Return sites that are not archived."""
        return self.filter(archived_at=None)

    def visible_to(self, user: Actor) -> SiteQuerySet:
        """Return all sites for administrators and auditors, their own for owners, none for members."""
        if user.reads_all_sites:
            return self
        return self.filter(owners=user.pk) if user.works_with_sites else self.none()

    def due_for_check(self, now: datetime, longest: timedelta) -> SiteQuerySet:
        """Return active sites whose check is due, oldest first. Checks are scheduled ``longest`` ahead at most."""
        return self.active().filter(is_over("check_due_at", now, longest)).order_by("check_due_at")


class Site(models.Model):
    """One Confluence or Jira server, or a site hosted by Gatepass."""

    title = models.CharField(_("title"), max_length=120, validators=LINE)
    product = models.CharField(_("product"), max_length=16, choices=Product.choices, default=Product.CONFLUENCE)
    base_url = models.CharField(_("base URL"), max_length=500, unique=True)
    # False until a person, or a check of what the site reports, has replaced the placeholder.
    title_entered = models.BooleanField(default=True, editable=False)
    product_entered = models.BooleanField(default=True, editable=False)
    provider = models.CharField(
        _("OAuth provider"), max_length=16, choices=Provider.choices, default=Provider.CONFLUENCE
    )
    slug = models.SlugField(
        _("path name"),
        max_length=40,
        unique=True,
        null=True,
        blank=True,
        help_text=_("For sites hosted by Gatepass only: the last part of the base URL."),
    )
    owners = models.ManyToManyField(
        settings.AUTH_USER_MODEL, verbose_name=_("owners"), related_name="owned_sites", blank=True
    )
    notes = models.TextField(_("notes"), max_length=4000, blank=True, validators=NOTES)
    people = models.PositiveIntegerField(
        _("people"), default=0, help_text=_("Approximate number of people who use this site on an iPhone.")
    )
    cache_session_in_mobile_browser = models.BooleanField(
        _("cache the browser session"),
        default=False,
        help_text=_("The app caches the session of the in-app browser used to sign in, so people sign in less often."),
    )

    oauth_plugin_version = models.CharField(_("OAuth plugin version"), max_length=40, blank=True)
    mobile_plugin_version = models.CharField(_("mobile plugin version"), max_length=40, blank=True)
    plugin_versions_at = models.DateTimeField(_("plugin versions updated"), null=True, blank=True, editable=False)
    plugin_versions_source = models.CharField(
        _("source of plugin versions"),
        max_length=16,
        choices=PluginSource.choices,
        blank=True,
        default="",
        editable=False,
    )
    # Whether each plugin is enabled, as reported by the Universal Plugin Manager; None if unknown.
    oauth_plugin_enabled = models.BooleanField(_("OAuth plugin enabled"), null=True, editable=False)
    mobile_plugin_enabled = models.BooleanField(_("mobile plugin enabled"), null=True, editable=False)

    ca_bundle = models.TextField(
        _("CA certificates"),
        max_length=100_000,
        blank=True,
        help_text=_("PEM certificates of the private certificate authority (CA) that issued this site's certificate."),
    )
    through_proxy = models.BooleanField(
        _("use the outbound proxy"),
        default=False,
        help_text=_("Send checks of this site through the proxy set in PROBE_PROXY."),
    )

    # The result of the last evaluated check run; written by rollout.services.checks only.
    mdm_verdict = models.CharField(
        _("MDM setup status"),
        max_length=16,
        choices=VerdictChoices.choices,
        default=Verdict.UNKNOWN.value,
        editable=False,
    )
    non_mdm_verdict = models.CharField(
        _("non-MDM setup status"),
        max_length=16,
        choices=VerdictChoices.choices,
        default=Verdict.UNKNOWN.value,
        editable=False,
    )
    server_version = models.CharField(_("server version"), max_length=40, blank=True, editable=False)
    checked_at = models.DateTimeField(_("last checked"), null=True, blank=True, editable=False)
    check_due_at = models.DateTimeField(_("next check"), null=True, blank=True, editable=False)
    failed_checks = models.PositiveSmallIntegerField(default=0, editable=False)  # consecutive, site unreachable

    created_at = models.DateTimeField(_("created"), editable=False)
    updated_at = models.DateTimeField(_("updated"), editable=False)
    archived_at = models.DateTimeField(_("archived"), null=True, blank=True, editable=False)

    objects = SiteQuerySet.as_manager()

    class Meta:
        verbose_name = _("site")
        verbose_name_plural = _("sites")
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
        """Host and port of the base URL. Sites that share them are checked one after the other."""
        return urlsplit(self.base_url).netloc

    @property
    def is_provided(self) -> bool:
        """Whether Gatepass is the OAuth provider of this site."""
        return self.provider == Provider.GATEPASS

    @property
    def plugin_versions(self) -> PluginVersions:
        """The known plugin versions, as input of the rules."""
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
    """A personal access token for scheduled retrieval of plugin versions.

    Encrypted at rest, never shown again, never logged, and sent to the site's own origin only.
    """

    site = models.OneToOneField(Site, on_delete=models.CASCADE, related_name="credential")
    token = models.TextField(editable=False)  # encrypted
    stored_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    stored_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    refused_at = models.DateTimeField(null=True)  # the site rejected it; it is not used again

    def __str__(self) -> str:
        return f"{self.site}"
