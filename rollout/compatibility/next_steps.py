"""The shortest list of findings to fix for a setup that is not ready."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from .verdict import SERIOUS, SEVERITY, Finding, Outcome, SetupVerdict


class FindingLike(Protocol):
    """What is read of a finding, whether just evaluated or stored."""

    @property
    def rule(self) -> str: ...
    @property
    def outcome(self) -> str: ...
    @property
    def remedy(self) -> str: ...
    @property
    def values(self) -> dict[str, str]: ...


F = TypeVar("F", bound=FindingLike)

# While one of these fails, hardly anything else can be checked. The first of them counts.
_BLOCKING = (
    "HTTPS",
    "TLS-VALID",
    "CLIENT-CERTIFICATE",
    "SITE-ACCESS",
    "REDIRECTS",
    "SERVER-STATUS",
    "MANIFEST-REACHABLE",
)
# Rules whose findings are fixed by fixing the rule in the key, or can be evaluated only after that.
_SETTLES: dict[str, frozenset[str]] = {
    "PRODUCT": frozenset(
        {
            "BASE-URL-MATCH",
            "CONFLUENCE-VERSION",
            "JIRA-VERSION",
            "OAUTH-PLUGIN",
            "MOBILE-PLUGIN",
            "AUTHORIZE-REACHABLE",
            "TOKEN-REACHABLE",
            "REST-API",
            "INFO-LOGIN-OPEN",
            "OAUTH-SWITCH",
        }
    ),
    "USER-AGENT": frozenset({"AUTHORIZE-REACHABLE", "TOKEN-REACHABLE", "REST-API", "INFO-LOGIN-OPEN"}),
    "MANIFEST-REACHABLE": frozenset({"CONFLUENCE-VERSION", "JIRA-VERSION"}),
    "CONFLUENCE-VERSION": frozenset({"OAUTH-PLUGIN", "MOBILE-PLUGIN"}),
    "JIRA-VERSION": frozenset({"OAUTH-PLUGIN", "MOBILE-PLUGIN"}),
    "MOBILE-PLUGIN-ENABLED": frozenset({"INFO-LOGIN-OPEN", "OAUTH-SWITCH"}),
    "OAUTH-PLUGIN-ENABLED": frozenset({"AUTHORIZE-REACHABLE", "TOKEN-REACHABLE"}),
}


def next_steps(verdict: SetupVerdict) -> tuple[Finding, ...]:
    """Return the findings to fix, the one that decides the verdict first; empty for a setup that is ready.

    Each remedy is listed once, remedies that another one settles are left out, and only one is listed if it keeps
    everything else from being checked.
    """
    return findings_to_fix(verdict.findings)


def findings_to_fix(findings: Iterable[F]) -> tuple[F, ...]:
    """``next_steps`` for the findings of one setup, stored ones too."""
    serious = sorted((finding for finding in findings if finding.outcome in SERIOUS), key=_severity)
    by_rule = {finding.rule: finding for finding in serious}
    blocking = next((by_rule[name] for name in _BLOCKING if name in by_rule and _blocks(by_rule[name])), None)
    if blocking is not None:
        kept = [finding for finding in serious if finding is blocking or _severity(finding) < _severity(blocking)]
    else:
        kept = [finding for finding in serious if not _is_settled(finding, by_rule)]
    by_remedy: dict[str, F] = {}
    for finding in kept:
        by_remedy.setdefault(_rendered_remedy(finding), finding)
    return tuple(by_remedy.values())


def _severity(finding: FindingLike) -> int:
    return SEVERITY[Outcome(finding.outcome)]


def _blocks(finding: FindingLike) -> bool:
    """Whether a finding of ``_BLOCKING`` keeps the rest from being checked.

    A certificate that could not be read is no problem of its own, and a client certificate that Gatepass has keeps
    nothing from being checked. A manifest that was not readable blocks only if
    there was no response, so that its ``status`` is empty. Findings stored by earlier versions have the status, or the
    reason why there was none, under ``said``.
    """
    if finding.rule == "TLS-VALID":
        return finding.values.get("detail") != "unreachable"
    if finding.rule == "CLIENT-CERTIFICATE":
        return finding.values.get("access") == "refused"
    if finding.rule == "MANIFEST-REACHABLE":
        return not finding.values.get("status", finding.values.get("said", "")).isdigit()
    return True


def _is_settled(finding: F, by_rule: dict[str, F]) -> bool:
    """Whether another finding, at least as severe, has to be fixed first and settles this one.

    An unknown version of Confluence settles no plugin: the matrix has one line for Confluence, so the plugins were
    evaluated all the same.
    """
    return any(
        finding.rule in settled
        and name in by_rule
        and _severity(by_rule[name]) <= _severity(finding)
        and (name, by_rule[name].outcome) != ("CONFLUENCE-VERSION", Outcome.UNKNOWN)
        for name, settled in _SETTLES.items()
    )


def _rendered_remedy(finding: FindingLike) -> str:
    try:
        return finding.remedy % finding.values
    except (KeyError, TypeError, ValueError):
        return finding.remedy
