"""The person who acts, as the domain sees them. The user model belongs to the web."""

from __future__ import annotations

from typing import Any, Protocol


class Actor(Protocol):
    """A person on whose behalf a service writes, or whose access a queryset applies.

    If ``None`` is allowed, it means Gatepass itself: a schedule or a command. The audit log stores the actor's
    text, because accounts can be deleted.
    """

    pk: Any
    is_active: Any  # False once the account is deactivated
    owned_sites: Any  # a manager of sites

    @property
    def email(self) -> str: ...

    @property
    def is_administrator(self) -> bool: ...

    @property
    def reads_all_sites(self) -> bool:
        """Whether they see every site, as administrators and auditors do."""

    @property
    def works_with_sites(self) -> bool:
        """Whether they use the dashboard; members only see their own passes and phones."""


def key_of(actor: Actor | None) -> Any:
    """Return the foreign key value of the actor. Only the web knows the model."""
    return actor.pk if actor else None
