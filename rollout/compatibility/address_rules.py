"""Rules about the connection to the site: https, its certificate, plain http and redirects."""

from __future__ import annotations

from datetime import datetime, timedelta

from rollout.message_ids import gettext_noop as _

from .base_urls import parsed
from .evidence import host_of, printable, redirected_host
from .matrix import Matrix
from .observation import Answer, Observation, Tls
from .verdict import Finding, Outcome

EXPIRES_SOON = timedelta(days=30)

USE_HTTPS = _(
    "Turn on TLS, change the site's own base URL to https://, and enter that address in Gatepass. If TLS "
    'ends at a reverse proxy, set scheme="https" and secure="true" on the Tomcat connector behind it.'
)
_NO_HTTPS = _("The base URL does not use HTTPS, which OAuth 2.0 requires.")
_TRIAL = _("The base URL uses HTTP on this computer, which is suitable for a trial only.")
_HTTPS = Finding("HTTPS", Outcome.PASS, _("The base URL uses HTTPS."), "", {})

RENEW = _("Renew the certificate.")
_TLS = {
    "valid": (
        Outcome.PASS,
        _("The certificate is valid for this host and its CA is trusted by Gatepass."),
        "",
    ),
    "untrusted": (
        Outcome.ACTION_NEEDED,
        _("The certificate comes from a CA that Gatepass does not trust: %(detail)s."),
        _(
            "Configure the server to send the full certificate chain. For a private CA, install its root "
            "certificate on the phones with an MDM profile and add it to this site in Gatepass."
        ),
    ),
    "expired": (Outcome.ACTION_NEEDED, _("The certificate has expired."), RENEW),
    "wrong_host": (
        Outcome.ACTION_NEEDED,
        _("The certificate is not valid for %(host)s."),
        _("Install a certificate that includes %(host)s, or correct the base URL."),
    ),
    "error": (
        Outcome.UNKNOWN,
        _("The TLS handshake failed: %(detail)s."),
        _("Check the TLS settings of the site for this alert, then check again."),
    ),
    "old_protocol": (
        Outcome.ACTION_NEEDED,
        _("The server supports only versions of TLS that iPhones reject: %(detail)s."),
        _("Turn on TLS 1.2 or 1.3 at the server or reverse proxy."),
    ),
}
# Kinds that other rules explain.
_EXPLAINED_ELSEWHERE = frozenset({"plain", "client_certificate", "http2_only"})
MAKE_REACHABLE = _("Make the site reachable from Gatepass. Then check again.")
_TLS_UNREACHABLE = (
    Outcome.UNKNOWN,
    _("The certificate could not be checked because the site is unreachable."),
    MAKE_REACHABLE,
)
TRUST_ON_PHONES = _("Install the CA's root certificate on the phones with an MDM profile before the rollout.")
_PRIVATE = _(
    "The certificate comes from a private CA. Gatepass trusts it for this site; phones do not trust it by default."
)
_PUBLIC = Finding(
    "TLS-PRIVATE-CA",
    Outcome.PASS,
    _("The certificate comes from a CA in the trust store of the Gatepass server."),
    "",
    {},
)

STOP_LOOP = _(
    "Find two redirects that reverse each other, often from HTTP to HTTPS at the reverse proxy and back "
    'at the site. If TLS ends at the proxy, set scheme="https" and secure="true" on the Tomcat connector '
    "behind it."
)
_REDIRECT_TO_HTTPS = _("Redirect HTTP to HTTPS on the same host, or close the HTTP port.")
_PLAIN_HTTP = {
    "redirects": (Outcome.PASS, _("Plain HTTP redirects to HTTPS on the same host."), ""),
    "closed": (Outcome.PASS, _("The HTTP port is closed."), ""),
    "elsewhere": (Outcome.WARNING, _("Plain HTTP redirects to another host, %(host)s."), _REDIRECT_TO_HTTPS),
    "serves": (
        Outcome.WARNING,
        _("The site also responds over plain HTTP, where passwords and tokens can be intercepted."),
        _REDIRECT_TO_HTTPS,
    ),
    "loop": (Outcome.ACTION_NEEDED, _("The redirect from plain HTTP ends in a loop."), STOP_LOOP),
}
BACK_TO_HTTP = _("The site redirects an HTTPS request back to plain HTTP.")
_NO_LOOP = Finding("REDIRECTS", Outcome.PASS, _("No redirect ends in a loop or goes back to plain HTTP."), "", {})


