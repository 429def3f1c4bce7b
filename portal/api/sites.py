"""Sites: list, get, create, change and check."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Path, Query, Router, Status

from portal.accounts.access import changeable_site, visible_site
from portal.models import Role, User
from rollout.models import ApplicationLink, CheckRun, Site
from rollout.services import sites
from rollout.services.checks import check_runs

from .auth import worker
from .check_runs import as_json as check_run_as_json
from .schemas import CheckRunOut, Error, Id, SiteChanges, SiteFilters, SiteIn, SiteOut, SitePage

router = Router(tags=["Sites"])
ERRORS = {400: Error, 401: Error, 403: Error, 404: Error, 422: Error}
READ_ERRORS = {401: Error, 403: Error, 404: Error, 422: Error}


@router.get("", response={200: SitePage, **READ_ERRORS})
def list_sites(request: HttpRequest, filters: Query[SiteFilters]) -> dict[str, Any]:
    """List the sites you have access to, ordered by title. An out-of-range page returns the nearest page."""
    rows = _matching(Site.objects.visible_to(worker(request)), filters)
    page = Paginator(_with_relations(rows.order_by("title", "pk")), filters.size).get_page(filters.page)
    return {
        "items": [as_json(site) for site in page],
        "count": page.paginator.count,
        "page": page.number,
        "pages": page.paginator.num_pages,
    }


@router.get("/{site_id}", response={200: SiteOut, **READ_ERRORS})
def get_site(request: HttpRequest, site_id: Path[Id]) -> dict[str, Any]:
    """Return one site, with the status of both setups and its client ID."""
    worker(request)
    return as_json(visible_site(request, site_id))


@router.post("", response={201: SiteOut, **ERRORS})
def create_site(request: HttpRequest, payload: SiteIn) -> Status[dict[str, Any]]:
    """Add a site and queue its first check. Site owners become its owner; administrators choose the owners."""
    actor = worker(request)
    if actor.role == Role.AUDITOR:
        raise PermissionDenied(_("Auditors cannot add sites. Ask an administrator or a site owner."))
    values = payload.dict()
    addresses = values.pop("owners")
    if not actor.is_administrator and addresses not in ([], [actor.email]):
        raise PermissionDenied(_("Only administrators can set the owners of a site."))
    owners = _people(addresses) if actor.is_administrator else [actor]
    return Status(201, as_json(sites.create_site(actor=actor, owners=owners, **values)))


@router.patch("/{site_id}", response={200: SiteOut, **ERRORS})
def change_site(request: HttpRequest, site_id: Path[Id], payload: SiteChanges) -> dict[str, Any]:
    """Change the fields that are sent. Queues a check if the changes may affect its result."""
    actor = worker(request)
    site = changeable_site(request, site_id)
    values = payload.dict(exclude_unset=True)
    owners = values.pop("owners", None)
    if owners is not None and not actor.is_administrator:
        raise PermissionDenied(_("Only administrators can set the owners of a site."))
    people = None if owners is None else _people(owners)
    return as_json(sites.update_site(actor=actor, site=site, owners=people, **values))


@router.post("/{site_id}/checks", response={202: CheckRunOut, **READ_ERRORS})
def check_site(request: HttpRequest, site_id: Path[Id]) -> Status[dict[str, Any]]:
    """Queue a check, or return the one that is queued or running. Poll its id at /check-runs/{run_id}."""
    actor = worker(request)
    site = changeable_site(request, site_id)
    if site.archived_at:
        raise ValidationError(_("This site is archived. Restore it to check it."))
    run = check_runs.request_check(site=site, actor=actor, trigger=CheckRun.Trigger.BUTTON)
    return Status(202, check_run_as_json(run))


def _matching(rows: QuerySet[Site], filters: SiteFilters) -> QuerySet[Site]:
    rows = rows.exclude(archived_at=None) if filters.archived else rows.filter(archived_at=None)
    for word in filters.q.replace("\x00", " ").split()[:8]:  # PostgreSQL rejects null characters
        rows = rows.filter(Q(title__icontains=word) | Q(base_url__icontains=word))
    if filters.verdict:
        rows = rows.filter(Q(mdm_verdict=filters.verdict) | Q(non_mdm_verdict=filters.verdict))
    exact = {"product": filters.product, "provider": filters.provider}
    return rows.filter(**{name: value for name, value in exact.items() if value})


def _with_relations(rows: QuerySet[Site]) -> QuerySet[Site]:
    links = Prefetch("links", queryset=ApplicationLink.objects.for_mdm(), to_attr="mdm_links")
    return rows.prefetch_related("owners", links)


def as_json(site: Site) -> dict[str, Any]:
    """Return the site as described in docs/api.md. Lists prefetch its relations with ``_with_relations``."""
    links = getattr(site, "mdm_links", None)
    if links is None:
        links = list(site.links.for_mdm())
    values = {name: getattr(site, name) for name in SiteOut.model_fields if name not in {"owners", "client_id"}}
    owners = sorted(owner.email for owner in site.owners.all())
    return values | {"owners": owners, "client_id": links[0].client_id if links else None}


def _people(addresses: list[str]) -> list[User]:
    """Return the people with these addresses. Raises ValidationError for an unknown address."""
    emails = {address.strip().lower() for address in addresses}
    people = {
        user.email.lower(): user for user in User.objects.filter(email__in={a for a in emails if "\x00" not in a})
    }
    missing = sorted(emails - set(people))
    if missing:
        raise ValidationError(
            {
                "owners": _(
                    "No account has the e-mail address %(email)s. Create the account first, or correct the address."
                )
                % {"email": missing[0][:100]}
            }
        )
    return list(people.values())
