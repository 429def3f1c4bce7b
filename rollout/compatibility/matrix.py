"""The version matrix: which product and plugin versions let the iOS app sign in by OAuth 2.0. Dated data, no rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from rollout.message_ids import gettext_noop as _

from .references import CONFLUENCE_PAGE, JIRA_PAGE
from .version import Version, version_of

REMEMBERED = 1000  # versions looked up in one matrix


@dataclass(frozen=True)
class Requirement:
    """What one line of a product's server versions needs.

    The line reaches from ``since`` up to but not including ``below`` (None: open end), by numbers only, so that
    10.1.0-rc1 belongs to the line of 10.1. ``server`` is the first version of the line that works. A minimum that
    is None is one Atlassian does not name. ``unclear`` is set instead of the minima when the page does not say
    whether the line works at all; it is an English message id with a ``%(found)s`` place.
    """

    product: str
    source: str
    redirect_url: str
    app: Version
    server: Version | None = None
    oauth_plugin: Version | None = None
    mobile_plugin: Version | None = None
    since: Version | None = None
    below: Version | None = None
    unclear: str = ""

    def covers(self, version: Version) -> bool:
        starts = self.since is None or version.numbers >= self.since.numbers
        return starts and (self.below is None or version.numbers < self.below.numbers)


@dataclass(frozen=True)
class Matrix:
    """All requirements as they were on ``as_of``, the day the source page was last modified.

    ``edition`` numbers the stored edition that it was read from; the built-in matrix has none.
    """

    as_of: date
    source: str
    requirements: tuple[Requirement, ...]
    edition: int | None = None
    # What was looked up already: ten thousand sites have a few dozen versions between them.
    _found: dict[tuple[str, str | None], Requirement | None] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def name(self) -> str:
        """What a judgement names it by: ``2024-10-07 #1``, or the date alone for the built-in one."""
        return self.as_of.isoformat() + (f" #{self.edition}" if self.edition else "")

    def lines(self, product: str) -> tuple[Requirement, ...]:
        return tuple(row for row in self.requirements if row.product == product)

    def knows(self, product: str) -> bool:
        return any(row.product == product for row in self.requirements)

    def requirement_for(self, product: str, version: Version | None) -> Requirement | None:
        """The requirement of the line ``version`` belongs to; without a version, the product's only line.

        None when the product is not in the matrix, or when it has several lines and the version is not known.
        """
        lines = self.lines(product)
        if version is None:
            return lines[0] if len(lines) == 1 else None
        return next((row for row in lines if row.covers(version)), None)

    def requirement_of(self, product: str, version: str | None) -> Requirement | None:
        """``requirement_for`` a version as text; what is no version counts as not known."""
        asked = (product, version)
        if asked not in self._found:
            if len(self._found) >= REMEMBERED:
                self._found.clear()
            self._found[asked] = self.requirement_for(product, version_of(version))
        return self._found[asked]

    def newest_server(self, product: str) -> Version | None:
        """The first version that works of the product's newest line that names one."""
        named = [row.server for row in self.lines(product) if row.server]
        return named[-1] if named else None


MATRIX = Matrix(
    as_of=date(2024, 10, 7),
    source=CONFLUENCE_PAGE,
    requirements=(
        Requirement(
            product="confluence",
            source=CONFLUENCE_PAGE,
            redirect_url="confluence-server://oauth-callback",
            app=Version.parse("2.0"),
            server=Version.parse("9.1"),
            oauth_plugin=Version.parse("4.1.1"),
            mobile_plugin=Version.parse("19.1.47"),
        ),
        Requirement(
            product="jira",
            source=JIRA_PAGE,
            redirect_url="jira-server://oauth-callback",
            app=Version.parse("2.0"),
            server=Version.parse("9.12.14"),
            oauth_plugin=Version.parse("3.1.14"),
            below=Version.parse("9.13"),
        ),
        Requirement(
            product="jira",
            source=JIRA_PAGE,
            redirect_url="jira-server://oauth-callback",
            app=Version.parse("2.0"),
            since=Version.parse("9.13"),
            below=Version.parse("10.1"),
            # The first edition in the database has this text too and stays as it is.
            unclear=_(
                "Jira %(found)s lies between the two lines that Atlassian names, 9.12.14 and 10.1.0. "
                "Atlassian does not say whether OAuth 2.0 works for the app there."
            ),
        ),
        Requirement(
            product="jira",
            source=JIRA_PAGE,
            redirect_url="jira-server://oauth-callback",
            app=Version.parse("2.0"),
            server=Version.parse("10.1.0"),
            oauth_plugin=Version.parse("4.1.0"),
            since=Version.parse("10.1"),
        ),
    ),
)


def requirement_for(product: str, version: Version | None, matrix: Matrix = MATRIX) -> Requirement | None:
    """``Matrix.requirement_for`` of the built-in matrix."""
    return matrix.requirement_for(product, version)


def redirect_url_for(product: str, matrix: Matrix = MATRIX) -> str:
    """The one redirect URL the product's iOS app answers to. Raises KeyError for a product not in the matrix."""
    for row in matrix.lines(product):
        return row.redirect_url
    raise KeyError(product)