def https(observation: Observation, matrix: Matrix) -> Finding | None:
    """Check that the base URL uses https. http on loopback is a trial, and a warning only."""
    if observation.base_url[:8].lower() == "https://":
        return _HTTPS
    if parsed(observation.base_url) is not None:
        return Finding("HTTPS", Outcome.WARNING, _TRIAL, _("Use HTTPS before phones sign in."), {})
    return Finding("HTTPS", Outcome.ACTION_NEEDED, _NO_HTTPS, USE_HTTPS, {})


def tls_valid(observation: Observation, matrix: Matrix) -> Finding | None:
    """Check that phones would accept the certificate; None for an http site.

    The value ``detail`` is ``unreachable`` if there was no certificate to read: ``next_steps`` reads it.
    """
    tls = observation.tls
    if tls.kind in _EXPLAINED_ELSEWHERE:
        return None
    if tls.kind == "valid" and (soon := _soonest(tls, observation.observed_at)):
        name, day = soon
        message = _("The certificate is valid but expires on %(date)s.")
        if name:
            message = _("A certificate in the chain, %(name)s, expires on %(date)s.")
        values = {"date": day.date().isoformat(), "name": name}
        return Finding("TLS-VALID", Outcome.WARNING, message, _("Renew the certificate before this date."), values)
    outcome, message, remedy = _TLS.get(tls.kind, _TLS_UNREACHABLE)
    if outcome is Outcome.PASS:
        return Finding("TLS-VALID", outcome, message, remedy, {})
    values = {"detail": printable(tls.detail or tls.kind), "host": host_of(observation.base_url)}
    return Finding("TLS-VALID", outcome, message, remedy, values)


def private_authority(observation: Observation, matrix: Matrix) -> Finding | None:
    """Warn of a certificate that only the site's own CA bundle makes valid: phones need that bundle, too."""
    if observation.tls.kind != "valid":
        return None
    if observation.tls.trust == "site":
        return Finding("TLS-PRIVATE-CA", Outcome.WARNING, _PRIVATE, TRUST_ON_PHONES, {})
    return _PUBLIC


def plain_http(observation: Observation, matrix: Matrix) -> Finding | None:
    """Check that http redirects to https or is closed; None if it was not requested or failed otherwise."""
    plain = observation.plain_http
    if plain is None or plain.kind not in _PLAIN_HTTP:
        return None
    outcome, message, remedy = _PLAIN_HTTP[plain.kind]
    values = {"host": redirected_host(plain.answer)} if plain.kind == "elsewhere" else {}
    return Finding("PLAIN-HTTP", outcome, message, remedy, values, plain.answer)


def redirects(observation: Observation, matrix: Matrix) -> Finding | None:
    """Check that no redirect loops or leads from https back to http; None without a response for the manifest.

    A redirect of ``info/login`` alone does not concern the MDM setup, so INFO-LOGIN-OPEN reports it.
    """
    answer = observation.manifest.answer
    if answer.error == "too_many_redirects":
        message = _("The site redirects in a loop or too often.")
        return Finding("REDIRECTS", Outcome.ACTION_NEEDED, message, STOP_LOOP, {}, answer)
    if is_downgrade(answer):
        return Finding("REDIRECTS", Outcome.ACTION_NEEDED, BACK_TO_HTTP, STOP_LOOP, {}, answer)
    return None if answer.status is None else _NO_LOOP


def is_downgrade(answer: Answer) -> bool:
    """Whether a response redirects https to http on the same host."""
    location = answer.location or ""
    if location[:5].lower() != "http:" or answer.url[:6].lower() != "https:":
        return False
    return host_of(location) == host_of(answer.url)


def _soonest(tls: Tls, now: datetime) -> tuple[str, datetime] | None:
    """The first certificate of the chain that expires soon: its subject (empty for the site's own) and the time."""
    if _is_soon(tls.expires_at, now):
        return "", tls.expires_at  # type: ignore[return-value]
    for certificate in tls.chain[1:]:
        if _is_soon(certificate.expires_at, now):
            return printable(certificate.subject), certificate.expires_at  # type: ignore[return-value]
    return None


def _is_soon(expires_at: datetime | None, now: datetime) -> bool:
    if expires_at is None or (expires_at.tzinfo is None) != (now.tzinfo is None):
        return False
    return expires_at - now < EXPIRES_SOON
