"""Known browsers: a cookie that marks a browser in which a person has signed in (OWASP's "device cookies").

A password from a known browser counts against the failures of that browser only, so strangers who guess passwords
cannot keep the person out. A mark is a random number, the day of the sign-in, and a MAC over both and the person: it
cannot be forged or used for another account, and it reveals nothing about the person.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import time

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from .sign_in_links import REHEARSAL_SESSION_KEY

COOKIE = "gatepass_browser"
LIFETIME_DAYS = 180
MAX_MARKS = 5  # people per browser; the oldest are dropped first
_NUMBER_BYTES, _DAY_BYTES, _TAG_BYTES = 16, 4, 16
_DAY_SECONDS = 86_400


def set_signed_in(request: HttpRequest, person_pk: int) -> None:
    """Remember that this request proved who the person is; ``mark`` then sets the cookie."""
    request.signed_in_person_pk = person_pk  # type: ignore[attr-defined]


def mark(request: HttpRequest, response: HttpResponse) -> None:
    """Set the cookie if this request proved who the person is. Marks of other people in this browser stay."""
    person_pk = getattr(request, "signed_in_person_pk", None)
    if person_pk is None or request.session.get(REHEARSAL_SESSION_KEY):  # the browser of a sign-in test is no person's
        return
    others = [text for text in _marks(request) if text and _number(text, person_pk) is None]
    response.set_cookie(
        COOKIE,
        ".".join([_new_mark(person_pk), *others][:MAX_MARKS]),
        max_age=LIFETIME_DAYS * _DAY_SECONDS,
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )


def browser_of(request: HttpRequest, person_pk: int) -> str | None:
    """Return the random number of this browser as text if this person has signed in here before, else None."""
    return next((number for text in _marks(request) if (number := _number(text, person_pk))), None)


def _marks(request: HttpRequest) -> list[str]:
    return request.COOKIES.get(COOKIE, "").split(".")[:MAX_MARKS]


def _new_mark(person_pk: int) -> str:
    body = secrets.token_bytes(_NUMBER_BYTES) + _today().to_bytes(_DAY_BYTES, "big")
    return base64.urlsafe_b64encode(body + _tag(body, person_pk, settings.SECRET_KEY)).decode()


def _number(text: str, person_pk: int) -> str | None:
    """Return the random number of a mark of this person; None if it is forged, expired or another person's."""
    try:
        raw = base64.b64decode(text, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    body, tag = raw[:-_TAG_BYTES], raw[-_TAG_BYTES:]
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    if len(raw) != _NUMBER_BYTES + _DAY_BYTES + _TAG_BYTES or not any(
        hmac.compare_digest(tag, _tag(body, person_pk, key)) for key in keys
    ):
        return None
    age = _today() - int.from_bytes(body[_NUMBER_BYTES:], "big")
    return body[:_NUMBER_BYTES].hex() if age <= LIFETIME_DAYS else None


def _tag(body: bytes, person_pk: int, key: str) -> bytes:
    salt = "portal.accounts.known_browsers"
    return salted_hmac(salt, body + str(person_pk).encode(), secret=key, algorithm="sha256").digest()[:_TAG_BYTES]


def _today() -> int:
    return int(time.time()) // _DAY_SECONDS
