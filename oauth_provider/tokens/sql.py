"""Hand-written SQL statements for refresh, redemption and introspection, which are the most frequent requests.

``%(name)s`` is a parameter. Parts in braces are inserted once: table and column names, and the realm's conditions.
"""

from __future__ import annotations

import functools

from django.contrib.auth import get_user_model
from django.db import connection
from oauth2_provider.models import get_access_token_model, get_grant_model, get_refresh_token_model

from oauth_provider.models import Client, Device, ResourceServer

# As a returned column of a written row: this transaction commits without waiting for the disk.
_ASYNC_COMMIT = "set_config('synchronous_commit', 'off', true)"
_USABLE = """r.token_checksum = %(old)s AND r.revoked IS NULL AND r.access_token_id IS NOT NULL
        AND r.updated > %(used_after)s AND r.created > %(begun_after)s"""
_STATEMENTS = {
    "client": "SELECT {columns_of_client} FROM {client} WHERE client_id = %(client_id)s",
    "code": """
        INSERT INTO {grant} (code, application_id, user_id, redirect_uri, scope, code_challenge, code_challenge_method,
            nonce, claims, resource, expires, created, updated)
        VALUES (%(code)s, %(client)s, %(user)s, %(redirect_uri)s, %(scope)s, %(challenge)s, %(method)s,
            '', '{{}}', '[]', %(expires)s, %(now)s, %(now)s) RETURNING {async_commit}""",
    "create_family": """
        WITH taken AS (
            DELETE FROM {grant} g USING {client} c, {user} u
            WHERE g.code = %(code)s AND g.code_challenge = %(challenge)s AND g.expires > %(now)s
                AND (g.redirect_uri = %(redirect_uri)s::text OR %(redirect_uri)s::text IS NULL
                    AND c.redirect_uris !~ '[^[:space:]][[:space:]]+[^[:space:]]')
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
        RETURNING a.scope, {async_commit}""",
    "rotate_refresh_token": """
        UPDATE {refresh} AS r SET token_checksum = %(new)s, updated = %(now)s
        WHERE {usable}
            AND EXISTS (
                SELECT 1 FROM {client} c WHERE c.id = r.application_id AND c.client_id = %(client_id)s AND {admits}
            )
            AND EXISTS (SELECT 1 FROM {user} u WHERE u.id = r.user_id AND u.is_active)
        RETURNING id, access_token_id""",
    "renew_access_token": """
        UPDATE {access} SET token_checksum = %(access)s, expires = %(expires)s, updated = %(now)s
        WHERE id = %(access_pk)s RETURNING scope""",
    "update_device": """
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
def statement(name: str, admits: str = "", issuer: str = "") -> str:
    """Return the named statement for the database in use; ``admits`` and ``issuer`` as in ``realms.RealmSql``."""
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
        "async_commit": _ASYNC_COMMIT if connection.vendor == "postgresql" else "1",
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


def _seconds(column: str) -> str:
    """Return SQL for a time in whole seconds since 1970, which is read several times as fast as a timestamp."""
    if connection.vendor == "postgresql":
        return f"floor(extract(epoch FROM {column}))::bigint"
    return f"CAST(strftime('%%s', {column}) AS integer)"
