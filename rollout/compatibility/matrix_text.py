"""Reads a line of the matrix as a person writes it, and says what is wrong with it or with the lines together."""

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
PLACE = "%(found)s"

_NO_VERSION = _("%(text)s is not a version number. Use the form 9.1.0.")
_NO_APP = _("Enter the first version of the iOS app that works.")
_QUALIFIED = _("Enter numbers only, such as 9.13. A milestone belongs to the line of its release.")
_NO_SOURCE = _("Enter the https address of the page that the line comes from.")
_REDIRECT = _("The app of %(product)s handles %(scheme)s:// only. Enter the redirect URL from Atlassian's page.")
_TURNED = _("The line ends before it starts: from %(since)s, below %(below)s.")
_OUTSIDE = _("The first version that works, %(server)s, is outside the line.")
_NEITHER = _("Enter the first version that works, or the reason why the line is unclear.")
_BOTH = _("An unclear line has no minimum versions. Clear them, or clear the reason.")
_BAD_PLACES = _("The reason may contain only the placeholder %%(found)s. Write any other percent sign twice.")
_OVERLAP = _("Two lines of %(product)s overlap: %(first)s and %(second)s. A version belongs to one line.")
_TWO_REDIRECTS = _("The lines of %(product)s have different redirect URLs; the app handles one.")
_EMPTY = _("An edition needs at least one line.")
_GAP = _(
    "No line of %(product)s covers versions from %(since)s to below %(below)s. The status of such sites "
    "will be unknown."
)
_GAP_START = _("No line of %(product)s covers versions below %(below)s. The status of such sites will be unknown.")
_GAP_END = _("No line of %(product)s covers %(since)s and later. The status of such sites will be unknown.")
_MISSING = _("%(product)s is not in this edition. The status of all its sites will be unknown.")


@dataclass(frozen=True)
class Fault:
    """What is wrong, or worth knowing: ``message`` is a message id for ``values``; ``field`` empty for all lines."""

    message: str
    values: dict[str, str] = field(default_factory=dict)
    field: str = ""


def read_line(texts: Mapping[str, str]) -> tuple[Requirement | None, list[Fault]]:
    """The requirement that the texts of one line say, None with the faults where they say none.

    ``texts``: the field names of ``Requirement``, each as text, empty where nothing is said.
    """
    versions, faults = _versions(texts)
    if not texts["app"]:
        faults.append(Fault(_NO_APP, field="app"))
    faults += _addresses(texts) + _reason(texts)
    since, below, server = (versions.get(name) for name in ("since", "below", "server"))
    if since and below and since.numbers >= below.numbers:
        faults.append(Fault(_TURNED, {"since": str(since), "below": str(below)}, "below"))
    if faults:
        return None, faults
    row = Requirement(
        product=texts["product"],
        source=texts["source"],
        redirect_url=texts["redirect_url"],
        unclear=texts["unclear"],
        **versions,
    )
    if server and not row.covers(server):
        return None, [Fault(_OUTSIDE, {"server": str(server)}, "server")]
    return row, []


def _versions(texts: Mapping[str, str]) -> tuple[dict[str, Version], list[Fault]]:
    versions, faults = {}, []
    for name in VERSIONS:
        if not texts[name]:
            continue
        try:
            version = Version.parse(texts[name])
        except ValueError:
            faults.append(Fault(_NO_VERSION, {"text": texts[name]}, name))
            continue
        if name in BOUNDS and (version.stage != RELEASE or not version.finished):
            faults.append(Fault(_QUALIFIED, field=name))
        versions[name] = version
    return versions, faults


def _addresses(texts: Mapping[str, str]) -> list[Fault]:
    faults = []
    if not _is_https(texts["source"]):
        faults.append(Fault(_NO_SOURCE, field="source"))
    scheme = f"{texts['product']}-server"
    start, place = texts["redirect_url"][: len(scheme) + 3], texts["redirect_url"][len(scheme) + 3 :]
    if start != f"{scheme}://" or not place or " " in place or not place.isprintable():
        values = {"product": product_name(texts["product"]), "scheme": scheme}
        faults.append(Fault(_REDIRECT, values, "redirect_url"))
    return faults


def _is_https(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname)


def _reason(texts: Mapping[str, str]) -> list[Fault]:
    if not texts["unclear"]:
        return [] if texts["server"] else [Fault(_NEITHER, field="server")]
    if any(texts[name] for name in ("server", "oauth_plugin", "mobile_plugin")):
        return [Fault(_BOTH, field="unclear")]
    if "%" in texts["unclear"].replace("%%", "").replace(PLACE, ""):
        return [Fault(_BAD_PLACES, field="unclear")]
    return []


def faults_between(rows: Iterable[Requirement]) -> list[Fault]:
    """What is wrong with the lines together: overlaps, and two redirect URLs for one app."""
    rows = list(rows)
    faults = [] if rows else [Fault(_EMPTY)]
    for product, lines in _by_product(rows).items():
        name = product_name(product)
        if len({line.redirect_url for line in lines}) > 1:
            faults.append(Fault(_TWO_REDIRECTS, {"product": name}))
        for first, second in pairwise(lines):
            if first.below is None or second.since is None or second.since.numbers < first.below.numbers:
                faults.append(Fault(_OVERLAP, {"product": name, "first": span(first), "second": span(second)}))
    return faults


def gaps(rows: Iterable[Requirement], products: Iterable[str] = ()) -> list[Fault]:
    """Which versions no line covers, and which of ``products`` have no line: allowed, but to be known."""
    found, by_product = [], _by_product(rows)
    for product, lines in by_product.items():
        name, first, last = product_name(product), lines[0], lines[-1]
        if first.since:
            found.append(Fault(_GAP_START, {"product": name, "below": str(first.since)}))
        for one, other in pairwise(lines):
            if one.below and other.since and one.below.numbers < other.since.numbers:
                values = {"product": name, "since": str(one.below), "below": str(other.since)}
                found.append(Fault(_GAP, values))
        if last.below:
            found.append(Fault(_GAP_END, {"product": name, "since": str(last.below)}))
    missing = [product for product in products if product not in by_product]
    return found + [Fault(_MISSING, {"product": product_name(product)}) for product in missing]


def _by_product(rows: Iterable[Requirement]) -> dict[str, list[Requirement]]:
    """The lines of each product from the oldest versions to the newest."""
    found: dict[str, list[Requirement]] = {}
    for row in sorted(rows, key=lambda row: (row.product, row.since.numbers if row.since else (-1,))):
        found.setdefault(row.product, []).append(row)
    return found


def span(row: Requirement) -> str:
    """``… – 9.13``, ``9.13 – 10.1`` or ``10.1 – …``."""
    return f"{row.since or '…'} – {row.below or '…'}"
