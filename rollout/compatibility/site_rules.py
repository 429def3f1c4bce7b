"""Rules about the site itself: its address, its certificate, and what it says it is."""

from __future__ import annotations

from datetime import datetime, timedelta

from rollout.base_url import BaseUrl, BaseUrlError, parse_base_url
from rollout.messages import gettext_noop as _

from .evidence import host_of, product_name, said, shown, taken_to
from .matrix import Matrix
from .observation import Answer, Manifest, Observation
from .verdict import Finding, Outcome

EXPIRES_SOON = timedelta(days=21)

_CONTEXT_PATH = _(
    "Open the base URL in a browser and compare: the context path, such as /wiki, may be missing, or the address wrong."
)
_LET_MANIFEST_THROUGH = _(
    "Let rest/applinks/1.0/manifest through the reverse proxy without sign-in, as other Atlassian products need it too."
)
_CHECK_NETWORK = _("Check the address, DNS and firewall between Gatepass and the site, then check again.")
_SITE_LOG = _("Look at the logs of the site and of the reverse proxy for this request, then check again.")
_NO_REQUIREMENTS = _("Gatepass knows no requirements for %(product)s.")
_CHOOSE_PRODUCT = _("Choose the right product for this site, or correct its base URL.")
_OTHER_BASE_URL = _("The site calls itself %(found)s, but %(configured)s is entered here.")
_CORRECT_BASE_URL = _(
    "In %(product)s, correct the base URL under Settings → General Configuration; "
    "if the site is right, change the base URL here."
)
_CORRECT_BASE_URL_OTHER = _(
    "Correct the base URL in the general configuration of %(product)s; if the site is right, change the base URL here."
)

_TLS = {
    "valid": (
        Outcome.PASS,
        _("The certificate is valid for this host and comes from an authority that Gatepass trusts."),
        "",
    ),
    "untrusted": (
        Outcome.ACTION_NEEDED,
        _("The certificate comes from an authority that Gatepass does not trust: %(detail)s."),
        _(
            "Have the server send its whole certificate chain. With a private authority, install its root certificate "
            "on the phones by an MDM profile, and on the machine that Gatepass runs on."
        ),
    ),
    "expired": (Outcome.ACTION_NEEDED, _("The certificate has expired."), _("Renew the certificate.")),
    "wrong_host": (
        Outcome.ACTION_NEEDED,
        _("The certificate is not valid for %(host)s."),
        _("Install a certificate that names %(host)s, or correct the base URL."),
    ),
    "error": (
        Outcome.UNKNOWN,
        _("The TLS handshake failed: %(detail)s."),
        _("Check that the server offers TLS 1.2 or 1.3 and does not ask for a client certificate, then check again."),
    ),
}
_TLS_UNREACHABLE = (
    Outcome.UNKNOWN,
    _("The certificate could not be read, because the site could not be reached."),
    _("Make the site reachable from Gatepass, then check again."),
)


def https(observation: Observation, matrix: Matrix) -> Finding | None:
    """https passes; http on loopback is a trial; any other address is one that OAuth refuses."""
    if observation.base_url.lower().startswith("https://"):
        return Finding("HTTPS", Outcome.PASS, _("The base URL uses https."), "", {})
    if _parsed(observation.base_url) is not None:
        message = _("The base URL uses http on this machine. That is fine for a trial and for nothing else.")
        return Finding("HTTPS", Outcome.WARNING, message, _("Use https as soon as a phone is to sign in."), {})
    return Finding(
        "HTTPS",
        Outcome.ACTION_NEEDED,
        _("The base URL does not use https. OAuth 2.0 is refused on any other address."),
        _(
            "Turn on TLS for the site, set its own base URL to https, and enter the https address here. "
            "Where TLS ends at a reverse proxy, mark the connector behind it as secure."
        ),
        {},
    )


def tls_valid(observation: Observation, matrix: Matrix) -> Finding | None:
    """The certificate is one that a phone accepts; nothing to say of an http site."""
    tls = observation.tls
    if tls.kind == "plain":
        return None
    if tls.kind == "valid" and _expires_soon(tls.expires_at, observation.observed_at):
        values = {"date": tls.expires_at.date().isoformat() if tls.expires_at else ""}
        message = _("The certificate is valid but expires on %(date)s.")
        return Finding("TLS-VALID", Outcome.WARNING, message, _("Renew the certificate before that day."), values)
    outcome, message, remedy = _TLS.get(tls.kind, _TLS_UNREACHABLE)
    values = {"detail": shown(tls.detail or tls.kind), "host": host_of(observation.base_url)}
    return Finding("TLS-VALID", outcome, message, remedy, values)


