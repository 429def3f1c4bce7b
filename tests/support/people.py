"""Fixtures for people of each role and for sites."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.utils import timezone

from portal.models import Role, User
from rollout.models import MatrixEdition, Site

MakeUser = Callable[..., User]
MakeSite = Callable[..., Site]


@pytest.fixture
def first_edition(db: None) -> MatrixEdition:
    """Edition that the migrations create; created again if a test that flushed all tables removed it."""
    if not MatrixEdition.objects.exists():
        import_module("rollout.migrations.0007_first_matrix_edition").enter(apps, None)
    return MatrixEdition.objects.get()


@pytest.fixture
def make_user(db: None) -> MakeUser:
    """``make_user(role="member", email=None, password=None, **fields) -> User``, saved."""
    numbers = itertools.count(1)

    def make(role: str = Role.MEMBER, email: str | None = None, password: str | None = None, **fields: Any) -> User:
        address = email or f"{role}-{next(numbers)}@example.com"
        if role == Role.ADMINISTRATOR:
            return User.objects.create_superuser(address, password, **fields)
        return User.objects.create_user(address, password, role=role, **fields)

    return make


@pytest.fixture
def administrator(make_user: MakeUser) -> User:
    return make_user(Role.ADMINISTRATOR, "administrator@example.com")


@pytest.fixture
def auditor(make_user: MakeUser) -> User:
    """Reads all sites, changes none."""
    return make_user(Role.AUDITOR, "auditor@example.com")


@pytest.fixture
def member(make_user: MakeUser) -> User:
    """Sees their own passes and devices only."""
    return make_user(Role.MEMBER, "member@example.com")


@pytest.fixture
def alice(make_user: MakeUser) -> User:
    """A site owner; owns ``site``."""
    return make_user(Role.SITE_OWNER, "alice@example.com", first_name="Alice")


@pytest.fixture
def bob(make_user: MakeUser) -> User:
    """A site owner; owns ``site`` together with alice."""
    return make_user(Role.SITE_OWNER, "bob@example.com", first_name="Bob")


@pytest.fixture
def charlie(make_user: MakeUser) -> User:
    """A site owner who owns nothing and must be refused."""
    return make_user(Role.SITE_OWNER, "charlie@example.com", first_name="Charlie")


@pytest.fixture
def owner(alice: User) -> User:
    return alice


@pytest.fixture
def make_site(db: None) -> MakeSite:
    """``make_site(owners=(), **fields) -> Site``, a saved row; nothing is queued or audited."""
    numbers = itertools.count(1)

    def make(owners: tuple[User, ...] | list[User] = (), **fields: Any) -> Site:
        number, now = next(numbers), timezone.now()
        row = Site.objects.create(
            **{
                "title": f"Site {number}",
                "base_url": f"https://confluence-{number}.example.com",
                "created_at": now,
                "updated_at": now,
                **fields,
            }
        )
        row.owners.set(owners)
        return row

    return make


@pytest.fixture
def site(make_site: MakeSite, alice: User, bob: User) -> Site:
    """A site provided by Confluence that alice and bob own."""
    return make_site(owners=[alice, bob], title="Engineering wiki", base_url="https://wiki.example.com")


@pytest.fixture
def client_of() -> Callable[[User], Client]:
    """``client_of(user) -> Client``, signed in."""

    def signed_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return signed_in
