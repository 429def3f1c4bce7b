"""Causes in which no connection, or no secure one, is made."""

from __future__ import annotations

from rollout.message_ids import gettext_noop as _

from .cause import RULES_OUT, Cause, Certainty, Stage
from .indicators import request_matches, says, text_matches, text_matches_all
from .languages import phrases
from .references import ALPN_RFC, ATS_PAGE, MDM_PAGE
from .success_claims import works

_ANSWERED = request_matches(r".?", 3, _("The server responded to a request"))

CAUSES = (
    Cause(
        id="probe-blocked",
        stage=Stage.BEFORE,
        title=_("Gatepass is not allowed to connect to the site's address"),
        explanation=_(
            "Gatepass connects to public addresses only, so that it cannot be used to reach your internal network. A "
            "site with a private address needs an exception. Phones are not affected."
        ),
        symptoms=(_("The check of an internal site reports that the address is not allowed."),),
        confirm=_("Resolve the host name on the server of Gatepass. An address such as 10.1.2.3 confirms this cause."),
        remedy=_(
            "Add the network of the site, such as 10.1.2.0/24, to the setting PROBE_ALLOWED_NETWORKS of Gatepass, and "
            "restart it. The administrator of the server can do this."
        ),
        source="",
        certainty=Certainty.SEEN,
        indicators=(
            text_matches(
                r"Gatepass[^\n.]{0,80}(?:not allowed|(?:is|are) private|private address|nicht erlaubt"
                r"|privaten? Adresse|internen? Adresse"
                r"|adresse (?:privée|interne)|dirección (?:privada|interna)|プライベート ?アドレス)",
                4,
                _("Gatepass reports a private address"),
            ),
            text_matches(
                r"PROBE_ALLOWED_NETWORKS|blocked_address|Gatepass is not allowed to connect"
                r"|not allowed to connect to (?:this|private)"
                r"|(?:private|internal) address(?:es)?[^\n]{0,40}(?:Gatepass|not allowed|blocked)",
                5, _("The message of Gatepass about the address"),
            ),
            text_matches(
                r"Gatepass[^\n.]{0,60}(?:can.?t|cannot|can not|could not|does not|doesn't|refuses to|kann|ne peut"
                r"|no puede)"
                r"[^\n.]{0,40}(?:reach|check|connect|open|resolve|probe|erreichen|prüfen|atteindre|vérifier|alcanzar"
                r"|comprobar)",
                4, _("Gatepass cannot check the site"),
            ),
        ),
        linked_rules=("SITE-ACCESS",),
    ),
    Cause(
        id="http2-only",
        stage=Stage.BEFORE,
        title=_("The server offers HTTP/2 only"),
        explanation=_(
            "The server rejects clients that speak only HTTP/1.1. iPhones speak HTTP/2, so the app is served; "
            "command-line tools and checks may not be."
        ),
        symptoms=(_("A tool reports the TLS alert no_application_protocol, while phones connect."),),
        confirm=_("Run curl with --http1.1, then with --http2. If only the second connects, this cause is confirmed."),
        remedy=_("To let other clients and checks connect, offer http/1.1 in the ALPN settings of the proxy too."),
        source=ALPN_RFC,
        certainty=Certainty.DOCUMENTED,
        indicators=(
            text_matches(
                r"no[ _]application[ _]protocol|alert(?: number)? ?120\b|Received HTTP/0\.9 when not allowed"
                r"|HTTP/1\.[01] (?:is )?(?:not supported|disabled|not allowed|rejected)",
                5, _("The server rejects HTTP/1.1"),
            ),
            text_matches(
                r"only (?:speaks?|offers?|supports?|accepts?|serves?|allows?) (?:HTTP/?2|h2)\b|(?:HTTP/?2|h2)[ -]only"
                r"|--http1\.1[^\n]{0,60}(?:fail|error|reset|alert)|nur HTTP/2|uniquement HTTP/2|(?:solo|sólo) HTTP/2"
                r"|HTTP/2 ?のみ",
                4, _("Only HTTP/2 is offered"),
            ),
            text_matches(r"\b(?:426 Upgrade Required|505 HTTP Version Not Supported)", 3,
                         _("The server requires another version of HTTP")),
        ),
        linked_rules=("SITE-ACCESS",),
    ),
    Cause(
        id="plain-http",
        stage=Stage.BEFORE,
        title=_("An address uses HTTP, which iOS blocks (App Transport Security)"),
        explanation=_(
            "iOS apps may connect by HTTPS only. A base URL or a redirect that starts with http:// is blocked on the "
            "phone, before a request is sent."
        ),
        symptoms=(_("iOS reports error -1022, or that App Transport Security requires a secure connection."),),
        confirm=_("Check that the base URL and every Location header of the site start with https://."),
        remedy=_("Change the base URL in Confluence and in the site list to https://."),
        source=ATS_PAGE,
        certainty=Certainty.DOCUMENTED,
        indicators=(
            text_matches(
                r"App ?Transport ?Security[^\n]{0,80}(?:policy|secure connection|cleartext|http|blocked|Richtlinie"
                r"|stratégie|política)"
                r"|(?<![\w.])-1022\b|ATS (?:policy|blocked)|cleartext HTTP|CLEARTEXT communication"
                r"|ERR_CLEARTEXT_NOT_PERMITTED",
                5, _("iOS or Android blocked HTTP"),
            ),
            text_matches(r"App ?Transport ?Security", 4, _("A message about App Transport Security")),
            text_matches(
                r"plain HTTP request was sent to HTTPS port|wrong version number|RX_RECORD_TOO_LONG"
                r"|http: server gave HTTP response"
                r"|speaking plain HTTP to an SSL-enabled|not an SSL/TLS record|WRONG_VERSION_NUMBER"
                r"|Unrecognized SSL message",
                4, _("One side uses HTTP, the other HTTPS"),
            ),
        ),
        rules=("HTTPS", "PLAIN-HTTP"),
    ),
    Cause(
        id="tls-too-old",
        stage=Stage.BEFORE,
        title=_("The server's TLS is too old or too weak for iOS (App Transport Security)"),
        explanation=_(
            "iOS apps require TLS 1.2 or later, forward secrecy, and certificates of at least 2,048 bits with SHA-256. "
            "An older load balancer or proxy still serves desktop browsers with exceptions, but not the app."
        ),
        symptoms=(_("The app reports that it cannot make a secure connection."),),
        confirm=_(
            "Run openssl s_client -connect HOST:443 -tls1_2, or nscurl --ats-diagnostics https://HOST on a Mac. An "
            "error "
            "confirms this cause."
        ),
        remedy=_("Turn on TLS 1.2 with ECDHE cipher suites on the server that terminates TLS."),
        source=ATS_PAGE,
        certainty=Certainty.DOCUMENTED,
        indicators=(
            text_matches(
                r"\b(?:RC4|3DES|SSLv3(?! alert))\b|weak ciphers?|1024[- ]bit|\bSHA-?1\b[^\n]{0,20}certificate|(?:SSL"
                r"|TLS)[^\n.]{0,20}(?:too old|outdated|veraltet"
                r"|obsolète|obsolet[oa]|古い)|SSLHandshake failed",
                4,
                _("Old TLS versions or algorithms"),
            ),
            text_matches(
                r"ats-diagnostics[^\n]{0,200}\bFAIL\b|ATS Default Connection\s{0,9}(?:Result)?[^\n]{0,20}\bFAIL\b",
                5,
                _("The diagnosis of Apple for App Transport Security failed"),
            ),
            text_matches(
                r"alert protocol[ _]version|protocol_version|alert(?: number)? ?(?:70|71|86)\b"
                r"|unsupported[ _]protocol|UNSUPPORTED_VERSION"
                r"|no protocols available|insufficient[ _]security|inappropriate[ _]fallback|SSL_VERSION_OR_CIPHER"
                r"|OBSOLETE_VERSION"
                r"|NO_CYPHER_OVERLAP|no (?:shared cipher|cipher suites? in common)|(?:dh|ee) key too small"
                r"|ca md too weak"
                r"|WEAK_SERVER_EPHEMERAL|selected protocol version|legacy renegotiation|WEAK_SIGNATURE_ALGORITHM"
                r"|VALIDITY_TOO_LONG"
                r"|not standards compliant|errSSL(?:PeerProtocolVersion|Negotiation|WeakPeer)|(?<![\w.])-98(?:01|02"
                r"|36|50)\b",
                5, _("TLS versions or algorithms do not match"),
            ),
            text_matches(
                r"(?:SSL connection using |Protocol ?: |only (?:supports?|speaks?|offers?|has|allows?) |nur "
                r"|seulement |uniquement |que |admite |s[oó]lo |max\w* |uses? |still )"
                r"(?:TLS ?v?1(?:\.[01])?|SSL ?v?3)(?!\.?\d)|TLS ?v?1\.[01](?!\.?\d)[^\n]{0,30}(?:only|のみ"
                r"|uniquement)|TLS ?1\.2[^\n]{0,30}"
                r"(?:not (?:enabled|supported)|disabled|off\b|nicht|deaktiviert|désactivé|desactivad|無効)",
                5, _("The server uses TLS 1.1 or earlier"),
            ),
            text_matches(r"(?<![\w.])-(?:1200|9824)\b|ERR_SSL_PROTOCOL_ERROR|handshake[ _]failure|HANDSHAKE_FAILURE"
                         r"|alert(?: number)? ?40\b",
                         4, _("The TLS handshake failed")),
            says("no_secure_connection", weight=4, description=_("A message that no secure connection is possible")),
        ),
        contradictions=(
            text_matches(r"SSL connection using TLS ?v?1\.[23]|Protocol ?: TLSv1\.[23]|TLS 1\.3 only"
                         r"|--tls-max", RULES_OUT,
                         _("The server uses TLS 1.2 or later")),
            text_matches(phrases("client_certificate") + r"|Request CERT|Acceptable client certificate", 3,
                             _("The server asks for a client certificate")),
            text_matches(r"(?<![\w.])-(?:120[1-6]|1022)\b"
                         r"|certificate[_ ]required", 3, _("The error code is for another cause")),
            works("phone_browser", 2, _("The browser of the phone opens the site")),
        ),
        rules=("TLS-VALID",),
    ),
    Cause(
        id="site-unreachable",
        stage=Stage.BEFORE,
        title=_("The phone cannot reach the site"),
        explanation=_(
            "The host name does not resolve in the phone's network, a VPN or app tunnel is missing, or the server is "
            "down."
        ),
        symptoms=(_("The app reports that it cannot connect, or it keeps loading."),),
        confirm=_(
            "Open the site in Safari on the same phone and network. If that fails too, OAuth 2.0 is not the cause."
        ),
        remedy=_("Connect the phone to the network that reaches the site, such as the VPN or app tunnel of your MDM."),
        source=MDM_PAGE,
        certainty=Certainty.SEEN,
        indicators=(
            says("host_not_found", "cannot_connect", "timed_out", "connection_lost", "offline", weight=5,
                 description=_("The connection failed")),
            text_matches(
                r"ENOTFOUND|NXDOMAIN|getaddrinfo|SERVFAIL|UnknownHost|ConnectException|SocketTimeout"
                r"|ERR_NAME_NOT_RESOLVED"
                r"|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ERR_(?:CONNECTION|ADDRESS|INTERNET"
                r"|TIMED_OUT|NETWORK)"
                r"|curl: \((?:5|6|7|28|52)\)|(?<![\w.])-10(?:01|03|04|05|06|09|18|20)\b|i/o timeout",
                5, _("The connection failed"),
            ),
        ),
        contradictions=(
            works("phone_browser", RULES_OUT, _("The browser of the phone opens the site")),
            text_matches_all(
                (r"User-?Agent|AtlassianMobileApp", r"\b(?:reset|block|drop|reject|blockier|bloqu)"),
                3,
                _("Requests are blocked by User-Agent"),
            ),
            text_matches(r"\bupstream\b", 3, _("The proxy reports the server behind it")),
            _ANSWERED,
            text_matches(r"PROBE_ALLOWED_NETWORKS|blocked_address", RULES_OUT, _("Gatepass did not send the request")),
            says("client_certificate", "blocked", "maintenance", weight=3, description=_("The server gives a "
                                                                                         "different reason")),
        ),
        rules=("MANIFEST-REACHABLE",),
        linked_rules=("SITE-ACCESS",),
    ),
)  # fmt: skip
