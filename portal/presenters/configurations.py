"""Data for the configuration pages: a format's value, and the changes between two site lists."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from rollout.mdm.diff import SiteListDiff, diff_site_lists
from rollout.mdm.site_entry import SiteEntry
from rollout.mdm.vendor_formats import Format
from rollout.models import ConfigurationRelease

MAX_CHANGES = 50  # of each kind, on a page
MAX_VALUE_LENGTH = 262_144  # characters in a copy field; a longer value is only downloadable


@dataclass(frozen=True)
class Difference:
    """The changes of a site list since a release, each kind limited to ``MAX_CHANGES``."""

    release: ConfigurationRelease
    added: tuple[SiteEntry, ...]
    removed: tuple[SiteEntry, ...]
    changed: tuple[Any, ...]
    reordered: bool
    counts: dict[str, int]

    @property
    def is_empty(self) -> bool:
        return not (any(self.counts.values()) or self.reordered)

    @property
    def is_cut(self) -> bool:
        return any(count > MAX_CHANGES for count in self.counts.values())


def difference(release: ConfigurationRelease, before: Sequence[SiteEntry], after: Sequence[SiteEntry]) -> Difference:
    """Return the changes from the entries ``before``, which are those of ``release``, to the entries ``after``."""
    diff: SiteListDiff = diff_site_lists(before, after)
    return Difference(
        release=release,
        added=diff.added[:MAX_CHANGES],
        removed=diff.removed[:MAX_CHANGES],
        changed=diff.changed[:MAX_CHANGES],
        reordered=diff.reordered,
        counts={"added": len(diff.added), "removed": len(diff.removed), "changed": len(diff.changed)},
    )


def configuration_context(site_list: str, chosen: Format) -> dict[str, Any]:
    """Return the template context of the chosen format: its value and click path."""
    text = chosen.build(site_list)
    return {
        "chosen": chosen,
        "click_path": _(chosen.where),
        "value": text.rstrip("\n") if len(text) <= MAX_VALUE_LENGTH else "",
        "is_one_line": "\n" not in text.rstrip("\n"),
        "seen": hashlib.sha256(site_list.encode()).hexdigest(),
    }
