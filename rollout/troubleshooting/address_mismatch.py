"""Causes in the address of the site: its base URL, and HTTP instead of HTTPS."""

from __future__ import annotations

from rollout.compatibility.references import BASE_URL_PAGE, PROVIDER_API
from rollout.compatibility.refusals import RefusalKind
from rollout.message_ids import gettext_noop as _

from .cause import RULES_OUT, Cause, Certainty, Stage
from .indicators import (
    AUTHORIZE,
    MANIFEST,
    REDIRECTS,
    refused,
    request_matches,
    says,
    text_matches,
    text_matches_all,
    token_received,
)  # fmt: skip
from .paste import Exchange


def _falls_back_to_http(row: Exchange) -> bool:
    return row.url.startswith("https://") and row.location.startswith("http://")


def _is_loop(row: Exchange) -> bool:
    return row.redirects_to_itself and row.refusal is None


CAUSES = (
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
                r"context[- ]path|Kontextpfad|chemin de contexte|ruta de contexto|コンテキスト ?パス",
                4,
                _("The context path"),
            ),
            says("base_url", weight=5, description=_("A message about the base URL")),
            text_matches(
                r"XSRF (?:check failed|Security Token)|AADSTS50011|reply URL[^\n]{0,60}(?:not match|mismatch)",
                3,
                _("A request came from an address other than the base URL"),
            ),
            request_matches(
                r"/login\.action|/dologin|/rest/oauth2|/oauth2?/",
                2,
                _("A redirect to another host"),
                status=REDIRECTS,
                and_also=lambda row: bool(row.other_host),
            ),
            request_matches(
                rf"{AUTHORIZE}|{MANIFEST}",
                4,
                _("Confluence is not at this address: the context path may be missing"),
                status={404},
                and_also=lambda row: not row.headers.get("x-confluence-request-time"),
            ),
        ),
        contradictions=(
            text_matches(
                r"Tomcat[^\n]{0,80}(?:scheme|proxyName|proxyPort|secure)|server\.xml",
                2,
                _("The message is about the connector"),
            ),
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
            text_matches_all(
                (r"\blocation: ?http://", r"\bhttps://|\bHTTPS\b"), 4, _("An HTTPS address redirects to HTTP")
            ),
            request_matches(
                "^https://", 5, _("An HTTPS address redirects to HTTP"), status=REDIRECTS, and_also=_falls_back_to_http
            ),
            text_matches(
                r"Tomcat[^\n]{0,120}(?:incorrect|scheme|proxyName|proxyPort|secure)|(?:scheme|proxyName|proxyPort"
                r"|secure)[^\n]{0,12} should be"
                r"|X-Forwarded-Proto",
                5,
                _("The connector or proxy does not report HTTPS"),
            ),
            says("too_many_redirects", weight=4, description=_("Too many redirects")),
            text_matches(r"(?<![\w.])-1007\b", 4, _("Too many redirects")),
            request_matches(".", 4, _("An address redirects to itself"), and_also=_is_loop),
            text_matches(
                r"https (?:is )?required|must (?:use|be) https|insecure (?:connection|request|transport)"
                r"|requires? (?:https|a secure)|HTTPS (?:ist )?erforderlich|HTTPS (?:est )?(?:requis|obligatoire)"
                r"|(?:requiere|se necesita) HTTPS|HTTPS ?が必要",
                4,
                _("An error because of HTTP"),
                without=r"App ?Transport ?Security",
            ),
        ),
        contradictions=(
            text_matches(r"\bcookie|クッキー", 2, _("The redirect is about a cookie")),
            refused({RefusalKind.COOKIE_CHECK}, RULES_OUT, _("The redirect waits for a cookie")),
            token_received(4),
        ),
        rules=("HTTPS", "PLAIN-HTTP", "REDIRECTS", "AUTHORIZE-TARGET"),
    ),
)
