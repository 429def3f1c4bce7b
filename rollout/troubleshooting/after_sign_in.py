"""Causes of failures after a sign-in: requests with the access token, and later."""

from __future__ import annotations

from rollout.compatibility.references import PROVIDER_API
from rollout.message_ids import gettext_noop as _

from .cause import Cause, Certainty, Stage
from .indicators import REDIRECTS, REST_API, oauth_error, request_matches, says, text_matches
from .languages import phrases
from .paste import Exchange
from .references import RFC_6750
from .refused_requests import PAGE_REFUSALS

_REFRESH = r"refresh[_ ]?token"


def _is_other_server(row: Exchange) -> bool:
    """Whether another server than Confluence answered a request to the REST API."""
    if row.refusal:
        return row.refusal.kind in PAGE_REFUSALS and "bearer" not in row.headers.get("www-authenticate", "").lower()
    return row.status in REDIRECTS and not row.redirects_to_itself


CAUSES = (
    Cause(
        id="api-blocked",
        stage=Stage.LATER,
        title=_("A proxy in front of the REST API redirects the app after sign-in"),
        explanation=_(
            "After sign-in, the app sends its access token to the REST API, without a session of the proxy. A proxy "
            "that "
            "redirects or answers these requests itself leaves the app signed in but empty."
        ),
        symptoms=(_("The sign-in succeeds, then the app stays empty or shows an error."),),
        confirm=_(
            "Send GET BASE-URL/rest/api/user/current with the header “Authorization: Bearer x”. JSON is correct. A "
            "redirect or a login page confirms this cause."
        ),
        remedy=_(
            "On the proxy, let requests with an Authorization: Bearer header through to Confluence, at least under "
            "rest/api and rest/nativemobile. Confluence checks the token."
        ),
        source=RFC_6750 + "2.1",
        certainty=Certainty.SEEN,
        indicators=(
            request_matches(
                REST_API,
                5,
                _("A different server responded to the REST API"),
                status=REDIRECTS | {200, 401, 403, 407},
                and_also=_is_other_server,
            ),
            says(
                "signed_in",
                weight=4,
                description=_("The app is empty or redirected after sign-in"),
                also=phrases("blank_page")
                + r"|\b30[1278]\b|nothing (?:loads|is shown)|no (?:spaces|pages|content)|(?:does not|doesn't"
                r"|never) load|bearer|access token"
                r"|lädt nicht|nichts (?:geladen|angezeigt)|ne charge (?:pas|rien)|no carga|読み込(?:まれ|め)",
                without=r"AD ?FS|consent|/authorize|white ?label|error=|error page",
            ),
            text_matches(
                r"bearer[^\n.]{0,60}(?:redirect|strip|remov|drop|discard|302|umgeleitet|entfernt|redirig|supprim"
                r"|elimina)"
                r"|(?:strips?|removes?|drops?|entfernt|supprime|elimina)[^\n.]{0,30}Authorization",
                4,
                _("The proxy does not pass on the access token"),
            ),
        ),
        rules=("REST-API",),
    ),
    Cause(
        id="refresh-unused",
        stage=Stage.LATER,
        title=_("The app was not used for 90 days"),
        explanation=_(
            "The app stays signed in for 90 days without use. After that, people must sign in again. This is expected."
        ),
        symptoms=(_("After weeks without use, the app requires a new sign-in."),),
        confirm=_("Ask when the app was last used, and check the lifetime of refresh tokens in Confluence."),
        remedy=_("Sign in again. If 90 days are too short, change the lifetime with a system property of Confluence."),
        source=PROVIDER_API,
        certainty=Certainty.DOCUMENTED,
        indicators=(
            oauth_error("invalid_grant", 5, _("A refresh token was rejected"), together_with=_REFRESH),
            text_matches(
                rf"{_REFRESH}[^\n]{{0,30}}(?:expired|invalid|not found)", 4, _("A refresh token was rejected")
            ),
            says("sign_in_again", weight=3, description=_("A new sign-in is required")),
            says(
                "sign_in_again",
                weight=4,
                description=_("A new sign-in is required after a long time"),
                also=r"\b(?:weeks?|months?|holidays?|vacation|leave|Wochen?|Monaten?|Urlaub|semaines?|mois|vacances"
                r"|semanas?"
                r"|meses|vacaciones)\b|週間|か月|ヶ月|休暇",
            ),
        ),
    ),
    Cause(
        id="tokens-revoked",
        stage=Stage.LATER,
        title=_("The application link was replaced, or tokens were revoked"),
        explanation=_(
            "Tokens belong to the link. When it is deleted or created again, all phones of the site are signed out at "
            "once."
        ),
        symptoms=(
            _("Everyone has to sign in again at the same time."),
            _("After weeks without problems, the app receives error=invalid_token."),
        ),
        confirm=_(
            "Look for changes to the application link in the audit log of Confluence, and compare the client IDs."
        ),
        remedy=_("Deploy the new client ID with your MDM. In the future, edit the link instead of creating it again."),
        source=PROVIDER_API,
        certainty=Certainty.DOCUMENTED,
        indicators=(
            oauth_error("invalid_token", 5, _("The OAuth error about the token")),
            text_matches(
                r"tokens?[^\n]{0,20}(?:was |were |been |is )?revoked|(?:recreated|deleted"
                r"|replaced)[^\n]{0,30}(?:application )?link"
                r"|link[^\n]{0,30}(?:recreated|created again|deleted|replaced)",
                4,
                _("The link or the tokens changed"),
            ),
            says("sign_in_again", weight=4, description=_("Many people at once"), also=phrases("everyone")),
            oauth_error(
                "unauthorized_client|invalid_client",
                2,
                _("A client ID that is no longer valid"),
                together_with=_REFRESH,
            ),
        ),
        rules=("CLIENT-ID-KNOWN", "CLIENT-ID-MDM", "CLIENT-ID-DRIFT"),
    ),
    Cause(
        id="person-may-not",
        stage=Stage.LATER,
        title=_("The person has no permission for this in Confluence"),
        explanation=_(
            "The app has no more permissions than the person. Space permissions and restrictions apply in it too."
        ),
        symptoms=(_("Reading works, but editing does not."),),
        confirm=_("Try the same change in a browser, signed in as the same person."),
        remedy=_(
            "In Confluence, give the person permission for the space. A higher permission of the link changes nothing."
        ),
        source=PROVIDER_API,
        certainty=Certainty.DOCUMENTED,
        indicators=(
            oauth_error("insufficient_scope", 5, _("The OAuth error about insufficient scope")),
            says(
                "no_permission",
                weight=4,
                description=_("Reading works, but editing does not"),
                also=r"can read|able to read|reading works|lesen|lire|lecture|leer|lectura|閲覧|読め",
                without=r"read-only mode|Wartung|maintenance",
            ),
            says(
                "no_permission",
                weight=3,
                description=_("A message about permissions"),
                without=r"read-only mode|Wartung|maintenance",
            ),
        ),
    ),
)
