"""Causes of certificate errors: untrusted, expired, or for another host."""

from __future__ import annotations

from rollout.compatibility.references import RFC_6749
from rollout.message_ids import gettext_noop as _

from .cause import Cause, Certainty, Stage
from .indicators import text_matches
from .references import TRUST_PAGE

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
            text_matches(
                r"unable to get (?:local )?issuer certificate|self[- ]signed certificate"
                r"|unable to verify the first certificate"
                r"|unknown (?:certificate )?authority|UnknownIssuer|ERR_CERT_AUTHORITY_INVALID"
                r"|PKIX path building failed"
                r"|certificate[^\n]{0,30}not trusted|SEC_ERROR_UNKNOWN_ISSUER|-1202\b|-9807\b"
                r"|errSSLXCertChainInvalid",
                5,
                _("The chain does not end at a trusted CA"),
            ),
            text_matches(r"certificate for this server is invalid", 3, _("An iOS message about a certificate")),
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
            text_matches(
                r"certificate (?:has |is )?expired|CERT_HAS_EXPIRED|ERR_CERT_DATE_INVALID"
                r"|SEC_ERROR_EXPIRED_CERTIFICATE"
                r"|not ?after[^\n]{0,40}(?:passed|exceeded)|-9814\b|-1201\b|certificate is not yet valid",
                5,
                _("The certificate's dates are wrong"),
            ),
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
            text_matches(
                r"no alternative certificate subject name matches|host ?name mismatch|ERR_CERT_COMMON_NAME_INVALID"
                r"|SSL_ERROR_BAD_CERT_DOMAIN|certificate is (?:not valid|only valid) for|doesn.?t match (?:host"
                r"|the target)"
                r"|No subject alternative (?:DNS )?names? (?:matching|present)|ERR_TLS_CERT_ALTNAME_INVALID",
                5,
                _("The certificate is for another host name"),
            ),
        ),
        rules=_RULES,
    ),
)
