"""Rules about versions: the server's, and those of the two plugins that only an administrator of the site can see."""

from __future__ import annotations

from rollout.messages import gettext_noop as _

from .evidence import product_name, shown
from .matrix import Matrix, Requirement
from .observation import Observation
from .verdict import Finding, Outcome
from .version import Version

_NO_VERSION = _("The version of %(product)s is not known, because the site did not tell it to an anonymous question.")
_LET_VERSION_THROUGH = _(
    "Let rest/applinks/1.0/manifest through without sign-in, then check again. Needed: %(needed)s or later."
)
_BAD_VERSION = _("The site says that its version is %(found)s, which is not a version number.")
_UPGRADE_SERVER = _("Upgrade %(product)s to %(needed)s or later.")
_LATER_LINE = _("Upgrade %(product)s to a version that Atlassian names: %(needed)s or later.")

_ENTER_PLUGIN = _(
    "Look the plugin up in %(product)s under Settings → Manage apps, system apps included (%(key)s), "
    "and enter its version on the site's page."
)
_ENTER_OAUTH_PLUGIN = _(
    "Look the plugin up in %(product)s under Settings → Manage apps, system apps included, and enter its version on "
    "the site's page. Its key seems to be %(key)s, which Atlassian does not document."
)
_NO_PLUGIN = _("The version of the %(plugin)s is not known; %(needed)s or later is needed.")
_BAD_PLUGIN = _("%(found)s, entered as the version of the %(plugin)s, is not a version number.")
_UPGRADE_PLUGIN = _(
    "Upgrade the %(plugin)s to %(needed)s or later: under Settings → Manage apps if an update is offered there, "
    "otherwise by upgrading %(product)s."
)

OAUTH_PLUGIN_NAME = _("OAuth 2.0 provider plugin")
MOBILE_PLUGIN_NAME = _("mobile plugin")  # where Atlassian's page gives it no name
_OAUTH_PLUGIN = {"plugin": OAUTH_PLUGIN_NAME, "key": "com.atlassian.oauth2.oauth2-provider-plugin"}
_MOBILE_PLUGINS = {
    "confluence": {
        "plugin": "Confluence Mobile Plugin",
        "key": "com.atlassian.confluence.plugins.confluence-mobile-plugin",
    },
    "jira": {"plugin": MOBILE_PLUGIN_NAME, "key": "com.atlassian.jira.mobile.jira-mobile-rest"},
}


def confluence_version(observation: Observation, matrix: Matrix) -> Finding | None:
    return _server_version("CONFLUENCE-VERSION", "confluence", observation, matrix)


def jira_version(observation: Observation, matrix: Matrix) -> Finding | None:
    return _server_version("JIRA-VERSION", "jira", observation, matrix)


def oauth_plugin(observation: Observation, matrix: Matrix) -> Finding | None:
    """The OAuth plugin knows public clients. An older one lets people sign in and then wants a secret."""
    requirement = _requirement(observation, matrix)
    needed = requirement.oauth_plugin if requirement else None
    return _plugin("OAUTH-PLUGIN", observation, observation.plugins.oauth, needed, _OAUTH_PLUGIN)


def mobile_plugin(observation: Observation, matrix: Matrix) -> Finding | None:
    """The mobile plugin hands out the client ID. Atlassian names no minimum for Jira."""
    requirement = _requirement(observation, matrix)
    needed = requirement.mobile_plugin if requirement else None
    names = _MOBILE_PLUGINS.get(observation.product, {"plugin": MOBILE_PLUGIN_NAME, "key": ""})
    return _plugin("MOBILE-PLUGIN", observation, observation.plugins.mobile, needed, names)


def _server_version(rule: str, of: str, observation: Observation, matrix: Matrix) -> Finding | None:
    if observation.product != of:
        return None
    text, answer = observation.manifest.version, observation.manifest.answer
    newest = [str(row.server) for row in matrix.lines(of) if row.server]
    values = {"product": product_name(of), "found": shown(text), "needed": newest[-1] if newest else ""}
    if not text:
        return Finding(rule, Outcome.UNKNOWN, _NO_VERSION, _LET_VERSION_THROUGH, values, answer)
    found, requirement = _version(text), _requirement(observation, matrix)
    if found is None or requirement is None:
        return Finding(rule, Outcome.UNKNOWN, _BAD_VERSION, _LET_VERSION_THROUGH, values, answer)
    if requirement.server is None:
        return Finding(rule, Outcome.UNKNOWN, requirement.unclear, _LATER_LINE, values, answer)
    values["needed"] = str(requirement.server)
    if found < requirement.server:
        message = _("%(product)s %(found)s is too old: %(needed)s or later is needed.")
        return Finding(rule, Outcome.INCOMPATIBLE, message, _UPGRADE_SERVER, values, answer)
    message = _("%(product)s %(found)s is new enough: %(needed)s or later is needed.")
    return Finding(rule, Outcome.PASS, message, "", values, answer)


def _plugin(
    rule: str, observation: Observation, text: str | None, needed: Version | None, names: dict[str, str]
) -> Finding:
    values = {**names, "product": product_name(observation.product), "found": shown(text), "needed": str(needed)}
    if observation.plugins.source == "gatepass":
        return Finding(rule, Outcome.PASS, _("Gatepass itself provides this site, so no plugin is needed."), "", values)
    if needed is None:
        return Finding(rule, Outcome.UNKNOWN, *_no_minimum(observation), values)
    found = _version(text)
    if found is None:
        enter = _ENTER_OAUTH_PLUGIN if names is _OAUTH_PLUGIN else _ENTER_PLUGIN
        return Finding(rule, Outcome.UNKNOWN, _BAD_PLUGIN if text else _NO_PLUGIN, enter, values)
    if found < needed:
        message = _("%(plugin)s %(found)s is too old: %(needed)s or later is needed.")
        return Finding(rule, Outcome.INCOMPATIBLE, message, _UPGRADE_PLUGIN, values)
    message = _("%(plugin)s %(found)s is new enough: %(needed)s or later is needed.")
    return Finding(rule, Outcome.PASS, message, "", values)


def _no_minimum(observation: Observation) -> tuple[str, str]:
    """Why no minimum of a plugin can be named, and what to do about it."""
    if _version(observation.manifest.version) is None:
        message = _(
            "Which version of the %(plugin)s is needed depends on the version of %(product)s, which is not known."
        )
        return message, _("Let rest/applinks/1.0/manifest through without sign-in, then check again.")
    message = _("Atlassian does not say which version of the %(plugin)s this version of %(product)s needs.")
    return message, _("Rehearse the sign-in and try it on one phone before you roll it out.")


def _requirement(observation: Observation, matrix: Matrix) -> Requirement | None:
    return matrix.requirement_for(observation.product, _version(observation.manifest.version))


def _version(text: str | None) -> Version | None:
    try:
        return Version.parse(text or "")
    except ValueError:
        return None
