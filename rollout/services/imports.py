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
from django.db import transaction
from django.utils.translation import gettext as _

from rollout.models import Provider, Site
from rollout.site_csv import CsvReport, SiteRow, read_sites_csv

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


class _DryRunError(Exception):
    """Leaves the transaction without a trace."""


def import_sites(*, actor: Any, data: bytes, dry_run: bool) -> ImportReport:
    """Return what the file does, or would do. With one error in it nothing is written at all."""
    read = read_sites_csv(data, allow_loopback_http=settings.PROBE_ALLOW_LOOPBACK)
    report = ImportReport(errors=[_row_error(error) for error in read.errors])
    try:
        with transaction.atomic():
            _apply(actor, read, report)
            if dry_run or report.errors:
                raise _DryRunError
            details = {"created": report.created, "changed": report.changed, "unchanged": report.unchanged}
            audit.record(actor=actor, action="sites.imported", details=details)
            report.applied = True
    except _DryRunError:
        pass
    return report


def _row_error(error: Any) -> RowError:
    return RowError(error.row, error.column, error.message % error.values)


def _apply(actor: Any, read: CsvReport, report: ImportReport) -> None:
    known = {site.base_url: site for site in Site.objects.prefetch_related("owners")}
    people = _people(read.rows)
    for row in read.rows:
        try:
            with transaction.atomic():
                _upsert(actor, row, known.get(row.base_url), people, report)
        except ValidationError as error:
            report.errors += [
                RowError(row.row, column if column != "__all__" else "", " ".join(messages))
                for column, messages in _by_column(error).items()
            ]


def _by_column(error: ValidationError) -> dict[str, list[str]]:
    return error.message_dict if hasattr(error, "error_dict") else {"": error.messages}


def _people(rows: Iterable[SiteRow]) -> dict[str, Any]:
    wanted = {email.lower() for row in rows for email in row.owners}
    return {user.email.lower(): user for user in get_user_model().objects.filter(email__in=wanted)}


def _upsert(actor: Any, row: SiteRow, site: Site | None, people: dict[str, Any], report: ImportReport) -> None:
    missing = [email for email in row.owners if email.lower() not in people]
    if missing:
        raise ValidationError({"owners": _("Nobody here has the address %(email)s.") % {"email": missing[0]}})
    owners = [people[email.lower()] for email in row.owners]
    wanted = {name: getattr(row, name) for name in FIELDS}
    if site is None:
        if row.provider == Provider.GATEPASS:
            raise ValidationError({"provider": _("Sites provided by Gatepass are added on their own page.")})
        sites.create_site(actor=actor, base_url=row.base_url, owners=owners, **wanted)
        report.created += 1
        return
    if row.provider != site.provider:
        raise ValidationError({"provider": _("The provider of a site cannot be changed by an import.")})
    if site.is_provided:
        wanted = {name: wanted[name] for name in ("title", "notes", "people", "cache_session_in_mobile_browser")}
    same_owners = {owner.pk for owner in owners} == {owner.pk for owner in site.owners.all()}
    if same_owners and all(getattr(site, name) == value for name, value in wanted.items()):
        report.unchanged += 1
        return
    sites.update_site(actor=actor, site=site, owners=owners, **wanted)
    report.changed += 1
