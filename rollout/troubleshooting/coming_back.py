"""Causes that show when the app comes back from the browser sheet, and later."""

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
        title=_("The link allows less than WRITE"),
        why=_("The app asks for the permission WRITE. A link with READ refuses that."),
        symptoms=(_("The app comes back with error=invalid_scope."),),
        confirm=_("Open the link under Settings → Application links and look at its permission."),
        remedy=_("Set the permission to WRITE. ADMIN is more than the app needs; what people may do still caps it."),
        source=CONFLUENCE_PAGE,
        certainty=Certainty.DOCUMENTED,
        signs=(
            oauth_error("invalid_scope", 5, _("The OAuth error about the permission")),
            says(r"scope[^\n]{0,30}(?:not allowed|exceeds|invalid|unknown)", 4, _("Words about the permission")),
        ),
    ),
    Cause(
        id="access-denied",
        stage=Stage.BACK,
        title=_("Somebody or something said no"),
        why=_(
            "The person chose Cancel, or may not use Confluence: no licence, a blocked account, a policy of "
            "single sign-on."
        ),
        symptoms=(_("The app comes back with error=access_denied."),),
        confirm=_("Have the same person sign in to the site in a browser, then try the app again and choose Allow."),
        remedy=_("Give the person access to Confluence, or look at the policy of the identity provider."),
        source=RFC_6749 + "4.1.2.1",
        certainty=Certainty.DOCUMENTED,
        signs=(
            oauth_error("access_denied", 5, _("The OAuth error for a refusal")),
            says(
                r"not permitted to use|not (?:been )?(?:granted|assigned)[^\n]{0,30}(?:access|application)"
                r"|AADSTS50105|E0000(?:006|022)"
                r"|user is not assigned",
                4,
                _("A page that refuses this person"),
            ),
        ),
    ),
    Cause(
        id="client-secret-wanted",
        stage=Stage.BACK,
        title=_("The OAuth plugin is too old and wants a client secret"),
        why=_(
            "A phone has a client ID and no secret. Before version 4.1.1 the plugin asks every client for one: "
            "sign-in works "
            "in the sheet, then the exchange for a token fails."
        ),
        symptoms=(
            _("Sign-in works, then invalid_client."),
            _("The app returns to its start after a complete sign-in."),
        ),
        confirm=_(
            "Look up the version of the OAuth 2.0 provider plugin under Settings → Manage apps, system apps included."
        ),
        remedy=_(
            "Update the plugin to 4.1.1 or later. Never put a client secret into the configuration: phones store "
            "it in clear."
        ),
        source=CONFLUENCE_PAGE,
        certainty=Certainty.DOCUMENTED,
        signs=(
            oauth_error("invalid_client", 4, _("The OAuth error of the token endpoint about the client")),
            says(
                r"client[_ ]?secret[^\n]{0,30}(?:required|missing|must|not (?:provided|present))"
                r"|(?:missing|requires?)[^\n]{0,12} client[_ ]?secret|client authentication (?:failed|required)",
                4,
                _("A client secret is asked for"),
            ),
            exchange(TOKEN, 3, _("The token endpoint refused the client"), status={401}),
        ),
        rules=("OAUTH-PLUGIN", "OAUTH-PLUGIN-ENABLED"),
    ),
    Cause(
        id="token-endpoint-blocked",
        stage=Stage.BACK,
        title=_("A proxy stands before the token endpoint"),
        why=_(
            "The app exchanges its code at rest/oauth2/latest/token itself, outside the browser and not signed "
            "in. A redirect to a "
            "login page or a refusal ends the sign-in there."
        ),
        symptoms=(_("The app returns to its start after a complete sign-in."),),
        confirm=_(
            "Post anything to BASE-URL/rest/oauth2/latest/token with curl: JSON with an error is right, a login "
            "page is not."
        ),
        remedy=_("Let rest/oauth2/latest/token through the reverse proxy without sign-in."),
        source=RFC_6749 + "3.2",
        certainty=Certainty.DOCUMENTED,
        signs=(
            exchange(TOKEN, 5, _("The token endpoint was not the one to answer"), status=REDIRECTS | {403, 405, 407}),
            exchange(TOKEN, 5, _("The token endpoint answered with a web page"), and_also=lambda row: row.is_html),
        ),
        rules=("TOKEN-REACHABLE",),
    ),
    Cause(
        id="code-expired",
        stage=Stage.BACK,
        title=_("The code came too late, twice, or without its verifier"),
        why=_(
            "A code lives for ten seconds and for one use. A slow network, a proxy that sends requests again, or a "
            "verifier that does not match make the provider refuse it."
        ),
        symptoms=(_("The app comes back and then fails with invalid_grant."),),
        confirm=_(
            "Count the requests to the token endpoint in the access log, and look at the seconds between the two."
        ),
        remedy=_("Look for what delays or repeats the request. The lifetime is a system property of Confluence."),
        source=PROVIDER_API,
        certainty=Certainty.DOCUMENTED,
        signs=(
            oauth_error("invalid_grant", 4, _("The OAuth error about the code"), without=_REFRESH),
            says(
                r"(?:authori[sz]ation )?code[^\n]{0,20}(?:expired|already (?:been )?used|is invalid)"
                r"|code_verifier[^\n]{0,30}match",
                4,
                _("Words about the code"),
            ),
        ),
    ),
    Cause(
        id="server-error",
        stage=Stage.BACK,
        title=_("The site itself had an error"),
        why=_("The provider failed, or the site is in maintenance. This says nothing about the configuration."),
        symptoms=(_("The app comes back with error=server_error."), _("An error page of Confluence.")),
        confirm=_("Look into the log of Confluence at that minute, and whether a browser works."),
        remedy=_("Mend what the log says, then try again."),
        source=RFC_6749 + "4.1.2.1",
        certainty=Certainty.DOCUMENTED,
        signs=(
            oauth_error("server_error|temporarily_unavailable", 5, _("The OAuth error for trouble at the provider")),
            exchange(".", 3, _("An answer from 500 to 504"), status={500, 501, 502, 503, 504}),
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
        why=_("A refresh token lives for 90 days. After that people sign in again; nothing is broken."),
        symptoms=(_("After weeks of holidays the app asks for a sign-in."),),
        confirm=_("Ask when the app was last used, and look at the lifetime of refresh tokens in Confluence."),
        remedy=_("Sign in again. The lifetime is a system property of Confluence, should 90 days be too short."),
        source=PROVIDER_API,
        certainty=Certainty.DOCUMENTED,
        signs=(
            oauth_error("invalid_grant", 5, _("A refresh token was refused"), beside=_REFRESH),
            says(rf"{_REFRESH}[^\n]{{0,30}}(?:expired|invalid|not found)", 4, _("A refresh token was refused")),
            says(
                r"sign(?:ed)? in again|log(?:ged)? in again|session (?:has )?expired|90 days",
                3,
                _("A sign-in is needed again"),
            ),
        ),
    ),
    Cause(
        id="tokens-revoked",
        stage=Stage.LATER,
        title=_("The link was deleted, made again, or tokens were revoked"),
        why=_(
            "Tokens hang on the link. When it is deleted or replaced, every phone of the site is signed out at once."
        ),
        symptoms=(
            _("Everybody has to sign in again at the same time."),
            _("invalid_token after weeks without trouble."),
        ),
        confirm=_(
            "Look into the audit log of Confluence for a change of the application link, and compare the client IDs."
        ),
        remedy=_("Push the new client ID by the MDM. Next time edit the link instead of making it again."),
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
                "unauthorized_client|invalid_client", 2, _("A client that is no longer known"), beside=_REFRESH
            ),
        ),
        rules=("CLIENT-ID-KNOWN", "CLIENT-ID-MDM", "CLIENT-ID-DRIFT"),
    ),
    Cause(
        id="person-may-not",
        stage=Stage.LATER,
        title=_("The person may not do this in Confluence"),
        why=_("A permission never gives more than the person has: WRITE is capped by spaces and restrictions."),
        symptoms=(_("Reading works, editing does not."),),
        confirm=_("Try the same in a browser as the same person."),
        remedy=_("Give the person the permission of the space. A wider link changes nothing."),
        source=PROVIDER_API,
        certainty=Certainty.DOCUMENTED,
        signs=(
            oauth_error("insufficient_scope", 5, _("The OAuth error about what a token may do")),
            says(
                r"not permitted to (?:edit|create|perform|view)|read[- ]only|can(?:not|.t) (?:edit|save|comment)",
                3,
                _("Words about what a person may do"),
            ),
        ),
    ),
)
