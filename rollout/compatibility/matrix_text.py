"""Validates lines of the compatibility matrix as entered by a person, each alone and all together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from urllib.parse import urlsplit

from rollout.message_ids import gettext_noop as _

from .evidence import product_name
from .matrix import Requirement
from .version import RELEASE, Version

VERSIONS = ("app", "since", "below", "server", "oauth_plugin", "mobile_plugin")
BOUNDS = ("since", "below")
PLACEHOLDER = "%(found)s"

_NO_VERSION = _("%(text)s is not a version number. Use the form 9.1.0.")
_NO_APP = _("Enter the first version of the iOS app that works.")
_QUALIFIED = _("Enter numbers only, such as 9.13. Milestones such as 9.13-m01 count as their release.")
_NO_SOURCE = _("Enter the https:// URL of the page that contains these requirements.")
_REDIRECT = _("The app of %(product)s handles %(scheme)s:// only. Enter the redirect URL from Atlassian's page.")
_REVERSED = _("The version range ends before it starts: from %(since)s, below %(below)s. Correct one of the two.")
_OUTSIDE = _("The minimum server version, %(server)s, is outside the version range. Correct it or the range.")
_NEITHER = _("Enter the minimum server version, or the reason why the requirements are unclear.")
_BOTH = _("Enter either minimum versions or a reason, not both.")
_BAD_PLACEHOLDER = _("The reason may contain only the placeholder %%(found)s. Write any other percent sign twice.")
_OVERLAP = _(
    "Two version ranges of %(product)s overlap: %(first)s and %(second)s. Each version can be in one range only."
)
_TWO_REDIRECTS = _(
    "The version ranges of %(product)s have different redirect URLs. The app handles only "
    "one: enter the same URL everywhere."
)
_EMPTY = _("Add at least one version range.")
_GAP = _(
    "No version range of %(product)s covers versions from %(since)s to below %(below)s. The status of "
    "such sites will be unknown."
)
_GAP_START = _(
    "No version range of %(product)s covers versions below %(below)s. The status of such sites will be unknown."
)
_GAP_END = _("No version range of %(product)s covers %(since)s and later. The status of such sites will be unknown.")
_MISSING = _("%(product)s is not in this edition. The status of all its sites will be unknown.")


@dataclass(frozen=True)
class LineError:
    """An error or a note. ``message`` is a message id for ``values``; ``field`` is empty for the lines together."""

    message: str
    values: dict[str, str] = field(default_factory=dict)
    field: str = ""


def read_line(texts: Mapping[str, str]) -> tuple[Requirement | None, list[LineError]]:
    """Parse one line: its requirement without errors, or None and the errors.

    ``texts`` holds a text for each field name of ``Requirement``, empty if nothing was entered.
    """
    versions, errors = _versions(texts)
    if not texts["app"]:
        errors.append(LineError(_NO_APP, field="app"))
    errors += _addresses(texts) + _reason(texts)
    since, below, server = (versions.get(name) for name in ("since", "below", "server"))
    if since and below and since.numbers >= below.numbers:
        errors.append(LineError(_REVERSED, {"since": str(since), "below": str(below)}, "below"))
    if errors:
        return None, errors
    row = Requirement(
        product=texts["product"],
        source=texts["source"],
        redirect_url=texts["redirect_url"],
        unclear=texts["unclear"],
        **versions,
    )
    if server and not row.covers(server):
        return None, [LineError(_OUTSIDE, {"server": str(server)}, "server")]
    return row, []


def _versions(texts: Mapping[str, str]) -> tuple[dict[str, Version], list[LineError]]:
    versions, errors = {}, []
    for name in VERSIONS:
        if not texts[name]:
            continue
        try:
            version = Version.parse(texts[name])
        except ValueError:
            errors.append(LineError(_NO_VERSION, {"text": texts[name]}, name))
            continue
        if name in BOUNDS and (version.stage != RELEASE or not version.finished):
            errors.append(LineError(_QUALIFIED, field=name))
        versions[name] = version
    return versions, errors


def _addresses(texts: Mapping[str, str]) -> list[LineError]:
    errors = []
    if not _is_https(texts["source"]):
        errors.append(LineError(_NO_SOURCE, field="source"))
    scheme = f"{texts['product']}-server"
    start, place = texts["redirect_url"][: len(scheme) + 3], texts["redirect_url"][len(scheme) + 3 :]
    if start != f"{scheme}://" or not place or " " in place or not place.isprintable():
        values = {"product": product_name(texts["product"]), "scheme": scheme}
        errors.append(LineError(_REDIRECT, values, "redirect_url"))
    return errors


def _is_https(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname)


def _reason(texts: Mapping[str, str]) -> list[LineError]:
    if not texts["unclear"]:
        return [] if texts["server"] else [LineError(_NEITHER, field="server")]
    if any(texts[name] for name in ("server", "oauth_plugin", "mobile_plugin")):
        return [LineError(_BOTH, field="unclear")]
    if "%" in texts["unclear"].replace("%%", "").replace(PLACEHOLDER, ""):
        return [LineError(_BAD_PLACEHOLDER, field="unclear")]
    return []


def errors_between(rows: Iterable[Requirement]) -> list[LineError]:
    """Return the errors of the lines together: overlaps, and different redirect URLs for one app."""
    rows = list(rows)
    errors = [] if rows else [LineError(_EMPTY)]
    for product, lines in _by_product(rows).items():
        name = product_name(product)
        if len({line.redirect_url for line in lines}) > 1:
            errors.append(LineError(_TWO_REDIRECTS, {"product": name}))
        for first, second in pairwise(lines):
            if first.below is None or second.since is None or second.since.numbers < first.below.numbers:
                errors.append(LineError(_OVERLAP, {"product": name, "first": span(first), "second": span(second)}))
    return errors


def gaps(rows: Iterable[Requirement], products: Iterable[str] = ()) -> list[LineError]:
    """Return notes on versions that no line covers and on ``products`` without a line. Gaps are allowed."""
    notes, by_product = [], _by_product(rows)
    for product, lines in by_product.items():
        name, first, last = product_name(product), lines[0], lines[-1]
        if first.since:
            notes.append(LineError(_GAP_START, {"product": name, "below": str(first.since)}))
        for one, other in pairwise(lines):
            if one.below and other.since and one.below.numbers < other.since.numbers:
                values = {"product": name, "since": str(one.below), "below": str(other.since)}
                notes.append(LineError(_GAP, values))
        if last.below:
            notes.append(LineError(_GAP_END, {"product": name, "since": str(last.below)}))
    missing = [product for product in products if product not in by_product]
    return notes + [LineError(_MISSING, {"product": product_name(product)}) for product in missing]


def _by_product(rows: Iterable[Requirement]) -> dict[str, list[Requirement]]:
    """The lines of each product, oldest versions first."""
    grouped: dict[str, list[Requirement]] = {}
    for row in sorted(rows, key=lambda row: (row.product, row.since.numbers if row.since else (-1,))):
        grouped.setdefault(row.product, []).append(row)
    return grouped


def span(row: Requirement) -> str:
    """``… – 9.13``, ``9.13 – 10.1`` or ``10.1 – …``."""
    return f"{row.since or '…'} – {row.below or '…'}"
