"""Rules about the server's version: new enough, and told alike by every source."""

from __future__ import annotations

from rollout.message_ids import gettext_noop as _

from .base_urls import is_same
from .evidence import product_name, shown
from .matrix import Matrix, Requirement
from .observation import Observation
from .sources import own_login_page, server_version
from .verdict import Finding, Outcome
from .version import Version, version_of

_NO_VERSION = _("The version of %(product)s is unknown, because the site does not show it without sign-in.")
_LET_VERSION_THROUGH = _(
    "Allow rest/applinks/1.0/manifest without sign-in, then check again. Required: %(needed)s or later."
)
_BAD_VERSION = _("The site reports the version %(found)s, which is not a version number.")
_NO_LINE = _("The compatibility matrix has no line for %(product)s %(found)s.")
UPGRADE_SERVER = _("Upgrade %(product)s to %(needed)s or later.")
_LATER_LINE = _("Upgrade %(product)s to a version that Atlassian lists: %(needed)s or later.")
# By source: the manifest, or the login page where the manifest is shut.
_TOO_OLD = {
    False: _("%(product)s %(found)s is too old: %(needed)s or later is required."),
    True: _("%(product)s %(found)s (according to its login page) is too old: %(needed)s or later is required."),
}
_NEW_ENOUGH = {
    False: _("%(product)s %(found)s meets the minimum, %(needed)s."),
    True: _("%(product)s %(found)s (according to its login page) meets the minimum, %(needed)s."),
}

CLEAR_CACHES = _("Clear caches in front of the site. In a cluster, finish the upgrade on every node. Then check again.")


def confluence_version(observation: Observation, matrix: Matrix) -> Finding | None:
    return _server_version("CONFLUENCE-VERSION", "confluence", observation, matrix)


def jira_version(observation: Observation, matrix: Matrix) -> Finding | None:
    return _server_version("JIRA-VERSION", "jira", observation, matrix)


def sources_agree(observation: Observation, matrix: Matrix) -> Finding | None:
    """Manifest and login page tell the same version and base URL; nothing to say when one of them is shut.

    Only where the two versions lead to different verdicts is the site's version unknown.
    """
    manifest, page = observation.manifest, own_login_page(observation)
    if page is None or not manifest.version or not page.version:
        return None
    if manifest.version != page.version and version_of(manifest.version) != version_of(page.version):
        one, other = (_is_enough(observation.product, text, matrix) for text in (manifest.version, page.version))
        values = {"product": product_name(observation.product), "first": shown(manifest.version)}
        values["second"] = shown(page.version)
        outcome = Outcome.WARNING if one == other else Outcome.UNKNOWN
        message = _("The manifest reports %(product)s %(first)s, the login page %(second)s.")
        return Finding("SOURCES-AGREE", outcome, message, CLEAR_CACHES, values, page.answer)
    if page.base_url and manifest.canonical_url and not is_same(page.base_url, manifest.canonical_url):
        message = _("The login page and the manifest report different base URLs.")
        return Finding("SOURCES-AGREE", Outcome.WARNING, message, CLEAR_CACHES, {}, page.answer)
    return Finding("SOURCES-AGREE", Outcome.PASS, _("The manifest and the login page agree."), "", {}, page.answer)


def requirement_of(observation: Observation, matrix: Matrix) -> Requirement | None:
    """What the matrix asks of the site's version, as far as it is known."""
    return matrix.requirement_of(observation.product, server_version(observation).text)


def _server_version(rule: str, of: str, observation: Observation, matrix: Matrix) -> Finding | None:
    if observation.product != of:
        return None
    text, answer, by_login_page = server_version(observation)
    values = {"product": product_name(of), "found": shown(text), "needed": ""}
    found, requirement = version_of(text), matrix.requirement_of(of, text)
    if found is None or requirement is None or requirement.server is None:
        values["needed"] = str(matrix.newest_server(of) or "")
        return Finding(rule, Outcome.UNKNOWN, *_why_unknown(text, found, requirement), values, answer)
    values["needed"] = str(requirement.server)
    if found < requirement.server:
        return Finding(rule, Outcome.INCOMPATIBLE, _TOO_OLD[by_login_page], UPGRADE_SERVER, values, answer)
    return Finding(rule, Outcome.PASS, _NEW_ENOUGH[by_login_page], "", values, answer)


def _why_unknown(text: str | None, found: Version | None, requirement: Requirement | None) -> tuple[str, str]:
    if not text:
        return _NO_VERSION, _LET_VERSION_THROUGH
    if found is None:
        return _BAD_VERSION, _LET_VERSION_THROUGH
    return requirement.unclear if requirement else _NO_LINE, _LATER_LINE


def _is_enough(product: str, text: str, matrix: Matrix) -> bool | None:
    """Whether the version works; None when nobody says."""
    version = version_of(text)
    requirement = matrix.requirement_of(product, text) if version else None
    if version is None or requirement is None or requirement.server is None:
        return None
    return version >= requirement.server
