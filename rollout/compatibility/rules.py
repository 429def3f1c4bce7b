"""The rules, and the judgement they make of an observation. Pure: the same observation always gets the same verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rollout.messages import gettext_noop as _

from . import sign_in_rules, site_rules, version_rules
from .matrix import CONFLUENCE_PAGE, JIRA_PAGE, MATRIX, Matrix
from .observation import Observation
from .verdict import Finding, Judgement, Outcome, Road, road_verdict

BOTH = (Road.MDM, Road.NON_MDM)
ONLY_NON_MDM = (Road.NON_MDM,)

PROVIDER_API = "https://developer.atlassian.com/server/confluence/confluence-oauth2-provider-api/"
BASE_URL_PAGE = "https://confluence.atlassian.com/doc/configuring-the-server-base-url-148592.html"
RFC_6749 = "https://www.rfc-editor.org/rfc/rfc6749#section-"

GRAVEST_FIRST = (Outcome.INCOMPATIBLE, Outcome.ACTION_NEEDED, Outcome.UNKNOWN, Outcome.WARNING, Outcome.PASS)


@dataclass(frozen=True)
class Rule:
    """One question put to every observation.

    ``function`` returns the finding, or None when the rule has nothing to say of this site. ``title`` is an English
    message id, ``source`` the URL of the page or RFC section the rule comes from. ``docs/rules.md`` explains each.
    """

    id: str
    title: str
    source: str
    roads: tuple[Road, ...]
    function: Callable[[Observation, Matrix], Finding | None]


RULES: tuple[Rule, ...] = (
    Rule("HTTPS", _("The base URL uses https"), PROVIDER_API, BOTH, site_rules.https),
    Rule("TLS-VALID", _("The certificate is valid"), RFC_6749 + "10.9", BOTH, site_rules.tls_valid),
    Rule("MANIFEST-REACHABLE", _("The site describes itself"), CONFLUENCE_PAGE, BOTH, site_rules.manifest_reachable),
    Rule("PRODUCT", _("The site is the product entered"), CONFLUENCE_PAGE, BOTH, site_rules.product),
    Rule(
        "BASE-URL-MATCH",
        _("The site's own base URL is the one entered"),
        BASE_URL_PAGE,
        BOTH,
        site_rules.base_url_match,
    ),
    Rule("CONFLUENCE-VERSION", _("Confluence is new enough"), CONFLUENCE_PAGE, BOTH, version_rules.confluence_version),
    Rule("JIRA-VERSION", _("Jira is new enough"), JIRA_PAGE, BOTH, version_rules.jira_version),
    Rule("OAUTH-PLUGIN", _("The OAuth plugin is new enough"), CONFLUENCE_PAGE, BOTH, version_rules.oauth_plugin),
    Rule(
        "AUTHORIZE-REACHABLE",
        _("The authorization endpoint answers"),
        RFC_6749 + "3.1",
        BOTH,
        sign_in_rules.authorize_reachable,
    ),
    Rule("TOKEN-REACHABLE", _("The token endpoint answers"), RFC_6749 + "3.2", BOTH, sign_in_rules.token_reachable),
    Rule(
        "MOBILE-PLUGIN",
        _("The mobile plugin is new enough"),
        CONFLUENCE_PAGE,
        ONLY_NON_MDM,
        version_rules.mobile_plugin,
    ),
    Rule(
        "INFO-LOGIN-OPEN",
        _("The app may ask how to sign in"),
        CONFLUENCE_PAGE,
        ONLY_NON_MDM,
        sign_in_rules.info_login_open,
    ),
    Rule("OAUTH-SWITCH", _("OAuth 2.0 is on for the app"), CONFLUENCE_PAGE, ONLY_NON_MDM, sign_in_rules.oauth_switch),
)
_ORDER = {entry.id: position for position, entry in enumerate(RULES)}


def judge(observation: Observation, matrix: Matrix = MATRIX) -> Judgement:
    """The verdict of both roads with every finding, gravest first. Total: any observation gets one."""
    found = [(entry, entry.function(observation, matrix)) for entry in RULES]
    mdm, non_mdm = (
        road_verdict(road, gravest_first(finding for entry, finding in found if finding and road in entry.roads))
        for road in BOTH
    )
    return Judgement(mdm, non_mdm, matrix.as_of.isoformat())


def gravest_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings by gravity, then in the order of ``RULES``; findings of rules that are gone come last."""
    return tuple(
        sorted(
            findings, key=lambda finding: (GRAVEST_FIRST.index(finding.outcome), _ORDER.get(finding.rule, len(RULES)))
        )
    )


def rule(id: str) -> Rule:
    """The rule called ``id``. Raises KeyError: stored findings may name a rule that is gone."""
    return RULES[_ORDER[id]]
