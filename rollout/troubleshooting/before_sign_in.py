"""Causes that stop people before a login page appears."""

from __future__ import annotations

from rollout.compatibility.references import CONFLUENCE_PAGE
from rollout.compatibility.refusals import RefusalKind
from rollout.message_ids import gettext_noop as _

from .cause import RULES_OUT, Cause, Certainty, Stage
from .indicators import INFO_LOGIN, MANIFEST, REDIRECTS, refused, request_matches, says, text_matches, text_matches_all
from .installed_app import OLD_APP
from .languages import phrases
from .paste import Exchange

_NOT_COMPATIBLE = says("not_compatible", weight=2, description=_("The app's message before sign-in"))
_NOT_JSON = _("The response to the app's first request is not JSON")
# Products that require a sign-in in front of the site.
_SIGN_IN_PROXY = (
    r"\b(?:Authelia|Authentik|oauth2[- _]?proxy|Keycloak|Traefik|forward[- _]?auth|auth_request|Pomerium|Vouch"
    r"|SiteMinder|PingAccess"
    r"|Cloudflare (?:Access|Zero Trust)|App(?:lication)?[- ]Proxy|Web Application Proxy|Access Gateway|APM|NetScaler"
    r"|Citrix"
    r"|Identity-Aware Proxy|\bIAP\b|mod_auth_(?:openidc|mellon|gssapi)|mod_shib|SSO|single sign-?on|SAML|OIDC|Duo"
    r"|Okta|Entra|Azure AD)\b"
)
_OLD_SERVER = (
    r"ajs-version-number\"? content=\"(?:[1-8]\.|9\.0)|<version>(?:[1-8]\.|9\.0)"
    r"|Confluence (?:Data Center |Server |DC )?(?:version |Version |v)?(?:[5-8]\.\d|9\.0)"
    r"|[\"']version[\"']\s?:\s?[\"'](?:[5-8]\.\d|9\.0)"
)
# A sign-in that got further than the first request.
_LATER = r"/rest/oauth2/[\w.]+/token|" + phrases("signed_in")
_OTHER_REASONS = frozenset(RefusalKind) - {RefusalKind.SIGN_IN, RefusalKind.FORBIDDEN, RefusalKind.OTHER_PAGE}


def _wants_sign_in(row: Exchange) -> bool:
    return not row.redirects_to_itself and not (row.refusal and row.refusal.kind in _OTHER_REASONS)


def _is_page_instead_of_json(row: Exchange) -> bool:
    return row.is_html and row.status in {200, 203} and _wants_sign_in(row)


