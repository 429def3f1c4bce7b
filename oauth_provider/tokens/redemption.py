"""Redemption of codes and refresh tokens, each at most once: one compare-and-set in one transaction.

1. A sign-in of an app is a token family: one row for the refresh token and one for its access token, updated in place.
2. A conditional statement redeems the row. A second request matches no row.
3. Only then is the reason determined: a retry, a reuse (which ends the family), or an unknown token.
4. The same statement excludes deactivated people and ended families, so there is no gap between check and write.
"""

from __future__ import annotations

import functools
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from oauth2_provider.models import get_access_token_model, get_grant_model, get_refresh_token_model
from oauth2_provider.settings import oauth2_settings

from oauth_provider.models import Client, Device
from oauth_provider.realms import RealmSql
from oauth_provider.signals import token_reused

from . import devices, earlier_forms, pkce, statements, token_format

AccessToken, Grant, RefreshToken = get_access_token_model(), get_grant_model(), get_refresh_token_model()
_SALT = b"gatepass.oauth_provider.tokens:"


@dataclass(frozen=True)
class Issued:
    """The tokens of a response; ``access_token_row`` is set if a code created the family."""

    pair: token_format.Pair
    scope: str
    expires_in: int
    access_token_row: Any = None


@dataclass(frozen=True)
class Redemption:
    """The parameters of a code redemption (RFC 6749 section 4.1.3, RFC 7636 section 4.5)."""

    code: str
    verifier: str
    redirect_uri: str | None
    origin: devices.Origin = devices.UNKNOWN_ORIGIN


def redeem(client_id: str, realm: RealmSql, sent: Redemption) -> Issued | None:
    """Redeem a valid code; None for any other one, which ``redeem_code`` then handles."""
    if not pkce.is_verifier(sent.verifier):
        return None
    now, challenge, pair = timezone.now(), pkce.challenge_of(sent.verifier), _first_pair(sent.code)
    created = statements.create_token_family(
        statements.NewTokenFamily(
            client_id, realm, sent.code, challenge, sent.redirect_uri, pair, sent.origin, now, _expiry(now)
        )
    )
    if created is None:
        return None
    access_token = AccessToken.from_db(
        "default",
        ["id", "user_id", "application_id", "scope"],
        [created.access_token, created.user.pk, created.client, created.scope],
    )
    access_token.user = created.user
    access_token.application = Client.from_db("default", ["id", "client_id"], [created.client, client_id])
    return Issued(pair, created.scope, oauth2_settings.ACCESS_TOKEN_EXPIRE_SECONDS, access_token)


def redeem_code(client: Client, sent: Redemption) -> Issued | None:
    """Redeem a code step by step; None (``invalid_grant``) if it is not valid.

    A wrong verifier invalidates the code, because the sender did not start this sign-in. A code that was already
    redeemed ends the family it created. With another client or redirect URI the code stays valid.
    """
    grant = Grant.objects.filter(code=token_format.digest(sent.code)).select_related("user").first()
    if grant is None:
        _end_replayed(sent.code, client)
        return None
    if grant.application_id != client.pk or grant.is_expired() or not grant.user.is_active:
        return None
    if not _matches_redirect(client, grant, sent.redirect_uri):
        return None
    if not pkce.matches(sent.verifier, grant.code_challenge):
        Grant.objects.filter(pk=grant.pk).delete()
        return None
    issued = _create_token_family(client, grant, sent)
    if issued is None:  # redeemed by another request meanwhile: a replay
        _end_replayed(sent.code, client)
    return issued


def _matches_redirect(client: Client, grant: Any, sent: str | None) -> bool:
    """Return whether the redirect URI is that of the code. It may be left out if the client has only one."""
    return sent == grant.redirect_uri if sent is not None else len(client.redirect_uris.split()) == 1


def _end_replayed(code: str, client: Client) -> None:
    """End the family that this code has created, with the current key or an earlier one. No effect for other texts."""
    families = [token_format.family_of_code(code, key=key) for key in _keys()]
    _end_stolen(RefreshToken.objects.filter(token_family__in=families, application=client, revoked=None), "code")


