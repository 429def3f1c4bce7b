"""Who may see or change what: the one gate every view calls first. Not visible is 404, not allowed is 403."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from portal.models import Role, User
from rollout.models import ConfigurationRelease, EnrollmentPass, Site, Wave

View = Callable[..., HttpResponseBase]
Row = TypeVar("Row", bound=Model)


def person(request: HttpRequest) -> User:
    """Return the signed-in user; LoginRequiredMiddleware let nobody else through."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def dashboard(view: View) -> View:
    """Only for people who work with sites; a member is told that there is nothing here (404)."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not person(request).works_with_sites:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


def readers_of_all_sites(view: View) -> View:
    """Only for people who see every site; to everybody else this is not there (404)."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not person(request).reads_all_sites:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


def administrators(view: View) -> View:
    """Only for administrators; other staff see that it exists (403), members do not (404)."""

    @wraps(view)
    @dashboard
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not person(request).is_administrator:
            raise PermissionDenied(_("Only administrators can do this. Contact one of them."))
        return view(request, *args, **kwargs)

    return guarded


def editors(view: View) -> View:
    """Only for people who may change sites, all or their own: an auditor only reads (403), a member gets 404."""

    @wraps(view)
    @dashboard
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if person(request).role == Role.AUDITOR:
            raise PermissionDenied(_("Auditors can read everything and change nothing."))
        return view(request, *args, **kwargs)

    return guarded


def visible_site(request: HttpRequest, pk: int) -> Site:
    """Return the site when this person may see it. Raises Http404."""
    return get_object_or_404(Site.objects.visible_to(person(request)), pk=pk)


def may_change(user: User, site: Site) -> bool:
    """Whether this person may change the site: an administrator, or one of its owners (an auditor only reads)."""
    if user.is_administrator:
        return True
    return user.role == Role.SITE_OWNER and site.owners.filter(pk=user.pk).exists()


def changeable_site(request: HttpRequest, pk: int) -> Site:
    """Return the site when this person may change it. Raises Http404, or PermissionDenied when they only read it."""
    site = visible_site(request, pk)
    if not may_change(person(request), site):
        raise PermissionDenied(_("You can view this site but not change it."))
    return site


def visible_row(request: HttpRequest, rows: QuerySet[Row], pk: int) -> Row:
    """Return a row that hangs on a site (``site`` is its foreign key) when the site is visible. Raises Http404."""
    return get_object_or_404(rows, pk=pk, site__in=Site.objects.visible_to(person(request)))


def visible_pass(request: HttpRequest, pk: int) -> EnrollmentPass:
    return get_object_or_404(EnrollmentPass.objects.visible_to(person(request)), pk=pk)


def changeable_pass(request: HttpRequest, pk: int) -> EnrollmentPass:
    """Return the pass when this person may revoke or renew it: all of its sites must be theirs to change."""
    enrollment_pass = visible_pass(request, pk)
    user = person(request)
    is_owner = user.role == Role.SITE_OWNER and all(may_change(user, site) for site in enrollment_pass.sites.all())
    if not user.is_administrator and not is_owner:
        raise PermissionDenied(_("You cannot change this pass."))
    return enrollment_pass


def visible_release(request: HttpRequest, number: int) -> ConfigurationRelease:
    return get_object_or_404(ConfigurationRelease.objects.visible_to(person(request)), number=number)


def may_read_whole(user: User, release: ConfigurationRelease) -> bool:
    """Whether this person may see every site of a release, and so its exact text."""
    return user.reads_all_sites or not release.sites.exclude(pk__in=Site.objects.visible_to(user).values("pk")).exists()


def visible_wave(request: HttpRequest, pk: int) -> Wave:
    return get_object_or_404(Wave.objects.visible_to(person(request)), pk=pk)
