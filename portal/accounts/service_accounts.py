"""The program behind a service token, as the actor of what it does."""

from __future__ import annotations

from dataclasses import dataclass

from portal.models import Role


@dataclass
class ServiceAccount:
    """A program with a service token: on the API it may do what its role may.

    It is no person: it has no row, owns no sites and cannot sign in, so no page knows it. ``pk`` is None, as for
    Gatepass itself; the audit log names it by its text.
    """

    name: str
    role: str

    pk = None
    email = ""
    is_active = True
    owned_sites = None
    works_with_sites = True
    reads_all_sites = True

    def __str__(self) -> str:
        return f"{self.name} (service token)"

    @property
    def is_administrator(self) -> bool:
        return self.role == Role.ADMINISTRATOR
