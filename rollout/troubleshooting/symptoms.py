"""Symptoms to choose from, in the order of a sign-in, each with its likely causes."""

from __future__ import annotations

from dataclasses import dataclass

from rollout.message_ids import gettext_noop as _

from .cause import Stage

STAGES = {
    Stage.BEFORE: _("Before sign-in"),
    Stage.SHEET: _("On the sign-in page"),
    Stage.BACK: _("Returning to the app"),
    Stage.LATER: _("After sign-in"),
}


@dataclass(frozen=True)
class Symptom:
    """A symptom that people report. ``label`` is an English message id; ``causes`` are cause ids, likeliest first."""

    id: str
    stage: Stage
    label: str
    causes: tuple[str, ...]


SYMPTOMS = (
    Symptom(
        "not-compatible",
        Stage.BEFORE,
        _("The app reports that the site is not compatible"),
        ("info-login-blocked", "mobile-plugin", "waf-user-agent", "server-too-old", "cloud-site", "other-product"),
    ),
    Symptom(
        "no-sites",
        Stage.BEFORE,
        _("The app cannot display the site list, or it is empty"),
        ("site-list-malformed", "vendor-variables"),
    ),
    Symptom(
        "asks-for-password",
        Stage.BEFORE,
        _("The app shows its own password form"),
        ("app-too-old", "oauth-switch-off", "android", "site-list-malformed"),
    ),
    Symptom(
        "no-connection",
        Stage.BEFORE,
        _("The app cannot connect to the site"),
        (
            "site-unreachable",
            "client-certificate",
            "private-ca",
            "certificate-expired",
            "certificate-host",
            "address-list",
        ),
    ),
    Symptom(
        "asks-for-certificate",
        Stage.BEFORE,
        _("Safari asks for a certificate, and the app does not connect"),
        ("client-certificate", "address-list"),
    ),
    Symptom(
        "block-page",
        Stage.BEFORE,
        _("The app receives HTTP 403 or 429, or a page that reports a block"),
        ("waf-user-agent", "address-list", "rate-limit", "cookie-defense", "client-certificate"),
    ),
    Symptom(
        "gatepass-cannot-check",
        Stage.BEFORE,
        _("The app connects, but Gatepass cannot check the site"),
        ("probe-blocked", "address-list", "cookie-defense", "rate-limit", "http2-only"),
    ),
    Symptom(
        "no-secure-connection",
        Stage.BEFORE,
        _("The app reports that it cannot make a secure connection"),
        ("private-ca", "tls-too-old", "certificate-expired", "certificate-host", "client-certificate", "plain-http"),
    ),
    Symptom(
        "blank-sheet",
        Stage.SHEET,
        _("The sign-in page is blank or shows an error"),
        ("adfs-user-agent", "waf-user-agent", "parameters-lost", "server-error"),
    ),
    Symptom(
        "endless-redirects",
        Stage.SHEET,
        _("The browser reports too many redirects"),
        ("tls-at-proxy", "base-url-differs", "cookie-defense"),
    ),
    Symptom(
        "signs-in-twice",
        Stage.SHEET,
        _("After sign-in, the login page or the start page appears again"),
        ("base-url-differs", "parameters-lost", "tls-at-proxy", "moved-host"),
    ),
    Symptom(
        "error-after-allow",
        Stage.SHEET,
        _("An error page appears instead of the consent page, or after Allow"),
        ("redirect-mismatch", "client-unknown", "parameters-lost", "tls-at-proxy", "server-too-old"),
    ),
    Symptom(
        "stays-in-sheet",
        Stage.SHEET,
        _("After Allow, the sign-in page stays open"),
        ("redirect-mismatch", "client-unknown", "app-does-not-open"),
    ),
    Symptom(
        "fails-after-sign-in",
        Stage.BACK,
        _("The app opens again but is not signed in"),
        ("client-secret-wanted", "token-endpoint-blocked", "code-expired", "client-unknown"),
    ),
    Symptom(
        "says-no",
        Stage.BACK,
        _("The app reports that access was denied"),
        ("access-denied", "scope-too-narrow", "client-secret-wanted"),
    ),
    Symptom(
        "says-error",
        Stage.BACK,
        _("The app reports a server error"),
        ("server-error", "token-endpoint-blocked", "tls-at-proxy", "maintenance", "rate-limit"),
    ),
    Symptom(
        "empty-after-sign-in",
        Stage.LATER,
        _("After sign-in, the app stays empty"),
        ("api-blocked", "base-url-differs", "rate-limit"),
    ),
    Symptom(
        "signed-out-alone",
        Stage.LATER,
        _("One person has to sign in again"),
        ("refresh-unused", "access-denied"),
    ),
    Symptom(
        "signed-out-all",
        Stage.LATER,
        _("Everyone has to sign in again"),
        ("tokens-revoked", "client-unknown", "server-error"),
    ),
    Symptom(
        "cannot-edit",
        Stage.LATER,
        _("Reading works, but editing does not"),
        ("person-may-not", "scope-too-narrow"),
    ),
    Symptom(
        "some-phones",
        Stage.LATER,
        _("It works on some phones only"),
        ("app-too-old", "android", "vendor-variables", "private-ca", "adfs-user-agent", "client-certificate"),
    ),
)
SYMPTOMS_BY_ID = {symptom.id: symptom for symptom in SYMPTOMS}
