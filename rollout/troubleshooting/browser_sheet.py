"""Causes of failures in the browser sheet, from the login page to the consent page."""

from __future__ import annotations

from rollout.compatibility.references import CONFLUENCE_PAGE, PROVIDER_API, RFC_6749
from rollout.message_ids import gettext_noop as _

from .cause import Cause, Certainty, Stage
from .indicators import (
    AUTHORIZE,
    oauth_error,
    request_matches,
    says,
    text_matches,
    text_matches_all,
    token_received,
)  # fmt: skip
from .languages import phrases
from .references import WIA_PAGE

# The redirect URL of Confluence at an identity provider, not that of the app at Confluence.
_OTHER_PROVIDER = r"AADSTS\d|login\.microsoftonline|MSIS\d{4}|accounts\.google"
_ADFS = r"/adfs/(?:ls|oauth2)|\bAD ?FS\b|Active Directory Federation|Active Directory-Verbunddienste"

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
                r"WIASupportedUserAgents|Windows[- ]?Integrated Authentication|Integrated Windows Authentication"
                r"|Integrierte Windows-Authentifizierung"
                r"|authentification Windows intégrée|autenticación (?:integrada de Windows|de Windows integrada)"
                r"|(?:統合|Windows) ?(?:Windows|統合) ?認証",
                4,
                _("Windows Integrated Authentication"),
            ),
            text_matches_all((_ADFS, phrases("blank_page")), 4, _("The page of AD FS is blank")),
            text_matches(
                r"\bKerberos\b|\bSPNEGO\b|\b401\.[12]\b|(?<![\w.])-101[23]\b",
                3,
                _("A challenge that phones cannot answer"),
            ),
            text_matches(_ADFS, 2, _("AD FS handles the sign-in")),
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
            oauth_error(
                "invalid_redirect_uri|redirect_uri_mismatch",
                5,
                _("An OAuth error about the redirect URL"),
                without=_OTHER_PROVIDER,
            ),
            says(
                "redirect_url", weight=5, description=_("An error page about the redirect URL"), without=_OTHER_PROVIDER
            ),
        ),
        contradictions=(token_received(4),),
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
            says("client", weight=4, description=_("An error page about the client"), without=_OTHER_PROVIDER),
            oauth_error("invalid_client", 2, _("An OAuth error about the client")),
        ),
        contradictions=(token_received(4),),
        rules=("CLIENT-ID-KNOWN", "CLIENT-ID-MDM", "CLIENT-ID-DRIFT", "CLIENT-ID-AUTHORIZE"),
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
                r"\b(?:missing|required|no)\b[^\n]{0,30}(?:response_type|client_id|code_challenge|redirect_uri)"
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
            says(
                "address_invalid",
                weight=5,
                description=_("No app can open the address"),
                without=r"\b(?:error|code=?) ?-100[02]\b",
            ),
            text_matches(r"(?<![\w.])-100[02]\b", 2, _("iOS does not know the address")),
        ),
        contradictions=(token_received(4),),
    ),
)
