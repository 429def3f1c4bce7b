"""Rules about the server's version: whether it is new enough, and whether all sources report the same one."""

from __future__ import annotations

from rollout.message_ids import gettext_noop as _

from .base_urls import is_same
from .evidence import printable, product_name
from .matrix import Matrix, Requirement
from .observation import Observation
from .site_rules import CHOOSE_PRODUCT
from .sources import is_cloud, own_login_page, server_version
from .verdict import Finding, Outcome
from .version import Version, version_of

_NO_VERSION = _("The version of %(product)s is unknown, because the site does not show it without sign-in.")
_ALLOW_MANIFEST = _(
    "Allow rest/applinks/1.0/manifest without sign-in, then check again. Required: %(needed)s or later."
)
_BAD_VERSION = _("The site reports the version %(found)s, which is not a version number.")
_OTHER_PRODUCT = _("Version %(found)s is not one of %(product)s Data Center, so it cannot be compared.")
_NO_LINE = _("The compatibility matrix has no requirements for %(product)s %(found)s.")
UPGRADE_SERVER = _("Upgrade %(product)s to %(needed)s or later.")
_LATER_LINE = _("Upgrade %(product)s to a version that Atlassian lists: %(needed)s or later.")
# By whether the version comes from the login page, which is read if the manifest is not accessible.
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
    """Check that Confluence is new enough; None for other products."""
    return _server_version("CONFLUENCE-VERSION", "confluence", observation, matrix)


def jira_version(observation: Observation, matrix: Matrix) -> Finding | None:
    """Check that Jira is new enough; None for other products."""
    return _server_version("JIRA-VERSION", "jira", observation, matrix)


def sources_agree(observation: Observation, matrix: Matrix) -> Finding | None:
    """Check that manifest and login page report the same version and base URL; None unless both were read.

    Different versions are a warning, or UNKNOWN if only one of them is new enough.
    """
    manifest, page = observation.manifest, own_login_page(observation)
    if page is None or not manifest.version or not page.version:
        return None
    if manifest.version != page.version and version_of(manifest.version) != version_of(page.version):
        one, other = (_is_enough(observation.product, text, matrix) for text in (manifest.version, page.version))
        values = {"product": product_name(observation.product), "first": printable(manifest.version)}
        values["second"] = printable(page.version)
        outcome = Outcome.WARNING if one == other else Outcome.UNKNOWN
        message = _("The manifest reports %(product)s %(first)s, the login page %(second)s.")
        return Finding("SOURCES-AGREE", outcome, message, CLEAR_CACHES, values, page.answer)
    if page.base_url and manifest.canonical_url and not is_same(page.base_url, manifest.canonical_url):
        message = _("The login page and the manifest report different base URLs.")
        return Finding("SOURCES-AGREE", Outcome.WARNING, message, CLEAR_CACHES, {}, page.answer)
    return Finding("SOURCES-AGREE", Outcome.PASS, _("The manifest and the login page agree."), "", {}, page.answer)


def requirement_of(observation: Observation, matrix: Matrix) -> Requirement | None:
    """Return the matrix line for the site's version; None if the version is unknown or not covered."""
    text = server_version(observation).text
    return None if _is_of_another_product(observation, text) else matrix.requirement_of(observation.product, text)


def _server_version(rule: str, of: str, observation: Observation, matrix: Matrix) -> Finding | None:
    if observation.product != of:
        return None
    text, answer, from_login_page = server_version(observation)
    if _is_of_another_product(observation, text):
        values = {"product": product_name(of), "found": printable(text)}
        return Finding(rule, Outcome.UNKNOWN, _OTHER_PRODUCT, CHOOSE_PRODUCT, values, answer)
    values = {"product": product_name(of), "found": printable(text), "needed": ""}
    version, requirement = version_of(text), matrix.requirement_of(of, text)
    if version is None or requirement is None or requirement.server is None:
        values["needed"] = str(matrix.newest_server(of) or "")
        return Finding(rule, Outcome.UNKNOWN, *_why_unknown(text, version, requirement), values, answer)
    values["needed"] = str(requirement.server)
    if version < requirement.server:
        return Finding(rule, Outcome.INCOMPATIBLE, _TOO_OLD[from_login_page], UPGRADE_SERVER, values, answer)
    return Finding(rule, Outcome.PASS, _NEW_ENOUGH[from_login_page], "", values, answer)


def _is_of_another_product(observation: Observation, text: str | None) -> bool:
    reported = observation.manifest.product
    if reported is None or reported == observation.product:
        return is_cloud(text)
    return reported.lower() != observation.product or is_cloud(text)


def _why_unknown(text: str | None, version: Version | None, requirement: Requirement | None) -> tuple[str, str]:
    """Message and remedy for a version that cannot be evaluated."""
    if not text:
        return _NO_VERSION, _ALLOW_MANIFEST
    if version is None:
        return _BAD_VERSION, _ALLOW_MANIFEST
    return requirement.unclear if requirement else _NO_LINE, _LATER_LINE


def _is_enough(product: str, text: str, matrix: Matrix) -> bool | None:
    """Whether the version is new enough; None if the matrix does not say."""
    version = version_of(text)
    requirement = matrix.requirement_of(product, text) if version else None
    if version is None or requirement is None or requirement.server is None:
        return None
    return version >= requirement.server
