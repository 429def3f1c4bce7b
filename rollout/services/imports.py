"""Import of sites from a CSV file: a dry run that reports the changes, then the import itself.

Sites are matched by base URL, so importing the same file again changes nothing.
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
    """An error in one cell. ``row`` starts with 1 for the header; ``column`` is empty for the whole row."""

    row: int
    column: str
    message: str


@dataclass
class ImportReport:
    """The numbers of sites and the errors. ``applied`` is False for a dry run or if there were errors."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    errors: list[RowError] = field(default_factory=list)
    applied: bool = False


@dataclass
class _Plan:
    """The effect of a file: new sites with their owners, and changes to existing ones (owners None: unchanged)."""

    columns: tuple[str, ...]
    new: list[tuple[Site, list[Any]]] = field(default_factory=list)
    changes: list[tuple[Site, list[Any] | None, dict[str, Any]]] = field(default_factory=list)
    unchanged: int = 0


def import_sites(*, actor: Actor | None, data: bytes, dry_run: bool) -> ImportReport:
    """Import a file, or report its effect in a dry run. If it contains any error, nothing is written."""
    parsed = read_sites_csv(data, allow_loopback_http=settings.PROBE_ALLOW_LOOPBACK)
    errors = [RowError(error.row, error.column, _(error.message) % error.values) for error in parsed.errors]
    with transaction.atomic():
        if not dry_run and not errors:
            _lock_existing(parsed)
        plan = _plan(parsed, errors)
        report = ImportReport(len(plan.new), len(plan.changes), plan.unchanged, errors)
        if dry_run or errors:
            return report
        with audit.gathered():
            try:
                with transaction.atomic():
                    ordered = sorted(plan.new, key=lambda new: new[0].base_url)  # concurrent imports must not deadlock
                    sites.create_sites(actor=actor, sites=ordered)
            except IntegrityError:
                message = _("One of these sites was added at the same time. Nothing was imported. Try again.")
                errors.append(RowError(1, "", message))
                return report
            for site, owners, fields in plan.changes:
                sites.update_site(actor=actor, site=site, owners=owners, **fields)
            details = {"created": report.created, "changed": report.changed, "unchanged": report.unchanged}
            audit.record(actor=actor, action="sites.imported", details=details)
        report.applied = True
    return report


def _lock_existing(parsed: CsvReport) -> None:
    """Lock all sites in the file, by ID and before the audit log, so that concurrent writers cannot deadlock."""
    existing = Site.objects.filter(base_url__in={row.base_url for row in parsed.rows})
    list(existing.select_for_update(no_key=True).order_by("pk").values_list("pk"))


def _plan(parsed: CsvReport, errors: list[RowError]) -> _Plan:
    existing = {site.base_url: site for site in Site.objects.prefetch_related("owners")}
    users = _users_by_email(parsed.rows)
    plan = _Plan(parsed.columns)
    for row in parsed.rows:
        try:
            _add(plan, row, existing.get(row.base_url), users)
        except ValidationError as error:
            errors += [
                RowError(row.row, column if column != "__all__" else "", " ".join(messages))
                for column, messages in error.message_dict.items()
            ]
    return plan


def _users_by_email(rows: Iterable[SiteRow]) -> dict[str, Any]:
    emails = {email.lower() for row in rows for email in row.owners}
    return {user.email.lower(): user for user in get_user_model().objects.filter(email__in=emails)}


def _add(plan: _Plan, row: SiteRow, site: Site | None, users: dict[str, Any]) -> None:
    """Add one row to the plan. Raises ValidationError by column."""
    for email in row.owners:
        if email.lower() not in users:
            raise ValidationError(
                {
                    "owners": _(
                        "No account has the e-mail address %(email)s. Create the account first, or correct the address."
                    )
                    % {"email": email}
                }
            )
    owners = [users[email.lower()] for email in row.owners]
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
    """Add the change of an existing site to the plan. Fields without a column in the file are kept."""
    fixed = sites.VERDICT_FIELDS if site.is_provided else set()
    values = {name: getattr(row, name) for name in FIELDS if name in plan.columns and name not in fixed}
    new_owners = owners if "owners" in plan.columns else None
    same_owners = new_owners is None or {owner.pk for owner in owners} == {owner.pk for owner in site.owners.all()}
    if same_owners and all(getattr(site, name) == value for name, value in values.items()):
        plan.unchanged += 1
        return
    for name, value in values.items():
        setattr(site, name, value)
    sites.validate(site, unique=False)
    plan.changes.append((site, new_owners, values))