def _is_json(row: Exchange) -> bool:
    return not row.is_html


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
            request_matches(INFO_LOGIN, 5, _NOT_JSON, status=REDIRECTS | {401, 403, 407}, and_also=_wants_sign_in),
            request_matches(
                INFO_LOGIN,
                4,
                _("The response to the app's first request is a web page"),
                and_also=_is_page_instead_of_json,
            ),
            text_matches(
                r"(?:error|status(?: code)?|code|Fehler(?:code)?|Statuscode|erreur|código|エラー"
                r"|ステータス)[ :=#(-]{0,4}(?:30[12378]|401)\b(?!\.\d)"
                r"|\bHTTP[ -](?:30[12378]|401)\b(?!\.\d)",
                4,
                _("The app received a redirect or HTTP 401"),
                without=_LATER,
            ),
            request_matches(
                "^$",
                3,
                _("A redirect to a sign-in page"),
                status=REDIRECTS,
                and_also=lambda row: bool(row.refusal and row.refusal.kind is RefusalKind.SIGN_IN),
            ),
            text_matches(
                r"<a href=[^<>\n]{1,2000}>(?:Found|Moved Permanently|See Other|Temporary Redirect|here)</a>"
                r"|<(?:title|h1|h2)>(?:30[12378] |Object moved|Document moved)",
                4,
                _("The page of a redirect"),
                without=_LATER,
            ),
            text_matches_all(
                (
                    _SIGN_IN_PROXY,
                    r"\bapps?\b|アプリ|application|aplicación|anwendung",
                    r"\bbrowsers?\b|navigateur|navegador|ブラウザ",
                ),
                4,
                _("A product that requires a sign-in in front of the site"),
                without=_LATER + r"|AADSTS\d|not assigned|E0000|error=",
            ),
            says("format_error", weight=4, description=_("The app received a page instead of JSON"), without=_LATER),
            text_matches(_SIGN_IN_PROXY, 2, _("A product that requires a sign-in in front of the site")),
            _NOT_COMPATIBLE,
        ),
        contradictions=(
            request_matches(INFO_LOGIN, 2, _("Another client received an answer"), status={200}, and_also=_is_json),
            request_matches(
                INFO_LOGIN, RULES_OUT, _("The first request was answered"), status={200}, and_also=_is_json, each=True
            ),
            refused(_OTHER_REASONS, 3, _("The response has a different reason"), path=INFO_LOGIN),
            request_matches(
                INFO_LOGIN,
                2,
                _("The challenge is for Windows Integrated Authentication"),
                and_also=lambda row: row.headers.get("www-authenticate", "").lower().startswith(("negotiate", "ntlm")),
            ),
            says("client_certificate", weight=2, description=_("The server asks for a client certificate")),
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
            request_matches(INFO_LOGIN, 5, _("info/login does not exist on the site"), status={404, 410}),
            request_matches(
                INFO_LOGIN,
                3,
                _("info/login is not available"),
                status={503},
                and_also=lambda row: row.refusal is None or row.refusal.kind is RefusalKind.UNAVAILABLE,
            ),
            text_matches(
                r"mobile[ -](?:plug-?in|app)[^\n]{0,40}(?:disabled|missing|not (?:installed|enabled)|outdated|too old"
                r"|deaktiviert|fehlt|désactivé|desactivad|無効)"
                r"|(?:disabled|deaktiviert\w*|désactiv\w+|desactiv\w+)[^\n]{0,30}mobile[ -](?:plug-?in|app)"
                r"|plug-?in mobile[^\n]{0,20}désactiv|モバイル ?プラグイン[^\n]{0,10}無効",
                4,
                _("A disabled mobile plugin"),
            ),
            _NOT_COMPATIBLE,
        ),
        contradictions=(
            request_matches(INFO_LOGIN, RULES_OUT, _("info/login exists"), status={200}, and_also=_is_json, each=True),
            request_matches(MANIFEST, 3, _("The manifest does not exist at this address either"), status={404}),
            refused(
                _OTHER_REASONS - {RefusalKind.UNAVAILABLE}, 3, _("The response has a different reason"), path=INFO_LOGIN
            ),
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
            request_matches(
                INFO_LOGIN, 3, _("info/login responds, so OAuth 2.0 may be turned off"), status={200}, and_also=_is_json
            ),
            text_matches(
                r"OAuth(?: 2(?:\.0)?)?[^\n.]{0,30}(?:turned off|switched off|disabled|deaktiviert|ausgeschaltet"
                r"|désactivé|desactivad|無効|オフ)"
                r"|(?:no|without(?: a)?|lacks a|keine|sans|sin) client[- _]?id\b",
                4,
                _("OAuth 2.0 is turned off"),
            ),
            says("asks_for_password", weight=3, description=_("The app shows a password form")),
        ),
        contradictions=(
            text_matches(
                r"[\"']client_?id[\"']\s?:\s?[\"'][^\"']", 4, _("info/login contains a client ID"), without=r"baseURL"
            ),
            text_matches(OLD_APP, 2, _("The app ignores OAuth settings")),
        ),
        rules=("OAUTH-SWITCH",),
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
            text_matches(_OLD_SERVER, 5, _("A Confluence version below 9.1")),
            request_matches(r"/rest/oauth2/", 3, _("The OAuth endpoints do not exist"), status={404}),
        ),
        contradictions=(
            text_matches(
                r"ajs-version-number\"? content=\"(?:9\.[1-9]|1\d\.)|<version>(?:9\.[1-9]|1\d\.)",
                RULES_OUT,
                _("A Confluence version from 9.1"),
                without=_OLD_SERVER,
            ),
        ),
        rules=("CONFLUENCE-VERSION", "OAUTH-PLUGIN", "AUTHORIZE-REACHABLE"),
    ),
)
