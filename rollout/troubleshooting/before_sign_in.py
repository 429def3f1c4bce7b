"""Causes before a login page appears."""

from __future__ import annotations

from rollout.compatibility.references import CONFLUENCE_PAGE
from rollout.message_ids import gettext_noop as _

from .cause import Cause, Certainty, Stage
from .references import INTUNE_PAGE, LOGIN_SEQUENCE, MDM_PAGE
from .signs import INFO_LOGIN, REDIRECTS, exchange, says

_NOT_COMPATIBLE = says(
    r"\b(?:not|isn.t|in)[ -]?compatible\b|not supported by th(?:e|is) app", 2, _("The app's message before sign-in")
)
_ASKED = _("The response to the app's first request is not JSON")

CAUSES = (
    Cause(
        id="info-login-blocked",
        stage=Stage.BEFORE,
        title=_("A proxy, single sign-on or filter blocks the app's first request"),
        why=_(
            "Before the app shows a login, it requests rest/nativemobile/1.1/info/login without being signed in. "
            "If a redirect, a login page or an error comes back, the app reports that the site is not compatible."
        ),
        symptoms=(
            _("The app reports that the site is not compatible."),
            _("The address works in a browser but not in the app."),
        ),
        confirm=_(
            "Request BASE-URL/rest/nativemobile/1.1/info/login in a private browser window or with curl, not "
            "signed in. JSON is correct. A redirect, a login page, 401 or 403 confirms this cause."
        ),
        remedy=_(
            "Use the MDM setup: the client ID then comes with the site list. Or allow this path through the "
            "reverse proxy without sign-in."
        ),
        source=CONFLUENCE_PAGE,
        certainty=Certainty.DOCUMENTED,
        signs=(
            exchange(INFO_LOGIN, 5, _ASKED, status=REDIRECTS | {401, 403, 407}),
            exchange(
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
        why=_(
            "The mobile plugin provides info/login. The Non-MDM setup requires version 19.1.47 or later of the "
            "Confluence Mobile Plugin."
        ),
        symptoms=(_("The app reports that the site is not compatible."), _("info/login returns 404 or 503.")),
        confirm=_(
            "Find the plugin under Settings → Manage apps, including system apps, and request info/login with curl."
        ),
        remedy=_(
            "Enable or update the plugin, and allow the mobile app in the Confluence settings. Or use the MDM setup."
        ),
        source=CONFLUENCE_PAGE,
        certainty=Certainty.DOCUMENTED,
        signs=(
            says(r"mobile-app-disabled[\"':\s]{1,4}true", 5, _("A header reports that the mobile app is disabled")),
            exchange(INFO_LOGIN, 5, _("The site has no info/login resource"), status={404, 410, 503}),
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
            "In the Non-MDM setup the app gets the client ID from info/login, which contains it only if OAuth 2.0"
            " is turned on. Otherwise the app shows a password form."
        ),
        symptoms=(_("The app shows a password form of its own."),),
        confirm=_("Request info/login without being signed in: the JSON contains no client ID."),
        remedy=_(
            "Turn on OAuth 2.0 under Settings → General Configuration → Confluence mobile app. You do not need to"
            " create an application link."
        ),
        source=CONFLUENCE_PAGE,
        certainty=Certainty.DOCUMENTED,
        signs=(
            exchange(INFO_LOGIN, 3, _("info/login responds, so check the OAuth 2.0 setting next"), status={200}),
            says(
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
        title=_("The app is older than 2.0"),
        why=_(
            "OAuth 2.0 requires version 2.0 of the iOS app. Older versions ignore the OAuth part of a site "
            "without a message."
        ),
        symptoms=(
            _("The app shows a password form of its own."),
            _("OAuth 2.0 works on some phones but not on others."),
        ),
        confirm=_("Check the version under iOS Settings → Apps → Confluence, or in the app inventory of your MDM."),
        remedy=_("Update the app with your MDM, and require version 2.0, before you deploy the configuration."),
        source=CONFLUENCE_PAGE,
        certainty=Certainty.DOCUMENTED,
        signs=(
            says(
                r"\bConfluence(?:Server| Server| Data Center| DC)?(?: app| for iOS| iOS)?[ /](?:version )?(?:v"
                r"|)[01]\.\d{1,3}\b",
                5,
                _("An app version below 2.0"),
            ),
            says(r"\bapp (?:version|is)[ :]{1,3}[01]\.\d{1,3}\b", 4, _("An app version below 2.0")),
            says(
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
        why=_(
            "Only the iOS app supports OAuth 2.0. The Android app signs in as before; it supports client certificates."
        ),
        symptoms=(_("OAuth 2.0 works on iPhones but not on Android."),),
        confirm=_("Check the phone, or look for Android in the User-Agent of the request."),
        remedy=_("No change is needed on Android phones. They read only title and address from the site list."),
        source=CONFLUENCE_PAGE,
        certainty=Certainty.DOCUMENTED,
        signs=(says(r"\bAndroid\b", 3, _("The word Android, as in a User-Agent")),),
    ),
    Cause(
        id="server-too-old",
        stage=Stage.BEFORE,
        title=_("Confluence is older than 9.1"),
        why=_("OAuth 2.0 for the iOS app requires Confluence 9.1 with OAuth plugin 4.1.1 or later."),
        symptoms=(_("The authorization endpoint returns 404."),),
        confirm=_("Check the version at the bottom of any page, or in BASE-URL/rest/applinks/1.0/manifest."),
        remedy=_("Upgrade Confluence. Until then, keep this site in the configuration without its OAuth part."),
        source=CONFLUENCE_PAGE,
        certainty=Certainty.DOCUMENTED,
        signs=(
            says(
                r"ajs-version-number\"? content=\"(?:[1-8]\.|9\.0)|<version>(?:[1-8]\.|9\.0)"
                r"|Confluence (?:[5-8]\.\d|9\.0)",
                5,
                _("A Confluence version below 9.1"),
            ),
            exchange(r"/rest/oauth2/", 3, _("The OAuth endpoints do not exist"), status={404}),
        ),
        rules=("CONFLUENCE-VERSION", "OAUTH-PLUGIN", "AUTHORIZE-REACHABLE"),
    ),
    Cause(
        id="site-list-malformed",
        stage=Stage.BEFORE,
        title=_("The app cannot read the site list"),
        why=_(
            "The key sites takes a text that contains JSON. Typographic quotes, an extra comma, a single object "
            "instead of a list, or HTML-escaped quotes make the whole list unreadable."
        ),
        symptoms=(_("The app reports that it cannot display the sites."), _("The site list in the app is empty.")),
        confirm=_("Paste the value from the MDM into Check a list: it shows the position of the error."),
        remedy=_("Correct it there, or export the list from Gatepass for this MDM."),
        source=CONFLUENCE_PAGE,
        certainty=Certainty.DOCUMENTED,
        signs=(
            says(
                r"(?:can.?t|cannot|could ?n.t|could not|unable to|failed to) (?:display|show|load|read|parse)"
                r"[^\n]{0,20}\bsites?\b",
                5,
                _("The app's message about the site list"),
            ),
            says(r"\[|\{|<", 3, _("This looks like a site list for an MDM"), kind="site_list"),
        ),
        lint=True,
    ),
    Cause(
        id="vendor-variables",
        stage=Stage.BEFORE,
        title=_("The MDM replaced a part of the list"),
        why=_(
            "Every MDM replaces its own variables. In Intune, two adjacent closing braces, as in minified JSON, "
            "are part of a token. Other vendors replace $NAME or {Name} in titles and addresses."
        ),
        symptoms=(
            _("The site list in the app is empty."),
            _("The MDM rejects the value, or delivers a different one."),
        ),
        confirm=_(
            "Compare the value that the MDM shows for one phone with the value that was entered. Look for {{, }},"
            " $ and %."
        ),
        remedy=_(
            "Put a space between adjacent braces, and write variable characters as \\u escapes. Gatepass's exports"
            " do both."
        ),
        source=INTUNE_PAGE,
        certainty=Certainty.DOCUMENTED,
        signs=(
            says(r"\}\}|\{\{", 4, _("Two adjacent braces"), kind="site_list"),
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
        title=_("A web application firewall blocks the app"),
        why=_("Some firewalls block requests by User-Agent or rate. The app's User-Agent ends in AtlassianMobileApp."),
        symptoms=(_("A browser reaches the site, but the app receives 403."),),
        confirm=_(
            "Request info/login twice with curl, once with a User-Agent that ends in AtlassianMobileApp, and compare."
        ),
        remedy=_(
            "Allow this User-Agent for the site in the firewall, or allow the paths rest/nativemobile and rest/oauth2."
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
                _("A page of a web application firewall"),
            ),
            exchange(
                r"/rest/|/wiki|^https?://", 2, _("A request was rejected with 403, 406 or 429"), status={403, 406, 429}
            ),
        ),
        rules=("USER-AGENT",),
    ),
    Cause(
        id="site-unreachable",
        stage=Stage.BEFORE,
        title=_("The phone cannot reach the site"),
        why=_(
            "The host name does not resolve on the phone's network, a VPN or app tunnel is missing, or the server"
            " is down."
        ),
        symptoms=(_("The app reports that it cannot connect, or keeps loading."),),
        confirm=_(
            "Open the site in Safari on the same phone and network. If that fails too, OAuth 2.0 is not the cause."
        ),
        remedy=_(
            "Check DNS, VPN or app tunnel, and firewall. Gatepass must be able to reach the site for its checks "
            "as well."
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
                _("The connection failed"),
            ),
        ),
        rules=("MANIFEST-REACHABLE",),
    ),
)