@transaction.atomic(savepoint=False)
def _create_token_family(client: Client, grant: Any, sent: Redemption) -> Issued | None:
    """Delete the code and create its token family; None if another request has redeemed it."""
    now, pair = timezone.now(), _first_pair(sent.code)
    deleted, _by_model = Grant.objects.filter(pk=grant.pk, expires__gt=now).delete()
    if not deleted:
        return None
    access_token = AccessToken.objects.create(
        user=grant.user,
        application=client,
        token_checksum=token_format.digest(pair.access_token),
        scope=grant.scope,
        expires=_expiry(now),
    )
    refresh_token = RefreshToken.objects.create(
        user=grant.user,
        application=client,
        token_checksum=token_format.digest(pair.refresh_token),
        access_token=access_token,
        token_family=pair.family,
    )
    devices.record_device(refresh_token, sent.origin)
    return Issued(pair, grant.scope, oauth2_settings.ACCESS_TOKEN_EXPIRE_SECONDS, access_token)


def _first_pair(code: str) -> token_format.Pair:
    key = _keys()[0]
    family = token_format.family_of_code(code, key=key)
    return token_format.first_pair(family, secret=secrets.token_bytes(token_format.SECRET_BYTES), key=key)


def refresh(
    client_id: str, realm: RealmSql, refresh_token: str, origin: devices.Origin = devices.UNKNOWN_ORIGIN
) -> Issued | None:
    """Replace the current refresh token of a family; None for any other one (``recover_or_revoke`` handles those)."""
    family = token_format.family_in(refresh_token)
    if family is None:
        return None
    checksum = token_format.digest(refresh_token)
    pair = token_format.next_pair(checksum, family=family, key=_keys()[0])
    return _rotate(client_id, realm, checksum, pair, origin)


def _rotate(
    client_id: str, realm: RealmSql, old: str, pair: token_format.Pair, origin: devices.Origin
) -> Issued | None:
    now = timezone.now()
    scope = statements.rotate(
        statements.Rotation(client_id, realm, old, pair, origin, now, _expiry(now), _idle(), _absolute())
    )
    return None if scope is None else Issued(pair, scope, oauth2_settings.ACCESS_TOKEN_EXPIRE_SECONDS)


def recover_or_revoke(
    client: Client, realm: RealmSql, refresh_token: str, origin: devices.Origin = devices.UNKNOWN_ORIGIN
) -> Issued | None:
    """Handle a refresh token that is not the current one: issue tokens for a retry or lost write, else end the family.

    The same token within ``REFRESH_RETRY_SECONDS`` with an unused successor is a retry on an unreliable network: it
    gets the same pair. The successor of the stored token was issued, but its write was lost in a database crash or
    failover: it is accepted like the stored one. Any other token counts as stolen and ends the family (RFC 9700
    section 4.14.2).
    """
    family_id = _genuine_family(client, refresh_token)
    if family_id is None:
        return None
    now, checksum = timezone.now(), token_format.digest(refresh_token)
    successors = [token_format.next_pair(checksum, family=family_id, key=key) for key in _keys()]
    if token_format.family_in(refresh_token) is None:  # an earlier form, which ``refresh`` has left to this function
        issued = _rotate(client.client_id, realm, checksum, successors[0], origin)
        if issued is not None:
            return issued
    family = RefreshToken.objects.filter(token_family=family_id, application=client, revoked=None)
    stored = family.values_list("token_checksum", flat=True).first()
    is_lost = stored is not None and _is_successor(refresh_token, stored, family_id)
    if is_lost:
        issued = _rotate(client.client_id, realm, stored, successors[0], origin)
        if issued is not None:
            return issued
    row = family.select_related("access_token").first()
    if row is None or (is_lost and row.token_checksum == stored):
        return None  # ended or too old, or its person is deactivated
    if row.token_checksum == checksum:  # a concurrent retry made it the current one again, or it is not usable
        return _rotate(client.client_id, realm, checksum, successors[0], origin)
    pair = next((pair for pair in successors if token_format.digest(pair.refresh_token) == row.token_checksum), None)
    if pair is None or row.updated < now - _retry_window():
        _end_stolen(family, "refresh_token")
        return None
    if row.access_token is None or not _usable(now).filter(pk=row.pk).exists():
        return None
    return Issued(pair, row.access_token.scope, max(0, int((row.access_token.expires - now).total_seconds())))


