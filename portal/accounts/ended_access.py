"""Ends what lets a person in. Deactivation, a new password and *Sign out everywhere* all end it here.

| What ends                                    | deactivated or reactivated | new password     | signed out everywhere |
|----------------------------------------------|----------------------------|------------------|-----------------------|
| browser sessions, reset links, sign-in links | yes                        | all but this one | if chosen             |
| phones: codes, access and refresh tokens     | yes                        | yes              | if chosen             |
| personal tokens of the API                   | yes                        | yes              | if chosen             |
| passes for this person                       | yes                        | no               | no                    |

A pass lets no one in by itself: the phone that it sets up must still sign in. Reactivation ends everything once more,
so that nothing from before it is valid again, however the account was deactivated.
"""

from __future__ import annotations

from dataclasses import dataclass

from allauth.core import context
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone

from oauth_provider.tokens.sessions import end_all_sessions
from portal.models import User
from rollout.services import audit
from rollout.services.passes import revoke_passes_of

from .account_notices import Kind, notify
from .api_tokens import end_tokens_of


@dataclass(frozen=True)
class Ended:
    """How many browser sessions, phones, tokens and passes ended."""

    sessions: int = 0
    phones: int = 0
    tokens: int = 0
    passes: int = 0


def end_browsers(person: User, *, keep: str = "") -> int:
    """End the browser sessions of this person, except that with the key ``keep``; return how many.

    Password reset links and unused sign-in links end too. A kept session needs ``update_session_auth_hash`` afterwards.
    """
    person.access_ended_at = timezone.now()
    User.objects.filter(pk=person.pk).update(access_ended_at=person.access_ended_at)
    person.sign_in_links.filter(used_at=None).delete()
    rows = UserSession.objects.filter(user=person).exclude(session_key=keep)
    keys = list(rows.values_list("session_key", flat=True))
    ended, _by_model = Session.objects.filter(session_key__in=keys).delete()
    rows.filter(session_key__in=keys).delete()
    return ended


def end_all(*, actor: User | None, person: User) -> Ended:
    """End everything, in the caller's transaction."""
    return Ended(
        sessions=end_browsers(person),
        phones=end_all_sessions(person),
        tokens=end_tokens_of(person),
        passes=revoke_passes_of(actor=actor, person=person),
    )


@transaction.atomic
def after_deactivation(*, actor: User | None, person: User) -> Ended:
    """End everything and record that this person was deactivated."""
    ended = end_all(actor=actor, person=person)
    details = {
        "phones": ended.phones, "sessions": ended.sessions, "tokens": ended.tokens, "passes": ended.passes,
    }  # fmt: skip
    audit.record(actor=actor, action="person.deactivated", target=person, details=details)
    return ended


@transaction.atomic
def after_reactivation(*, actor: User | None, person: User) -> None:
    """End everything from before the reactivation, and record it."""
    end_all(actor=actor, person=person)
    audit.record(actor=actor, action="person.reactivated", target=person)


@transaction.atomic
def after_new_password(*, person: User) -> Ended:
    """End everything except passes and the session in which the person themselves sets the password; record it."""
    ended = Ended(
        sessions=end_browsers(person, keep=_own_session(person)),
        phones=end_all_sessions(person),
        tokens=end_tokens_of(person),
    )
    details = {"phones": ended.phones, "sessions": ended.sessions, "tokens": ended.tokens}
    actor = acting_person(person)
    audit.record(actor=actor, action="person.password_set", target=person, details=details)
    notify(person=person, kind=Kind.PASSWORD, actor=actor)
    return ended


def acting_person(person: User) -> User | None:
    """Return who acts on this account: the signed-in person, else its owner in a request (a reset by mail), else None.

    None is a command.
    """
    request = context.request
    if request is None:
        return None
    user = getattr(request, "user", None)
    return User.objects.filter(pk=user.pk).first() if user is not None and user.pk else person


def _own_session(person: User) -> str:
    """Return the key of the request's session if the person is signed in to it, else an empty string."""
    request = context.request
    if request is None or getattr(request, "user", None) != person:
        return ""
    return request.session.session_key or ""
