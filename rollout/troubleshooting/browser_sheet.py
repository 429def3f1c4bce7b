"""Causes of failures in the browser sheet, from the login page to the consent page."""

from __future__ import annotations

from rollout.compatibility.references import BASE_URL_PAGE, CONFLUENCE_PAGE, PROVIDER_API, RFC_6749
from rollout.message_ids import gettext_noop as _

from .cause import Cause, Certainty, Stage
from .indicators import AUTHORIZE, REDIRECTS, oauth_error, request_matches, text_matches
from .paste import Exchange
from .references import WIA_PAGE


def _falls_back_to_http(row: Exchange) -> bool:
    return row.url.startswith("https://") and row.location.startswith("http://")


CAUSES = (
    Cause(
        id="adfs-user-agent",
        stage=Stage.SHEET,
        title=_("AD FS requests Windows Integrated Authentication from the phone"),
        explanation=_(
            "AD FS uses the User-Agent to decide whether a device supports Windows Integrated "
            "Authentication. If the app's User-Agent matches, AD FS sends a challenge, which an iPhone does "
            "not support, instead of its login form."
        ),
        symptoms=(_("The AD FS sign-in page is blank or shows an error."),),
        confirm=_("Look for WWW-Authenticate: Negotiate in the response, and check WIASupportedUserAgents in AD FS."),
        remedy=_(
            "Remove the entry that matches the app from WIASupportedUserAgents. AD FS then shows its form on phones."
        ),
        source=WIA_PAGE,
        certainty=Certainty.DOCUMENTED,
        indicators=(
            text_matches(
                r"WWW-Authenticate[\"']?:[ \t]*[\"']?(?:Negotiate|NTLM)",
                5,
                _("A challenge for Windows Integrated Authentication"),
            ),
            text_matches(r"\bMSIS\d{4}|/adfs/ls/?(?:wia|auth/integrated)", 4, _("An error or a path of AD FS")),
            text_matches(
                r"WIASupportedUserAgents|Windows Integrated Authentication", 4, _("Windows Integrated Authentication")
            ),
            text_matches(r"/adfs/(?:ls|oauth2)|\bAD ?FS\b", 2, _("AD FS handles the sign-in")),
        ),
        rules=("USER-AGENT",),
    ),
    Cause(
        id="redirect-mismatch",
        stage=Stage.SHEET,
        title=_("The redirect URL of the application link is wrong"),
        explanation=_(
            "The redirect URL must be exactly confluence-server://oauth-callback. Otherwise Confluence shows an error "
            "page, sometimes only after Allow, instead of returning to the app."
        ),
        symptoms=(_("An error page appears after Allow."), _("The sign-in page stays open.")),
        confirm=_(
            "In Confluence, open the link under Settings → Application links and compare the redirect URL exactly."
        ),
        remedy=_("Correct the redirect URL of the link. For Jira, it is jira-server://oauth-callback."),
        source=CONFLUENCE_PAGE,
        certainty=Certainty.DOCUMENTED,
        indicators=(
            oauth_error("invalid_redirect_uri|redirect_uri_mismatch", 5, _("An OAuth error about the redirect URL")),
            text_matches(
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
        title=_("The site does not recognize the client ID"),
        explanation=_(
            "The client ID in the configuration contains a typo, or it belongs to another site or to a link "
            "that was deleted or created again. Every new link has a new client ID."
        ),
        symptoms=(_("An error page appears after Allow."), _("The sign-in page stays open.")),
        confirm=_("Compare the client ID of the link in Confluence with the client ID in the current configuration."),
        remedy=_(
            "Enter the current client ID in the site list and deploy it with your MDM. Edit links instead of "
            "creating them again."
        ),
        source=PROVIDER_API,
        certainty=Certainty.DOCUMENTED,
        indicators=(
            oauth_error("unauthorized_client", 4, _("An OAuth error about the client")),
            text_matches(
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
        title=_("The base URL in the configuration differs from the site's base URL"),
        explanation=_(
            "Confluence builds redirects from its own base URL. If the configuration has another host or lacks the "
            "context path, the browser moves to a different address and loses its session."
        ),
        symptoms=(
            _("After sign-in, people have to sign in again."),
            _("The sign-in ends at a different address than it started."),
        ),
        confirm=_("Compare the url in BASE-URL/rest/applinks/1.0/manifest with the baseURL in the site list."),
        remedy=_("Use the same base URL in Confluence, in the site list and in Gatepass."),
        source=BASE_URL_PAGE,
        certainty=Certainty.DOCUMENTED,
        indicators=(
            text_matches(
                r"base ?url[^\n]{0,40}(?:mismatch|differ|does ?n.t match|not match|incorrect|is not the same)"
                r"|(?:mismatch|wrong|incorrect)[^\n]{0,12}base ?url|accessing[^\n]{0,40}does ?n.t match",
                5,
                _("A message about the base URL"),
            ),
            request_matches(
                r"/login\.action|/dologin|/rest/oauth2|/oauth2?/",
                2,
                _("A redirect to another host"),
                status=REDIRECTS,
                and_also=lambda row: bool(row.other_host),
            ),
            request_matches(AUTHORIZE, 2, _("The authorization endpoint is not at this address"), status={404}),
        ),
        rules=("BASE-URL-MATCH", "AUTHORIZE-REACHABLE"),
    ),
    Cause(
        id="tls-at-proxy",
        stage=Stage.SHEET,
        title=_("Confluence treats requests as HTTP, not HTTPS"),
        explanation=_(
            "OAuth 2.0 requires HTTPS. If TLS ends at a reverse proxy and the connector of Confluence is not "
            "marked as secure, pages work but OAuth fails, or HTTPS and HTTP redirect to each other."
        ),
        symptoms=(_("The site works in a browser, but OAuth fails."), _("The browser reports too many redirects.")),
        confirm=_(
            "Look for a Location header that starts with http://. Check scheme, secure and proxyPort of the connector "
            "in server.xml."
        ),
        remedy=_(
            'Change the base URL to https://, and set scheme="https" secure="true" proxyPort="443" on the connector.'
        ),
        source=PROVIDER_API,
        certainty=Certainty.SEEN,
        indicators=(
            request_matches(
                "^https://", 5, _("An HTTPS address redirects to HTTP"), status=REDIRECTS, and_also=_falls_back_to_http
            ),
            text_matches(
                r"too many redirects|redirected too many times|TOO_MANY_REDIRECTS|redirects? followed"
                r"|redirect(?:ion)? loop|-1007\b",
                4,
                _("Too many redirects"),
            ),
            text_matches(
                r"https (?:is )?required|must (?:use|be) https|insecure (?:connection|request|transport)"
                r"|requires? (?:https|a secure)",
                4,
                _("An error because of HTTP"),
            ),
        ),
        rules=("HTTPS", "PLAIN-HTTP", "REDIRECTS"),
    ),
    Cause(
        id="parameters-lost",
        stage=Stage.SHEET,
        title=_("Single sign-on drops the request parameters"),
        explanation=_(
            "Sign-in at another host works only if that host redirects back with all parameters. Some proxies and "
            "portals drop the query or redirect to the start page."
        ),
        symptoms=(
            _("After sign-in, the start page appears instead of the consent page."),
            _("An error page reports a missing parameter."),
        ),
        confirm=_(
            "Follow the redirects with curl or a desktop browser. A redirect that drops client_id or code_challenge "
            "confirms this cause."
        ),
        remedy=_(
            "Configure single sign-on to preserve the full URL, including the query, or exclude "
            "rest/oauth2/latest/authorize from it."
        ),
        source=RFC_6749 + "4.1.2.1",
        certainty=Certainty.SEEN,
        indicators=(
            text_matches(
                r"(?:missing|required|no)[^\n]{0,30}(?:response_type|client_id|code_challenge|redirect_uri)"
                r"|(?:response_type|client_id|code_challenge|redirect_uri)[^\n]{0,20}(?:missing|required|is null"
                r"|not present)",
                5,
                _("A parameter of the request is missing"),
            ),
            request_matches(
                AUTHORIZE,
                4,
                _("Another host handles the authorization request"),
                and_also=lambda row: bool(row.other_host),
            ),
            oauth_error("invalid_request|unsupported_response_type", 3, _("The request arrived incomplete")),
            text_matches(
                r"\bokta\b|login\.microsoftonline\.com|AADSTS\d{3,8}|SAMLRe(?:quest|sponse)|shibboleth"
                r"|/pingfederate|/auth/realms/",
                2,
                _("Single sign-on is involved"),
            ),
        ),
        rules=("AUTHORIZE-REACHABLE",),
    ),
    Cause(
        id="app-does-not-open",
        stage=Stage.SHEET,
        title=_("The Confluence Data Center app is not installed on this device"),
        explanation=_(
            "After sign-in, the browser opens a confluence-server: address, which only the Confluence Data Center app "
            "can open. The Confluence Cloud app and browsers cannot."
        ),
        symptoms=(_("Safari reports that the address is invalid."),),
        confirm=_("Check that the Data Center app is installed on the phone, and that the sign-in was started in it."),
        remedy=_("Install the Confluence Data Center app and start the sign-in in it, not with a copied address."),
        source=CONFLUENCE_PAGE,
        certainty=Certainty.SEEN,
        indicators=(
            text_matches(
                r"address is invalid|ERR_UNKNOWN_URL_SCHEME|scheme does(?: not|n.t) have a registered handler"
                r"|unsupported (?:url|protocol)|Protocol [\"']?confluence-server[\"']? not supported",
                5,
                _("No app can open the address"),
            ),
        ),
    ),
)
