"""Rules about the two plugins, whose versions only an administrator of the site can see."""

from __future__ import annotations

from datetime import timedelta

from rollout.message_ids import gettext_noop as _

from .evidence import printable, product_name
from .matrix import Matrix
from .observation import Observation
from .sources import server_version
from .verdict import Finding, Outcome
from .version import Version, version_of
from .version_rules import requirement_of

MAX_AGE = timedelta(days=90)

_ENTER_PLUGIN = _(
    "Find the plugin (%(key)s) in %(product)s under Settings → Manage apps, including system apps, and "
    "enter its version on the site's page."
)
_ENTER_OAUTH_PLUGIN = _(
    "Find the plugin in %(product)s under Settings → Manage apps, including system apps, and enter its "
    "version on the site's page. Its key is probably %(key)s, which Atlassian does not document."
)
_NO_PLUGIN = _("The version of the %(plugin)s is unknown; %(needed)s or later is required.")
_BAD_PLUGIN = _("The version entered for the %(plugin)s, %(found)s, is not a version number.")
UPGRADE_PLUGIN = _(
    "Upgrade the %(plugin)s to %(needed)s or later: under Settings → Manage apps if an update is offered there, "
    "otherwise by upgrading %(product)s."
)
_TOO_OLD = _("%(plugin)s %(found)s is too old: %(needed)s or later is required.")
_NEW_ENOUGH = _("%(plugin)s %(found)s meets the minimum, %(needed)s.")
_NOT_NEEDED = _("Gatepass hosts this site, so no plugin is needed.")
ENABLE_PLUGIN = _("Enable the %(plugin)s in %(product)s under Settings → Manage apps, including system apps.")

OAUTH_PLUGIN_NAME = _("OAuth 2.0 provider plugin")
MOBILE_PLUGIN_NAME = _("mobile plugin")  # Atlassian gives Jira's no name
_OAUTH_PLUGIN = {"plugin": OAUTH_PLUGIN_NAME, "key": "com.atlassian.oauth2.oauth2-provider-plugin"}
_MOBILE_PLUGINS = {
    "confluence": {
        "plugin": "Confluence Mobile Plugin",
        "key": "com.atlassian.confluence.plugins.confluence-mobile-plugin",
    },
    "jira": {"plugin": MOBILE_PLUGIN_NAME, "key": "com.atlassian.jira.mobile.jira-mobile-rest"},
}

UPDATE_VERSIONS = _(
    "Check the versions under Settings → Manage apps and enter them again, even if they have not changed."
)
_OUTDATED = {
    "manual": _("The plugin versions were entered manually on %(date)s, more than 90 days before this check."),
    "upm_json": _(
        "The plugin versions were pasted from the plugin manager on %(date)s, more than 90 days before this check."
    ),
    "upm_token": _(
        "The plugin versions were read from the plugin manager on %(date)s, more than 90 days before this check."
    ),
}
_RECENT = {
    "manual": _("The plugin versions were entered manually on %(date)s."),
    "upm_json": _("The plugin versions were pasted from the plugin manager on %(date)s."),
    "upm_token": _("The plugin versions were read from the plugin manager on %(date)s."),
}


def oauth_plugin(observation: Observation, matrix: Matrix) -> Finding | None:
    """Check that the OAuth plugin supports public clients: an older one requires a secret after the sign-in."""
    requirement = requirement_of(observation, matrix)
    needed = requirement.oauth_plugin if requirement else None
    return _plugin("OAUTH-PLUGIN", observation, observation.plugins.oauth, needed, _OAUTH_PLUGIN)


def mobile_plugin(observation: Observation, matrix: Matrix) -> Finding | None:
    """Check that the mobile plugin is new enough to return the client ID. Atlassian names no minimum for Jira."""
    requirement = requirement_of(observation, matrix)
    needed = requirement.mobile_plugin if requirement else None
    return _plugin("MOBILE-PLUGIN", observation, observation.plugins.mobile, needed, _mobile_names(observation))


def oauth_plugin_enabled(observation: Observation, matrix: Matrix) -> Finding | None:
    """Check that the OAuth plugin is enabled; None if that is unknown."""
    enabled = observation.plugins.oauth_enabled
    return None if enabled is None else _enabled("OAUTH-PLUGIN-ENABLED", observation, enabled, _OAUTH_PLUGIN)


def mobile_plugin_enabled(observation: Observation, matrix: Matrix) -> Finding | None:
    """Check that the mobile plugin is enabled; None if that is unknown."""
    enabled = observation.plugins.mobile_enabled
    names = _mobile_names(observation)
    return None if enabled is None else _enabled("MOBILE-PLUGIN-ENABLED", observation, enabled, names)


def plugin_versions_age(observation: Observation, matrix: Matrix) -> Finding | None:
    """Check that the plugin versions are at most 90 days old; None without versions or their date."""
    plugins, now = observation.plugins, observation.observed_at
    if plugins.as_of is None or plugins.source not in _OUTDATED or not (plugins.oauth or plugins.mobile):
        return None
    values = {"date": plugins.as_of.date().isoformat()}
    comparable = (plugins.as_of.tzinfo is None) == (now.tzinfo is None)
    if comparable and now - plugins.as_of > MAX_AGE:
        return Finding("PLUGIN-VERSIONS-AGE", Outcome.WARNING, _OUTDATED[plugins.source], UPDATE_VERSIONS, values)
    return Finding("PLUGIN-VERSIONS-AGE", Outcome.PASS, _RECENT[plugins.source], "", values)


def _mobile_names(observation: Observation) -> dict[str, str]:
    return _MOBILE_PLUGINS.get(observation.product, {"plugin": MOBILE_PLUGIN_NAME, "key": ""})


def _enabled(rule: str, observation: Observation, enabled: bool, names: dict[str, str]) -> Finding:
    if enabled:
        return Finding(rule, Outcome.PASS, _("The %(plugin)s is enabled."), "", names)
    values = {**names, "product": product_name(observation.product)}
    return Finding(rule, Outcome.ACTION_NEEDED, _("The %(plugin)s is disabled."), ENABLE_PLUGIN, values)


def _plugin(
    rule: str, observation: Observation, text: str | None, needed: Version | None, names: dict[str, str]
) -> Finding:
    if observation.plugins.source == "gatepass":
        return Finding(rule, Outcome.PASS, _NOT_NEEDED, "", {})
    values = {**names, "product": product_name(observation.product), "found": printable(text), "needed": str(needed)}
    if needed is None:
        return Finding(rule, Outcome.UNKNOWN, *_no_minimum(observation), values)
    version = version_of(text)
    if version is None:
        enter = _ENTER_OAUTH_PLUGIN if names is _OAUTH_PLUGIN else _ENTER_PLUGIN
        return Finding(rule, Outcome.UNKNOWN, _BAD_PLUGIN if text else _NO_PLUGIN, enter, values)
    if version < needed:
        return Finding(rule, Outcome.INCOMPATIBLE, _TOO_OLD, UPGRADE_PLUGIN, values)
    return Finding(rule, Outcome.PASS, _NEW_ENOUGH, "", values)


def _no_minimum(observation: Observation) -> tuple[str, str]:
    """Message and remedy if no minimum version of a plugin is known."""
    if version_of(server_version(observation).text) is None:
        message = _("The required version of the %(plugin)s depends on the version of %(product)s, which is unknown.")
        return message, _("Allow rest/applinks/1.0/manifest without sign-in, then check again.")
    message = _("Atlassian does not document which version of the %(plugin)s this version of %(product)s requires.")
    return message, _("Run a sign-in test and try the app on one phone before the rollout.")