def manifest_reachable(observation: Observation, matrix: Matrix) -> Finding | None:
    """The manifest was read. When it was not, nothing is known of the site: never a verdict against it."""
    answer = observation.manifest.answer
    if _was_read(observation.manifest):
        return Finding("MANIFEST-REACHABLE", Outcome.PASS, _("The site describes itself to anyone."), "", {}, answer)
    values = {"host": taken_to(answer), "said": said(answer)}
    return Finding("MANIFEST-REACHABLE", Outcome.UNKNOWN, *_why_unread(answer), values, answer)


def product(observation: Observation, matrix: Matrix) -> Finding | None:
    """The site is the product it was entered as, and one that the matrix knows."""
    found, answer = observation.manifest.product, observation.manifest.answer
    values = {"product": product_name(observation.product), "found": product_name(found)}
    if not matrix.lines(observation.product):
        return Finding("PRODUCT", Outcome.UNKNOWN, _NO_REQUIREMENTS, _CHOOSE_PRODUCT, values)
    if not _was_read(observation.manifest):
        return None
    if not found:
        message = _("The manifest does not say which product this is.")
        return Finding("PRODUCT", Outcome.UNKNOWN, message, _CONTEXT_PATH, values, answer)
    if str(found).lower() == observation.product:
        return Finding("PRODUCT", Outcome.PASS, _("The site is %(product)s."), "", values, answer)
    message = _("The site is entered as %(product)s but says that it is %(found)s.")
    return Finding("PRODUCT", Outcome.ACTION_NEEDED, message, _CHOOSE_PRODUCT, values, answer)


def base_url_match(observation: Observation, matrix: Matrix) -> Finding | None:
    """The site calls itself what it is called here. Otherwise consent happens on another host and cookies get lost."""
    canonical, answer = observation.manifest.canonical_url, observation.manifest.answer
    values = {"product": product_name(observation.product), "configured": shown(observation.base_url, 500)}
    if not _was_read(observation.manifest):
        return None
    if not canonical:
        message = _("The manifest does not say which base URL the site has.")
        return Finding("BASE-URL-MATCH", Outcome.UNKNOWN, message, _CONTEXT_PATH, values, answer)
    if _is_same(canonical, observation.base_url):
        return Finding("BASE-URL-MATCH", Outcome.PASS, _("The site's own base URL is the same."), "", values, answer)
    own = _parsed(canonical, http=True)  # never quoted as it came: it may hold a password
    message = _OTHER_BASE_URL if own else _("The site's own base URL is not an address that a phone can use.")
    values["found"] = str(own or "")
    remedy = _CORRECT_BASE_URL if observation.product == "confluence" else _CORRECT_BASE_URL_OTHER
    return Finding("BASE-URL-MATCH", Outcome.ACTION_NEEDED, message, remedy, values, answer)


def _why_unread(answer: Answer) -> tuple[str, str]:
    """Why the manifest could not be read, and what to do about it."""
    if answer.status is None:
        return _("The site could not be reached: %(said)s."), _CHECK_NETWORK
    if taken_to(answer):
        message = _("The site sent the question for its manifest to %(host)s, so its version is not known.")
        return message, _LET_MANIFEST_THROUGH
    if answer.status in (401, 403) or answer.location:
        return _("The site wants a sign-in before it shows its manifest (%(said)s)."), _LET_MANIFEST_THROUGH
    if answer.status >= 500:
        return _("The site failed when it was asked for its manifest (%(said)s)."), _SITE_LOG
    return _("No manifest was found at this base URL (%(said)s)."), _CONTEXT_PATH


def _was_read(manifest: Manifest) -> bool:
    return bool(manifest.product or manifest.version or manifest.canonical_url)


def _is_same(canonical: str, configured: str) -> bool:
    if canonical == configured:
        return True
    own = _parsed(canonical, http=True)
    return own is not None and own == _parsed(configured, http=True)


def _parsed(text: object, *, http: bool = False) -> BaseUrl | None:
    """The base URL, loopback allowed; with ``http``, plain http on any host too, to be compared. None if refused."""
    try:
        return parse_base_url(str(text), allow_loopback_http=True)
    except BaseUrlError as refusal:
        if not (http and refusal.code == "http"):
            return None
    secure = _parsed("https" + str(text)[4:])
    return secure and BaseUrl("http", secure.host, secure.port, secure.path)


def _expires_soon(expires_at: datetime | None, now: datetime) -> bool:
    if expires_at is None or (expires_at.tzinfo is None) != (now.tzinfo is None):
        return False
    return expires_at - now < EXPIRES_SOON
