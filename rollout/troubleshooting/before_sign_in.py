"""Causes that stop people before a login page appears."""

from __future__ import annotations

from rollout.compatibility.references import CONFLUENCE_PAGE
from rollout.message_ids import gettext_noop as _

from .cause import Cause, Certainty, Stage
from .indicators import INFO_LOGIN, REDIRECTS, request_matches, text_matches
from .references import INTUNE_PAGE, LOGIN_SEQUENCE, MDM_PAGE

_NOT_COMPATIBLE = text_matches(
    r"\b(?:not|isn.t|in)[ -]?compatible\b|not supported by th(?:e|is) app", 2, _("The app's message before sign-in")
)
_NOT_JSON = _("The response to the app's first request is not JSON")

CAUSES = (
    Cause(
        id="info-login-blocked",
        stage=Stage.BEFORE,
        title=_("A proxy, single sign-on or filter blocks the app's first request"),
        explanation=_(
            "Before sign-in, the app requests rest/nativemobile/1.1/info/login. If it receives a redirect, a login "
            "page "
            "or an error instead of JSON, it reports that the site is not compatible."
        ),
        symptoms=(
            _("The app reports that the site is not compatible."),
            _("The site works in a browser but not in the app."),
        ),
        confirm=_(
            "Open BASE-URL/rest/nativemobile/1.1/info/login in a private browser window or with curl. JSON is correct. "
            "A redirect, a login page, 401 or 403 confirms this cause."
        ),
        remedy=_(
            "Allow this path through the reverse proxy without sign-in. Or use the MDM setup, in which the client ID "
            "comes with the site list."
        ),
        source=CONFLUENCE_PAGE,
        certainty=Certainty.DOCUMENTED,
        indicators=(
            request_matches(INFO_LOGIN, 5, _NOT_JSON, status=REDIRECTS | {401, 403, 407}),
            request_matches(
                INFO_LOGIN,
                4,
                _("The response to the app's first request is a web page"),
                and_also=lambda row: row.is_html,
            ),
            _NOT_COMPATIBLE,
        ),
        rules=("INFO-LOGIN-OPEN",),
    ),
    Cause(
        id="mobile-plugin",
        stage=Stage.BEFORE,
        title=_("The mobile plugin is missing, disabled or too old"),
        explanation=_(
            "The mobile plugin provides info/login. The Non-MDM setup requires version 19.1.47 or later of the "
            "Confluence Mobile Plugin."
        ),
        symptoms=(_("The app reports that the site is not compatible."), _("info/login returns 404 or 503.")),
        confirm=_(
            "Look for the plugin and its version under Settings → Manage apps, including system apps. Then request "
            "info/login with curl."
        ),
        remedy=_(
            "Enable or update the plugin, and allow the mobile app in the settings of Confluence. Or use the MDM setup."
        ),
        source=CONFLUENCE_PAGE,
        certainty=Certainty.DOCUMENTED,
        indicators=(
            text_matches(
                r"mobile-app-disabled[\"':\s]{1,4}true", 5, _("A header reports that the mobile app is disabled")
            ),
            request_matches(INFO_LOGIN, 5, _("info/login does not exist on the site"), status={404, 410, 503}),
            text_matches(
                r"mobile (?:plugin|app)[^\n]{0,40}(?:disabled|missing|not installed)", 3, _("A disabled mobile plugin")
            ),
            _NOT_COMPATIBLE,
        ),
        rules=("INFO-LOGIN-OPEN", "MOBILE-PLUGIN", "MOBILE-PLUGIN-ENABLED"),
    ),
    Cause(
        id="oauth-switch-off",
        stage=Stage.BEFORE,
        title=_("OAuth 2.0 is turned off for the app"),
        explanation=_(
            "In the Non-MDM setup, the app gets the client ID from info/login. While OAuth 2.0 is turned off, "
            "info/login contains no client ID, and the app shows a password form."
        ),
        symptoms=(_("The app shows its own password form."),),
        confirm=_("Open info/login in a private browser window: the JSON contains no client ID."),
        remedy=_(
            "Turn on OAuth 2.0 in Confluence under Settings → General Configuration → Confluence mobile app. An "
            "application link is not needed."
        ),
        source=CONFLUENCE_PAGE,
        certainty=Certainty.DOCUMENTED,
        indicators=(
            request_matches(INFO_LOGIN, 3, _("info/login responds, so OAuth 2.0 may be turned off"), status={200}),
            text_matches(
                r"\b(?:asks?|asked|asking|prompt(?:s|ed)?)\b[^\n]{0,30}\b(?:user ?name|password|credentials)",
                3,
                _("The app shows a password form"),
            ),
        ),
        rules=("OAUTH-SWITCH",),
    ),
    Cause(
        id="app-too-old",
        stage=Stage.BEFORE,
        title=_("The app is older than version 2.0"),
        explanation=_(
            "OAuth 2.0 requires version 2.0 or later of the iOS app. Older versions ignore the OAuth settings of a "
            "site "
            "and show no message."
        ),
        symptoms=(
            _("The app shows its own password form."),
            _("OAuth 2.0 works on some phones but not on others."),
        ),
        confirm=_("Check the version under iOS Settings → Apps → Confluence, or in the app inventory of your MDM."),
        remedy=_("Update the app with your MDM and require version 2.0 or later. Then deploy the configuration."),
        source=CONFLUENCE_PAGE,
        certainty=Certainty.DOCUMENTED,
        indicators=(
            text_matches(
                r"\bConfluence(?:Server| Server| Data Center| DC)?(?: app| for iOS| iOS)?[ /](?:version )?(?:v"
                r"|)[01]\.\d{1,3}\b",
                5,
                _("An app version below 2.0"),
            ),
            text_matches(r"\bapp (?:version|is)[ :]{1,3}[01]\.\d{1,3}\b", 4, _("An app version below 2.0")),
            text_matches(
                r"\b(?:asks?|asked|asking|prompt(?:s|ed)?)\b[^\n]{0,30}\b(?:user ?name|password|credentials)",
                2,
                _("The app shows a password form"),
            ),
        ),
    ),
    Cause(
        id="android",
        stage=Stage.BEFORE,
        title=_("The phone runs Android"),
        explanation=_("Only the iOS app supports OAuth 2.0. The Android app signs in as before."),
        symptoms=(_("OAuth 2.0 works on iPhones but not on Android."),),
        confirm=_("Check the phone, or look for Android in the User-Agent of its requests."),
        remedy=_("Nothing to fix. Android phones use only the title and address of a site in the list."),
        source=CONFLUENCE_PAGE,
        certainty=Certainty.DOCUMENTED,
        indicators=(text_matches(r"\bAndroid\b", 3, _("The word Android")),),
    ),
    Cause(
        id="server-too-old",
        stage=Stage.BEFORE,
        title=_("Confluence is older than version 9.1"),
        explanation=_("OAuth 2.0 for the iOS app requires Confluence 9.1 or later with OAuth plugin 4.1.1 or later."),
        symptoms=(_("The authorization endpoint returns 404."),),
        confirm=_("Check the version at the bottom of any page, or in BASE-URL/rest/applinks/1.0/manifest."),
        remedy=_("Upgrade Confluence. Until then, keep the site in the configuration without OAuth settings."),
        source=CONFLUENCE_PAGE,
        certainty=Certainty.DOCUMENTED,
        indicators=(
            text_matches(
                r"ajs-version-number\"? content=\"(?:[1-8]\.|9\.0)|<version>(?:[1-8]\.|9\.0)"
                r"|Confluence (?:[5-8]\.\d|9\.0)",
                5,
                _("A Confluence version below 9.1"),
            ),
            request_matches(r"/rest/oauth2/", 3, _("The OAuth endpoints do not exist"), status={404}),
        ),
        rules=("CONFLUENCE-VERSION", "OAUTH-PLUGIN", "AUTHORIZE-REACHABLE"),
    ),
    Cause(
        id="site-list-malformed",
        stage=Stage.BEFORE,
        title=_("The app cannot read the site list"),
        explanation=_(
            "The value of the “sites” key is JSON. Typographic quotes, an extra comma, HTML-escaped quotes, "
            "or a single object instead of a list make the whole list invalid."
        ),
        symptoms=(_("The app reports that it cannot display the sites."), _("The site list in the app is empty.")),
        confirm=_(
            "Copy the value from the MDM and paste it in Configurations → Check a site list, which "
            "shows the position of the error."
        ),
        remedy=_("Correct the value in the MDM, or replace it with an export from Gatepass for your MDM."),
        source=CONFLUENCE_PAGE,
        certainty=Certainty.DOCUMENTED,
        indicators=(
            text_matches(
                r"(?:can.?t|cannot|could ?n.t|could not|unable to|failed to) (?:display|show|load|read|parse)"
                r"[^\n]{0,20}\bsites?\b",
                5,
                _("The app's message about the site list"),
            ),
            text_matches(r"\[|\{|<", 3, _("A site list for an MDM"), kind="site_list"),
        ),
        lint=True,
    ),
    Cause(
        id="vendor-variables",
        stage=Stage.BEFORE,
        title=_("The MDM replaced a part of the site list"),
        explanation=_(
            "Every MDM replaces its variables in the value. Intune takes double braces, as in minified JSON, for a "
            "variable. Other vendors replace $NAME or {Name} in titles and addresses."
        ),
        symptoms=(
            _("The site list in the app is empty."),
            _("The MDM rejects the value, or delivers a different one."),
        ),
        confirm=_(
            "Compare the value that the MDM shows for one phone with the value that you entered. Look for {{, }}, $ "
            "and %."
        ),
        remedy=_(
            "Put a space between adjacent braces, and write variable characters as \\u escapes. Exports from Gatepass "
            "do both."
        ),
        source=INTUNE_PAGE,
        certainty=Certainty.DOCUMENTED,
        indicators=(
            text_matches(r"\}\}|\{\{", 4, _("Two adjacent braces"), kind="site_list"),
            text_matches(
                r"(?:invalid|unknown|unresolved|unsupported) (?:token|variable)|\{\{[a-z]{2,30}\}\}",
                3,
                _("A variable of the MDM"),
            ),
        ),
        lint=True,
    ),
    Cause(
        id="waf-user-agent",
        stage=Stage.BEFORE,
        title=_("A web application firewall blocks the app"),
        explanation=_(
            "Some firewalls block requests by User-Agent or rate. The app's User-Agent ends in AtlassianMobileApp."
        ),
        symptoms=(_("The site works in a browser, but the app receives HTTP 403."),),
        confirm=_(
            "Request info/login with curl twice, once with a User-Agent that ends in AtlassianMobileApp. Different "
            "responses confirm this cause."
        ),
        remedy=_(
            "In the firewall, allow this User-Agent for the site, or allow the paths rest/nativemobile and rest/oauth2."
        ),
        source=LOGIN_SEQUENCE,
        certainty=Certainty.SEEN,
        indicators=(
            text_matches(
                r"cf-ray:|Attention Required! \| Cloudflare|cloudflare[^\n]{0,40}(?:block|ray id)"
                r"|Access Denied[^\n]{0,200}Reference"
                r"|Reference #\d|Incapsula|The requested URL was rejected|ModSecurity|mod_security|x-amzn-waf"
                r"|Request blocked",
                4,
                _("A page of a web application firewall"),
            ),
            request_matches(
                r"/rest/|/wiki|^https?://",
                2,
                _("A request was rejected with HTTP 403, 406 or 429"),
                status={403, 406, 429},
            ),
        ),
        rules=("USER-AGENT",),
    ),
    Cause(
        id="site-unreachable",
        stage=Stage.BEFORE,
        title=_("The phone cannot reach the site"),
        explanation=_(
            "The host name does not resolve in the phone's network, a VPN or app tunnel is missing, or the server is "
            "down."
        ),
        symptoms=(_("The app reports that it cannot connect, or it keeps loading."),),
        confirm=_(
            "Open the site in Safari on the same phone and network. If that fails too, OAuth 2.0 is not the cause."
        ),
        remedy=_(
            "Check DNS, the VPN or app tunnel, and the firewall. Gatepass must be able to reach the site as well, for "
            "its checks."
        ),
        source=MDM_PAGE,
        certainty=Certainty.SEEN,
        indicators=(
            text_matches(
                r"could ?n.?t resolve host|could not resolve|ENOTFOUND|NXDOMAIN|getaddrinfo|ERR_NAME_NOT_RESOLVED"
                r"|hostname could not be found|connection (?:was )?(?:refused|reset)|ECONNREFUSED|ERR_CONNECTION"
                r"|could not connect to the server|curl: \((?:6|7|28)\)|NSURLErrorDomain[^\n]{0,40}-100[134]\b"
                r"|(?:operation|connection|request) timed out|appears to be offline|no route to host",
                5,
                _("The connection failed"),
            ),
        ),
        rules=("MANIFEST-REACHABLE",),
    ),
)
