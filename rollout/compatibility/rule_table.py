"""The table of rules: what each checks, its source, the facts that it needs and its most severe outcome."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rollout.message_ids import gettext_noop as _

from . import (
    access_rules,
    address_rules,
    barriers,
    client_id_rules,
    endpoint_rules,
    info_login_rules,
    phone_rules,
    plugin_rules,
    site_rules,
    version_rules,
)
from .matrix import Matrix
from .observation import Observation
from .references import (  # fmt: skip
    APP_PAGE,
    BASE_URL_PAGE,
    CONFLUENCE_PAGE,
    JIRA_PAGE,
    PROVIDER_API,
    PROXY_PAGE,
    RFC_6585,
    RFC_6749,
    RFC_8259,
    RFC_8414,
    RFC_9110,
    SEQUENCE_PAGE,
    USER_AGENT_PAGE,
)
from .verdict import Finding, Outcome, Setup

BOTH = (Setup.MDM, Setup.NON_MDM)
ONLY_MDM = (Setup.MDM,)
ONLY_NON_MDM = (Setup.NON_MDM,)

WARNING, UNKNOWN = Outcome.WARNING, Outcome.UNKNOWN
ACTION, INCOMPATIBLE = Outcome.ACTION_NEEDED, Outcome.INCOMPATIBLE


@dataclass(frozen=True)
class Rule:
    """One check that every observation is evaluated by; ``docs/rules.md`` explains each.

    ``title`` is an English message id, ``source`` the URL of the page or RFC section that the rule comes from.
    ``needs`` names the parts of the observation that it reads, ``severity`` is its most severe outcome, and ``remedy``
    (a message id) the most frequent remedy for that. ``function`` returns the finding, or None if the rule does not
    apply to the site.
    """

    id: str
    title: str
    needs: tuple[str, ...]
    source: str
    severity: Outcome
    remedy: str
    function: Callable[[Observation, Matrix], Finding | None]
    setups: tuple[Setup, ...] = BOTH


# fmt: off
RULES: tuple[Rule, ...] = (
    Rule("HTTPS", _("HTTPS base URL"), ("base_url",),
         PROVIDER_API, ACTION, address_rules.USE_HTTPS, address_rules.https),
    Rule("TLS-VALID", _("Valid certificate"), ("tls",),
         RFC_6749 + "10.9", ACTION, address_rules.RENEW, address_rules.tls_valid),
    Rule("TLS-PRIVATE-CA", _("CA trusted by phones"), ("tls",),
         RFC_6749 + "10.9", WARNING, address_rules.TRUST_ON_PHONES, address_rules.private_authority),
    Rule("CLIENT-CERTIFICATE", _("Client certificate"), ("manifest", "client_certificate", "phone_results"),
         CONFLUENCE_PAGE, UNKNOWN, barriers.INSTALL_CERTIFICATE, access_rules.client_certificate),
    Rule("SITE-ACCESS", _("Site access"), ("manifest", "info_login"),
         RFC_9110 + "15.5", INCOMPATIBLE, barriers.USE_NEW_BASE_URL, access_rules.site_access),
    Rule("PLAIN-HTTP", _("Redirect from HTTP to HTTPS"), ("plain_http",),
         RFC_9110 + "15.4", ACTION, address_rules.STOP_LOOP, address_rules.plain_http),
    Rule("REDIRECTS", _("No redirect loop"), ("manifest",),
         RFC_9110 + "15.4", ACTION, address_rules.STOP_LOOP, address_rules.redirects),
    Rule("SERVER-STATUS", _("Server state"), ("status", "manifest"),
         RFC_9110 + "15.6.4", UNKNOWN, barriers.WAIT_FOR_SERVER, site_rules.server_status),
    Rule("MANIFEST-REACHABLE", _("Manifest access"), ("manifest", "login_page", "fingerprint", "root"),
         CONFLUENCE_PAGE, ACTION, site_rules.ALLOW_MANIFEST, site_rules.manifest_reachable),
    Rule("PRODUCT", _("Product match"), ("product", "manifest", "fingerprint"),
         CONFLUENCE_PAGE, INCOMPATIBLE, site_rules.CHOOSE_PRODUCT, site_rules.product),
    Rule("BASE-URL-MATCH", _("Base URL match"), ("base_url", "manifest", "login_page"),
         BASE_URL_PAGE, ACTION, site_rules.CORRECT_BASE_URL, site_rules.base_url_match),
    Rule("CONFLUENCE-VERSION", _("Confluence version"), ("manifest", "login_page"),
         CONFLUENCE_PAGE, INCOMPATIBLE, version_rules.UPGRADE_SERVER, version_rules.confluence_version),
    Rule("JIRA-VERSION", _("Jira version"), ("manifest", "login_page"),
         JIRA_PAGE, INCOMPATIBLE, version_rules.UPGRADE_SERVER, version_rules.jira_version),
    Rule("SOURCES-AGREE", _("Manifest and login page match"), ("manifest", "login_page"),
         CONFLUENCE_PAGE, UNKNOWN, version_rules.CLEAR_CACHES, version_rules.sources_agree),
    Rule("OAUTH-PLUGIN", _("OAuth plugin version"), ("plugins", "manifest", "login_page"),
         CONFLUENCE_PAGE, INCOMPATIBLE, plugin_rules.UPGRADE_PLUGIN, plugin_rules.oauth_plugin),
    Rule("OAUTH-PLUGIN-ENABLED", _("OAuth plugin enabled"), ("plugins",),
         CONFLUENCE_PAGE, ACTION, plugin_rules.ENABLE_PLUGIN, plugin_rules.oauth_plugin_enabled),
    Rule("PLUGIN-VERSIONS-AGE", _("Age of the plugin versions"), ("plugins",),
         CONFLUENCE_PAGE, WARNING, plugin_rules.UPDATE_VERSIONS, plugin_rules.plugin_versions_age),
    Rule("AUTHORIZE-REACHABLE", _("Authorization endpoint access"), ("authorize",),
         RFC_6749 + "3.1", ACTION, endpoint_rules.CHECK_PROVIDER, endpoint_rules.authorize_reachable),
    Rule("AUTHORIZE-TARGET", _("Address of the sign-in"), ("authorize", "login_page", "base_url"),
         PROXY_PAGE, ACTION, endpoint_rules.CORRECT_CONNECTOR, endpoint_rules.authorize_target),
    Rule("TOKEN-REACHABLE", _("Token endpoint access"), ("token",),
         RFC_6749 + "3.2", ACTION, endpoint_rules.ALLOW_TOKEN, endpoint_rules.token_reachable),
    Rule("REST-API", _("Requests after the sign-in"), ("rest_api",),
         RFC_6749 + "7", ACTION, endpoint_rules.ALLOW_REST_API, endpoint_rules.rest_api),
    Rule("RATE-LIMIT", _("Limit of requests"), ("rate_limited",),
         RFC_6585 + "4", WARNING, access_rules.ALLOW_REQUESTS, access_rules.rate_limit),
    Rule("METADATA", _("The provider's metadata matches the site"), ("metadata", "base_url"),
         RFC_8414 + "3.3", WARNING, endpoint_rules.CORRECT_ISSUER, endpoint_rules.metadata),
    Rule("USER-AGENT", _("Same response to the app and other clients"),
         ("info_login", "info_login_plain", "authorize", "authorize_plain", "token"),
         USER_AGENT_PAGE, ACTION, info_login_rules.TREAT_ALIKE, info_login_rules.user_agent),
    Rule("CLIENT-ID-KNOWN", _("Client ID accepted by the provider"), ("token", "links"),
         RFC_6749 + "5.2", WARNING, client_id_rules.COMPARE_LINK, client_id_rules.client_id_known),
    Rule("CLIENT-ID-AUTHORIZE", _("Client ID at the authorization endpoint"), ("authorize", "authorize_unknown"),
         RFC_6749 + "4.1.2.1", ACTION, client_id_rules.COMPARE_LINK, client_id_rules.client_id_at_authorize),
    Rule("CLIENT-ID-MDM", _("Client ID of the MDM configuration"), ("info_login", "links"),
         CONFLUENCE_PAGE, WARNING, client_id_rules.COMPARE_MDM_LINK, client_id_rules.client_id_for_mdm, ONLY_MDM),
    Rule("INFO-LOGIN-MDM", _("info/login for apps with MDM"), ("info_login", "manifest", "phone_results"),
         SEQUENCE_PAGE, WARNING, info_login_rules.TRY_MDM_PHONE, info_login_rules.info_login_for_mdm, ONLY_MDM),
    Rule("PHONE-MDM", _("Real phone, MDM setup"), ("phone_results",),
         APP_PAGE, ACTION, phone_rules.TRY_AGAIN, phone_rules.phone_mdm, ONLY_MDM),
    Rule("PHONE-NON-MDM", _("Real phone, Non-MDM setup"), ("phone_results",),
         APP_PAGE, ACTION, phone_rules.TRY_AGAIN, phone_rules.phone_non_mdm, ONLY_NON_MDM),
    Rule("MOBILE-PLUGIN", _("Mobile plugin version"), ("plugins", "manifest", "login_page"),
         CONFLUENCE_PAGE, INCOMPATIBLE, plugin_rules.UPGRADE_PLUGIN, plugin_rules.mobile_plugin, ONLY_NON_MDM),
    Rule("MOBILE-PLUGIN-ENABLED", _("Mobile plugin enabled"), ("plugins",),
         CONFLUENCE_PAGE, ACTION, plugin_rules.ENABLE_PLUGIN, plugin_rules.mobile_plugin_enabled, ONLY_NON_MDM),
    Rule("INFO-LOGIN-OPEN", _("info/login without sign-in"), ("info_login", "info_login_plain", "manifest"),
         CONFLUENCE_PAGE, INCOMPATIBLE, info_login_rules.MDM_OR_ALLOW, info_login_rules.info_login_open, ONLY_NON_MDM),
    Rule("INFO-LOGIN-JSON", _("info/login JSON"), ("info_login",),
         RFC_8259 + "8.1", WARNING, info_login_rules.FIX_JSON, info_login_rules.info_login_json, ONLY_NON_MDM),
    Rule("OAUTH-SWITCH", _("OAuth 2.0 setting for the app"), ("info_login",),
         CONFLUENCE_PAGE, ACTION, info_login_rules.TURN_ON, info_login_rules.oauth_switch, ONLY_NON_MDM),
    Rule("CLIENT-ID-DRIFT", _("Client ID returned to the app"), ("info_login", "links"),
         CONFLUENCE_PAGE, ACTION, client_id_rules.UPDATE_NON_MDM_LINK, client_id_rules.client_id_drift, ONLY_NON_MDM),
)
# fmt: on
