"""Tokens with which programs use the API: service tokens of programs, personal tokens of people.

A token is ``gatepass_service_`` or ``gatepass_personal_`` and 43 random characters (256 bits), so that secret scanners
find it. It is shown once; its SHA-256 digest is stored.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import timedelta

import structlog
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from prometheus_client import Counter

from oauth_provider.limits.attempts import count_failure
from oauth_provider.tokens.token_format import digest
from portal.models import ApiToken, Role, User
from rollout.models.text import no_nulls
from rollout.services import audit

from .account_notices import Kind, notify
from .service_accounts import ServiceAccount

PREFIX = "gatepass_"
LIFETIMES = (7, 30, 90, 180, 365)  # days
MAX_LIVE = 50  # service tokens, and personal tokens of one person
SEEN_INTERVAL = timedelta(minutes=1)  # the time of last use is written this often at most
RETENTION = timedelta(days=90)  # of a token that has ended
REFUSED = Counter("gatepass_api_refused_tokens", "Refused service and personal tokens by reason.", ["reason"])
Scope = ApiToken.Scope


class InvalidTokenError(Exception):
    """The token is unknown, revoked or expired, or its person is deactivated."""


def lifetimes() -> list[int]:
    """Return the lifetimes to choose from, in days, within ``API_TOKEN_MAX_DAYS``."""
    longest = settings.API_TOKEN_MAX_DAYS
    return [days for days in LIFETIMES if days < longest] + [longest]


def scopes_for(person: User) -> list[str]:
    """Return the scopes that a personal token of this person can have, given their role."""
    if person.is_administrator:
        return list(Scope.values)
    return [Scope.READ] if person.role == Role.AUDITOR else [Scope.READ, Scope.WRITE]


def create_service_token(*, actor: User, name: str, scopes: Collection[str], days: int) -> tuple[ApiToken, str]:
    """Create a token of a program. Return it and its text, which is not stored. Raises ValidationError."""
    with transaction.atomic():
        row, text = _create(ApiToken.objects.filter(person=None), None, name, scopes, days)
        details = {"scopes": row.scopes, "days": days}
        audit.record(actor=actor, action="service_token.created", target=row, details=details)
    return row, text


def create_personal_token(*, person: User, name: str, scopes: Collection[str], days: int) -> tuple[ApiToken, str]:
    """Create a token that acts as this person, and tell them. Return it and its text. Raises ValidationError."""
    if not set(scopes) <= set(scopes_for(person)):
        raise ValidationError({"scopes": _("Your role does not allow this scope.")})
    with transaction.atomic():
        row, text = _create(person.api_tokens.all(), person, name, scopes, days)
        details = {"scopes": row.scopes, "days": days}
        audit.record(actor=person, action="personal_token.created", target=row, details=details)
        notify(person=person, kind=Kind.API_TOKEN, actor=person, about=row.name)
    return row, text


def _create(
    others: QuerySet[ApiToken], person: User | None, name: str, scopes: Collection[str], days: int
) -> tuple[ApiToken, str]:
    now = timezone.now()
    if not 1 <= days <= settings.API_TOKEN_MAX_DAYS:
        raise ValidationError({"days": _("Choose a lifetime from the list.")})
    if not scopes or not set(scopes) <= set(Scope.values):
        raise ValidationError({"scopes": _("Select at least one scope.")})
    if others.filter(ended_at=None, expires_at__gt=now).count() >= MAX_LIVE:
        raise ValidationError(_("The limit of %(max)s tokens is reached. Revoke one first.") % {"max": MAX_LIVE})
    text = f"{PREFIX}{'personal' if person else 'service'}_{secrets.token_urlsafe(32)}"
    row = ApiToken(
        digest=digest(text),
        person=person,
        name=" ".join(name.split()),
        scopes=[scope for scope in Scope.values if scope in scopes],
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    no_nulls(row.name)
    row.full_clean()
    row.save()
    return row, text


def revoke_token(*, actor: User, token: ApiToken) -> bool:
    """Revoke a token; return False if it had ended before."""
    with transaction.atomic():
        if not _end(ApiToken.objects.filter(pk=token.pk)):
            return False
        audit.record(actor=actor, action=f"{_kind(token)}.revoked", target=token)
    return True


def end_tokens_of(person: User) -> int:
    """Revoke all personal tokens of this person, in the caller's transaction, and return how many."""
    return _end(person.api_tokens.all())


def revoke_all_tokens() -> int:
    """Revoke all tokens, of people and of programs, in the caller's transaction, and return how many."""
    return _end(ApiToken.objects.all())


def _end(rows: QuerySet[ApiToken]) -> int:
    now = timezone.now()
    return rows.filter(ended_at=None, expires_at__gt=now).update(ended_at=now)


def record_expired_tokens() -> None:
    """Record each expiry once, and delete tokens that ended 90 days ago."""
    now = timezone.now()
    for token in ApiToken.objects.filter(ended_at=None, expires_at__lte=now).order_by("pk"):
        with transaction.atomic():
            if ApiToken.objects.filter(pk=token.pk, ended_at=None).update(ended_at=token.expires_at):
                audit.record(actor=None, action=f"{_kind(token)}.expired", target=token)
    ApiToken.objects.filter(ended_at__lt=now - RETENTION).delete()


def _kind(token: ApiToken) -> str:
    return "personal_token" if token.person_id else "service_token"


# --- Use ---------------------------------------------------------------------------------------------------------
def is_api_token(text: str) -> bool:
    """Return whether this is one of these tokens, valid or not, and not an OAuth access token."""
    return text.startswith(PREFIX)


def bearer_token(request: HttpRequest) -> str:
    """Return the token in the Authorization header, or an empty text."""
    scheme, _space, text = request.headers.get("Authorization", "").partition(" ")
    return text.strip() if scheme.lower() == "bearer" else ""


def authenticate(request: HttpRequest, text: str) -> ApiToken:
    """Return the live token with this text, with its person, and note its use.

    Raises InvalidTokenError, or TooManyRequestsError above the limit of failures. A token that has ended counts for
    itself, as it is no guess.
    """
    row = ApiToken.objects.select_related("person").filter(digest=digest(text)).first()
    if row is None or not row.is_live or (row.person is not None and not row.person.is_active):
        REFUSED.labels("ended" if row else "unknown").inc()
        count_failure("api", f"token {row.pk}" if row else str(request.META.get("REMOTE_ADDR", "")))
        raise InvalidTokenError
    now = timezone.now()
    if row.last_used_at is None or now - row.last_used_at >= SEEN_INTERVAL:
        ApiToken.objects.filter(pk=row.pk).update(last_used_at=now)
    structlog.contextvars.bind_contextvars(api_token=row.pk)
    return row


def actor_of(token: ApiToken) -> User | ServiceAccount:
    """Return who acts with this token: its person, or a program that reads everything, or changes it (``write``)."""
    if token.person is not None:
        return token.person
    return ServiceAccount(token.name, Role.ADMINISTRATOR if token.allows(Scope.WRITE) else Role.AUDITOR)
