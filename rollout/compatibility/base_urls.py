"""Compares base URLs as sites report them, in any spelling and with plain http."""

from __future__ import annotations

from ipaddress import ip_address

from rollout.base_url import BaseUrl, BaseUrlError, parse_base_url


def is_same(canonical: str, configured: str) -> bool:
    """Whether both are the same URL once normalized; an invalid URL equals only itself."""
    if canonical == configured:
        return True
    own = parsed(canonical, http=True)
    return own is not None and own == parsed(configured, http=True)


def parsed(text: object, *, http: bool = False) -> BaseUrl | None:
    """Parse a base URL, loopback allowed and with ``http`` plain http on any host; None if it is invalid."""
    try:
        return parse_base_url(str(text), allow_loopback_http=True)
    except BaseUrlError as error:
        if not (http and error.code == "http"):
            return None
    secure = parsed("https" + str(text)[4:])
    return secure and BaseUrl("http", secure.host, secure.port, secure.path)


_INTERNAL_DOMAINS = (".local", ".internal", ".intranet", ".lan", ".corp", ".home", ".intra", ".localdomain", ".svc")


def is_internal(host: str) -> bool:
    """Whether a host is known in an internal network only: a name without a dot or a domain for such use, or a
    private address.
    """
    host = host.strip("[]").rstrip(".").lower()
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith(_INTERNAL_DOMAINS)
