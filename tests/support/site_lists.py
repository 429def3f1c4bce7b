"""Site lists and configurations around them, as people paste them."""

from __future__ import annotations

from typing import Any

from rollout.mdm.checked_configuration import CheckedConfiguration, check_configuration
from tests.support.paths import CASES

SITE = {"title": "Wiki", "baseURL": "https://wiki.example.com"}
OAUTH = {"clientID": "c0ffee00", "cacheSessionInMobileBrowser": False}
SITES = [{**SITE, "oauth": OAUTH}]
LIST = (
    '[{ "title": "Wiki", "baseURL": "https://wiki.example.com", '
    '"oauth": { "clientID": "c0ffee00", "cacheSessionInMobileBrowser": false } }]'
)
DICT = f"<dict>\n  <key>sites</key>\n  <string>{LIST}</string>\n</dict>"
PLIST = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" '
    f'"http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n<plist version="1.0">\n{DICT}\n</plist>\n'
)
LINT_CASES = CASES / "mdm" / "lint"


def checked(data: str | bytes, format_id: str = "json") -> CheckedConfiguration:
    return check_configuration(data.encode() if isinstance(data, str) else data, format_id)


def sites_of(result: CheckedConfiguration) -> list[dict[str, Any]] | None:
    return None if result.sites is None else list(result.sites)


def ids(result: CheckedConfiguration) -> list[str]:
    return [finding.id for finding in result.findings]


def sentences(result: CheckedConfiguration) -> str:
    return "\n".join(f"{finding['message']} {finding['fix']}" for finding in result.as_json()["findings"])
