"""Causes that show in the browser sheet: between the login page and the permission."""

from __future__ import annotations

from rollout.compatibility.references import BASE_URL_PAGE, CONFLUENCE_PAGE, PROVIDER_API, RFC_6749
from rollout.message_ids import gettext_noop as _

from .cause import Cause, Certainty, Stage
from .paste import Exchange
from .references import WIA_PAGE
from .signs import AUTHORIZE, REDIRECTS, exchange, oauth_error, says


def _falls_back_to_http(row: Exchange) -> bool:
    return row.url.startswith("https://") and row.location.startswith("http://")


CAUSES = (
    Cause(
        id="adfs-user-agent",
        stage=Stage.SHEET,
        title=_("AD FS tries Windows Integrated Authentication with the phone"),
        why=_(
            "AD FS decides by the User-Agent whether a device can do Windows Integrated Authentication. If the "
            "app's matches, "
            "AD FS answers with a challenge that an iPhone cannot meet, instead of its form."
        ),
        symptoms=(_("An error or a blank page at the sign-in of AD FS."),),
        confirm=_("Look for WWW-Authenticate: Negotiate in the answer, and at WIASupportedUserAgents of AD FS."),
        remedy=_("Take what matches the app out of WIASupportedUserAgents, so that AD FS shows its form to phones."),
        source=WIA_PAGE,
        certainty=Certainty.DOCUMENTED,
        signs=(
            says(
                r"WWW-Authenticate[\"']?:[ \t]*[\"']?(?:Negotiate|NTLM)",
                5,
                _("A challenge for Windows Integrated Authentication"),
            ),
            says(r"\bMSIS\d{4}|/adfs/ls/?(?:wia|auth/integrated)", 4, _("An error or a path of AD FS")),
            says(
                r"WIASupportedUserAgents|Windows Integrated Authentication", 4, _("Windows Integrated Authentication")
            ),
            says(r"/adfs/(?:ls|oauth2)|\bAD ?FS\b", 2, _("AD FS handles the sign-in")),
        ),
        rules=("USER-AGENT",),
    ),
    Cause(
        id="redirect-mismatch",
        stage=Stage.SHEET,
        title=_("The redirect URL of the link is not the app's"),
        why=_(
            "The link must hold exactly confluence-server://oauth-callback. Confluence may notice another one "
            "only after the "
            "permission, and then shows an error page of its own instead of going back to the app."
        ),
        symptoms=(_("An error page after Allow."), _("People stay in the browser sheet.")),
        confirm=_("Open the link under Settings → Application links and compare the redirect URL letter by letter."),
        remedy=_("Correct the redirect URL of the link. For Jira it is jira-server://oauth-callback."),
        source=CONFLUENCE_PAGE,
        certainty=Certainty.DOCUMENTED,
        signs=(
            oauth_error("invalid_redirect_uri|redirect_uri_mismatch", 5, _("An OAuth error about the redirect URL")),
            says(
                r"redirect[_ ]?ur[il][^\n]{0,40}(?:mismatch|(?:not|n.t) (?:match|valid|registered|allowed)"
                r"|invalid|unknown)"
                r"|(?:mismatch|invalid|unknown|unregistered|bad)[^\n]{0,12} redirect[_ ]?ur[il]",
                5,
                _("An error page about the redirect URL"),
            ),
        ),
    ),
    Cause(
        id="client-unknown",
        stage=Stage.SHEET,
        title=_("The site does not know the client ID"),
        why=_(
            "The client ID in the configuration is mistyped, belongs to another site, or to a link that was "
            "deleted or made "
            "again: every new link has a new client ID."
        ),
        symptoms=(_("An error page after Allow."), _("People stay in the browser sheet.")),
        confirm=_("Compare the client ID of the link in Confluence with the one in the current configuration."),
        remedy=_(
            "Put the client ID of today into the site list and push it by the MDM. Edit links instead of making "
            "them again."
        ),
        source=PROVIDER_API,
        certainty=Certainty.DOCUMENTED,
        signs=(
            oauth_error("unauthorized_client", 4, _("An OAuth error about the client")),
            says(
                r"client[_ ]?(?:id)?[^\n]{0,20}(?:not found|unknown|is invalid|does not exist|not recogni[sz]ed)"
                r"|(?:unknown|no such|invalid) client(?:[_ ]id| application|\b(?!_))",
                4,
                _("An error page about the client"),
            ),
            oauth_error("invalid_client", 2, _("An OAuth error about the client")),
        ),
        rules=("CLIENT-ID-KNOWN", "CLIENT-ID-MDM", "CLIENT-ID-DRIFT"),
    ),
    Cause(
        id="base-url-differs",
        stage=Stage.SHEET,
        title=_("The configured base URL is not the site's own"),
        why=_(
            "Confluence makes its redirects from its own base URL. If the configuration names another host, or "
            "leaves the "
            "context path out, the permission happens elsewhere and the session cookie is lost."
        ),
        symptoms=(
            _("People sign in and are asked to sign in again."),
            _("The sheet ends on another address than it began."),
        ),
        confirm=_("Compare the url in BASE-URL/rest/applinks/1.0/manifest with the baseURL in the site list."),
        remedy=_("Make the three the same: the base URL in Confluence, in the site list and in Gatepass."),
        source=BASE_URL_PAGE,
        certainty=Certainty.DOCUMENTED,
        signs=(
            says(
                r"base ?url[^\n]{0,40}(?:mismatch|differ|does ?n.t match|not match|incorrect|is not the same)"
                r"|(?:mismatch|wrong|incorrect)[^\n]{0,12}base ?url|accessing[^\n]{0,40}does ?n.t match",
                5,
                _("Words about the base URL"),
            ),
            exchange(
                r"/login\.action|/dologin|/rest/oauth2|/oauth2?/",
                2,
                _("A redirect leads to another host"),
                status=REDIRECTS,
                and_also=lambda row: bool(row.other_host),
            ),
            exchange(AUTHORIZE, 2, _("The authorization endpoint is not at this address"), status={404}),
        ),
        rules=("BASE-URL-MATCH", "AUTHORIZE-REACHABLE"),
    ),
    Cause(
        id="tls-at-proxy",
        stage=Stage.SHEET,
        title=_("Confluence believes that it is asked over http"),
        why=_(
            "OAuth 2.0 needs https. Where TLS ends at a reverse proxy and the connector behind it is not marked "
            "as secure, "
            "pages work while OAuth refuses, or https and http send each other back and forth."
        ),
        symptoms=(_("Browsers work, OAuth refuses."), _("Too many redirects.")),
        confirm=_(
            "Look for a Location that begins with http://, and for scheme, secure and proxyPort at the connector."
        ),
        remedy=_('Set the base URL to https, and scheme="https" secure="true" proxyPort="443" on the connector.'),
        source=PROVIDER_API,
        certainty=Certainty.SEEN,
        signs=(
            exchange(
                "^https://", 5, _("An https address redirects to http"), status=REDIRECTS, and_also=_falls_back_to_http
            ),
            says(
                r"too many redirects|redirected too many times|TOO_MANY_REDIRECTS|redirects? followed"
                r"|redirect(?:ion)? loop|-1007\b",
                4,
                _("Redirects that never end"),
            ),
            says(
                r"https (?:is )?required|must (?:use|be) https|insecure (?:connection|request|transport)"
                r"|requires? (?:https|a secure)",
                4,
                _("A refusal because of http"),
            ),
        ),
        rules=("HTTPS", "PLAIN-HTTP", "REDIRECTS"),
    ),
    Cause(
        id="parameters-lost",
        stage=Stage.SHEET,
        title=_("Single sign-on loses the request on its way"),
        why=_(
            "The sheet may sign in at another host, if that one brings people back with every parameter. Some "
            "proxies and "
            "portals drop the query or send people to the start page."
        ),
        symptoms=(
            _("After sign-in the start page opens, not the permission."),
            _("An error about a missing parameter."),
        ),
        confirm=_("Follow the sheet's way with curl or a desktop browser: do client_id and code_challenge come back?"),
        remedy=_(
            "Have single sign-on keep the whole address, query included, or leave rest/oauth2/latest/authorize "
            "to Confluence."
        ),
        source=RFC_6749 + "4.1.2.1",
        certainty=Certainty.SEEN,
        signs=(
            says(
                r"(?:missing|required|no)[^\n]{0,30}(?:response_type|client_id|code_challenge|redirect_uri)"
                r"|(?:response_type|client_id|code_challenge|redirect_uri)[^\n]{0,20}(?:missing|required|is null"
                r"|not present)",
                5,
                _("A parameter of the request is missing"),
            ),
            exchange(
                AUTHORIZE,
                4,
                _("Another host takes the authorization request"),
                and_also=lambda row: bool(row.other_host),
            ),
            oauth_error("invalid_request|unsupported_response_type", 3, _("The request arrived incomplete")),
            says(
                r"\bokta\b|login\.microsoftonline\.com|AADSTS\d{3,8}|SAMLRe(?:quest|sponse)|shibboleth"
                r"|/pingfederate|/auth/realms/",
                2,
                _("A single sign-on takes part"),
            ),
        ),
        rules=("AUTHORIZE-REACHABLE",),
    ),
    Cause(
        id="app-does-not-open",
        stage=Stage.SHEET,
        title=_("Nothing on this device opens confluence-server:"),
        why=_(
            "The answer goes to an address that only the Confluence Data Center app knows. The app for "
            "Confluence Cloud, a "
            "desktop browser or a second browser on the phone do not."
        ),
        symptoms=(_("Safari says that the address is invalid."),),
        confirm=_("Look whether the Data Center app is on this phone, and whether the sign-in began in it."),
        remedy=_("Install the Confluence Data Center app and begin the sign-in there, not with a copied address."),
        source=CONFLUENCE_PAGE,
        certainty=Certainty.SEEN,
        signs=(
            says(
                r"address is invalid|ERR_UNKNOWN_URL_SCHEME|scheme does(?: not|n.t) have a registered handler"
                r"|unsupported (?:url|protocol)|Protocol [\"']?confluence-server[\"']? not supported",
                5,
                _("Nothing knows this kind of address"),
            ),
        ),
    ),
)
