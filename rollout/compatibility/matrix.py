"""The compatibility matrix: the product and plugin versions with which the iOS app signs in by OAuth 2.0. Data only."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from rollout.message_ids import gettext_noop as _

from .references import CONFLUENCE_PAGE, JIRA_PAGE
from .version import Version, version_of

MAX_CACHED = 1000  # lookups per matrix


@dataclass(frozen=True)
class Requirement:
    """The minimum versions for one line of a product's server versions.

    The line reaches from ``since`` up to but not including ``below`` (None: no limit), by numbers only, so that
    10.1.0-rc1 belongs to the line of 10.1. ``server`` is the first version of the line that works. A minimum is None
    if Atlassian does not document it. ``unclear`` is set instead of the minimum versions if Atlassian does not say
    whether the line works; it is an English message id with the placeholder ``%(found)s``.
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
        """Whether the version belongs to this line."""
        starts = self.since is None or version.numbers >= self.since.numbers
        return starts and (self.below is None or version.numbers < self.below.numbers)


@dataclass(frozen=True)
class Matrix:
    """All requirements as of ``as_of``, the day the source page was last modified.

    ``edition`` is the number of the stored edition that it was read from, None for the built-in matrix.
    """

    as_of: date
    source: str
    requirements: tuple[Requirement, ...]
    edition: int | None = None
    # Ten thousand sites share a few dozen versions.
    _cache: dict[tuple[str, str | None], Requirement | None] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _newest: dict[str, Version | None] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def name(self) -> str:
        """The name that evaluations record: ``2024-10-07 #1``, or the date alone for the built-in matrix."""
        return self.as_of.isoformat() + (f" #{self.edition}" if self.edition else "")

    def lines(self, product: str) -> tuple[Requirement, ...]:
        """The requirements of a product, from its oldest versions to its newest."""
        return tuple(row for row in self.requirements if row.product == product)

    def knows(self, product: str) -> bool:
        """Whether the matrix covers the product."""
        return any(row.product == product for row in self.requirements)

    def requirement_for(self, product: str, version: Version | None) -> Requirement | None:
        """Return the line that covers ``version``, or without a version the product's only line.

        None if no line covers it, or if the product has several lines and the version is unknown.
        """
        lines = self.lines(product)
        if version is None:
            return lines[0] if len(lines) == 1 else None
        return next((row for row in lines if row.covers(version)), None)

    def requirement_of(self, product: str, version: str | None) -> Requirement | None:
        """``requirement_for`` a version as text; an invalid version counts as unknown. Cached."""
        key = (product, version)
        if key not in self._cache:
            if len(self._cache) >= MAX_CACHED:
                self._cache.clear()
            self._cache[key] = self.requirement_for(product, version_of(version))
        return self._cache[key]

    def newest_server(self, product: str) -> Version | None:
        """The first version that works in the product's newest line that names one; None if no line does."""
        if product not in self._newest:
            named = [row.server for row in self.lines(product) if row.server]
            self._newest[product] = named[-1] if named else None
        return self._newest[product]


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
            # The same text as in migration 0007: editions store it, and translations are found by it.
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
    """Return the redirect URL of the product's iOS app. Raises KeyError for a product not in the matrix."""
    for row in matrix.lines(product):
        return row.redirect_url
    raise KeyError(product)
