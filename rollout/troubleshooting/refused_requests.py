"""Causes in which a proxy, a firewall or the server itself refuses the app's requests, whatever they ask for."""

from __future__ import annotations

from rollout.compatibility import refusal_marks
from rollout.compatibility.references import CONFLUENCE_PAGE, RFC_9110
from rollout.compatibility.refusals import RefusalKind
from rollout.message_ids import gettext_noop as _

from .cause import Cause, Certainty, Stage
from .indicators import refused, request_matches, says, text_matches, text_matches_all
from .languages import phrases
from .references import RFC_6585
from .success_claims import works

# An alert that a server sends about the certificate of the client; in the log of a server, it is about its own.
_CERTIFICATE_ALERT = (
    r"\bbad[ _]certificate\b|"
    r"alert (?:bad certificate|unknown ca|unsupported certificate|certificate (?:unknown|revoked|expired))"
    r"|alert(?: number)? ?4[2-68]\b|(?:received fatal|fatal) alert:? (?:bad_certificate|unknown_ca|certificate_unknown)"
    r"|remote error: tls: (?:bad certificate|unknown certificate)|ALERT_BAD_CERTIFICATE|ALERT_UNKNOWN_CA"
)
SERVER_LOG = (
    r"while SSL handshaking|, client: [\d.:a-f]{3,39}|http: TLS handshake error from|SSL_accept"
    r"|SSL_do_handshake\(\) failed"
)
_FIREWALL = (
    r"\b(?:ASM|WAF|firewall|bot ?control|Imperva|Incapsula|Akamai|Cloudflare|F5|FortiWeb|FortiGate|Sophos|Barracuda"
    r"|SonicWALL|Netskope"
    r"|Palo Alto|mod_?security|Pare-feu|cortafuegos|ファイアウォール)\b"
)
_BLOCKS = (
    r"\b(?:block(?:s|ed|ing)?|drop(?:s|ped)?|reject(?:s|ed)?|den(?:ies|ied)|blockiert|bloqu(?:e|é|ée|ea|eado"
    r"|eada)|reset)\b"
)
_CHALLENGE = r"/TSPD/|cf-mitigated: ?challenge|x-amzn-waf-action: ?(?:challenge|captcha)"
_CERTIFICATE_REQUEST = r"Request CERT \(13\)|Acceptable client certificate CA names|\bCertificate ?Request\b"

# Refusals in which another server than Confluence asks for a sign-in or shows a page.
PAGE_REFUSALS = frozenset({RefusalKind.SIGN_IN, RefusalKind.OTHER_PAGE, RefusalKind.FORBIDDEN})

