"""Functions that run the statements in ``sql``. The ORM needs ten times the CPU time to build such a statement.

Each is a compare-and-set as described in ``redemption``, or a look-up. If one matches no row, ``redemption`` finds out
why with the ORM. The tables are django-oauth-toolkit's, so its models and admin see every row.
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
    """Return the client with this ID in any realm. Always None on SQLite, which returns values without their types."""
    if connection.vendor != "postgresql":
        return None
    row = _row(statement("client"), {"client_id": client_id})
    return Client.from_db("default", [field.attname for field in Client._meta.concrete_fields], row) if row else None


@dataclass(frozen=True)
class Code:
    """An authorization code in plain text and its parameters; only its digest is stored."""

    text: str
    client: Client
    user: Any
    redirect_uri: str
    scope: str
    challenge: str


def save_code(code: Code) -> None:
    """Store a new authorization code, without waiting for the disk: after a crash the app starts its sign-in again."""
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
    """The redemption of a code for the first tokens of a family. ``challenge`` is that of the app's verifier."""

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
    """The result: primary keys of the access token and the client, the scope, and the user."""

    access_token: int
    client: int
    scope: str
    user: Any


def create_token_family(family: NewTokenFamily) -> CreatedTokenFamily | None:
    """Redeem a valid code and create its token family in one statement; None for any other code.

    Always None on SQLite, where a statement can write to one table only.
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
    """A refresh: ``client_id`` replaces the refresh token with the digest ``old``, if the realm admits the client."""

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
        """Return the parameters of the statement."""
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
    """Replace the tokens of a family if this is its current refresh token; return the scope, else None.

    Does not wait for the disk: a database crash can lose the last half second of refreshes, which
    ``redemption.recover_or_revoke`` recovers.
    """
    if _writes_several_tables():
        row = _row(statement("rotate", rotation.realm.admits), rotation.values())
        return row[0] if row else None
    return _rotate_in_steps(rotation.values(), rotation.realm.admits)


@functools.cache
def _writes_several_tables() -> bool:
    """Return whether one statement can write to several tables."""
    return connection.vendor == "postgresql"


@transaction.atomic
def _rotate_in_steps(values: dict[str, Any], admits: str) -> str | None:
    """Rotate with one statement per table (SQLite). The transaction takes the write lock at its start."""
    rotated = _row(statement("rotate_refresh_token", admits), values)
    if rotated is None:
        return None
    values |= {"refresh_pk": rotated[0], "access_pk": rotated[1]}
    renewed = _row(statement("renew_access_token"), values)
    run_statement(statement("update_device"), values)
    return renewed[0] if renewed else None


class IntrospectionRow(NamedTuple):
    """The resource server's secret digest and the token's data; ``client_id`` is None if the token is not active."""

    issuer: str
    secret_checksum: str
    client_id: str | None
    scope: str
    expires: int  # in seconds since 1970, like ``issued``
    issued: int
    user_pk: int | None
    username: str


def introspect(server_client_id: str, realm: RealmSql, token: str, now: datetime) -> IntrospectionRow | None:
    """Look up a resource server and an access token; None if the realm has no such resource server. One statement."""
    values = {**realm.values, "server": server_client_id, "token": token_format.digest(token), "now": now}
    row = _row(statement("introspect", realm.admits, realm.issuer), values)
    return IntrospectionRow(*row) if row else None


def _row(text: str, values: dict[str, Any]) -> Any:
    return next(iter(run_statement(text, values)), None)
