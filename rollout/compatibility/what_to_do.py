"""The shortest list of things to do first on a road that is not ready."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from .address_rules import MAKE_REACHABLE
from .site_rules import CHECK_NETWORK
from .verdict import SERIOUS, SEVERITY, Finding, Outcome, SetupVerdict


class Said(Protocol):
    """What a finding has to say to be listed: a judgement's own, or a stored one."""

    @property
    def rule(self) -> str: ...
    @property
    def outcome(self) -> str: ...
    @property
    def remedy(self) -> str: ...
    @property
    def values(self) -> dict[str, str]: ...


F = TypeVar("F", bound=Said)

# While one of these is in trouble, hardly anything else can be found out. The first of them counts.
_FIRST_OF_ALL = ("HTTPS", "TLS-VALID", "REDIRECTS", "SERVER-STATUS", "MANIFEST-REACHABLE")
# What is settled, or can only be judged, once another rule's trouble is over.
_AFTER: dict[str, frozenset[str]] = {
    "PRODUCT": frozenset({"BASE-URL-MATCH", "CONFLUENCE-VERSION", "JIRA-VERSION", "OAUTH-PLUGIN", "MOBILE-PLUGIN"}),
    "MANIFEST-REACHABLE": frozenset({"CONFLUENCE-VERSION", "JIRA-VERSION"}),
    "CONFLUENCE-VERSION": frozenset({"OAUTH-PLUGIN", "MOBILE-PLUGIN"}),
    "JIRA-VERSION": frozenset({"OAUTH-PLUGIN", "MOBILE-PLUGIN"}),
    "MOBILE-PLUGIN-ENABLED": frozenset({"INFO-LOGIN-OPEN", "OAUTH-SWITCH"}),
    "OAUTH-PLUGIN-ENABLED": frozenset({"AUTHORIZE-REACHABLE", "TOKEN-REACHABLE"}),
}


def what_to_do(verdict: SetupVerdict) -> tuple[Finding, ...]:
    """The findings to act on, what decides the verdict first; empty for a road that is ready.

    No remedy comes twice, none that another one settles, and only one where nothing else could be found out.
    """
    return first_things(verdict.findings)


def first_things(findings: Iterable[F]) -> tuple[F, ...]:
    """``what_to_do`` for the findings of one road, stored ones too."""
    serious = sorted((found for found in findings if found.outcome in SERIOUS), key=_severity)
    by_rule = {found.rule: found for found in serious}
    blocking = next((by_rule[name] for name in _FIRST_OF_ALL if name in by_rule and _blocks(by_rule[name])), None)
    if blocking is not None:
        kept = [found for found in serious if found is blocking or _severity(found) < _severity(blocking)]
    else:
        kept = [found for found in serious if not _is_settled(found, by_rule)]
    advice: dict[str, F] = {}
    for found in kept:
        advice.setdefault(_advice(found), found)
    return tuple(advice.values())


def _severity(found: Said) -> int:
    return SEVERITY[Outcome(found.outcome)]


def _blocks(found: Said) -> bool:
    """A certificate that nobody showed is no trouble of its own, and a manifest that is only shut hides little."""
    if found.rule == "TLS-VALID":
        return found.remedy != MAKE_REACHABLE
    return found.rule != "MANIFEST-REACHABLE" or found.remedy == CHECK_NETWORK


def _is_settled(found: F, by_rule: dict[str, F]) -> bool:
    """Whether another finding, at least as grave, comes first and makes this one pass or be judged anew.

    Finding out the version of Confluence settles no plugin: its table has one line, so the plugin was judged.
    """
    return any(
        found.rule in after
        and name in by_rule
        and _severity(by_rule[name]) <= _severity(found)
        and (name, by_rule[name].outcome) != ("CONFLUENCE-VERSION", Outcome.UNKNOWN)
        for name, after in _AFTER.items()
    )


def _advice(found: Said) -> str:
    try:
        return found.remedy % found.values
    except (KeyError, TypeError, ValueError):
        return found.remedy
