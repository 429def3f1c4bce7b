"""The context path that a redirect of ``/`` leads to."""

from __future__ import annotations

from rollout.base_url import BaseUrl

from .pasted_address import PastedUrlError, read_pasted_url

MAX_NAMES = 2  # of a context path
# First names of the paths of sign-in services on the site's own host.
_SIGN_IN_SERVICES = frozenset(
    {
        "_login", "adfs", "auth", "authenticate", "cas", "cgi-bin", "idp", "login", "logon", "my.policy", "oauth",
        "oauth2", "oidc", "openid", "saml", "saml2", "shibboleth.sso", "signin", "siteminderagent", "sso", "vdesk",
    }
)  # fmt: skip


def redirected_base_url(base_url: str, location: str | None) -> str | None:
    """Return the base URL below ``base_url`` that a redirect of ``base_url/`` leads to; None if it leads to none.

    ``location`` is the absolute URL of the redirect. ``https://wiki.example.com/wiki`` for a redirect of
    ``https://wiki.example.com/`` to ``…/wiki/login.action``. A redirect to plain http on the same host counts, because
    proxies produce it that change nothing else. Never raises.
    """
    start, target = _read(base_url), _read(location or "")
    if start is None or target is None:
        return None
    if (target.host, target.port) != (start.host, start.port) or not target.path.startswith(f"{start.path}/"):
        return None
    names = target.path[len(start.path) + 1 :].split("/")
    if len(names) > MAX_NAMES or names[0].lower() in _SIGN_IN_SERVICES:
        return None
    return f"{start.origin}{target.path}"


def _read(text: str) -> BaseUrl | None:
    try:
        return read_pasted_url(text, allow_loopback_http=True).base_url
    except PastedUrlError as error:
        if error.code != "http" or not error.suggestion:
            return None
    secure = "https" + text.strip()[4:]
    try:
        return read_pasted_url(secure, allow_loopback_http=True).base_url
    except PastedUrlError:
        return None
