"""Compares base URLs as sites write them: any spelling, plain http included."""

from __future__ import annotations

from rollout.base_url import BaseUrl, BaseUrlError, parse_base_url


def is_same(canonical: str, configured: str) -> bool:
    """Whether both name one site once they are normalised; what cannot be read is only the same as itself."""
    if canonical == configured:
        return True
    own = parsed(canonical, http=True)
    return own is not None and own == parsed(configured, http=True)


def parsed(text: object, *, http: bool = False) -> BaseUrl | None:
    """The base URL, loopback allowed; with ``http``, plain http on any host too, to be compared. None if refused."""
    try:
        return parse_base_url(str(text), allow_loopback_http=True)
    except BaseUrlError as refusal:
        if not (http and refusal.code == "http"):
            return None
    secure = parsed("https" + str(text)[4:])
    return secure and BaseUrl("http", secure.host, secure.port, secure.path)
