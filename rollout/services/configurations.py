"""Build the site list for an MDM, export it, and publish it as a numbered release."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, Prefetch
from django.utils import timezone
from django.utils.translation import gettext as _

from rollout.actor import Actor
from rollout.compatibility.verdict import Verdict
from rollout.mdm.site_list import SiteEntry, SiteListError, build_site_list
from rollout.mdm.vendor_formats import FORMATS
from rollout.models import ApplicationLink, ConfigurationRelease, Site
from rollout.models.site import SiteQuerySet

from . import audit


@dataclass(frozen=True)
class Line:
    """One site in a configuration.

    ``plain_because`` is why the entry has no OAuth part: ``not_ready`` (the MDM setup is not ready), ``no_link``, or
    ``both``; empty if it has one.
    """

    site: Site
    entry: SiteEntry
    plain_because: str


@dataclass(frozen=True)
class Configuration:
    """The entries of several sites, and the site list built from them."""

    lines: tuple[Line, ...]
    site_list: str

    @property
    def with_oauth(self) -> int:
        return sum(not line.plain_because for line in self.lines)


def build_configuration(sites: SiteQuerySet) -> Configuration:
    """Return the configuration of these sites, sorted by title, with a constant two queries.

    A site gets an OAuth part only if its MDM setup is ready and it has an application link. Raises ValidationError if
    there is no site, or if one cannot be written.
    """
    links = Prefetch("links", queryset=ApplicationLink.objects.for_mdm(), to_attr="mdm_links")
    lines = tuple(_line(site) for site in sites.active().order_by("title", "pk").prefetch_related(links))
    if not lines:
        raise ValidationError(_("Select at least one site that is not archived."))
    try:
        return Configuration(lines, build_site_list([line.entry for line in lines]))
    except SiteListError as error:
        sentence = _(error.message) % error.values
        raise ValidationError(f"{error.where}: {sentence}" if error.where else sentence) from error


def _line(site: Site) -> Line:
    links = site.mdm_links  # type: ignore[attr-defined]  # the prefetch above
    ready = site.mdm_verdict == Verdict.READY_MDM
    reason = {(True, True): "", (True, False): "no_link", (False, True): "not_ready"}.get((ready, bool(links)), "both")
    entry = SiteEntry(
        title=site.title,
        base_url=site.base_url,
        client_id=links[0].client_id if not reason else None,
        cache_session_in_mobile_browser=site.cache_session_in_mobile_browser,
    )
    return Line(site, entry, reason)


def export_configuration(*, actor: Actor | None, sites: SiteQuerySet, format_id: str) -> str:
    """Return the configuration in one format, and record the export in the audit log. Raises ValidationError."""
    _check_format(format_id)
    configuration = build_configuration(sites)
    text = FORMATS[format_id].build(configuration.site_list)
    details = {"format": format_id, "sites": len(configuration.lines), "with_oauth": configuration.with_oauth}
    with transaction.atomic():
        audit.record(actor=actor, action="configuration.exported", details=details)
    return text


def export_release(*, actor: Actor, release: ConfigurationRelease, format_id: str) -> str:
    """Return a release in one format, built from its stored text, and record the export in the audit log.

    Raises ValidationError if the format is unknown.
    """
    _check_format(format_id)
    text = FORMATS[format_id].build(release.site_list)
    details = {"format": format_id, "release": release.number}
    with transaction.atomic():
        audit.record(actor=actor, action="configuration.release_exported", target=release, details=details)
    return text


def _check_format(format_id: str) -> None:
    if format_id not in FORMATS:
        raise ValidationError(
            _("Unknown format %(format)s. Use one of: %(known)s.")
            % {"format": format_id[:40], "known": ", ".join(FORMATS)}
        )


def publish_release(
    *, actor: Actor, sites: SiteQuerySet, note: str = "", seen: str | None = None
) -> ConfigurationRelease:
    """Publish the current configuration of these sites as the next release.

    ``seen`` is the SHA-256 digest of the site list that was previewed. Raises ValidationError if the current one
    differs, or if there is no site.
    """
    configuration = build_configuration(sites)
    digest = hashlib.sha256(configuration.site_list.encode()).hexdigest()
    if seen is not None and seen != digest:
        raise ValidationError(_("The sites have changed since you opened this page. Review the changes, then publish."))
    with transaction.atomic():
        # Recording locks the head of the audit chain, so concurrent publications get different numbers.
        details = {"sites": len(configuration.lines), "with_oauth": configuration.with_oauth}
        audit.record(actor=actor, action="configuration.published", details=details)
        newest = ConfigurationRelease.objects.aggregate(newest=Max("number"))["newest"] or 0
        release = ConfigurationRelease(
            number=newest + 1,
            site_list=configuration.site_list,
            digest=digest,
            note=note.strip(),
            published_by_id=actor.pk,
            published_at=timezone.now(),
        )
        release.full_clean(exclude=["published_by"])
        release.save()
        release.sites.set(line.site for line in configuration.lines)
    return release
