"""The version matrix: which product and plugin versions let the iOS app sign in by OAuth 2.0. Dated data, no rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from rollout.messages import gettext_noop as _

from .version import Version

CONFLUENCE_PAGE = "https://confluence.atlassian.com/doc/configure-oauth-2-0-for-confluence-ios-1442846594.html"
JIRA_PAGE = "https://confluence.atlassian.com/jirasoftwareserver0914/configure-oauth-2-0-for-jira-ios-1453424724.html"


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
    """All requirements as they were on ``as_of``, the day the source page was last modified."""

    as_of: date
    source: str
    requirements: tuple[Requirement, ...]

    def lines(self, product: str) -> tuple[Requirement, ...]:
        return tuple(row for row in self.requirements if row.product == product)

    def requirement_for(self, product: str, version: Version | None) -> Requirement | None:
        """The requirement of the line ``version`` belongs to; without a version, the product's only line.

        None when the product is not in the matrix, or when it has several lines and the version is not known.
        """
        lines = self.lines(product)
        if version is None:
            return lines[0] if len(lines) == 1 else None
        return next((row for row in lines if row.covers(version)), None)


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
