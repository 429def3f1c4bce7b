"""Records that a phone signed in."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from rollout.models import SignIn, Site

from . import audit

REHEARSAL_AGENT = "GatepassRehearsal"  # what the virtual phone calls itself


def record_sign_in(*, site: Site, person: Any, client_id: str, user_agent: str) -> SignIn:
    """Record that this person's app got tokens for the site. Refreshes are not sign-ins."""
    with transaction.atomic(savepoint=False):
        sign_in = SignIn.objects.create(
            site=site,
            person=person,
            client_id=client_id,
            user_agent=user_agent.replace("\x00", "")[:200],
            is_rehearsal=REHEARSAL_AGENT in user_agent,
            signed_in_at=timezone.now(),
        )
        audit.record(actor=person, action="phone.signed_in", target=site)
    return sign_in
