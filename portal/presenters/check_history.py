"""A site's past: every check with what it changed, both findings that decided, and two checks side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _

from rollout.compatibility.rules import RULES, rule
from rollout.models import CheckRun, Finding, RunState, Site

from . import messages

Said = tuple[str, str, dict[str, str], str]


@dataclass(frozen=True)
class SetupChange:
    """A road whose verdict changed, with the sentence that decided before and the one that decides now."""

    setup: str
    was: str
    now: str
    was_because: str
    now_because: str

    @property
    def name(self) -> Any:
        return messages.SETUP_NAMES[self.setup]


@dataclass(frozen=True)
class Told:
    """A run, and what it changed; nothing for most."""

    run: CheckRun
    changes: tuple[SetupChange, ...]


def runs_of(site: Site) -> QuerySet[CheckRun]:
    """The site's runs for a list, without what is only needed of one."""
    rows = CheckRun.objects.filter(site=site).select_related("requested_by")
    return rows.defer("observation", "evaluated_findings")


def tell(runs: Iterable[CheckRun]) -> list[Told]:
    """Each run with what it changed: two queries, however many runs."""
    runs = list(runs)
    flips = [run.pk for run in runs if run.changed_at]
    before = _runs_before(flips) if flips else {}
    wanted = {*flips, *before.values()}
    said = {run.pk: run.findings for run in CheckRun.objects.filter(pk__in=wanted).only("evaluated_findings")}
    return [
        Told(run, tuple(_changes(run, said.get(before.get(run.pk, 0), ()), said.get(run.pk, ()))))
        if run.changed_at
        else Told(run, ())
        for run in runs
    ]


def in_chunks(runs: Iterator[CheckRun], size: int) -> Iterator[Told]:
    """The same for any number of runs, in constant memory."""
    while chunk := list(islice(runs, size)):
        yield from tell(chunk)


def _runs_before(ids: Sequence[int]) -> dict[int, int]:
    """The id of the judged run before each of these."""
    earlier = CheckRun.objects.filter(site=OuterRef("site"), state=RunState.DONE, pk__lt=OuterRef("pk"))
    rows = CheckRun.objects.filter(pk__in=ids).annotate(before=Subquery(earlier.order_by("-pk").values("pk")[:1]))
    return {pk: before for pk, before in rows.values_list("pk", "before") if before}


def _changes(run: CheckRun, before: Sequence[Finding], now: Sequence[Finding]) -> Iterator[SetupChange]:
    for setup, was, verdict in (
        ("mdm", run.was_mdm_verdict, run.mdm_verdict),
        ("non_mdm", run.was_non_mdm_verdict, run.non_mdm_verdict),
    ):
        if was != verdict:
            yield SetupChange(setup, was, verdict, because(setup, was, before), because(setup, verdict, now))


def because(setup: str, verdict: str, findings: Iterable[Finding]) -> str:
    """The sentence of the finding that decided a road; empty when it is not known any more."""
    if verdict in messages.READY_SENTENCES:
        return _("All requirements were met.")
    deciding = messages.most_severe(findings, setup)
    return messages.finding_sentence(deciding) if deciding else ""


def chosen_pair(site: Site, was: str, now: str) -> tuple[CheckRun | None, CheckRun | None, bool]:
    """The two judged runs to compare, older first, and whether both that were asked for are there.

    Without a choice: the newest one, and the one before the last change of a verdict; where none ever changed, the two
    newest.
    """
    done = site.check_runs.filter(state=RunState.DONE).order_by("-pk")
    asked_now, asked_was = _asked(done, now), _asked(done, was)
    newer = asked_now or done.first()
    older = asked_was or (_before_last_change(done, newer) if newer else None)
    found = (asked_now is not None or not now) and (asked_was is not None or not was)
    return older, newer, found


def _asked(runs: QuerySet[CheckRun], text: str) -> CheckRun | None:
    is_number = text.isascii() and text.isdigit() and len(text) < 19
    return runs.filter(pk=int(text)).first() if is_number else None


def _before_last_change(runs: QuerySet[CheckRun], newest: CheckRun) -> CheckRun | None:
    earlier = runs.filter(pk__lt=newest.pk)
    flip = runs.filter(pk__lte=newest.pk, changed_at__isnull=False).only("pk").first()
    return (earlier.filter(pk__lt=flip.pk).first() if flip else None) or earlier.first()


@dataclass(frozen=True)
class ComparedRule:
    """What one rule said in two runs; a side is None where it said nothing. ``road`` empty for both roads."""

    id: str
    title: str
    setup: Any
    was: Finding | None
    now: Finding | None

    @property
    def differs(self) -> bool:
        return _said(self.was) != _said(self.now)


def _said(finding: Finding | None) -> Said | None:
    return (finding.outcome, finding.message, finding.values, finding.remedy) if finding else None


def compare_findings(was: Iterable[Finding], now: Iterable[Finding]) -> list[ComparedRule]:
    """Every rule that spoke in either run, in the order of the rules; one row where both roads say the same."""
    before = {(finding.rule, finding.setup): finding for finding in was}
    after = {(finding.rule, finding.setup): finding for finding in now}
    order = {entry.id: position for position, entry in enumerate(RULES)}
    ids = sorted({id for id, _setup in (*before, *after)}, key=lambda id: (order.get(id, len(order)), id))
    return [row for id in ids for row in _rows(id, before, after)]


def _rows(
    id: str, before: dict[tuple[str, str], Finding], after: dict[tuple[str, str], Finding]
) -> Iterator[ComparedRule]:
    title = _title(id)
    pairs = {setup: (before.get((id, setup)), after.get((id, setup))) for setup in messages.SETUP_NAMES}
    spoken = {setup: pair for setup, pair in pairs.items() if any(pair)}
    if len(spoken) > 1 and len({str(tuple(map(_said, pair))) for pair in spoken.values()}) == 1:
        yield ComparedRule(id, title, "", *next(iter(spoken.values())))
        return
    for setup, pair in spoken.items():
        yield ComparedRule(id, title, messages.SETUP_NAMES[setup], *pair)


def _title(id: str) -> str:
    try:
        return _(rule(id).title)
    except KeyError:
        return ""