def _is_successor(refresh_token: str, stored: str, family: UUID) -> bool:
    """Return whether this token is the successor of the one with the digest ``stored``, recorded or not."""
    successors = [token_format.next_pair(stored, family=family, key=key).refresh_token for key in _keys()]
    return any(secrets.compare_digest(refresh_token, successor) for successor in successors)


@transaction.atomic
def _end_stolen(rows: QuerySet[Any], kind: str) -> None:
    """End the sign-in of which a code or refresh token was used again, and announce it if it had not ended yet."""
    row = rows.select_related("user", "application").first()
    if row is not None and end_rows(rows):
        token_reused.send(sender=RefreshToken, kind=kind, user=row.user, client=row.application)


@transaction.atomic
def end_rows(rows: QuerySet[Any]) -> int:
    """End the sign-ins of these refresh tokens and return how many. The lock orders concurrent refreshes."""
    now = timezone.now()
    locked = list(rows.order_by("pk").select_for_update(no_key=True, of=("self",)).values_list("pk", "access_token_id"))
    RefreshToken.objects.filter(pk__in=[pk for pk, _ in locked]).update(revoked=now, updated=now, access_token=None)
    AccessToken.objects.filter(pk__in=[access_token for _, access_token in locked if access_token]).delete()
    Device.objects.filter(pk__in=[pk for pk, _ in locked]).delete()
    return len(locked)


def revoke(client: Client, token: str) -> bool:
    """End the sign-in of a refresh or access token (RFC 7009 section 2.1); return False if there is none to end.

    The signature names the family, also of a token that was replaced since. A current token without a signature that
    this server knows, because its key was changed, is found by its stored digest.
    """
    own = RefreshToken.objects.filter(application=client, revoked=None)
    family = issued_family(token)
    if family is not None:
        return bool(end_rows(own.filter(token_family=family)))
    access_tokens = AccessToken.objects.filter(application=client, token_checksum=token_format.digest(token))
    ended = end_rows(own.filter(token_checksum=token_format.digest(token)))
    ended += end_rows(own.filter(access_token__in=access_tokens.values("pk")))
    deleted, _by_model = access_tokens.delete()
    return bool(ended or deleted)


def issued_family(token: str) -> UUID | None:
    """Return the family of a refresh or access token that this server issued, ended or not; else None. No query."""
    if any(_is_genuine(token, kind) for kind in (token_format.REFRESH, token_format.ACCESS)):
        return token_format.family_in(token)
    return None


def _genuine_family(client: Client, refresh_token: str) -> UUID | None:
    if _is_genuine(refresh_token, token_format.REFRESH):
        return token_format.family_in(refresh_token)
    return earlier_forms.family_of_first_form(client, refresh_token)


def _is_genuine(token: str, kind: bytes) -> bool:
    return token_format.is_ours(token, kind, keys=_keys()) or earlier_forms.is_second_form(token, kind)


def _usable(now: datetime) -> QuerySet[Any]:
    person = get_user_model().objects.filter(pk=OuterRef("user_id"), is_active=True)
    return live(now).filter(Exists(person))


def live(now: datetime) -> QuerySet[Any]:
    """Return refresh tokens that are valid if their person is active."""
    return RefreshToken.objects.filter(
        revoked=None, access_token__isnull=False, updated__gt=now - _idle(), created__gt=now - _absolute()
    )


def _idle() -> timedelta:
    return timedelta(seconds=oauth2_settings.REFRESH_TOKEN_EXPIRE_SECONDS)


def _absolute() -> timedelta:
    return timedelta(days=settings.SIGN_IN_MAX_DAYS)


def _expiry(now: datetime) -> datetime:
    return now + timedelta(seconds=oauth2_settings.ACCESS_TOKEN_EXPIRE_SECONDS)


def _retry_window() -> timedelta:
    return timedelta(seconds=settings.REFRESH_RETRY_SECONDS)


def _keys() -> tuple[bytes, ...]:
    """Return the key that signs tokens, followed by earlier keys."""
    return _derived(settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


@functools.lru_cache(maxsize=4)
def _derived(*texts: str) -> tuple[bytes, ...]:
    return tuple(hashlib.sha512(_SALT + text.encode()).digest() for text in texts)
