"""The redirect policy for native apps, and what goes onto a redirect. Pure.

RFC 8252 section 8.4 and RFC 9700 section 2.1: exact string comparison, nothing normalised. A custom scheme without a
dot goes against RFC 8252 section 7.1; the apps fix theirs, so exactly their strings are allowed and consent is asked
every time (section 8.6).
"""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

# The Confluence app's, and its Jira sibling's.
ALLOWED_REDIRECT_URIS = ("confluence-server://oauth-callback", "jira-server://oauth-callback")
ALLOWED_SCHEMES = tuple(urlsplit(uri).scheme for uri in ALLOWED_REDIRECT_URIS)


def may_be_registered(uri: str) -> bool:
    """Whether a client may be made with this redirect URI at all."""
    return uri in ALLOWED_REDIRECT_URIS


def is_registered(uri: str, registered: str) -> bool:
    """Whether ``uri`` is, character by character, one of the ``registered`` URIs (separated by spaces)."""
    return may_be_registered(uri) and uri in registered.split()


def with_issuer(uri: str, issuer: str) -> str:
    """Return the redirect with exactly one ``iss`` parameter (RFC 9207 section 2)."""
    parts = urlsplit(uri)
    query = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != "iss"]
    return urlunsplit(parts._replace(query=urlencode([*query, ("iss", issuer)])))
