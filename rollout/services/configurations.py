"""Builds the site list for an MDM, and publishes it as a numbered release."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
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
    """One site in a configuration. ``plain_because`` is empty when it carries OAuth, else a reason's id:
    ``not_ready`` (the MDM road is not), ``no_link`` or ``both``."""

    site: Site
    entry: SiteEntry
    plain_because: str


@dataclass(frozen=True)
class Configuration:
    lines: tuple[Line, ...]
    site_list: str

    @property
    def with_oauth(self) -> int:
        return sum(not line.plain_because for line in self.lines)


def build_configuration(sites: SiteQuerySet) -> Configuration:
    """Return the configuration of these sites, in order of title: two queries however many they are.

    Raises ValidationError when there is none. The OAuth part is only for sites whose MDM road and link are ready.
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
    because = {(True, True): "", (True, False): "no_link", (False, True): "not_ready"}.get((ready, bool(links)), "both")
    entry = SiteEntry(
        title=site.title,
        base_url=site.base_url,
        client_id=links[0].client_id if not because else None,
        cache_session_in_mobile_browser=site.cache_session_in_mobile_browser,
    )
    return Line(site, entry, because)


def export_configuration(*, actor: Actor | None, sites: SiteQuerySet, format_id: str) -> str:
    """Return the configuration in one vendor's format, and record who took it. Raises ValidationError."""
    _check_format(format_id)
    configuration = build_configuration(sites)
    text = FORMATS[format_id].build(configuration.site_list)
    details = {"format": format_id, "sites": len(configuration.lines), "with_oauth": configuration.with_oauth}
    with transaction.atomic():
        audit.record(actor=actor, action="configuration.exported", details=details)
    return text


def export_release(*, actor: Actor, release: ConfigurationRelease, format_id: str) -> str:
    """Return a release in one vendor's format, made from its stored text, and record who took it.

    Raises ValidationError.
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
    """Keep today's configuration of these sites as the next numbered release.

    ``seen`` is the digest of the site list that somebody looked at: nothing else is published then. Raises
    ValidationError.
    """
    configuration = build_configuration(sites)
    digest = hashlib.sha256(configuration.site_list.encode()).hexdigest()
    if seen is not None and seen != digest:
        raise ValidationError(_("The sites have changed since you opened this page. Review the changes, then publish."))
    with transaction.atomic():
        # The audit chain's head is locked by this record, so two releases published at once get two numbers.
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


def chosen_sites(visible: SiteQuerySet, ids: Iterable[int]) -> SiteQuerySet:
    """The sites among ``visible`` that were chosen, archived ones left out."""
    return visible.active().filter(pk__in=list(ids))
