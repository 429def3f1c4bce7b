"""Record the sign-in of a phone."""

from __future__ import annotations

import functools

from django.db import connection, transaction
from django.utils import timezone

from rollout.actor import Actor
from rollout.models import ApplicationLink, Provider, SignIn, Site
from rollout.ports import run_statement

from . import audit

REHEARSAL_AGENT = "GatepassRehearsal"  # the User-Agent of sign-in tests


def record_sign_in(*, person: Actor, client_id: str, user_agent: str) -> bool:
    """Record that a person's app received tokens; return whether its client belongs to a site's active link.

    Without such a link nothing is recorded. Refreshes are not sign-ins.
    """
    values = {
        "person": person.pk,
        "client_id": client_id,
        "provider": Provider.GATEPASS.value,
        "user_agent": user_agent.replace("\x00", "")[:200],
        "is_rehearsal": REHEARSAL_AGENT in user_agent,
        "now": connection.ops.adapt_datetimefield_value(timezone.now()),
    }
    with transaction.atomic(savepoint=False):
        rows = run_statement(_statement(), values)
        if rows:
            site_id, title = rows[0]
            audit.record(actor=person, action="phone.signed_in", target=Site(pk=site_id, title=title))
    return bool(rows)


@functools.cache
def _statement() -> str:
    sign_in, link, site = (connection.ops.quote_name(m._meta.db_table) for m in (SignIn, ApplicationLink, Site))
    return f"""
        INSERT INTO {sign_in} (site_id, person_id, client_id, user_agent, is_rehearsal, signed_in_at)
        SELECT s.id, %(person)s, l.client_id, %(user_agent)s, %(is_rehearsal)s, %(now)s
        FROM {link} l JOIN {site} s ON s.id = l.site_id
        WHERE l.client_id = %(client_id)s AND l.revoked_at IS NULL AND s.provider = %(provider)s
        ORDER BY l.created_at DESC LIMIT 1
        RETURNING site_id, (SELECT title FROM {site} s WHERE s.id = site_id)"""  # nosec B608  # noqa: S608 - names from models
