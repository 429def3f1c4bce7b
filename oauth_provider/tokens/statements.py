"""The hot paths' way into the database (``sql``): the ORM takes ten times their CPU time to put a statement together.

Each is the compare-and-set that ``redemption`` describes, or a look-up; what they find nothing for is looked into with
the ORM there. The tables are django-oauth-toolkit's own, so its admin and models see every row.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.utils import timezone
from oauth2_provider.settings import oauth2_settings

from oauth_provider.models import Client
from oauth_provider.ports import run_statement
from oauth_provider.realms import RealmSql

from . import pkce, token_format
from .devices import Origin
from .sql import statement


def client(client_id: str) -> Client | None:
    """The client of this ID, in whatever realm; None as well where values come without their types (SQLite)."""
    if connection.vendor != "postgresql":
        return None
    row = _row(statement("client"), {"client_id": client_id})
    return Client.from_db("default", [field.attname for field in Client._meta.concrete_fields], row) if row else None


@dataclass(frozen=True)
class Code:
    """A code in clear and what it is for; it is kept as a digest."""

    text: str
    client: Client
    user: Any
    redirect_uri: str
    scope: str
    challenge: str


def save_code(code: Code) -> None:
    """Keep a new authorization code. Nobody waits for the disk: a lost one is asked for again within seconds."""
    now = timezone.now()
    expires = now + timedelta(seconds=oauth2_settings.AUTHORIZATION_CODE_EXPIRE_SECONDS)
    values = {
        "code": token_format.digest(code.text),
        "client": code.client.pk,
        "user": code.user.pk,
        "redirect_uri": code.redirect_uri,
        "scope": code.scope,
        "challenge": code.challenge,
        "method": pkce.METHOD,
        "now": connection.ops.adapt_datetimefield_value(now),
        "expires": connection.ops.adapt_datetimefield_value(expires),
    }
    _row(statement("code"), values)


@dataclass(frozen=True)
class NewTokenFamily:
    """A code that becomes the first tokens of a family. ``challenge`` is what its verifier answers."""

    client_id: str
    realm: RealmSql
    code: str
    challenge: str
    redirect_uri: str | None
    pair: token_format.Pair
    origin: Origin
    now: datetime
    access_expires: datetime


@dataclass(frozen=True)
class CreatedTokenFamily:
    """What a founding wrote and read; primary keys but for the person, whose row it is."""

    access_token: int
    client: int
    scope: str
    user: Any


def create_token_family(family: NewTokenFamily) -> CreatedTokenFamily | None:
    """Take a code that is good in every way and write its family, in one statement; None for every other one.

    PostgreSQL only: elsewhere a statement writes one table, and this returns None.
    """
    if not _writes_several_tables():
        return None
    values = {
        **family.realm.values,
        "client_id": family.client_id,
        "code": token_format.digest(family.code),
        "challenge": family.challenge,
        "redirect_uri": family.redirect_uri,
        "family": family.pair.family,
        "refresh": token_format.digest(family.pair.refresh_token),
        "access": token_format.digest(family.pair.access_token),
        "now": family.now,
        "expires": family.access_expires,
        "user_agent": family.origin.user_agent,
        "address": family.origin.address,
    }
    row = _row(statement("create_family", family.realm.admits), values)
    if row is None:
        return None
    access_token, client, scope, *person = row
    names = [field.attname for field in get_user_model()._meta.concrete_fields]
    return CreatedTokenFamily(access_token, client, scope, get_user_model().from_db("default", names, person))


class Rotation(NamedTuple):
    """One refresh: ``client_id`` may replace the refresh token with the digest ``old`` when the realm admits it."""

    client_id: str
    realm: RealmSql
    old: str
    pair: token_format.Pair
    origin: Origin
    now: datetime
    access_expires: datetime
    idle: timedelta
    absolute: timedelta

    def values(self) -> dict[str, Any]:
        return {
            **self.realm.values,
            "client_id": self.client_id,
            "old": self.old,
            "new": token_format.digest(self.pair.refresh_token),
            "access": token_format.digest(self.pair.access_token),
            "expires": self.access_expires,
            "now": self.now,
            "used_after": self.now - self.idle,
            "begun_after": self.now - self.absolute,
            "user_agent": self.origin.user_agent,
            "address": self.origin.address,
        }


def rotate(rotation: Rotation) -> str | None:
    """Replace the tokens of a family if this one is its current one; return the scope, None when it is not.

    The answer does not wait for the disk: a crash of the database can take the last half second of refreshes away, and
    ``redemption.look_again`` knows what they gave.
    """
    if _writes_several_tables():
        found = _row(statement("rotate", rotation.realm.admits), rotation.values())
        return found[0] if found else None
    return _rotate_in_steps(rotation.values(), rotation.realm.admits)


@functools.cache
def _writes_several_tables() -> bool:
    """In one statement, that is."""
    return connection.vendor == "postgresql"


@transaction.atomic
def _rotate_in_steps(values: dict[str, Any], admits: str) -> str | None:
    """The same where a statement changes one table only (SQLite); its transaction takes the write lock at once."""
    taken = _row(statement("take", admits), values)
    if taken is None:
        return None
    values |= {"refresh_pk": taken[0], "access_pk": taken[1]}
    found = _row(statement("renew"), values)
    run_statement(statement("see"), values)
    return found[0] if found else None


class IntrospectionRow(NamedTuple):
    """What a resource server's question found: its own secret, and the token's facts; ``client_id`` is None without."""

    issuer: str
    secret_checksum: str
    client_id: str | None
    scope: str
    expires: int  # in seconds since 1970, as ``issued``
    issued: int
    user_pk: int | None
    username: str


def introspect(server_client_id: str, realm: RealmSql, token: str, now: datetime) -> IntrospectionRow | None:
    """Look a resource server and an access token up; None when the realm has no such resource server. One statement."""
    values = {**realm.values, "server": server_client_id, "token": token_format.digest(token), "now": now}
    found = _row(statement("introspect", realm.admits, realm.issuer), values)
    return IntrospectionRow(*found) if found else None


def _row(text: str, values: dict[str, Any]) -> Any:
    return next(iter(run_statement(text, values)), None)
