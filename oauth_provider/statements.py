"""The statements of the hot paths, written by hand: the ORM takes ten times their CPU time to put them together.

Each is the compare-and-set that ``redemption`` describes, or a look-up; what they find nothing for is looked into with
the ORM there. The tables are django-oauth-toolkit's own, so its admin and models see every row.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model
from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.utils import timezone
from oauth2_provider.models import get_access_token_model, get_grant_model, get_refresh_token_model
from oauth2_provider.settings import oauth2_settings

from . import pkce, tokens
from .devices import Origin
from .models import Client, Device, ResourceServer
from .realms import RealmSql


def client(client_id: str) -> Client | None:
    """The client of this ID, in whatever realm; None as well where values come without their types (SQLite)."""
    if connection.vendor != "postgresql":
        return None
    row = _row(_sql("client"), {"client_id": client_id})
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
        "code": tokens.digest(code.text),
        "client": code.client.pk,
        "user": code.user.pk,
        "redirect_uri": code.redirect_uri,
        "scope": code.scope,
        "challenge": code.challenge,
        "method": pkce.METHOD,
        "now": connection.ops.adapt_datetimefield_value(now),
        "expires": connection.ops.adapt_datetimefield_value(expires),
    }
    _row(_sql("code"), values)


@dataclass(frozen=True)
class Founding:
    """A code that becomes the first tokens of a family. ``challenge`` is what its verifier answers."""

    client_id: str
    realm: RealmSql
    code: str
    challenge: str
    redirect_uri: str | None
    pair: tokens.Pair
    origin: Origin
    now: datetime
    access_expires: datetime


@dataclass(frozen=True)
class Founded:
    """What a founding wrote and read; primary keys but for the person, whose row it is."""

    access_token: int
    client: int
    scope: str
    user: Any


def found(founding: Founding) -> Founded | None:
    """Take a code that is good in every way and write its family, in one statement; None for every other one.

    PostgreSQL only: elsewhere a statement writes one table, and this returns None.
    """
    if not _writes_several_tables():
        return None
    values = {
        **founding.realm.values,
        "client_id": founding.client_id,
        "code": tokens.digest(founding.code),
        "challenge": founding.challenge,
        "redirect_uri": founding.redirect_uri,
        "family": founding.pair.family,
        "refresh": tokens.digest(founding.pair.refresh_token),
        "access": tokens.digest(founding.pair.access_token),
        "now": founding.now,
        "expires": founding.access_expires,
        "user_agent": founding.origin.user_agent,
        "address": founding.origin.address,
    }
    row = _row(_sql("found", founding.realm.admits), values)
    if row is None:
        return None
    access_token, client, scope, *person = row
    names = [field.attname for field in get_user_model()._meta.concrete_fields]
    return Founded(access_token, client, scope, get_user_model().from_db("default", names, person))


class Rotation(NamedTuple):
    """One refresh: ``client_id`` may replace the refresh token with the digest ``old`` when the realm admits it."""

    client_id: str
    realm: RealmSql
    old: str
    pair: tokens.Pair
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
            "new": tokens.digest(self.pair.refresh_token),
            "access": tokens.digest(self.pair.access_token),
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
        found = _row(_sql("rotate", rotation.realm.admits), rotation.values())
        return found[0] if found else None
    return _rotate_in_steps(rotation.values(), rotation.realm.admits)


@functools.cache
def _writes_several_tables() -> bool:
    """In one statement, that is."""
    return connection.vendor == "postgresql"


@transaction.atomic
def _rotate_in_steps(values: dict[str, Any], admits: str) -> str | None:
    """The same where a statement changes one table only (SQLite); its transaction takes the write lock at once."""
    taken = _row(_sql("take", admits), values)
    if taken is None:
        return None
    values |= {"refresh_pk": taken[0], "access_pk": taken[1]}
    found = _row(_sql("renew"), values)
    with connection.cursor() as cursor:
        cursor.execute(_sql("see"), values)
    return found[0] if found else None


class Asked(NamedTuple):
    """What a resource server's question found: its own secret, and the token's facts; ``client_id`` is None without."""

    issuer: str
    secret_checksum: str
    client_id: str | None
    scope: str
    expires: int  # in seconds since 1970, as ``issued``
    issued: int
    user_pk: int | None
    username: str


def introspect(server_client_id: str, realm: RealmSql, token: str, now: datetime) -> Asked | None:
    """Look a resource server and an access token up; None when the realm has no such resource server. One statement."""
    values = {**realm.values, "server": server_client_id, "token": tokens.digest(token), "now": now}
    found = _row(_sql("introspect", realm.admits, realm.issuer), values)
    return Asked(*found) if found else None


def _row(sql: str, values: dict[str, Any]) -> Any:
    database = connections[DEFAULT_DB_ALIAS]
    if hasattr(database, "rows"):  # the engine has a shorter way
        return next(iter(database.rows(sql, values)), None)
    with database.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchone()


def _seconds(column: str) -> str:
    """A time as whole seconds since 1970: a number is read several times as fast as a time with a zone."""
    if connection.vendor == "postgresql":
        return f"floor(extract(epoch FROM {column}))::bigint"
    return f"CAST(strftime('%%s', {column}) AS integer)"


# Evaluated for a row that was written: this transaction is committed without waiting for the disk.
_UNHURRIED = "set_config('synchronous_commit', 'off', true)"
_USABLE = """r.token_checksum = %(old)s AND r.revoked IS NULL AND r.access_token_id IS NOT NULL
        AND r.updated > %(used_after)s AND r.created > %(begun_after)s"""
_STATEMENTS = {
    "client": "SELECT {columns_of_client} FROM {client} WHERE client_id = %(client_id)s",
    "code": """
        INSERT INTO {grant} (code, application_id, user_id, redirect_uri, scope, code_challenge, code_challenge_method,
            nonce, claims, resource, expires, created, updated)
        VALUES (%(code)s, %(client)s, %(user)s, %(redirect_uri)s, %(scope)s, %(challenge)s, %(method)s,
            '', '{{}}', '[]', %(expires)s, %(now)s, %(now)s) RETURNING {unhurried}""",
    "found": """
        WITH taken AS (
            DELETE FROM {grant} g USING {client} c, {user} u
            WHERE g.code = %(code)s AND g.code_challenge = %(challenge)s AND g.expires > %(now)s
                AND (%(redirect_uri)s::text IS NULL OR g.redirect_uri = %(redirect_uri)s::text)
                AND c.id = g.application_id AND c.client_id = %(client_id)s AND {admits}
                AND u.id = g.user_id AND u.is_active
            RETURNING g.application_id, g.user_id, g.scope, {person}
        ), access AS (
            INSERT INTO {access}
                (token, token_checksum, expires, scope, resource, application_id, user_id, created, updated)
            SELECT '', %(access)s, %(expires)s, scope, '[]'::jsonb, application_id, user_id, %(now)s, %(now)s
            FROM taken RETURNING id
        ), refresh AS (
            INSERT INTO {refresh} (token, token_checksum, token_family, access_token_id, resource, application_id,
                user_id, created, updated)
            SELECT '', %(refresh)s, %(family)s, access.id, '[]'::jsonb, application_id, user_id, %(now)s, %(now)s
            FROM taken, access RETURNING id
        ), device AS (
            INSERT INTO {device} (refresh_token_id, name, user_agent, address)
            SELECT id, '', %(user_agent)s, %(address)s::inet FROM refresh
        )
        SELECT access.id, application_id, scope, {person_again} FROM taken, access""",
    "rotate": """
        WITH taken AS (
            UPDATE {refresh} r SET token_checksum = %(new)s, updated = %(now)s
            FROM {client} c, {user} u
            WHERE {usable} AND c.id = r.application_id AND c.client_id = %(client_id)s AND {admits}
                AND u.id = r.user_id AND u.is_active
            RETURNING r.id, r.access_token_id
        ), seen AS (
            UPDATE {device} d SET user_agent = %(user_agent)s, address = %(address)s::inet FROM taken
            WHERE d.refresh_token_id = taken.id
                AND (d.user_agent, d.address) IS DISTINCT FROM (%(user_agent)s, %(address)s::inet)
        )
        UPDATE {access} a SET token_checksum = %(access)s, expires = %(expires)s, updated = %(now)s
        FROM taken WHERE a.id = taken.access_token_id
        RETURNING a.scope, {unhurried}""",
    "take": """
        UPDATE {refresh} AS r SET token_checksum = %(new)s, updated = %(now)s
        WHERE {usable}
            AND EXISTS (
                SELECT 1 FROM {client} c WHERE c.id = r.application_id AND c.client_id = %(client_id)s AND {admits}
            )
            AND EXISTS (SELECT 1 FROM {user} u WHERE u.id = r.user_id AND u.is_active)
        RETURNING id, access_token_id""",
    "renew": """
        UPDATE {access} SET token_checksum = %(access)s, expires = %(expires)s, updated = %(now)s
        WHERE id = %(access_pk)s RETURNING scope""",
    "see": """
        UPDATE {device} SET user_agent = %(user_agent)s, address = %(address)s
        WHERE refresh_token_id = %(refresh_pk)s AND (user_agent <> %(user_agent)s OR address IS NOT %(address)s)""",
    "introspect": """
        SELECT s.issuer, s.secret_checksum, t.client_id, t.scope, t.expires, t.issued, t.user_id, t.username
        FROM {server} s LEFT JOIN (
            SELECT c.client_id, a.scope, {expires} AS expires, {issued} AS issued, a.user_id,
                u.{username} AS username
            FROM {access} a JOIN {client} c ON c.id = a.application_id JOIN {user} u ON u.id = a.user_id AND u.is_active
            WHERE a.token_checksum = %(token)s AND a.expires > %(now)s AND {admits}
        ) t ON TRUE
        WHERE s.client_id = %(server)s AND s.issuer = {issuer}""",
}


@functools.lru_cache(maxsize=64)
def _sql(name: str, admits: str = "", issuer: str = "") -> str:
    user = get_user_model()
    models = {
        "grant": get_grant_model(),
        "refresh": get_refresh_token_model(),
        "access": get_access_token_model(),
        "client": Client,
        "user": user,
        "device": Device,
        "server": ResourceServer,
    }
    columns = [connection.ops.quote_name(str(field.column)) for field in user._meta.concrete_fields]
    parts = {
        "usable": _USABLE,
        "unhurried": _UNHURRIED if connection.vendor == "postgresql" else "1",
        "admits": admits,
        "issuer": issuer,
        "expires": _seconds("a.expires"),
        "issued": _seconds("a.updated"),
        "columns_of_client": ", ".join(connection.ops.quote_name(str(f.column)) for f in Client._meta.concrete_fields),
        "person": ", ".join(f"u.{column} AS person_{number}" for number, column in enumerate(columns)),
        "person_again": ", ".join(f"person_{number}" for number in range(len(columns))),
        "username": connection.ops.quote_name(user.USERNAME_FIELD),
    }
    quoted = {key: connection.ops.quote_name(model._meta.db_table) for key, model in models.items()}
    return _STATEMENTS[name].format(**parts, **quoted)
