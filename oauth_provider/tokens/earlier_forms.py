"""Refresh tokens that were issued before today's format, read so that phones stay signed in after an update.

A refresh replaces them by a token of today's format. So none is valid ``REFRESH_TOKEN_EXPIRE_SECONDS`` (90 days) after
the update; the module is kept for installations that are not updated before release 1.0.

- The first form is django-oauth-toolkit's: 30 random letters and digits, a row for each token of a family, and a random
  family. ``family_of_first_form`` replaces that by a family derived from the current token: a retry, of which the
  row is gone, still identifies it.
- The second form is today's with another MAC. Only a retry and a reuse depend on it: the current token of a family is
  found by its digest.
"""

from __future__ import annotations

import hmac
import re
from uuid import UUID

from django.conf import settings
from django.db import transaction
from oauth2_provider.models import get_refresh_token_model

from oauth_provider.models import Client, Device

from . import token_format

_FIRST_FORM = re.compile("[A-Za-z0-9]{30}")
_SALT = b"gatepass.oauth_provider.tokens:"


@transaction.atomic
def family_of_first_form(client: Client, refresh_token: str) -> UUID | None:
    """Return the family of a refresh token in the first form; None for any other text."""
    if not _FIRST_FORM.fullmatch(refresh_token):
        return None
    checksum = token_format.digest(refresh_token)
    family = UUID(hex=checksum[:32])
    tokens = get_refresh_token_model().objects.filter(application=client)
    row = tokens.filter(token_checksum=checksum).first()
    if row is None:  # replaced since the update, or unknown: then no row has this family
        return family
    if row.revoked is None and row.token_family not in {None, family}:
        tokens.filter(token_family=row.token_family).update(token_family=family)
        Device.objects.get_or_create(refresh_token=row)
        return family
    stored: UUID | None = row.token_family
    return stored


def is_second_form(token: str, kind: bytes) -> bool:
    """Return whether this server issued the token as one of this kind in the second form."""
    keys = tuple(_SALT + key.encode() for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))
    return token_format.is_ours(token, kind, keys=keys, tag_of=_second_form_tag)


def _second_form_tag(kind: bytes, body: bytes, key: bytes) -> bytes:
    return hmac.digest(key, b"tag of " + kind + b":" + body, "sha256")[: token_format.TAG_BYTES]
