"""Counts sign-ins of people for monitoring, by method and result."""

from __future__ import annotations

from allauth.account.authentication import get_authentication_records
from django.http import HttpRequest
from prometheus_client import Counter

from portal.models import User

SIGN_INS = Counter("gatepass_sign_ins", "Sign-ins of people by method and result.", ["method", "result"])
# The method that failed, by the route of its form. A failed confirmation of the identity is no sign-in.
_FAILED = {
    "account_login": "password",
    "admin:login": "password",
    "mfa_authenticate": "second_factor",
    "mfa_login_webauthn": "passkey",
    "certificate_sign_in": "certificate",
}
_METHODS = {"password": "password", "password_reset": "password", "socialaccount": "single_sign_on"}


def count_success(request: HttpRequest, user: User) -> None:
    """Count the sign-in of this person, which django-allauth has recorded in the session."""
    SIGN_INS.labels(_method(request, user), "success").inc()


def count_failure(route: str) -> None:
    """Count the failure of this route, if it is one that signs in."""
    if route in _FAILED:
        SIGN_INS.labels(_FAILED[route], "failure").inc()


def _method(request: HttpRequest, user: User) -> str:
    records = get_authentication_records(request, user)
    if any(record.get("passwordless") for record in records):
        return "passkey"
    methods = [record["method"] for record in records if record.get("method") != "mfa"]
    return _METHODS.get(methods[-1], methods[-1]) if methods else "link"  # a sign-in link leaves no record
