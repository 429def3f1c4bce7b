"""The data of the overview page: sites by category, sites that need attention, recent changes and sign-ins."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    IntegerField,
    OuterRef,
    Q,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from rollout.compatibility.verdict import Outcome, Verdict
from rollout.models import (
    ApplicationLink,
    CheckRun,
    ConfigurationRelease,
    Finding,
    Provider,
    RunState,
    SignIn,
    Site,
    Wave,
)
from rollout.models.site import SiteQuerySet

from . import messages

READY_MDM = Q(mdm_verdict=Verdict.READY_MDM)
READY_NON_MDM = Q(non_mdm_verdict=Verdict.READY_NON_MDM)
# A site counts once, in its best category: one ready setup is enough for its people.
CATEGORIES: tuple[tuple[str, Promise, str, Q], ...] = (
    ("ready_mdm", _("MDM setup: ready"), "ok", READY_MDM),
    ("ready_non_mdm", _("Ready for Non-MDM setup only"), "info", READY_NON_MDM),
    (
        "action",
        _("Action needed"),
        "warn",
        Q(mdm_verdict=Verdict.ACTION_NEEDED) | Q(non_mdm_verdict=Verdict.ACTION_NEEDED),
    ),
    ("unknown", _("Unknown"), "idle", Q(mdm_verdict=Verdict.UNKNOWN) | Q(non_mdm_verdict=Verdict.UNKNOWN)),
    ("incompatible", _("Incompatible"), "bad", Q()),
)
CATEGORY_CHOICES = [(name, label) for name, label, _tone, _condition in CATEGORIES]
CATEGORY = Case(
    *(When(condition, then=Value(name)) for name, _label, _tone, condition in CATEGORIES if condition),
    default=Value("incompatible"),
    output_field=CharField(),
)
# Sorts by status: ready first, incompatible last.
CATEGORY_RANK = Case(
    *(When(row[3], then=Value(rank)) for rank, row in enumerate(CATEGORIES) if row[3]),
    default=Value(len(CATEGORIES)),
    output_field=IntegerField(),
)
# Verdicts from best to worst; the setup with the better one is shown first.
NEARNESS = (Verdict.READY_MDM, Verdict.READY_NON_MDM, Verdict.ACTION_NEEDED, Verdict.UNKNOWN, Verdict.INCOMPATIBLE)


@dataclass(frozen=True)
class Share:
    """One category: its numbers of sites and people, and of those how many are ready for the Non-MDM setup."""

    name: str
    label: Any
    tone: str
    sites: int
    people: int
    non_mdm_sites: int
    non_mdm_people: int


@dataclass(frozen=True)
class Tile:
    """One number on the overview page. ``query`` selects exactly these sites in the site list."""

    label: Any
    tone: str
    sites: int
    people: int
    query: str


def shares(sites: SiteQuerySet) -> list[Share]:
    """Return all categories with their numbers, best first. One query."""
    rows = sites.order_by().annotate(category=CATEGORY).values("category")
    counted = rows.annotate(
        sites=Count("pk"),
        affected=Coalesce(Sum("people"), 0),
        non_mdm=Count("pk", filter=READY_NON_MDM),
        non_mdm_affected=Coalesce(Sum("people", filter=READY_NON_MDM), 0),
    )
    by_category: dict[str, dict[str, Any]] = {row["category"]: dict(row) for row in counted}
    numbers = ("sites", "affected", "non_mdm", "non_mdm_affected")
    return [
        Share(name, label, tone, *(by_category[name][number] if name in by_category else 0 for number in numbers))
        for name, label, tone, _condition in CATEGORIES
    ]


def tiles(shares: Sequence[Share]) -> list[Tile]:
    """Return the tiles of the overview page. A site with two ready setups counts in both of the first two tiles."""
    ready, _non_mdm_only, *others = shares
    sites, people = sum(share.non_mdm_sites for share in shares), sum(share.non_mdm_people for share in shares)
    return [
        Tile(ready.label, ready.tone, ready.sites, ready.people, f"mdm={Verdict.READY_MDM}"),
        Tile(_("Non-MDM setup: ready"), "ok", sites, people, f"non_mdm={Verdict.READY_NON_MDM}"),
        *(Tile(share.label, share.tone, share.sites, share.people, f"status={share.name}") for share in others),
    ]


def in_category(sites: SiteQuerySet, name: str) -> SiteQuerySet:
    """Return the sites of one category (a name from ``CATEGORIES``)."""
    return sites.alias(category=CATEGORY).filter(category=name)


@dataclass(frozen=True)
class Need:
    """A site that needs attention.

    ``finding`` is the most severe finding of the setup that is nearest to ready; None if there is no finding to fix.
    """

    site: Site
    finding: Finding | None
    kind: str  # "link", "unchecked", "plugins" or "finding"


def with_newest_run(sites: SiteQuerySet) -> SiteQuerySet:
    """Annotate ``newest_run``: the ID of the newest finished check run."""
    newest = CheckRun.objects.filter(site=OuterRef("pk"), state=RunState.DONE).order_by("-pk").values("pk")[:1]
    return sites.annotate(newest_run=Subquery(newest))


def needs(sites: SiteQuerySet, limit: int) -> tuple[list[Need], int]:
    """Return up to ``limit`` sites that need attention, those with the most people first, and their total number.

    This includes sites that are ready only for the MDM setup and have no application link yet. Three queries.
    """
    linked = Exists(ApplicationLink.objects.for_mdm().filter(site=OuterRef("pk")))
    waiting = sites.active().alias(linked=linked).exclude(READY_NON_MDM | (READY_MDM & Q(linked=True)))
    rows = list(with_newest_run(waiting).order_by("-people", "title", "pk")[:limit])
    deciding = deciding_findings(rows)
    return [_need(site, deciding.get(site.pk)) for site in rows], waiting.count() if len(rows) == limit else len(rows)


def _need(site: Site, finding: Finding | None) -> Need:
    if site.mdm_verdict == Verdict.READY_MDM:
        return Need(site, None, "link")
    if finding is None:
        return Need(site, None, "unchecked")
    plugin = finding.rule in {"OAUTH-PLUGIN", "MOBILE-PLUGIN"} and finding.outcome == Outcome.UNKNOWN
    return Need(site, finding, "plugins" if plugin else "finding")


def deciding_findings(sites: Iterable[Any]) -> dict[int, Finding]:
    """Map site IDs to the most severe finding of the setup nearest to ready. One query.

    The sites must be annotated by ``with_newest_run``. Sites without such a finding are missing from the result.
    """
    by_run: dict[int, Site] = {site.newest_run: site for site in sites if site.newest_run}
    findings = {}
    for run in CheckRun.objects.filter(pk__in=by_run).only("evaluated_findings"):
        site = by_run[run.pk]
        deciding = messages.most_severe(run.findings, nearest_setup(site))
        if deciding:
            findings[site.pk] = deciding
    return findings


def nearest_setup(site: Any) -> str:
    """Return ``mdm`` or ``non_mdm``: the setup with the better verdict, or ``mdm`` if both are equal."""
    return "mdm" if NEARNESS.index(site.mdm_verdict) <= NEARNESS.index(site.non_mdm_verdict) else "non_mdm"


@dataclass(frozen=True)
class Flip:
    """A check run that changed a verdict. ``setups`` contains ``(setup name, previous verdict, new verdict)``."""

    run: CheckRun
    setups: tuple[tuple[Any, str, str], ...]


def flip(run: CheckRun) -> Flip:
    """Return the verdicts that a check run changed."""
    pairs = (("mdm", run.was_mdm_verdict, run.mdm_verdict), ("non_mdm", run.was_non_mdm_verdict, run.non_mdm_verdict))
    return Flip(run, tuple((messages.SETUP_NAMES[setup], was, now) for setup, was, now in pairs if was != now))


def flips(sites: SiteQuerySet, since: datetime, limit: int) -> list[Flip]:
    """Return up to ``limit`` verdict changes since ``since``, newest first. One query."""
    runs = CheckRun.objects.filter(changed_at__gte=since, site__in=sites.active()).select_related("site")
    return [flip(run) for run in runs.defer("observation", "evaluated_findings").order_by("-changed_at", "-pk")[:limit]]


def recent_sign_ins(sites: SiteQuerySet, limit: int) -> Sequence[SignIn]:
    """Return up to ``limit`` sign-ins, sign-in tests included, newest first. One query."""
    rows = SignIn.objects.filter(site__in=sites).select_related("site", "person")
    return list(rows.order_by("-signed_in_at", "-pk")[:limit])


def release_to_deploy() -> ConfigurationRelease | None:
    """Return the newest release unless it is marked as deployed."""
    newest = ConfigurationRelease.objects.order_by("-number").defer("site_list").first()
    return newest if newest and newest.deployed_at is None else None


def running_wave(sites: SiteQuerySet) -> Wave | None:
    """Return the newest unfinished wave that includes one of these sites."""
    return Wave.objects.filter(finished_at=None, sites__in=sites).order_by("-created_at", "-pk").distinct().first()


def wave_stages(wave: Wave) -> list[dict[str, Any]]:
    """Return the wave's stages for ``{% funnel %}``, counted from its passes. One query."""
    signed_in = SignIn.objects.filter(
        person=OuterRef("person"), site__waves=wave, is_rehearsal=False, signed_in_at__gte=OuterRef("created_at")
    )
    counts = wave.passes.annotate(signed_in=Exists(signed_in)).aggregate(
        issued=Count("pk"),
        used=Count("pk", filter=Q(uses__gt=0) | Q(signed_in=True)),
        arrived=Count("pk", filter=Q(signed_in=True)),
    )
    return [
        {"label": _("Passes issued"), "count": counts["issued"]},
        {"label": _("Phones set up"), "count": counts["used"]},
        {"label": _("Signed in with OAuth 2.0"), "count": counts["arrived"]},
    ]


def visible_stages(wave: Wave) -> list[dict[str, Any]]:
    """Return the stages that Gatepass can count: sign-ins are recorded only for sites that it hosts."""
    stages = wave_stages(wave)
    return stages if wave.sites.filter(provider=Provider.GATEPASS).exists() else stages[:2]
