"""Who does something, as the domain sees them. The user model belongs to the web."""

from __future__ import annotations

from typing import Any, Protocol


class Actor(Protocol):
    """A person in whose name a service writes, or who reads what a queryset lets them see.

    Where ``None`` is allowed in its place, it stands for Gatepass itself: a schedule or a command. The text of an
    actor is kept in the audit trail, because a person can be removed.
    """

    pk: Any
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
        """Whether the dashboard is for them; members only see their own passes and phones."""


def key_of(actor: Actor | None) -> Any:
    """The value of a foreign key to the actor. The model behind it is known to the web alone."""
    return actor.pk if actor else None
