"""Create, change, archive and restore sites."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _

from rollout.actor import Actor
from rollout.base_url import BaseUrlError, parse_base_url
from rollout.compatibility.verdict import Verdict
from rollout.compatibility.version import Version
from rollout.formats.ca_bundle import NoAuthorityError, check_ca_bundle
from rollout.formats.certificates import BUNDLE_ERRORS, BundleError
from rollout.models import CheckRun, PluginSource, Product, Provider, RunState, Site, SiteCertificate, SiteCredential
from rollout.ports import client_registry
from rollout.services.checks.due_times import check_interval

from . import audit
from .checks import check_runs

EDITABLE = (
    "title", "product", "base_url", "notes", "people", "cache_session_in_mobile_browser",
    "oauth_plugin_version", "mobile_plugin_version", "ca_bundle", "through_proxy",
)  # fmt: skip
# Changing one of these resets the verdicts until the site is checked again.
IDENTITY_FIELDS = {"product", "base_url"}
# Changing one of these starts a check. The verdicts are kept until it finishes: resetting them to unknown would report
# a change of the verdict even if the new version makes no difference.
VERDICT_FIELDS = IDENTITY_FIELDS | {"oauth_plugin_version", "mobile_plugin_version"}
# Changing one of these changes only how requests are sent, so it starts a check but keeps the verdicts.
PROBE_FIELDS = {"ca_bundle", "through_proxy"}


def provided_base_url(slug: str) -> str:
    """Return the base URL of a site that Gatepass hosts."""
    return f"{settings.PUBLIC_URL}/at/{slug}"


def create_site(
    *,
    actor: Actor | None,
    title: str | None,
    product: str | None = "confluence",
    base_url: str = "",
    provider: str = Provider.CONFLUENCE,
    slug: str | None = None,
    owners: Iterable[Any] = (),
    notes: str = "",
    people: int = 0,
    cache_session_in_mobile_browser: bool = False,
    oauth_plugin_version: str = "",
    mobile_plugin_version: str = "",
    ca_bundle: str = "",
    through_proxy: bool = False,
) -> Site:
    """Create a site and queue its first check. Raises ValidationError by field, and then changes nothing.

    Without ``title`` or ``product`` (None), the host name and Confluence stand in until a check has read what the site
    reports. A site hosted by Gatepass requires both, and a ``slug`` instead of a base URL. It uses the plugin versions
    of the settings, and must be a Confluence site because Gatepass responds as Confluence does.
    """
    if provider == Provider.GATEPASS and product != Product.CONFLUENCE:
        raise ValidationError({"product": _("Gatepass can host Confluence sites only. Choose Confluence Data Center.")})
    if provider == Provider.GATEPASS:
        if not slug:
            raise ValidationError({"slug": _("Enter a path name. It becomes part of the site's base URL.")})
        base_url = provided_base_url(slug)
        oauth_plugin_version = settings.PROVIDED_OAUTH_PLUGIN_VERSION
        mobile_plugin_version = settings.PROVIDED_MOBILE_PLUGIN_VERSION
    site = new_site(
        title=title,
        product=product,
        base_url=base_url,
        provider=provider,
        slug=slug if provider == Provider.GATEPASS else None,
        notes=notes,
        people=people,
        cache_session_in_mobile_browser=cache_session_in_mobile_browser,
        oauth_plugin_version=oauth_plugin_version,
        mobile_plugin_version=mobile_plugin_version,
        ca_bundle=ca_bundle.strip(),
        through_proxy=through_proxy,
    )
    validate(site)
    with _unique_address(site), transaction.atomic():
        site.save()
        owners = list(owners)
        site.owners.set(owners)
        audit.record(actor=actor, action="site.created", target=site, details=_created(site, owners))
        check_runs.request_check(site=site, actor=actor, trigger=CheckRun.Trigger.ADDED)
    return site


def new_site(**fields: Any) -> Site:
    """Return an unsaved, not yet validated site. ``title`` and ``product`` may be None, as in ``create_site``."""
    now = timezone.now()
    if fields["title"] is None:
        fields |= {"title": _host_of(fields["base_url"]), "title_entered": False}
    if fields["product"] is None:
        fields |= {"product": Product.CONFLUENCE, "product_entered": False}
    site = Site(created_at=now, updated_at=now, check_due_at=now + check_interval(), **fields)
    for name in ("title", "oauth_plugin_version", "mobile_plugin_version"):
        setattr(site, name, getattr(site, name).strip())
    if site.oauth_plugin_version or site.mobile_plugin_version:
        site.plugin_versions_at, site.plugin_versions_source = now, PluginSource.MANUAL
    return site


def _host_of(base_url: str) -> str:
    try:
        return parse_base_url(base_url, allow_loopback_http=True).origin.partition("://")[2]
    except BaseUrlError:  # ``validate`` reports it
        return "?"


@contextmanager
def _unique_address(site: Site) -> Iterator[None]:
    """Raise ValidationError instead of IntegrityError if another request saves the same address at the same time."""
    try:
        yield
    except IntegrityError as error:
        field = "slug" if site.is_provided else "base_url"
        raise ValidationError(
            {field: _("Another site already has this base URL. Edit that site, or enter a different base URL.")}
        ) from error


def create_sites(*, actor: Actor | None, sites: list[tuple[Site, list[Any]]]) -> None:
    """Save many validated new sites with their owners, with a constant number of statements per 500 rows."""
    owned = Site.owners.through
    targets: list[tuple[Model, dict[str, Any]]] = [(site, _created(site, owners)) for site, owners in sites]
    with transaction.atomic():
        rows = Site.objects.bulk_create([site for site, _owners in sites], batch_size=500)
        owned.objects.bulk_create(
            [owned(site=site, user=owner) for site, owners in sites for owner in owners], batch_size=500
        )
        check_runs.request_first_checks(sites=rows, actor=actor)
        audit.record_many(actor=actor, action="site.created", targets=targets)


def _created(site: Site, owners: Iterable[Any]) -> dict[str, Any]:
    """Return the details of the event. Owners are numbers, because details cannot be erased."""
    numbers = _numbers(owners)
    return {"base_url": site.base_url} | ({"owners": numbers} if numbers else {})


def _numbers(owners: Iterable[Any]) -> list[int]:
    return sorted(getattr(owner, "pk", owner) for owner in owners)


def add_sites(
    *, actor: Actor | None, base_urls: Iterable[str], owners: Iterable[Any] = (), **fields: Any
) -> list[Site]:
    """Create several sites that share all other fields (those of ``new_site``), and queue their first checks.

    The title of each is what it reports. Raises ValidationError, and then creates none: by field, for a base URL with
    the base URL in front of the message.
    """
    owners, rows = list(owners), []
    for base_url in base_urls:
        site = new_site(title=None, base_url=base_url, **fields)
        try:
            validate(site)
        except ValidationError as error:
            messages = dict(error.message_dict)
            if "base_url" in messages:
                messages["base_url"] = [f"{base_url}: {message}" for message in messages["base_url"]]
            raise ValidationError(messages) from error
        rows.append(site)
    rows.sort(key=lambda site: site.base_url)  # concurrent requests must not deadlock
    try:
        with transaction.atomic():
            create_sites(actor=actor, sites=[(site, owners) for site in rows])
    except IntegrityError as error:
        message = _("One of these sites was added at the same time. Nothing was added. Try again.")
        raise ValidationError({"base_url": message}) from error
    return rows


def update_site(*, actor: Actor | None, site: Site, owners: Iterable[Any] | None = None, **changes: Any) -> Site:
    """Change fields of a site (those in ``EDITABLE``) and queue a check if the result may differ.

    Changes to the base URL, product and plugin versions of a hosted site are ignored. Raises ValidationError by field
    and TypeError for a field that is not editable.
    """
    unknown = set(changes) - set(EDITABLE)
    if unknown:
        raise TypeError(f"not editable: {sorted(unknown)}")
    with _unique_address(site), transaction.atomic():
        site = Site.objects.select_for_update(no_key=True).get(pk=site.pk)
        if site.is_provided:
            for fixed in ("base_url", "product", "oauth_plugin_version", "mobile_plugin_version"):
                changes.pop(fixed, None)
        before = {name: getattr(site, name) for name in changes}
        for name, value in changes.items():
            setattr(site, name, value.strip() if isinstance(value, str) else value)
        validate(site)
        changed = {name for name, value in before.items() if getattr(site, name) != value}
        details: dict[str, Any] = {}
        if owners is not None:
            old, new = _numbers(site.owners.all()), _numbers(owners)
            if old != new:
                site.owners.set(new)
                changed.add("owners")
                details["owners"] = {"old": old, "new": new}
        if not changed:
            return site
        _reset_outdated_fields(site, changed)
        site.updated_at = timezone.now()
        site.save()
        if "base_url" in changed:
            _remove_secrets(actor, site)
        audit.record(actor=actor, action="site.changed", target=site, details={"fields": sorted(changed), **details})
        if changed & (VERDICT_FIELDS | PROBE_FIELDS) and site.archived_at is None:
            check_runs.request_check(site=site, actor=actor, trigger=CheckRun.Trigger.EDITED)
    return site


def _remove_secrets(actor: Actor | None, site: Site) -> None:
    """Remove the stored token and client certificate, which must not be sent to a base URL of another person."""
    for model, name in ((SiteCredential, "credential"), (SiteCertificate, "certificate")):
        if model._default_manager.filter(site=site).delete()[0]:
            audit.record(actor=actor, action=f"{name}.removed", target=site)


def use_suggested_base_url(*, actor: Actor | None, site: Site, base_url: str) -> Site:
    """Change the base URL to the one that the site's last check suggests, and queue a check.

    Raises ValidationError if ``base_url`` is not suggested (any more), or if another site has it.
    """
    run = CheckRun.objects.filter(site=site, state=RunState.DONE).order_by("-pk").first()
    if run is None or site.archived_at or run.suggested_base_url != base_url:
        raise ValidationError({"base_url": [_("The last check does not suggest this base URL. Check the site again.")]})
    return update_site(actor=actor, site=site, base_url=base_url)


def _reset_outdated_fields(site: Site, changed: set[str]) -> None:
    site.title_entered = site.title_entered or "title" in changed
    site.product_entered = site.product_entered or "product" in changed
    changed_versions = changed & {"oauth_plugin_version", "mobile_plugin_version"}
    if changed_versions:
        site.plugin_versions_at, site.plugin_versions_source = timezone.now(), PluginSource.MANUAL
    for name in changed_versions:  # a manually entered version does not include the enabled state
        setattr(site, name.replace("version", "enabled"), None)
    if changed & IDENTITY_FIELDS:
        site.mdm_verdict = site.non_mdm_verdict = Verdict.UNKNOWN.value
        site.server_version, site.checked_at = "", None


def archive_site(*, actor: Actor, site: Site) -> None:
    """Archive a site: exclude it from lists, checks and new configurations, and end its sign-ins. Keeps its history."""
    now = timezone.now()
    with transaction.atomic():
        if Site.objects.filter(pk=site.pk, archived_at=None).update(archived_at=now, updated_at=now, check_due_at=None):
            details = {"phones": _end_sign_ins(site)} if site.is_provided else None
            audit.record(actor=actor, action="site.archived", target=site, details=details)


def _end_sign_ins(site: Site) -> int:
    """End the sign-ins of apps on a site that Gatepass hosts, and delete their codes; return how many."""
    return sum(client_registry().end_sign_ins(client_id=client_id) for client_id in _client_ids(site))


def _client_ids(site: Site) -> list[str]:
    return list(site.links.active().order_by("pk").values_list("client_id", flat=True))


def restore_site(*, actor: Actor, site: Site) -> None:
    """Restore an archived site and queue a check. Apps must sign in again.

    Raises ValidationError while a worker is still ending the sign-ins of before, which would work again.
    """
    now = timezone.now()
    if site.is_provided and site.archived_at:
        _end_sign_ins(site)  # of sites that an older version archived
        if any(client_registry().has_sign_ins(client_id=client_id) for client_id in _client_ids(site)):
            raise ValidationError(_("The phones of this site are still being signed out. Try again in a few minutes."))
    with transaction.atomic():
        archived = Site.objects.filter(pk=site.pk).exclude(archived_at=None)
        if archived.update(archived_at=None, updated_at=now, check_due_at=now + check_interval()):
            audit.record(actor=actor, action="site.restored", target=site)
            check_runs.request_check(site=site, actor=actor, trigger=CheckRun.Trigger.EDITED)


def ca_bundle_error(error: BundleError | NoAuthorityError) -> str:
    """Return why pasted CA certificates are refused, in words that repeat none of the text."""
    if isinstance(error, NoAuthorityError):
        return _(error.message) % error.values
    return _(BUNDLE_ERRORS[error.code])


def validate(site: Site, *, unique: bool = True) -> None:
    """Normalize the base URL in place and validate all fields. Raises ValidationError by field.

    ``unique=False`` skips the uniqueness checks, for callers that have already checked the base URL.
    """
    errors: dict[str, list[str]] = {}
    try:
        parsed = parse_base_url(site.base_url, allow_loopback_http=settings.PROBE_ALLOW_LOOPBACK)
        site.base_url = str(parsed)
    except BaseUrlError as error:
        errors["slug" if site.is_provided else "base_url"] = [_(error.message)]
    for name in ("oauth_plugin_version", "mobile_plugin_version"):
        try:
            if getattr(site, name):
                Version.parse(getattr(site, name))
        except ValueError:
            errors[name] = [_("This is not a version number. Enter it as listed under Manage apps, for example 4.1.1.")]
    try:
        if site.ca_bundle:
            check_ca_bundle(site.ca_bundle)
    except (BundleError, NoAuthorityError) as error:
        errors["ca_bundle"] = [ca_bundle_error(error)]
    try:
        site.full_clean(exclude=list(errors), validate_unique=unique, validate_constraints=unique)
    except ValidationError as error:
        errors = {**error.message_dict, **errors}
    if errors:
        raise ValidationError(errors)
