"""Redirect URI policy for native apps, and the issuer parameter of redirects. Pure.

RFC 8252 section 8.4 and RFC 9700 section 2.1: exact string comparison, no normalization. RFC 8252 section 7.1
requires a dot in custom schemes; the apps' fixed schemes have none, so exactly their URIs are allowed, and consent is
required every time (section 8.6).
"""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

# Of the Confluence app and the Jira app.
ALLOWED_REDIRECT_URIS = ("confluence-server://oauth-callback", "jira-server://oauth-callback")
ALLOWED_SCHEMES = tuple(urlsplit(uri).scheme for uri in ALLOWED_REDIRECT_URIS)


def may_be_registered(uri: str) -> bool:
    """Return whether a client may be registered with this redirect URI."""
    return uri in ALLOWED_REDIRECT_URIS


def is_registered(uri: str, registered: str) -> bool:
    """Return whether ``uri`` equals one of the ``registered`` URIs (separated by spaces), without normalization."""
    return may_be_registered(uri) and uri in registered.split()


def with_issuer(uri: str, issuer: str) -> str:
    """Return the redirect with exactly one ``iss`` parameter (RFC 9207 section 2)."""
    parts = urlsplit(uri)
    query = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != "iss"]
    return urlunsplit(parts._replace(query=urlencode([*query, ("iss", issuer)])))
