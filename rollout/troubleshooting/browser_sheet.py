"""Causes in the browser sheet, between the login page and consent."""

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
            "AD FS decides by User-Agent whether a device supports Windows Integrated Authentication. If the "
            "app's User-Agent matches, AD FS sends a challenge that an iPhone cannot complete instead of its "
            "form."
        ),
        symptoms=(_("An error or a blank page on the AD FS sign-in page."),),
        confirm=_("Check the response for WWW-Authenticate: Negotiate, and WIASupportedUserAgents in AD FS."),
        remedy=_(
            "Remove the entry that matches the app from WIASupportedUserAgents, so that AD FS shows its form on phones."
        ),
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
        title=_("The redirect URL of the application link is wrong"),
        why=_(
            "The link must contain exactly confluence-server://oauth-callback. Confluence may detect a different "
            "one only after consent, and then shows an error page instead of returning to the app."
        ),
        symptoms=(_("An error page after Allow."), _("The browser sheet stays open.")),
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
        title=_("The site does not recognize the client ID"),
        why=_(
            "The client ID in the configuration is mistyped, or belongs to another site or to a link that was "
            "deleted or created again. Every new link has a new client ID."
        ),
        symptoms=(_("An error page after Allow."), _("The browser sheet stays open.")),
        confirm=_("Compare the client ID of the link in Confluence with the one in the current configuration."),
        remedy=_(
            "Enter the current client ID in the site list and deploy it with your MDM. Edit links instead of "
            "creating them again."
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
            "Confluence builds redirects from its own base URL. If the configuration contains another host or no "
            "context path, consent happens at a different address and the session cookie is lost."
        ),
        symptoms=(
            _("After sign-in, people have to sign in again."),
            _("The browser sheet ends at a different address than it started."),
        ),
        confirm=_("Compare the url in BASE-URL/rest/applinks/1.0/manifest with the baseURL in the site list."),
        remedy=_("Use the same base URL in Confluence, in the site list and in Gatepass."),
        source=BASE_URL_PAGE,
        certainty=Certainty.DOCUMENTED,
        signs=(
            says(
                r"base ?url[^\n]{0,40}(?:mismatch|differ|does ?n.t match|not match|incorrect|is not the same)"
                r"|(?:mismatch|wrong|incorrect)[^\n]{0,12}base ?url|accessing[^\n]{0,40}does ?n.t match",
                5,
                _("A message about the base URL"),
            ),
            exchange(
                r"/login\.action|/dologin|/rest/oauth2|/oauth2?/",
                2,
                _("A redirect to another host"),
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
        title=_("Confluence assumes that requests use http"),
        why=_(
            "OAuth 2.0 requires https. If TLS ends at a reverse proxy and the connector behind it is not marked "
            "as secure, pages work but OAuth fails, or https and http redirect to each other."
        ),
        symptoms=(_("Browsers work, but OAuth fails."), _("Too many redirects.")),
        confirm=_(
            "Look for a Location header that starts with http://, and check scheme, secure and proxyPort of the "
            "connector."
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
                _("An error because of http"),
            ),
        ),
        rules=("HTTPS", "PLAIN-HTTP", "REDIRECTS"),
    ),
    Cause(
        id="parameters-lost",
        stage=Stage.SHEET,
        title=_("Single sign-on drops the request parameters"),
        why=_(
            "The browser sheet may sign in at another host if that host redirects back with every parameter. Some"
            " proxies and portals drop the query or redirect to the start page."
        ),
        symptoms=(
            _("After sign-in the start page opens instead of the consent page."),
            _("An error about a missing parameter."),
        ),
        confirm=_(
            "Follow the redirects with curl or a desktop browser: check that client_id and code_challenge are "
            "preserved."
        ),
        remedy=_(
            "Configure single sign-on to preserve the full URL, including the query, or exclude "
            "rest/oauth2/latest/authorize from it."
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
                _("Another host handles the authorization request"),
                and_also=lambda row: bool(row.other_host),
            ),
            oauth_error("invalid_request|unsupported_response_type", 3, _("The request arrived incomplete")),
            says(
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
        title=_("No app on this device opens confluence-server:"),
        why=_(
            "Only the Confluence Data Center app handles this address. The app for Confluence Cloud, a desktop "
            "browser or a second browser on the phone do not."
        ),
        symptoms=(_("Safari reports that the address is invalid."),),
        confirm=_("Check that the Data Center app is installed on this phone, and that the sign-in started in it."),
        remedy=_("Install the Confluence Data Center app and start the sign-in there, not with a copied address."),
        source=CONFLUENCE_PAGE,
        certainty=Certainty.SEEN,
        signs=(
            says(
                r"address is invalid|ERR_UNKNOWN_URL_SCHEME|scheme does(?: not|n.t) have a registered handler"
                r"|unsupported (?:url|protocol)|Protocol [\"']?confluence-server[\"']? not supported",
                5,
                _("An address type without an app"),
            ),
        ),
    ),
)
