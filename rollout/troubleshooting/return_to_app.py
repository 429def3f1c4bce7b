"""Causes of failures when the browser returns to the app."""

from __future__ import annotations

from rollout.compatibility.references import CONFLUENCE_PAGE, PROVIDER_API, RFC_6749
from rollout.compatibility.refusals import RefusalKind
from rollout.message_ids import gettext_noop as _

from .cause import RULES_OUT, Cause, Certainty, Stage
from .indicators import REDIRECTS, TOKEN, oauth_error, refused, request_matches, says, text_matches, token_received

_REFRESH = r"refresh[_ ]?token"

_TOKEN_RECEIVED = token_received(RULES_OUT)
_REFUSALS_WITH_OWN_CAUSE = frozenset(
    {
        RefusalKind.CLIENT_CERTIFICATE, RefusalKind.FIREWALL, RefusalKind.ADDRESS_LIST, RefusalKind.RATE_LIMIT,
        RefusalKind.COOKIE_CHECK, RefusalKind.MAINTENANCE, RefusalKind.CLOUD,
    }
)  # fmt: skip

CAUSES = (
    Cause(
        id="scope-too-narrow",
        stage=Stage.BACK,
        title=_("The permission of the application link is lower than WRITE"),
        explanation=_("The app requests the permission WRITE. A link with the permission READ rejects the request."),
        symptoms=(_("The app receives error=invalid_scope."),),
        confirm=_("In Confluence, open the link under Settings → Application links and check its permission."),
        remedy=_(
            "Set the permission to WRITE. ADMIN is more than the app needs. In Confluence, people keep their own "
            "permissions."
        ),
        source=CONFLUENCE_PAGE,
        certainty=Certainty.DOCUMENTED,
        indicators=(
            oauth_error("invalid_scope", 5, _("The OAuth error about the permission")),
            text_matches(
                r"scope[^\n]{0,30}(?:not allowed|exceeds|invalid|unknown)", 4, _("A message about the permission")
            ),
        ),
    ),
    Cause(
        id="access-denied",
        stage=Stage.BACK,
        title=_("The person or a policy denied access"),
        explanation=_(
            "The person chose Cancel, or has no access to Confluence because of a missing license, a disabled account "
            "or a single sign-on policy."
        ),
        symptoms=(_("The app receives error=access_denied."),),
        confirm=_("Ask the person to sign in to the site in a browser, then to try the app again and choose Allow."),
        remedy=_("Give the person access to Confluence, or check the policy of the identity provider."),
        source=RFC_6749 + "4.1.2.1",
        certainty=Certainty.DOCUMENTED,
        indicators=(
            oauth_error("access_denied", 5, _("The OAuth error for denied access")),
            text_matches(
                r"not permitted to use|not (?:been )?(?:granted|assigned)[^\n]{0,30}(?:access|application)"
                r"|Conditional Access|bedingte\w? Zugriff"
                r"|AADSTS(?:50105|5300\d|53001|50097|50158)\d{0,2}|E0000(?:006|022)"
                r"|user is not assigned",
                4,
                _("A page that denies access"),
            ),
        ),
    ),
    Cause(
        id="client-secret-wanted",
        stage=Stage.BACK,
        title=_("The OAuth plugin is too old and requires a client secret"),
        explanation=_(
            "The app has a client ID but no client secret. Versions of the plugin before 4.1.1 require a secret from "
            "every client: people can sign in, but the token request fails."
        ),
        symptoms=(
            _("People sign in, then the app receives error=invalid_client."),
            _("The app returns to its start screen after a complete sign-in."),
        ),
        confirm=_(
            "In Confluence, check the version of the OAuth 2.0 provider plugin under Settings → Manage apps, including "
            "system apps."
        ),
        remedy=_(
            "Update the plugin to 4.1.1 or later. Never put a client secret into the configuration: phones store it "
            "unencrypted."
        ),
        source=CONFLUENCE_PAGE,
        certainty=Certainty.DOCUMENTED,
        indicators=(
            oauth_error("invalid_client", 4, _("The OAuth error of the token endpoint about the client")),
            text_matches(
                r"client[_ ]?secret[^\n]{0,30}(?:required|missing|must|not (?:provided|present))"
                r"|(?:missing|requires?)[^\n]{0,12} client[_ ]?secret|client authentication (?:failed|required)",
                4,
                _("A client secret is required"),
            ),
            request_matches(TOKEN, 3, _("The token endpoint rejected the client"), status={401}),
        ),
        contradictions=(_TOKEN_RECEIVED,),
        rules=("OAUTH-PLUGIN", "OAUTH-PLUGIN-ENABLED"),
    ),
    Cause(
        id="token-endpoint-blocked",
        stage=Stage.BACK,
        title=_("A proxy blocks the token endpoint"),
        explanation=_(
            "After sign-in, the app sends a request to rest/oauth2/latest/token from outside the browser, without a "
            "session. If the proxy returns a login page or an error, the sign-in fails."
        ),
        symptoms=(_("The app returns to its start screen after a complete sign-in."),),
        confirm=_(
            "Send any POST request to BASE-URL/rest/oauth2/latest/token with curl. JSON with an error is correct. A "
            "login page or a redirect confirms this cause."
        ),
        remedy=_("Allow rest/oauth2/latest/token through the reverse proxy without sign-in."),
        source=RFC_6749 + "3.2",
        certainty=Certainty.DOCUMENTED,
        indicators=(
            request_matches(
                TOKEN, 5, _("A different server responded to the token request"), status=REDIRECTS | {403, 405, 407}
            ),
            request_matches(TOKEN, 5, _("The token endpoint returned a web page"), and_also=lambda row: row.is_html),
        ),
        contradictions=(_TOKEN_RECEIVED,),
        rules=("TOKEN-REACHABLE",),
    ),
    Cause(
        id="code-expired",
        stage=Stage.BACK,
        title=_("The authorization code expired, was used twice, or does not match its verifier"),
        explanation=_(
            "A code is valid for ten seconds and one use. Confluence rejects it if the network is slow, if a proxy "
            "repeats the request, or if the verifier is wrong."
        ),
        symptoms=(_("The app opens again, then receives error=invalid_grant."),),
        confirm=_("In the access log of Confluence, count the requests to the token endpoint and compare their times."),
        remedy=_(
            "Find what delays or repeats the request. A system property of Confluence sets the lifetime of codes."
        ),
        source=PROVIDER_API,
        certainty=Certainty.DOCUMENTED,
        indicators=(
            oauth_error("invalid_grant", 4, _("The OAuth error about the code"), without=_REFRESH),
            text_matches(
                r"(?:authori[sz]ation )?code[^\n]{0,20}(?:expired|already (?:been )?used|is invalid)"
                r"|code_verifier[^\n]{0,30}match",
                4,
                _("A message about the code"),
            ),
        ),
        contradictions=(_TOKEN_RECEIVED,),
    ),
    Cause(
        id="server-error",
        stage=Stage.BACK,
        title=_("The site returned a server error"),
        explanation=_("Confluence failed or is in maintenance. The configuration is not the cause."),
        symptoms=(_("The app receives error=server_error."), _("Confluence shows an error page.")),
        confirm=_("Check the Confluence log for that time, and open the site in a browser."),
        remedy=_("Fix the error that the log shows, then try again."),
        source=RFC_6749 + "4.1.2.1",
        certainty=Certainty.DOCUMENTED,
        indicators=(
            oauth_error("server_error|temporarily_unavailable", 5, _("The OAuth error for provider problems")),
            refused(
                {RefusalKind.UNAVAILABLE},
                4,
                _("The proxy has no working server behind it"),
            ),
            text_matches(
                r"\b(?:HTTP|status|error) 50[0-4]\b|\b50[234] (?:Bad Gateway|Service|Gateway)|no healthy upstream"
                r"|no server is available to handle"
                r"|upstream (?:connect error|timed out)"
                r"|connect\(\) failed[^\n]{0,80}upstream",
                4,
                _("The proxy has no working server behind it"),
            ),
            request_matches(".", 3, _("A response from 500 to 504"), status={500, 501, 502, 503, 504}),
            says("error_page", weight=2, description=_("An error page of the site or the proxy")),
        ),
        contradictions=(
            refused(_REFUSALS_WITH_OWN_CAUSE, 3, _("The response has a different reason")),
            says("maintenance", weight=2, description=_("A notice of maintenance")),
            text_matches(r"mobile-app-disabled", 3, _("The mobile app is disabled")),
        ),
        rules=("SERVER-STATUS", "MANIFEST-REACHABLE"),
        linked_rules=("SITE-ACCESS",),
    ),
)
