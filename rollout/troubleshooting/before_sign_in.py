"""Causes that stop people before a login page appears."""

from __future__ import annotations

from rollout.compatibility.references import CONFLUENCE_PAGE
from rollout.message_ids import gettext_noop as _

from .cause import Cause, Certainty, Stage
from .references import INTUNE_PAGE, LOGIN_SEQUENCE, MDM_PAGE
from .signs import INFO_LOGIN, REDIRECTS, exchange, says

_NOT_COMPATIBLE = says(
    r"\b(?:not|isn.t|in)[ -]?compatible\b|not supported by th(?:e|is) app", 2, _("The words of the app before sign-in")
)
_ASKED = _("The app's first question to the site was not answered with JSON")

CAUSES = (
    Cause(
        id="info-login-blocked",
        stage=Stage.BEFORE,
        title=_("A proxy, single sign-on or filter stands before the app's first question"),
        why=_(
            "Before it shows a login, the app asks rest/nativemobile/1.1/info/login without being signed in. "
            "Whatever answers "
            "with a redirect, a login page or a refusal makes the app say that the site is not compatible."
        ),
        symptoms=(
            _("The app says that the site is not compatible."),
            _("The address is accepted in a browser, not in the app."),
        ),
        confirm=_(
            "Ask BASE-URL/rest/nativemobile/1.1/info/login in a private browser window or with curl, not signed "
            "in. "
            "JSON is right; a redirect, a login page, 401 or 403 is this cause."
        ),
        remedy=_(
            "Use MDM: then the client ID comes with the site list. Or let this one path through the reverse proxy "
            "unauthenticated."
        ),
        source=CONFLUENCE_PAGE,
        certainty=Certainty.DOCUMENTED,
        signs=(
            exchange(INFO_LOGIN, 5, _ASKED, status=REDIRECTS | {401, 403, 407}),
            exchange(INFO_LOGIN, 4, _("The app's first question got a web page"), and_also=lambda row: row.is_html),
            _NOT_COMPATIBLE,
        ),
        rules=("INFO-LOGIN-OPEN",),
    ),
    Cause(
        id="mobile-plugin",
        stage=Stage.BEFORE,
        title=_("The mobile plugin is missing, switched off or too old"),
        why=_(
            "info/login is answered by the mobile plugin. Version 19.1.47 or later of the Confluence Mobile "
            "Plugin is needed "
            "to sign in without MDM."
        ),
        symptoms=(_("The app says that the site is not compatible."), _("info/login answers 404 or 503.")),
        confirm=_(
            "Look the plugin up under Settings → Manage apps, system apps included, and ask info/login with curl."
        ),
        remedy=_("Enable or update the plugin, and allow the mobile app in the settings of Confluence. Or use MDM."),
        source=CONFLUENCE_PAGE,
        certainty=Certainty.DOCUMENTED,
        signs=(
            says(r"mobile-app-disabled[\"':\s]{1,4}true", 5, _("The header that says that the mobile app is disabled")),
            exchange(INFO_LOGIN, 5, _("The site does not know info/login"), status={404, 410, 503}),
            says(
                r"mobile (?:plugin|app)[^\n]{0,40}(?:disabled|missing|not installed)", 3, _("A disabled mobile plugin")
            ),
            _NOT_COMPATIBLE,
        ),
        rules=("INFO-LOGIN-OPEN", "MOBILE-PLUGIN", "MOBILE-PLUGIN-ENABLED"),
    ),
    Cause(
        id="oauth-switch-off",
        stage=Stage.BEFORE,
        title=_("OAuth 2.0 is off for the app"),
        why=_(
            "Without MDM the app learns the client ID from info/login, which carries it only when OAuth 2.0 is "
            "turned on. "
            "Otherwise the app offers the old sign-in with a password."
        ),
        symptoms=(_("The app asks for user name and password inside the app."),),
        confirm=_("Ask info/login without being signed in: there is no client ID in the JSON."),
        remedy=_(
            "Turn on OAuth 2.0 in Settings → General Configuration → Confluence mobile app. No link has to be "
            "made by hand."
        ),
        source=CONFLUENCE_PAGE,
        certainty=Certainty.DOCUMENTED,
        signs=(
            exchange(INFO_LOGIN, 3, _("info/login answers, so the switch is the next thing to look at"), status={200}),
            says(
                r"\b(?:asks?|asked|asking|prompt(?:s|ed)?)\b[^\n]{0,30}\b(?:user ?name|password|credentials)",
                3,
                _("The app asks for a password itself"),
            ),
        ),
        rules=("OAUTH-SWITCH",),
    ),
    Cause(
        id="app-too-old",
        stage=Stage.BEFORE,
        title=_("The app on the phone is older than 2.0"),
        why=_(
            "OAuth 2.0 came with version 2.0 of the iOS app. An older one ignores the oauth part of a site and "
            "says nothing."
        ),
        symptoms=(
            _("The app asks for user name and password inside the app."),
            _("Some phones use OAuth 2.0, others do not."),
        ),
        confirm=_("Look at the version under iOS Settings → Apps → Confluence, or in the app inventory of the MDM."),
        remedy=_("Have the MDM update the app, and make 2.0 its minimum, before the configuration goes out."),
        source=CONFLUENCE_PAGE,
        certainty=Certainty.DOCUMENTED,
        signs=(
            says(
                r"\bConfluence(?:Server| Server| Data Center| DC)?(?: app| for iOS| iOS)?[ /](?:version )?(?:v"
                r"|)[01]\.\d{1,3}\b",
                5,
                _("A version of the app below 2.0"),
            ),
            says(r"\bapp (?:version|is)[ :]{1,3}[01]\.\d{1,3}\b", 4, _("A version of the app below 2.0")),
            says(
                r"\b(?:asks?|asked|asking|prompt(?:s|ed)?)\b[^\n]{0,30}\b(?:user ?name|password|credentials)",
                2,
                _("The app asks for a password itself"),
            ),
        ),
    ),
    Cause(
        id="android",
        stage=Stage.BEFORE,
        title=_("It is an Android phone"),
        why=_(
            "OAuth 2.0 is for the iOS app only. On Android the app signs in as before; client certificates work there."
        ),
        symptoms=(_("OAuth 2.0 works on iPhones and not on Android."),),
        confirm=_("Look at the phone, or for Android in the User-Agent of the request."),
        remedy=_("Leave Android phones on their sign-in. Of the site list they read title and address only."),
        source=CONFLUENCE_PAGE,
        certainty=Certainty.DOCUMENTED,
        signs=(says(r"\bAndroid\b", 3, _("The word Android, as in a User-Agent")),),
    ),
    Cause(
        id="server-too-old",
        stage=Stage.BEFORE,
        title=_("Confluence is older than 9.1"),
        why=_("OAuth 2.0 for the iOS app needs Confluence 9.1 with OAuth plugin 4.1.1 or later."),
        symptoms=(_("The authorization endpoint answers 404."),),
        confirm=_("Read the version at the foot of any page, or in BASE-URL/rest/applinks/1.0/manifest."),
        remedy=_("Upgrade Confluence. Until then this site stays in the configuration without its oauth part."),
        source=CONFLUENCE_PAGE,
        certainty=Certainty.DOCUMENTED,
        signs=(
            says(
                r"ajs-version-number\"? content=\"(?:[1-8]\.|9\.0)|<version>(?:[1-8]\.|9\.0)"
                r"|Confluence (?:[5-8]\.\d|9\.0)",
                5,
                _("A version of Confluence below 9.1"),
            ),
            exchange(r"/rest/oauth2/", 3, _("The OAuth endpoints are not there"), status={404}),
        ),
        rules=("CONFLUENCE-VERSION", "OAUTH-PLUGIN", "AUTHORIZE-REACHABLE"),
    ),
    Cause(
        id="site-list-malformed",
        stage=Stage.BEFORE,
        title=_("The app cannot read the list of sites"),
        why=_(
            "The key sites takes a text that holds JSON. Typographic quotes, a comma too many, a single object "
            "instead of a "
            "list or HTML-escaped quotes make the whole list unreadable."
        ),
        symptoms=(_("The app says that it cannot display the sites."), _("The list of sites in the app is empty.")),
        confirm=_("Paste the value as it stands in the MDM into the page that checks a list: it shows the place."),
        remedy=_("Correct it there, or export the list from Gatepass for this MDM."),
        source=CONFLUENCE_PAGE,
        certainty=Certainty.DOCUMENTED,
        signs=(
            says(
                r"(?:can.?t|cannot|could ?n.t|could not|unable to|failed to) (?:display|show|load|read|parse)"
                r"[^\n]{0,20}\bsites?\b",
                5,
                _("The words of the app about the list of sites"),
            ),
            says(r"\[|\{|<", 3, _("This looks like a list of sites for the MDM"), kind="site_list"),
        ),
        lint=True,
    ),
    Cause(
        id="vendor-variables",
        stage=Stage.BEFORE,
        title=_("The MDM replaced something inside the list"),
        why=_(
            "Every MDM replaces its own variables. In Intune two closing braces that touch, as minified JSON has "
            "them, belong "
            "to a token; other vendors expand $NAME or {Name} in titles and addresses."
        ),
        symptoms=(_("The list of sites in the app is empty."), _("The MDM refuses the value, or sends another one.")),
        confirm=_("Compare what the MDM shows for one phone with what was entered. Look for {{, }}, $ and % in it."),
        remedy=_(
            "Put a blank between touching braces, and write variable characters as \\u escapes. Exports of "
            "Gatepass do both."
        ),
        source=INTUNE_PAGE,
        certainty=Certainty.DOCUMENTED,
        signs=(
            says(r"\}\}|\{\{", 4, _("Two braces touch"), kind="site_list"),
            says(
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
        title=_("A web application firewall refuses the app"),
        why=_("Some firewalls refuse requests by their User-Agent or rate. The app's ends in AtlassianMobileApp."),
        symptoms=(_("A browser reaches the site, the app gets 403."),),
        confirm=_(
            "Ask info/login twice with curl, once with a User-Agent that ends in AtlassianMobileApp, and compare."
        ),
        remedy=_(
            "Have the firewall let this User-Agent through for the site, or the paths rest/nativemobile and "
            "rest/oauth2."
        ),
        source=LOGIN_SEQUENCE,
        certainty=Certainty.SEEN,
        signs=(
            says(
                r"cf-ray:|Attention Required! \| Cloudflare|cloudflare[^\n]{0,40}(?:block|ray id)"
                r"|Access Denied[^\n]{0,200}Reference"
                r"|Reference #\d|Incapsula|The requested URL was rejected|ModSecurity|mod_security|x-amzn-waf"
                r"|Request blocked",
                4,
                _("The page of a web application firewall"),
            ),
            exchange(
                r"/rest/|/wiki|^https?://", 2, _("A request was refused with 403, 406 or 429"), status={403, 406, 429}
            ),
        ),
        rules=("USER-AGENT",),
    ),
    Cause(
        id="site-unreachable",
        stage=Stage.BEFORE,
        title=_("The phone does not reach the site at all"),
        why=_("The name does not resolve where the phone is, a VPN or app tunnel is missing, or nothing listens."),
        symptoms=(_("The app says that it cannot connect, or waits for ever."),),
        confirm=_(
            "Open the site in Safari on the same phone and network. If that fails too, it is not about OAuth 2.0."
        ),
        remedy=_(
            "Check DNS, VPN or app tunnel and firewall. Gatepass itself must reach the site for its checks as well."
        ),
        source=MDM_PAGE,
        certainty=Certainty.SEEN,
        signs=(
            says(
                r"could ?n.?t resolve host|could not resolve|ENOTFOUND|NXDOMAIN|getaddrinfo|ERR_NAME_NOT_RESOLVED"
                r"|hostname could not be found|connection (?:was )?(?:refused|reset)|ECONNREFUSED|ERR_CONNECTION"
                r"|could not connect to the server|curl: \((?:6|7|28)\)|NSURLErrorDomain[^\n]{0,40}-100[134]\b"
                r"|(?:operation|connection|request) timed out|appears to be offline|no route to host",
                5,
                _("No connection was made"),
            ),
        ),
        rules=("MANIFEST-REACHABLE",),
    ),
)
