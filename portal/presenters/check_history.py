"""History of a site: what each check changed, the deciding findings, and the comparison of two checks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _

from rollout.compatibility.rules import RULES, rule
from rollout.models import CheckRun, Finding, RunState, Site

from . import messages

# Outcome, message, values and remedy: two findings that agree in these read the same on the page.
FindingContent = tuple[str, str, dict[str, str], str]


@dataclass(frozen=True)
class SetupChange:
    """A setup whose verdict changed, with the sentence of the deciding finding before and now."""

    setup: str
    was: str
    now: str
    was_because: str
    now_because: str

    @property
    def name(self) -> Any:
        return messages.SETUP_NAMES[self.setup]


@dataclass(frozen=True)
class HistoryEntry:
    """A run and the setups whose verdict it changed (usually none)."""

    run: CheckRun
    changes: tuple[SetupChange, ...]


def runs_of(site: Site) -> QuerySet[CheckRun]:
    """Return the runs of the site for a list, without the large columns that only the page of one run needs."""
    rows = CheckRun.objects.filter(site=site).select_related("requested_by")
    return rows.defer("observation", "evaluated_findings")


def history_entries(runs: Iterable[CheckRun]) -> list[HistoryEntry]:
    """Return each run with what it changed, using two queries for any number of runs."""
    runs = list(runs)
    flips = [run.pk for run in runs if run.changed_at]
    before = _runs_before(flips) if flips else {}
    needed = {*flips, *before.values()}
    findings = {run.pk: run.findings for run in CheckRun.objects.filter(pk__in=needed).only("evaluated_findings")}
    return [
        HistoryEntry(run, tuple(_changes(run, findings.get(before.get(run.pk, 0), ()), findings.get(run.pk, ()))))
        if run.changed_at
        else HistoryEntry(run, ())
        for run in runs
    ]


def in_chunks(runs: Iterator[CheckRun], size: int) -> Iterator[HistoryEntry]:
    """Yield the entries of any number of runs in constant memory, ``size`` runs at a time."""
    while chunk := list(islice(runs, size)):
        yield from history_entries(chunk)


def without_repetitions(entries: Iterable[HistoryEntry]) -> list[HistoryEntry]:
    """Return the entries of one page with each sentence once: a later repetition is empty."""
    seen = {""}

    def once(text: str) -> str:
        is_new = text not in seen
        seen.add(text)
        return text if is_new else ""

    return [
        replace(
            entry,
            changes=tuple(
                replace(change, was_because=once(change.was_because), now_because=once(change.now_because))
                for change in entry.changes
            ),
        )
        for entry in entries
    ]


def _runs_before(ids: Sequence[int]) -> dict[int, int]:
    """Map the id of each run to the id of the last finished run before it."""
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
    """Return the sentence of the finding that decided a setup; empty when it is no longer stored."""
    if verdict in messages.READY_SENTENCES:
        return _("All requirements were met.")
    deciding = messages.most_severe(findings, setup)
    return messages.finding_sentence(deciding) if deciding else ""


def chosen_pair(site: Site, was: str, now: str) -> tuple[CheckRun | None, CheckRun | None, bool]:
    """Return the two finished runs to compare, older first, and whether the requested ones exist.

    ``was`` and ``now`` are ids from the URL. Without them: the newest run and the one before the last verdict change,
    or the two newest runs when no verdict ever changed.
    """
    done = site.check_runs.filter(state=RunState.DONE).order_by("-pk")
    requested_now, requested_was = _run_with_id(done, now), _run_with_id(done, was)
    newer = requested_now or done.first()
    older = requested_was or (_before_last_change(done, newer) if newer else None)
    both_exist = (requested_now is not None or not now) and (requested_was is not None or not was)
    return older, newer, both_exist


def _run_with_id(runs: QuerySet[CheckRun], text: str) -> CheckRun | None:
    is_number = text.isascii() and text.isdigit() and len(text) < 19
    return runs.filter(pk=int(text)).first() if is_number else None


def _before_last_change(runs: QuerySet[CheckRun], newest: CheckRun) -> CheckRun | None:
    earlier = runs.filter(pk__lt=newest.pk)
    flip = runs.filter(pk__lte=newest.pk, changed_at__isnull=False).only("pk").first()
    return (earlier.filter(pk__lt=flip.pk).first() if flip else None) or earlier.first()


@dataclass(frozen=True)
class ComparedRule:
    """Findings of one rule in two runs; None where it had none. ``setup`` is empty when both setups agree."""

    id: str
    title: str
    setup: Any
    was: Finding | None
    now: Finding | None

    @property
    def differs(self) -> bool:
        return _content(self.was) != _content(self.now)


def _content(finding: Finding | None) -> FindingContent | None:
    return (finding.outcome, finding.message, finding.values, finding.remedy) if finding else None


def compare_findings(was: Iterable[Finding], now: Iterable[Finding]) -> list[ComparedRule]:
    """Return a row per rule with a finding in either run, in the order of the rules.

    A rule with the same findings for both setups gets one row, otherwise one per setup.
    """
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
    present = {setup: pair for setup, pair in pairs.items() if any(pair)}
    if len(present) > 1 and len({str(tuple(map(_content, pair))) for pair in present.values()}) == 1:
        yield ComparedRule(id, title, "", *next(iter(present.values())))
        return
    for setup, pair in present.items():
        yield ComparedRule(id, title, messages.SETUP_NAMES[setup], *pair)


def _title(id: str) -> str:
    try:
        return _(rule(id).title)
    except KeyError:
        return ""
