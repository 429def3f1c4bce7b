"""Causes when the browser sheet returns to the app, and later."""

from __future__ import annotations

from rollout.compatibility.references import CONFLUENCE_PAGE, PROVIDER_API, RFC_6749
from rollout.message_ids import gettext_noop as _

from .cause import Cause, Certainty, Stage
from .signs import REDIRECTS, TOKEN, exchange, oauth_error, says

_REFRESH = r"refresh[_ ]?token"

CAUSES = (
    Cause(
        id="scope-too-narrow",
        stage=Stage.BACK,
        title=_("The link's permission is lower than WRITE"),
        why=_("The app requests the permission WRITE. A link with READ rejects it."),
        symptoms=(_("The app receives error=invalid_scope."),),
        confirm=_("Open the link under Settings → Application links and check its permission."),
        remedy=_(
            "Set the permission to WRITE. ADMIN is more than the app needs. People's own permissions still apply."
        ),
        source=CONFLUENCE_PAGE,
        certainty=Certainty.DOCUMENTED,
        signs=(
            oauth_error("invalid_scope", 5, _("The OAuth error about the permission")),
            says(r"scope[^\n]{0,30}(?:not allowed|exceeds|invalid|unknown)", 4, _("A message about the permission")),
        ),
    ),
    Cause(
        id="access-denied",
        stage=Stage.BACK,
        title=_("The person or a policy denied access"),
        why=_(
            "The person chose Cancel, or has no access to Confluence: no license, a disabled account, or a single"
            " sign-on policy."
        ),
        symptoms=(_("The app receives error=access_denied."),),
        confirm=_("Have the same person sign in to the site in a browser, then try the app again and choose Allow."),
        remedy=_("Give the person access to Confluence, or check the policy of the identity provider."),
        source=RFC_6749 + "4.1.2.1",
        certainty=Certainty.DOCUMENTED,
        signs=(
            oauth_error("access_denied", 5, _("The OAuth error for denied access")),
            says(
                r"not permitted to use|not (?:been )?(?:granted|assigned)[^\n]{0,30}(?:access|application)"
                r"|AADSTS50105|E0000(?:006|022)"
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
        why=_(
            "A phone has a client ID but no secret. Before version 4.1.1 the plugin requires a secret from every "
            "client: the sign-in works, but the token request fails."
        ),
        symptoms=(
            _("Sign-in works, then invalid_client appears."),
            _("The app returns to its start screen after a complete sign-in."),
        ),
        confirm=_(
            "Check the version of the OAuth 2.0 provider plugin under Settings → Manage apps, including system apps."
        ),
        remedy=_(
            "Update the plugin to 4.1.1 or later. Never put a client secret into the configuration: phones store "
            "it unencrypted."
        ),
        source=CONFLUENCE_PAGE,
        certainty=Certainty.DOCUMENTED,
        signs=(
            oauth_error("invalid_client", 4, _("The OAuth error of the token endpoint about the client")),
            says(
                r"client[_ ]?secret[^\n]{0,30}(?:required|missing|must|not (?:provided|present))"
                r"|(?:missing|requires?)[^\n]{0,12} client[_ ]?secret|client authentication (?:failed|required)",
                4,
                _("A client secret is required"),
            ),
            exchange(TOKEN, 3, _("The token endpoint rejected the client"), status={401}),
        ),
        rules=("OAUTH-PLUGIN", "OAUTH-PLUGIN-ENABLED"),
    ),
    Cause(
        id="token-endpoint-blocked",
        stage=Stage.BACK,
        title=_("A proxy blocks the token endpoint"),
        why=_(
            "The app sends the code to rest/oauth2/latest/token itself, outside the browser and not signed in. A "
            "redirect to a login page or an error ends the sign-in there."
        ),
        symptoms=(_("The app returns to its start screen after a complete sign-in."),),
        confirm=_(
            "Send any POST to BASE-URL/rest/oauth2/latest/token with curl: JSON with an error is correct, a login"
            " page is not."
        ),
        remedy=_("Allow rest/oauth2/latest/token through the reverse proxy without sign-in."),
        source=RFC_6749 + "3.2",
        certainty=Certainty.DOCUMENTED,
        signs=(
            exchange(
                TOKEN, 5, _("A different server responded to the token request"), status=REDIRECTS | {403, 405, 407}
            ),
            exchange(TOKEN, 5, _("The token endpoint returned a web page"), and_also=lambda row: row.is_html),
        ),
        rules=("TOKEN-REACHABLE",),
    ),
    Cause(
        id="code-expired",
        stage=Stage.BACK,
        title=_("The code was expired, used twice, or sent without its verifier"),
        why=_(
            "A code is valid for ten seconds and one use. A slow network, a proxy that repeats requests, or a "
            "wrong verifier makes the provider reject it."
        ),
        symptoms=(_("The app opens again and then fails with invalid_grant."),),
        confirm=_("Count the requests to the token endpoint in the access log, and compare their times."),
        remedy=_("Find what delays or repeats the request. The lifetime is a system property of Confluence."),
        source=PROVIDER_API,
        certainty=Certainty.DOCUMENTED,
        signs=(
            oauth_error("invalid_grant", 4, _("The OAuth error about the code"), without=_REFRESH),
            says(
                r"(?:authori[sz]ation )?code[^\n]{0,20}(?:expired|already (?:been )?used|is invalid)"
                r"|code_verifier[^\n]{0,30}match",
                4,
                _("A message about the code"),
            ),
        ),
    ),
    Cause(
        id="server-error",
        stage=Stage.BACK,
        title=_("The site returned a server error"),
        why=_("The provider failed, or the site is in maintenance. The configuration is not the cause."),
        symptoms=(_("The app receives error=server_error."), _("A Confluence error page.")),
        confirm=_("Check the Confluence log at that time, and whether a browser works."),
        remedy=_("Fix the error in the log, then try again."),
        source=RFC_6749 + "4.1.2.1",
        certainty=Certainty.DOCUMENTED,
        signs=(
            oauth_error("server_error|temporarily_unavailable", 5, _("The OAuth error for provider problems")),
            exchange(".", 3, _("A response from 500 to 504"), status={500, 501, 502, 503, 504}),
            says(
                r"an error has occurred|something went wrong|System error|under maintenance|Bad Gateway"
                r"|Service Unavailable",
                2,
                _("An error page of the site or the proxy"),
            ),
        ),
        rules=("SERVER-STATUS", "MANIFEST-REACHABLE"),
    ),
    Cause(
        id="refresh-unused",
        stage=Stage.LATER,
        title=_("The app was not used for 90 days"),
        why=_("A refresh token is valid for 90 days. After that, people sign in again; this is expected."),
        symptoms=(_("After weeks without use, the app requires a sign-in."),),
        confirm=_("Find out when the app was last used, and check the lifetime of refresh tokens in Confluence."),
        remedy=_("Sign in again. If 90 days is too short, change the lifetime: it is a system property of Confluence."),
        source=PROVIDER_API,
        certainty=Certainty.DOCUMENTED,
        signs=(
            oauth_error("invalid_grant", 5, _("A refresh token was rejected"), beside=_REFRESH),
            says(rf"{_REFRESH}[^\n]{{0,30}}(?:expired|invalid|not found)", 4, _("A refresh token was rejected")),
            says(
                r"sign(?:ed)? in again|log(?:ged)? in again|session (?:has )?expired|90 days",
                3,
                _("A new sign-in is required"),
            ),
        ),
    ),
    Cause(
        id="tokens-revoked",
        stage=Stage.LATER,
        title=_("The link was deleted or created again, or tokens were revoked"),
        why=_(
            "Tokens belong to the link. When it is deleted or replaced, every phone of the site is signed out at once."
        ),
        symptoms=(
            _("Everyone has to sign in again at the same time."),
            _("invalid_token after weeks without problems."),
        ),
        confirm=_("Check the Confluence audit log for changes to the application link, and compare the client IDs."),
        remedy=_("Deploy the new client ID with your MDM. Next time, edit the link instead of creating it again."),
        source=PROVIDER_API,
        certainty=Certainty.DOCUMENTED,
        signs=(
            oauth_error("invalid_token", 5, _("The OAuth error about the token")),
            says(
                r"token[^\n]{0,20}(?:was |been |is )?revoked|everybody|all (?:users|phones|people)",
                3,
                _("Many people at once"),
            ),
            oauth_error(
                "unauthorized_client|invalid_client", 2, _("A client ID that is no longer valid"), beside=_REFRESH
            ),
        ),
        rules=("CLIENT-ID-KNOWN", "CLIENT-ID-MDM", "CLIENT-ID-DRIFT"),
    ),
    Cause(
        id="person-may-not",
        stage=Stage.LATER,
        title=_("The person has no permission for this in Confluence"),
        why=_("The app never has more permissions than the person: spaces and restrictions limit WRITE."),
        symptoms=(_("Reading works, but editing does not."),),
        confirm=_("Try the same in a browser as the same person."),
        remedy=_("Give the person permission for the space. A higher permission of the link changes nothing."),
        source=PROVIDER_API,
        certainty=Certainty.DOCUMENTED,
        signs=(
            oauth_error("insufficient_scope", 5, _("The OAuth error about insufficient scope")),
            says(
                r"not permitted to (?:edit|create|perform|view)|read[- ]only|can(?:not|.t) (?:edit|save|comment)",
                3,
                _("A message about permissions"),
            ),
        ),
    ),
)
