"""Access checks that every view makes first: 404 for what a person may not see, 403 for what they may not change."""

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

from .service_accounts import ServiceAccount

View = Callable[..., HttpResponseBase]
Row = TypeVar("Row", bound=Model)


def person(request: HttpRequest) -> User:
    """Return the signed-in user. LoginRequiredMiddleware has redirected everyone else. Raises PermissionDenied."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def principal(request: HttpRequest) -> User | ServiceAccount:
    """Return who sent a request of the API: the service account of its token, or the person. Raises PermissionDenied.

    Only the API authenticates service accounts, so on a page this is always a person.
    """
    account = getattr(request, "auth", None)  # set by django-ninja
    return account if isinstance(account, ServiceAccount) else person(request)


def dashboard(view: View) -> View:
    """Limit a view to people who work with sites; members get 404."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not person(request).works_with_sites:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


def readers_of_all_sites(view: View) -> View:
    """Limit a view to people who may see every site; others get 404."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not person(request).reads_all_sites:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


def administrators(view: View) -> View:
    """Limit a view to administrators; other staff get 403, members 404."""

    @wraps(view)
    @dashboard
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not person(request).is_administrator:
            raise PermissionDenied(_("Only administrators can do this."))
        return view(request, *args, **kwargs)

    return guarded


def editors(view: View) -> View:
    """Limit a view to people who may change all sites or their own; auditors get 403, members 404."""

    @wraps(view)
    @dashboard
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if person(request).role == Role.AUDITOR:
            raise PermissionDenied(_("Auditors have read-only access."))
        return view(request, *args, **kwargs)

    return guarded


def visible_site(request: HttpRequest, pk: int) -> Site:
    """Return the site if this person may see it. Raises Http404."""
    return get_object_or_404(Site.objects.visible_to(principal(request)), pk=pk)


def may_change(user: User | ServiceAccount, site: Site) -> bool:
    """Return whether this person may change the site: administrators and its owners may."""
    if user.is_administrator:
        return True
    return user.role == Role.SITE_OWNER and site.owners.filter(pk=user.pk).exists()


def changeable_site(request: HttpRequest, pk: int) -> Site:
    """Return the site if this person may change it. Raises Http404, or PermissionDenied if they may only read it."""
    site = visible_site(request, pk)
    if not may_change(principal(request), site):
        raise PermissionDenied(_("You have read-only access to this site."))
    return site


def visible_row(request: HttpRequest, rows: QuerySet[Row], pk: int) -> Row:
    """Return a row with a foreign key ``site`` if this person may see that site. Raises Http404."""
    return get_object_or_404(rows, pk=pk, site__in=Site.objects.visible_to(principal(request)))


def visible_pass(request: HttpRequest, pk: int) -> EnrollmentPass:
    """Return the pass if this person may see it. Raises Http404."""
    return get_object_or_404(EnrollmentPass.objects.visible_to(person(request)), pk=pk)


def changeable_pass(request: HttpRequest, pk: int) -> EnrollmentPass:
    """Return the pass if this person may change all of its sites. Raises Http404 or PermissionDenied."""
    enrollment_pass = visible_pass(request, pk)
    user = person(request)
    is_owner = user.role == Role.SITE_OWNER and all(may_change(user, site) for site in enrollment_pass.sites.all())
    if not user.is_administrator and not is_owner:
        raise PermissionDenied(_("You cannot change this pass because you do not own all of its sites."))
    return enrollment_pass


def visible_release(request: HttpRequest, number: int) -> ConfigurationRelease:
    """Return the release if this person may see it. Raises Http404."""
    return get_object_or_404(ConfigurationRelease.objects.visible_to(person(request)), number=number)


def may_read_entire_release(user: User | ServiceAccount, release: ConfigurationRelease) -> bool:
    """Return whether this person may see every site of a release, and therefore its full text."""
    return user.reads_all_sites or not release.sites.exclude(pk__in=Site.objects.visible_to(user).values("pk")).exists()


def visible_wave(request: HttpRequest, pk: int) -> Wave:
    """Return the wave if this person may see it. Raises Http404."""
    return get_object_or_404(Wave.objects.visible_to(person(request)), pk=pk)
