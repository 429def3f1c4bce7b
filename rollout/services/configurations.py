"""Build the site list for an MDM, export it, and publish it as a numbered release."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, Prefetch
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rollout.actor import Actor
from rollout.compatibility.verdict import Verdict
from rollout.mdm.diff import Loss, diff_site_lists
from rollout.mdm.site_list import SiteEntry, SiteListError, build_site_list, parse_site_list
from rollout.mdm.vendor_formats import FORMATS
from rollout.models import ApplicationLink, ConfigurationRelease, Site
from rollout.models.site import SiteQuerySet

from . import audit


@dataclass(frozen=True)
class Line:
    """One site in a configuration.

    ``plain_because`` is why the entry has no OAuth part: ``not_ready`` (the MDM setup is not ready), ``no_link``, or
    ``both``; empty if it has one. ``is_kept`` is whether it only has one because the current release does.
    """

    site: Site
    entry: SiteEntry
    plain_because: str
    is_kept: bool


@dataclass(frozen=True)
class Impact:
    """Sites whose people lose something: their entries in the current release, and about how many people use them."""

    loss: Loss
    entries: tuple[SiteEntry, ...]
    people: int

    @property
    def sentence(self) -> str:
        """What happens, and to about how many people if that is known."""
        sites, people = len(self.entries), _("its people") if len(self.entries) == 1 else _("their people")
        if self.people:
            people = ngettext("about %(n)s person", "about %(n)s people", self.people)
            people %= {"n": number_format(self.people, force_grouping=True)}
        texts = {
            Loss.OAUTH: ngettext(
                "%(sites)d site loses OAuth 2.0: %(people)s will see a password form again.",
                "%(sites)d sites lose OAuth 2.0: %(people)s will see a password form again.",
                sites,
            ),
            Loss.CLIENT_ID: ngettext(
                "%(sites)d site gets a new client ID: %(people)s must sign in again.",
                "%(sites)d sites get a new client ID: %(people)s must sign in again.",
                sites,
            ),
            Loss.REMOVED: ngettext(
                "%(sites)d site is removed: %(people)s no longer find it in the app.",
                "%(sites)d sites are removed: %(people)s no longer find them in the app.",
                sites,
            ),
        }
        return texts[self.loss] % {"sites": sites, "people": people}


@dataclass(frozen=True)
class Configuration:
    """The entries of several sites, the site list built from them, and what changes from the current release.

    ``current`` is None before the first release; then ``impacts`` is empty.
    """

    lines: tuple[Line, ...]
    site_list: str
    current: ConfigurationRelease | None
    impacts: tuple[Impact, ...]

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.site_list.encode()).hexdigest()

    @property
    def with_oauth(self) -> int:
        return sum(not line.plain_because for line in self.lines)


def build_configuration(sites: SiteQuerySet) -> Configuration:
    """Return the configuration of these sites, sorted by title, with a constant number of queries.

    A site gets an OAuth part if it has an application link and its MDM setup is ready. Once the current release has
    one, a failed check does not take it away: only an archived site, a revoked link or an incompatible MDM setup does.
    Raises ValidationError if there is no site, or if one cannot be written.
    """
    current = current_release()
    released = entries_of(current) if current else ()
    with_oauth = {name for entry in released if entry.client_id for name in (entry.base_url, entry.client_id)}
    links = Prefetch("links", queryset=ApplicationLink.objects.for_mdm(), to_attr="mdm_links")
    chosen = sites.active().order_by("title", "pk").prefetch_related(links)
    lines = tuple(_line(site, with_oauth) for site in chosen)
    if not lines:
        raise ValidationError(_("Select at least one site that is not archived."))
    entries = [line.entry for line in lines]
    try:
        site_list = build_site_list(entries)
    except SiteListError as error:
        sentence = _(error.message) % error.values
        raise ValidationError(f"{error.where}: {sentence}" if error.where else sentence) from error
    return Configuration(lines, site_list, current, _impacts(released, entries))


def current_release() -> ConfigurationRelease | None:
    """Return the newest release."""
    return ConfigurationRelease.objects.order_by("-number").first()


def entries_of(release: ConfigurationRelease) -> tuple[SiteEntry, ...]:
    """Return the entries of a release. Loopback sites are allowed because they were valid when it was published."""
    return parse_site_list(release.site_list, allow_loopback_http=True)


def _impacts(before: Iterable[SiteEntry], after: Iterable[SiteEntry]) -> tuple[Impact, ...]:
    losses = diff_site_lists(before, after).losses
    if not losses:
        return ()
    affected = {entry.base_url for entries in losses.values() for entry in entries}
    people = {url: count for url, count in Site.objects.values_list("base_url", "people") if url in affected}
    return tuple(
        Impact(loss, entries, sum(people.get(entry.base_url, 0) for entry in entries))
        for loss, entries in losses.items()
    )


def _line(site: Site, with_oauth: set[str]) -> Line:
    """Return the line of a site; ``with_oauth``: base URLs and client IDs of released entries with OAuth."""
    links = site.mdm_links  # type: ignore[attr-defined]  # the prefetch above
    had_oauth = bool({site.base_url, *(link.client_id for link in links)} & with_oauth)
    is_kept = had_oauth and site.mdm_verdict not in {Verdict.READY_MDM, Verdict.INCOMPATIBLE}
    ready = is_kept or site.mdm_verdict == Verdict.READY_MDM
    reason = {(True, True): "", (True, False): "no_link", (False, True): "not_ready"}.get((ready, bool(links)), "both")
    entry = SiteEntry(
        title=site.title,
        base_url=site.base_url,
        client_id=links[0].client_id if not reason else None,
        cache_session_in_mobile_browser=site.cache_session_in_mobile_browser,
    )
    return Line(site, entry, reason, is_kept=is_kept and not reason)


def require_confirmed(impacts: Iterable[Impact], confirmed: Collection[str]) -> None:
    """Raise ValidationError, for a field of the name of each kind of loss that is not among ``confirmed``."""
    missing = {impact.loss.value: impact.sentence for impact in impacts if impact.loss not in confirmed}
    if missing:
        raise ValidationError(missing)


def export_configuration(
    *, actor: Actor | None, sites: SiteQuerySet, format_id: str, confirmed: Collection[str]
) -> str:
    """Return the configuration in one format, and record the export in the audit log.

    ``confirmed`` are the kinds of losses, compared with the current release, that the actor has agreed to. Raises
    ValidationError.
    """
    _check_format(format_id)
    configuration = build_configuration(sites)
    require_confirmed(configuration.impacts, confirmed)
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
    *, actor: Actor, sites: SiteQuerySet, note: str = "", seen: str | None = None, confirmed: Collection[str] = ()
) -> ConfigurationRelease:
    """Publish the current configuration of these sites as the next release.

    ``seen`` is the SHA-256 digest of the site list that was previewed; ``confirmed`` are the kinds of losses that the
    actor has agreed to. Raises ValidationError if the list differs from the previewed one or is that of the current
    release, if a loss is not confirmed (for a field of its name), or if there is no site.
    """
    configuration = build_configuration(sites)
    digest, current = configuration.digest, configuration.current
    if seen is not None and seen != digest:
        raise ValidationError(_("The sites have changed since you opened this page. Review the changes, then publish."))
    if current is not None and current.digest == digest:
        raise ValidationError(_("Nothing has changed since release %(number)s.") % {"number": current.number})
    require_confirmed(configuration.impacts, confirmed)
    details = {"sites": len(configuration.lines), "with_oauth": configuration.with_oauth}
    release = ConfigurationRelease(site_list=configuration.site_list, digest=digest, note=note.strip())
    with transaction.atomic():
        audit.record(actor=actor, action="configuration.published", details=details)
        return _publish(actor, release, [line.site.pk for line in configuration.lines])


def impacts_of_rolling_back(release: ConfigurationRelease) -> tuple[Impact, ...]:
    """Return what people lose if this earlier release replaces the current one."""
    current = current_release()
    return _impacts(entries_of(current), entries_of(release)) if current else ()


def roll_back(
    *, actor: Actor, release: ConfigurationRelease, note: str = "", confirmed: Collection[str] = ()
) -> ConfigurationRelease:
    """Publish the list of an earlier release again, under the next number.

    Raises ValidationError if the current release has the same list, or if a loss is not confirmed (for a field of its
    name).
    """
    current = current_release()
    if current is None or current.digest == release.digest:
        raise ValidationError(_("The current release has the same list."))
    require_confirmed(impacts_of_rolling_back(release), confirmed)
    again = ConfigurationRelease(site_list=release.site_list, digest=release.digest, note=note.strip())
    sites = list(release.sites.values_list("pk", flat=True))
    details = {"sites": len(sites), "release": release.number}
    with transaction.atomic():
        audit.record(actor=actor, action="configuration.rolled_back", details=details)
        return _publish(actor, again, sites)


def mark_deployed(*, actor: Actor, release: ConfigurationRelease, console: str) -> bool:
    """Record that this release was entered in an MDM's console; return False if that is recorded already.

    Raises ValidationError for the field ``console``.
    """
    with transaction.atomic():
        release = ConfigurationRelease.objects.select_for_update(no_key=True).get(pk=release.pk)
        if release.deployed_at:
            return False
        release.deployed_at, release.deployed_by_id = timezone.now(), actor.pk
        release.console = " ".join(console.split())
        release.clean_fields(exclude=["published_by", "deployed_by", "site_list"])
        release.save(update_fields=["deployed_at", "deployed_by", "console"])
        audit.record(actor=actor, action="configuration.deployed", target=release, details={"console": release.console})
    return True


def _publish(actor: Actor, release: ConfigurationRelease, sites: Collection[int]) -> ConfigurationRelease:
    """Give the release the next number and store it, after its event is recorded in the same transaction.

    Recording locks the head of the audit chain, so concurrent publications get different numbers.
    """
    newest = ConfigurationRelease.objects.aggregate(newest=Max("number"))["newest"] or 0
    release.number, release.published_by_id, release.published_at = newest + 1, actor.pk, timezone.now()
    release.full_clean(exclude=["published_by"])
    release.save()
    release.sites.set(sites)
    return release