CAUSES = (
    Cause(
        id="client-certificate",
        stage=Stage.BEFORE,
        title=_("The server requires a client certificate"),
        explanation=_(
            "Before it answers, the server or the proxy in front of it requires a TLS certificate of the phone. Safari "
            "can present a certificate that the MDM installed. Whether the app's own requests can do so is not "
            "documented."
        ),
        symptoms=(
            _("Safari asks for a certificate and opens the site, but the app does not connect."),
            _("A page reports that no SSL certificate was sent."),
        ),
        confirm=_(
            "Run curl -v on the site without a certificate. “No required SSL certificate was sent”, HTTP 403.7 or the "
            "TLS alert certificate_required confirms this cause."
        ),
        remedy=_(
            "Install identity certificates on the phones with your MDM, and try one phone. If the app still does not "
            "connect, make the certificate optional for rest/nativemobile, rest/oauth2 and rest/api on the proxy."
        ),
        source=CONFLUENCE_PAGE,
        certainty=Certainty.SEEN,
        indicators=(
            text_matches(
                r"RequireAndVerifyClientCert|clientAuthType|ClientCert(?:Missing|Invalid|Untrusted)"
                r"|sub-?status\D{0,3}7\b"
                r"|\bIIS\b[^\n]{0,40}\b403[ .]7\b",
                5,
                _("A setting or a log entry about the client certificate"),
            ),
            refused({RefusalKind.CLIENT_CERTIFICATE}, 5, _("The response requires a client certificate"),
                    without_status=(400, 403)),
            says("client_certificate", weight=5, description=_("A message about a client certificate")),
            text_matches(
                r"certificate[ _]?required|alert(?: number)? ?116\b|\b403\.(?:7|1[2367])\b|SSL_CLIENT_AUTH|_SSL_CLIENT_"
                r"|BAD_CERT_ALERT|(?<![\w.])-120[56]\b|client cert(?:ificate)? chain|null cert(?:ificate)? chain"
                r"|errSSL(?:ClientCertRequested|PeerBadCert)|(?<![\w.])-98(?:2[5-9]|31|42)\b"
                r"|SEC_E_INCOMPLETE_CREDENTIALS"
                r"|AH02039|peer did not return a certificate",
                5, _("A TLS error about the client certificate"),
            ),
            text_matches(_CERTIFICATE_ALERT, 4, _("The server rejected the certificate of the client"),
                         without=SERVER_LOG),
            text_matches_all((_CERTIFICATE_REQUEST, r"handshake|alert|reset|closed|SSL_ERROR"), 4,
                             _("The server requested a certificate and ended the handshake")),
            text_matches(r"handshake[ _]failure", 2, _("The server ended the TLS handshake")),
            text_matches(
                r"certificate works in|\b(?:cert|certificate)\b[^\n.]{0,20}\b(?:from|in) (?:the |my |its )?keychain"
                r"|\.(?:p12|pfx)\b",
                4,
                _("A certificate that the browser presents"),
            ),
        ),
        contradictions=(
            request_matches(r".?", 4, _("The server answered without a client certificate"), status={200}, each=True),
        ),
        rules=("CLIENT-CERTIFICATE",),
    ),
    Cause(
        id="cookie-defense",
        stage=Stage.BEFORE,
        title=_("A bot defense wants its cookie back"),
        explanation=_(
            "The defense answers the first request with a cookie and a redirect to the same address, or with a page "
            "that runs a script. A browser returns the cookie; a client without cookies or scripts is never let in."
        ),
        symptoms=(
            _("The same address redirects to itself."),
            _("A page checks the browser before it opens the site."),
        ),
        confirm=_(
            "Request info/login with curl twice, the second time with the option -b and the cookie of the first "
            "response. If only the second returns JSON, this cause is confirmed."
        ),
        remedy=_(
            "Exclude the paths rest/nativemobile, rest/oauth2 and rest/api of the site from the bot defense of the "
            "proxy."
        ),
        source="",
        certainty=Certainty.SEEN,
        indicators=(
            text_matches_all(
                (
                    r"\b30[1278]\b|redirect|(?:um|weiter)leit|redirig|リダイレクト",
                    r"same (?:url|address|page)|itself|again and again|selbe|gleiche (?:url|adresse)|même (?:url"
                    r"|adresse)"
                    r"|misma (?:url|dirección)|同じ ?(?:url|アドレス|ページ)",
                    r"\bcookie|クッキー",
                ),
                5,
                _("A redirect to the same address, with a cookie"),
            ),
            refused({RefusalKind.COOKIE_CHECK}, 5, _("A redirect to the same address, with a cookie")),
            says("bot_check", weight=5, description=_("A page that checks the browser")),
            text_matches(
                _CHALLENGE + r"|challenge-platform|__cf_chl|cf_chl_"
                r"|challenges\.cloudflare\.com|captcha-delivery\.com|px-captcha|_Incapsula_Resource"
                r"|awsWafCookieDomainList|\bTSPD_|sucuri_cloudproxy|\b_abck\b|NSC_TASS|aws-waf-token",
                4, _("A mark of a bot defense"),
            ),
            text_matches(r"cookies? (?:must be|are not|is not|need to be) (?:enabled|supported|accepted|set)"
                         r"|enable cookies",
                         3, _("A page that requires cookies")),
        ),
        linked_rules=("SITE-ACCESS",),
    ),
    Cause(
        id="waf-user-agent",
        stage=Stage.BEFORE,
        title=_("A web application firewall blocks the app"),
        explanation=_(
            "A firewall refuses requests that do not look like those of a browser, by User-Agent, address, country or "
            "header. Its page is not a sign-in page of Confluence."
        ),
        symptoms=(_("The site works in a browser, but the app receives HTTP 403 or a page that reports a block."),),
        confirm=_(
            "Request info/login with curl twice, once with a User-Agent that ends in AtlassianMobileApp. Different "
            "responses confirm this cause. The log of the firewall names the rule."
        ),
        remedy=_(
            "In the firewall rule that blocked the request, exclude the paths rest/nativemobile, rest/oauth2 and "
            "rest/api of the site."
        ),
        source="",
        certainty=Certainty.SEEN,
        indicators=(
            text_matches(
                rf"{_FIREWALL}[^\n.]{{0,80}}{_BLOCKS}"
                  "|{_BLOCKS}[^\n.]{{0,60}}{_FIREWALL}", 5, _("A firewall that blocks the app")
            ),
            refused({RefusalKind.FIREWALL}, 5, _("The response is from a firewall"), without_status=(403,)),
            says("blocked", weight=5, description=_("A page that reports a block")),
            text_matches(
                r"cf-ray:|Attention Required! \| Cloudflare|Cloudflare[^\n]{0,40}(?:block|ray id)|Reference #\d"
                r"|Incapsula"
                r"|ModSecurity|mod_security|x-amzn-waf|Your support ID is|Imperva|Request blocked|AkamaiGHost|Sucuri",
                4, _("A page of a web application firewall"),
            ),
            text_matches_all(
                (r"User-?Agent|AtlassianMobileApp",
                 r"\b(?:drop|block|reset|reject|403|filter|blockier|bloqu|拒否|ブロック|den(?:y|ied))\w{0,5}"),
                4, _("Requests are blocked by User-Agent"),
            ),
            text_matches(r"\bZscaler\b|\bNetskope\b|Palo Alto|FortiGate|FortiWeb|\bWAF\b|Barracuda", 2,
                         _("The name of a firewall")),
            request_matches(r"/rest/|/wiki|^https?://", 2, _("A request was rejected with HTTP 403 or 406"),
                            status={403, 406}),
        ),
        contradictions=(
            text_matches(_CHALLENGE + "|" + phrases("bot_check"), 3, _("The page only checks the browser")),
            text_matches(r"AADSTS\d|Conditional Access", 4, _("The message is from an identity provider")),
            refused({RefusalKind.CLIENT_CERTIFICATE, RefusalKind.ADDRESS_LIST, RefusalKind.RATE_LIMIT}, 3,
                    _("The response has a different reason")),
            text_matches(r"(?:policy|configuration|profile)[^\n]{0,40}(?:not save|will not|invalid)|\{\{", 3,
                         _("The message is from an MDM")),
        ),
        rules=("USER-AGENT",),
        linked_rules=("SITE-ACCESS",),
    ),
    Cause(
        id="address-list",
        stage=Stage.BEFORE,
        title=_("Only certain networks may reach the site"),
        explanation=_(
            "The server or proxy has a list of addresses that it accepts. The phone, or the server of Gatepass, is "
            "not on it."
        ),
        symptoms=(_("The site responds with HTTP 403 outside the office or the VPN."),),
        confirm=_("Open the site on the same phone once in the company network and once outside of it."),
        remedy=_("Add the network of the phones, or the address of the VPN they use, to the list of allowed "
                 "addresses."),
        source="",
        certainty=Certainty.SEEN,
        indicators=(
            text_matches(
                r"\bIIS\b[^\n]{0,40}\b403[ .]6\b|\bIP[- ]?(?:Adresse|address)[^\n.]{0,20}(?:abgelehnt|gesperrt"
                r"|rejected|denied)",
                4,
                _("A log entry about an address that is not allowed"),
            ),
            refused({RefusalKind.ADDRESS_LIST}, 5, _("The response rejects the address of the client"),
                    without_status=(403,)),
            text_matches(refusal_marks.ADDRESS_LIST.pattern, 4, _("A message about an address that is not allowed")),
            text_matches(
                r"(?:IP|address|adresse|dirección|アドレス)\S{0,3}[ :]?(?:\d{1,3}\.){3}\d{1,3}[^\n]{0,40}(?:\bnot\b"
                r"|n't\b|nicht|\bpas\b|\bno\b|denied|blocked|gesperrt)"
                r"|\ballow (?:\d{1,3}\.){3}\d|deny all|Require (?:not )?ip\b|RemoteAddr(?:Valve|Filter)"
                r"|access forbidden by rule|client denied by server configuration|AH0(?:1630|1797)|banned your IP"
                r"|error(?: code)?:? 100[678]\b|\bip[- ]?(?:allow|white|deny|block)[- ]?list",
                4, _("A rule about addresses rejected the request"),
            ),
        ),
        linked_rules=("SITE-ACCESS",),
    ),
    Cause(
        id="rate-limit",
        stage=Stage.BEFORE,
        title=_("The site limits the number of requests"),
        explanation=_(
            "Confluence, the proxy or a firewall counts requests by person or address, and rejects more than a limit. "
            "Phones behind one address share its limit."
        ),
        symptoms=(_("The app works at first, then receives HTTP 429 for some time."),),
        confirm=_("Look for HTTP 429, a Retry-After header or “limiting requests” in the log of the proxy."),
        remedy=_("Raise the limit for the address that phones come from, on the server that responds with HTTP 429."),
        source=RFC_6585 + "4",
        certainty=Certainty.DOCUMENTED,
        indicators=(
            refused({RefusalKind.RATE_LIMIT}, 5, _("The response is HTTP 429, or reports a limit"),
                    without_status=(403,)),
            text_matches(
                r"(?:answers?|returns?|receives?|gets?|sends?|with|liefert|renvoie|devuelve|antwortet mit) 429\b"
                r"|(?:HTTP|status|error|code|Fehler|erreur|código|エラー)[ :=#-]{1,3}429\b|\b429 Too Many"
                r"|error(?: code)?:? 1015\b"
                r"|limiting (?:requests|connections)|\b403\.50[12]\b|ratelimit-remaining: ?0\b",
                5, _("The error for too many requests"),
            ),
            says("rate_limit", weight=4, description=_("A message about a limit of requests")),
            text_matches(r"Retry-After: ?\d", 2, _("A Retry-After header")),
        ),
        rules=("RATE-LIMIT",),
        linked_rules=("SITE-ACCESS",),
    ),
    Cause(
        id="maintenance",
        stage=Stage.BEFORE,
        title=_("The site is in maintenance"),
        explanation=_(
            "During an upgrade or in maintenance mode, the site or its proxy shows a notice to every request. The "
            "configuration is not the cause."
        ),
        symptoms=(_("A page announces maintenance, an upgrade or a later time."),),
        confirm=_("Open the site in a browser: it shows the same notice."),
        remedy=_("Try again when the maintenance is over, or turn off the maintenance page if it was left on."),
        source=RFC_9110 + "15.6.4",
        certainty=Certainty.SEEN,
        indicators=(
            refused({RefusalKind.MAINTENANCE}, 5, _("The response is a maintenance page"), without_status=(200,)),
            says("maintenance", weight=5, description=_("A notice of maintenance")),
        ),
        contradictions=(
            works("browser", 3, _("The site works in a browser")),
            works("phone_browser", 3, _("The site works in the browser of the phone")),
        ),
        rules=("SERVER-STATUS",),
        linked_rules=("SITE-ACCESS",),
    ),
)  # fmt: skip
