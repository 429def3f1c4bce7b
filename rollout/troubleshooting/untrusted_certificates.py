"""Causes of certificate errors: untrusted, expired, or for another host."""

from __future__ import annotations

from rollout.compatibility.references import RFC_6749
from rollout.message_ids import gettext_noop as _

from .cause import Cause, Certainty, Stage
from .indicators import says, text_matches, text_matches_all
from .references import TRUST_PAGE
from .refused_requests import SERVER_LOG
from .success_claims import works

_RULES = ("TLS-VALID",)

CAUSES = (
    Cause(
        id="private-ca",
        stage=Stage.BEFORE,
        title=_("The phone does not trust the issuer of the certificate"),
        explanation=_(
            "The certificate is self-signed or from your own certificate authority (CA), or the server does "
            "not send the intermediate certificate. Desktop browsers may trust the CA or download the "
            "certificate; phones do not."
        ),
        symptoms=(_("The app reports that it cannot make a secure connection."),),
        confirm=_(
            "Run openssl s_client -connect HOST:443 -showcerts. Check that the chain ends at a CA that phones trust."
        ),
        remedy=_(
            "Configure the server to send the full chain. For your own CA, install its root certificate on the phones "
            "with an MDM profile, and add it to the site in Gatepass."
        ),
        source=TRUST_PAGE,
        certainty=Certainty.DOCUMENTED,
        indicators=(
            says("issuer_unknown", weight=5, description=_("The chain does not end at a trusted CA")),
            text_matches(
                r"UnknownIssuer|UNKNOWN_ISSUER|ERR_CERT_AUTHORITY_INVALID|UNTRUSTED_ROOT|PKIX (?:path building"
                r"|PATH_BUILDING)|valid certification path"
                r"|Trust anchor for certification path|CERTIFICATE_VERIFY_FAILED(?![^\n]{0,80}(?:expired|mismatch))"
                r"|UNABLE_TO_(?:VERIFY|GET_ISSUER)|SELF_SIGNED"
                r"|(?<![\w.])-(?:120[23]|980[78]|981[23])\b|errSSL(?:XCertChainInvalid|UnknownRootCert|NoRootCert"
                r"|BadCert)"
                r"|verify (?:error:num=|return code: )(?:18|19|2[01])\b",
                5,
                _("The chain does not end at a trusted CA"),
            ),
            text_matches_all(
                (
                    r"alert (?:bad certificate|unknown ca|certificate unknown)|alert(?: number)? ?4[268]\b"
                    r"|unknown certificate"
                    r"|bad_certificate|certificate_unknown|unknown_ca",
                    SERVER_LOG,
                ),
                5,
                _("The phone rejected the server's certificate"),
            ),
            text_matches(
                r"issuer[^\n]{0,60}(?:Zscaler|Netskope|Fortinet|FortiGate|Palo Alto|Blue ?Coat|Sophos|Cisco Umbrella"
                r"|Check ?Point)"
                r"|(?:SSL|TLS|HTTPS)[- ](?:inspection|interception|Inspektion)|break and inspect|(?:inspects?"
                r"|intercepts?|decrypts?) (?:TLS|SSL|HTTPS)",
                4,
                _("A product that inspects TLS replaced the certificate"),
            ),
            says(
                "certificate_not_trusted", weight=4, description=_("A message about a certificate that is not trusted")
            ),
        ),
        contradictions=(
            works(
                "phone_browser",
                2,
                _("The browser of the phone opens the site"),
                unless=r"warning|accept|continue|ignore|details|trotzdem|Warnung|avertissement|advertencia|警告",
            ),
            says("client_certificate", weight=3, description=_("The message is about a client certificate")),
            says(
                "certificate_expired",
                "certificate_host",
                weight=2,
                description=_("The message is about the dates or the name"),
            ),
        ),
        rules=("TLS-VALID", "TLS-PRIVATE-CA"),
    ),
    Cause(
        id="certificate-expired",
        stage=Stage.BEFORE,
        title=_("The certificate is expired or not valid yet"),
        explanation=_("The dates of the site's certificate do not include today, or the clock of the phone is wrong."),
        symptoms=(_("The app reports that it cannot make a secure connection."),),
        confirm=_("Check the dates of the certificate in a browser, and the date and time on the phone."),
        remedy=_("Renew the certificate on every server that terminates TLS for this host, such as the reverse proxy."),
        source=RFC_6749 + "10.9",
        certainty=Certainty.DOCUMENTED,
        indicators=(
            says("certificate_expired", weight=5, description=_("The certificate's dates are wrong")),
            text_matches(
                r"CERT_HAS_EXPIRED|ERR_CERT_DATE_INVALID|EXPIRED_CERTIFICATE|EXPIRED_ISSUER_CERTIFICATE"
                r"|CertificateExpired|CertificateNotYetValid"
                r"|not ?after[^\n]{0,40}(?:passed|exceeded)|(?<![\w.])-(?:981[45]|120[14])\b|verify (?:error:num="
                r"|return code: )(?:9|10)\b"
                r"|errSSLCert(?:Expired|NotYetValid)",
                5,
                _("The certificate's dates are wrong"),
            ),
        ),
        contradictions=(
            says("client_certificate", weight=3, description=_("The message is about a client certificate")),
        ),
        rules=_RULES,
    ),
    Cause(
        id="certificate-host",
        stage=Stage.BEFORE,
        title=_("The certificate is for another host name"),
        explanation=_("The host name of the base URL is not in the certificate."),
        symptoms=(_("The app reports that it cannot make a secure connection."),),
        confirm=_("Compare the host of the base URL with the subject alternative names of the certificate."),
        remedy=_(
            "Get a certificate that includes this host name, or change the base URL to a host name in the certificate."
        ),
        source=RFC_6749 + "10.9",
        certainty=Certainty.DOCUMENTED,
        indicators=(
            says("certificate_host", weight=5, description=_("The certificate is for another host name")),
            text_matches(
                r"ERR_CERT_COMMON_NAME_INVALID|BAD_CERT_DOMAIN|ERR_TLS_CERT_ALTNAME_INVALID|SSLPeerUnverified"
                r"|Hostname/IP does not match"
                r"|No subject alternative (?:DNS )?names?|(?<![\w.])-9843\b|errSSLHostNameMismatch"
                r"|verify (?:error:num=|return code: )62\b|IP address mismatch",
                5,
                _("The certificate is for another host name"),
            ),
        ),
        rules=_RULES,
    ),
)
