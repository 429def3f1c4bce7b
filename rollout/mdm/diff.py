"""Compare two site lists: before publishing, and between releases. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from .site_entry import SiteEntry

# Key in the JSON, attribute of SiteEntry.
_FIELDS = (
    ("title", "title"),
    ("clientID", "client_id"),
    ("cacheSessionInMobileBrowser", "cache_session_in_mobile_browser"),
)


class Loss(StrEnum):
    """What a new list takes from people. It is confirmed for each kind before it leaves the building."""

    OAUTH = "oauth"  # back to passwords
    CLIENT_ID = "client_id"  # sign in again
    REMOVED = "removed"  # the app no longer lists the site


@dataclass(frozen=True)
class FieldChange:
    """A changed field. ``name`` is its JSON key; ``before`` and ``after`` are None if the list does not contain it."""

    name: str
    before: str | bool | None
    after: str | bool | None


@dataclass(frozen=True)
class SiteChange:
    """A site that is in both lists with different fields."""

    before: SiteEntry
    after: SiteEntry
    fields: tuple[FieldChange, ...]

    @property
    def base_url(self) -> str:
        return self.after.base_url

    @property
    def loses_oauth(self) -> bool:
        return self.before.client_id is not None and self.after.client_id is None

    @property
    def replaces_client_id(self) -> bool:
        before, after = self.before.client_id, self.after.client_id
        return before is not None and after is not None and before != after


@dataclass(frozen=True)
class SiteListDiff:
    """``added`` and ``changed`` are in the order of the new list, ``removed`` in that of the old one.

    ``reordered`` is whether sites that are in both lists change their order, which is the order in the app.
    """

    added: tuple[SiteEntry, ...]
    removed: tuple[SiteEntry, ...]
    changed: tuple[SiteChange, ...]
    reordered: bool

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.removed or self.changed or self.reordered)

    @property
    def losses(self) -> dict[Loss, tuple[SiteEntry, ...]]:
        """Return what people lose, with the entries of the old list. Kinds without entries are left out."""
        found = {
            Loss.OAUTH: tuple(change.before for change in self.changed if change.loses_oauth),
            Loss.CLIENT_ID: tuple(change.before for change in self.changed if change.replaces_client_id),
            Loss.REMOVED: self.removed,
        }
        return {loss: entries for loss, entries in found.items() if entries}


def diff_site_lists(before: Iterable[SiteEntry], after: Iterable[SiteEntry]) -> SiteListDiff:
    """Return the differences between two lists. Sites are matched by base URL; both lists may be empty."""
    old = {entry.base_url: entry for entry in before}
    new = {entry.base_url: entry for entry in after}
    changes = (_change(old[url], entry) for url, entry in new.items() if url in old)
    return SiteListDiff(
        added=tuple(entry for url, entry in new.items() if url not in old),
        removed=tuple(entry for url, entry in old.items() if url not in new),
        changed=tuple(change for change in changes if change.fields),
        reordered=[url for url in old if url in new] != [url for url in new if url in old],
    )


def _change(before: SiteEntry, after: SiteEntry) -> SiteChange:
    fields = (FieldChange(name, _value(before, attribute), _value(after, attribute)) for name, attribute in _FIELDS)
    return SiteChange(before, after, tuple(field for field in fields if field.before != field.after))


def _value(entry: SiteEntry, attribute: str) -> str | bool | None:
    if attribute == "cache_session_in_mobile_browser" and entry.client_id is None:
        return None  # the list contains it only inside oauth
    value: str | bool | None = getattr(entry, attribute)
    return value
