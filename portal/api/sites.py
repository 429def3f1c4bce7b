"""Sites: list, read, add, change, and check now."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Path, Query, Router, Status

from portal.accounts.access import changeable_site, person, visible_site
from portal.models import Role, User
from rollout.models import ApplicationLink, CheckRun, Site
from rollout.services import sites
from rollout.services.checks import check_runs

from .auth import worker
from .check_runs import as_json as check_run_as_json
from .schemas import CheckRunOut, Error, Id, SiteChanges, SiteFilters, SiteIn, SiteOut, SitePage

router = Router(tags=["Sites"])
REFUSALS = {400: Error, 401: Error, 403: Error, 404: Error, 422: Error}
READ_REFUSALS = {401: Error, 403: Error, 404: Error, 422: Error}


@router.get("", response={200: SitePage, **READ_REFUSALS})
def list_sites(request: HttpRequest, filters: Query[SiteFilters]) -> dict[str, Any]:
    """The sites you may see, by title. A page that is not there is the nearest one that is."""
    rows = _matching(Site.objects.visible_to(worker(request)), filters)
    page = Paginator(_with_parts(rows.order_by("title", "pk")), filters.size).get_page(filters.page)
    return {
        "items": [as_json(site) for site in page],
        "count": page.paginator.count,
        "page": page.number,
        "pages": page.paginator.num_pages,
    }


@router.get("/{site_id}", response={200: SiteOut, **READ_REFUSALS})
def get_site(request: HttpRequest, site_id: Path[Id]) -> dict[str, Any]:
    """One site, with the verdict of each road and the client ID of its link."""
    worker(request)
    return as_json(visible_site(request, site_id))


@router.post("", response={201: SiteOut, **REFUSALS})
def create_site(request: HttpRequest, payload: SiteIn) -> Status[dict[str, Any]]:
    """Add a site; its first check is queued. A site owner owns what they add; administrators choose."""
    user = worker(request)
    if user.role == Role.AUDITOR:
        raise PermissionDenied(_("You can read all sites but not add one."))
    values = payload.dict()
    addresses = values.pop("owners")
    if not user.is_administrator and addresses not in ([], [user.email]):
        raise PermissionDenied(_("Only administrators can change who owns a site."))
    owners = _people(addresses) if user.is_administrator else [user]
    return Status(201, as_json(sites.create_site(actor=user, owners=owners, **values)))


@router.patch("/{site_id}", response={200: SiteOut, **REFUSALS})
def change_site(request: HttpRequest, site_id: Path[Id], payload: SiteChanges) -> dict[str, Any]:
    """Change the fields that are sent; a check is queued when the facts may differ."""
    user = worker(request)
    site = changeable_site(request, site_id)
    values = payload.dict(exclude_unset=True)
    owners = values.pop("owners", None)
    if owners is not None and not user.is_administrator:
        raise PermissionDenied(_("Only administrators can change who owns a site."))
    people = None if owners is None else _people(owners)
    return as_json(sites.update_site(actor=user, site=site, owners=people, **values))


@router.post("/{site_id}/checks", response={202: CheckRunOut, **READ_REFUSALS})
def check_site(request: HttpRequest, site_id: Path[Id]) -> Status[dict[str, Any]]:
    """Queue a check, or return the one that is queued or running already; its id leads to it among the check runs."""
    worker(request)
    site = changeable_site(request, site_id)
    if site.archived_at:
        raise ValidationError(_("This site is archived. Restore it first."))
    run = check_runs.request_check(site=site, actor=person(request), trigger=CheckRun.Trigger.BUTTON)
    return Status(202, check_run_as_json(run))


def _matching(rows: QuerySet[Site], filters: SiteFilters) -> QuerySet[Site]:
    rows = rows.exclude(archived_at=None) if filters.archived else rows.filter(archived_at=None)
    for word in filters.q.replace("\x00", " ").split()[:8]:  # PostgreSQL takes no null character, nobody means one
        rows = rows.filter(Q(title__icontains=word) | Q(base_url__icontains=word))
    if filters.verdict:
        rows = rows.filter(Q(mdm_verdict=filters.verdict) | Q(non_mdm_verdict=filters.verdict))
    exact = {"product": filters.product, "provider": filters.provider}
    return rows.filter(**{name: value for name, value in exact.items() if value})


def _with_parts(rows: QuerySet[Site]) -> QuerySet[Site]:
    links = Prefetch("links", queryset=ApplicationLink.objects.for_mdm(), to_attr="mdm_links")
    return rows.prefetch_related("owners", links)


def as_json(site: Site) -> dict[str, Any]:
    """The site as docs/api.md describes it. A list prefetches what this reads (``_with_parts``)."""
    links = getattr(site, "mdm_links", None)
    if links is None:
        links = list(site.links.for_mdm())
    values = {name: getattr(site, name) for name in SiteOut.model_fields if name not in {"owners", "client_id"}}
    owners = sorted(owner.email for owner in site.owners.all())
    return values | {"owners": owners, "client_id": links[0].client_id if links else None}


def _people(addresses: list[str]) -> list[User]:
    """The people with these addresses. Raises ValidationError for one that nobody has."""
    wanted = {address.strip().lower() for address in addresses}
    found = {user.email.lower(): user for user in User.objects.filter(email__in={a for a in wanted if "\x00" not in a})}
    missing = sorted(wanted - set(found))
    if missing:
        raise ValidationError({"owners": _("Nobody here has the address %(email)s.") % {"email": missing[0][:100]}})
    return list(found.values())
