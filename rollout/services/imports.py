"""Imports sites from a CSV file: a dry run that says what would happen, then the same thing for real.

The base URL tells sites apart: importing the same file twice changes nothing the second time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from rollout.actor import Actor
from rollout.formats.site_csv import CsvReport, SiteRow, read_sites_csv
from rollout.models import Provider, Site

from . import audit, sites

FIELDS = (
    "title", "product", "notes", "people", "oauth_plugin_version", "mobile_plugin_version",
    "cache_session_in_mobile_browser",
)  # fmt: skip


@dataclass(frozen=True)
class RowError:
    """What is wrong in one cell. ``row`` counts the file's lines, the header being 1; ``column`` may be empty."""

    row: int
    column: str
    message: str


@dataclass
class ImportReport:
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    errors: list[RowError] = field(default_factory=list)
    applied: bool = False


@dataclass
class _Plan:
    """What a file would do: new sites with their owners, and changes to known ones (None: owners stay)."""

    columns: tuple[str, ...]
    new: list[tuple[Site, list[Any]]] = field(default_factory=list)
    changes: list[tuple[Site, list[Any] | None, dict[str, Any]]] = field(default_factory=list)
    unchanged: int = 0


def import_sites(*, actor: Actor | None, data: bytes, dry_run: bool) -> ImportReport:
    """Return what the file does, or would do. With one error in it nothing is written at all."""
    read = read_sites_csv(data, allow_loopback_http=settings.PROBE_ALLOW_LOOPBACK)
    errors = [RowError(error.row, error.column, _(error.message) % error.values) for error in read.errors]
    with transaction.atomic():
        if not dry_run and not errors:
            _lock_known(read)
        plan = _plan(read, errors)
        report = ImportReport(len(plan.new), len(plan.changes), plan.unchanged, errors)
        if dry_run or errors:
            return report
        try:
            with transaction.atomic():
                in_one_order = sorted(plan.new, key=lambda new: new[0].base_url)  # two imports at once do not cross
                sites.create_sites(actor=actor, sites=in_one_order)
        except IntegrityError:
            words = _("One of these sites was added at the same time. Nothing was imported. Try again.")
            errors.append(RowError(1, "", words))
            return report
        for site, owners, fields in plan.changes:
            sites.update_site(actor=actor, site=site, owners=owners, **fields)
        details = {"created": report.created, "changed": report.changed, "unchanged": report.unchanged}
        audit.record(actor=actor, action="sites.imported", details=details)
        report.applied = True
    return report


def _lock_known(read: CsvReport) -> None:
    """Lock every site the file names, in one order and before the audit trail: whoever holds one waits for nobody."""
    named = Site.objects.filter(base_url__in={row.base_url for row in read.rows})
    list(named.select_for_update(no_key=True).order_by("pk").values_list("pk"))


def _plan(read: CsvReport, errors: list[RowError]) -> _Plan:
    known = {site.base_url: site for site in Site.objects.prefetch_related("owners")}
    people = _people(read.rows)
    plan = _Plan(read.columns)
    for row in read.rows:
        try:
            _add(plan, row, known.get(row.base_url), people)
        except ValidationError as error:
            errors += [
                RowError(row.row, column if column != "__all__" else "", " ".join(messages))
                for column, messages in error.message_dict.items()
            ]
    return plan


def _people(rows: Iterable[SiteRow]) -> dict[str, Any]:
    wanted = {email.lower() for row in rows for email in row.owners}
    return {user.email.lower(): user for user in get_user_model().objects.filter(email__in=wanted)}


def _add(plan: _Plan, row: SiteRow, site: Site | None, people: dict[str, Any]) -> None:
    """Put one row into the plan. Raises ValidationError by column."""
    for email in row.owners:
        if email.lower() not in people:
            raise ValidationError({"owners": _("No account has the address %(email)s.") % {"email": email}})
    owners = [people[email.lower()] for email in row.owners]
    if row.provider != Provider.CONFLUENCE and site is None:
        raise ValidationError({"provider": _("Sites hosted by Gatepass cannot be imported. Add them with Add site.")})
    if site and "provider" in plan.columns and row.provider != site.provider:
        raise ValidationError({"provider": _("An import cannot change the OAuth provider of a site.")})
    if site:
        _add_change(plan, row, site, owners)
        return
    new = sites.new_site(base_url=row.base_url, provider=row.provider, **{name: getattr(row, name) for name in FIELDS})
    sites.validate(new, unique=False)
    plan.new.append((new, owners))


def _add_change(plan: _Plan, row: SiteRow, site: Site, owners: list[Any]) -> None:
    """Only what the file has a column for is changed."""
    fixed = sites.VERDICT_FIELDS if site.is_provided else set()
    wanted = {name: getattr(row, name) for name in FIELDS if name in plan.columns and name not in fixed}
    new_owners = owners if "owners" in plan.columns else None
    same_owners = new_owners is None or {owner.pk for owner in owners} == {owner.pk for owner in site.owners.all()}
    if same_owners and all(getattr(site, name) == value for name, value in wanted.items()):
        plan.unchanged += 1
        return
    for name, value in wanted.items():
        setattr(site, name, value)
    sites.validate(site, unique=False)
    plan.changes.append((site, new_owners, wanted))
