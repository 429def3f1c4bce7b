"""What findings quote of an observation: short, printable, never a query string."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlsplit

from rollout.message_ids import gettext_noop as _

from .observation import Answer

PRODUCT_NAMES = {"confluence": "Confluence", "jira": "Jira", "stash": "Bitbucket", "bamboo": "Bamboo", "crowd": "Crowd"}
# Why a request got no response, by the ids of rollout.http_client.failures.ERRORS.
REASONS = {
    # Translators: this and the next seventeen reasons end a sentence: "The site is unreachable: …".
    "dns": _("the host name does not resolve"),
    "refused": _("the connection was refused"),
    "reset": _("the connection was closed before a response"),
    "timeout": _("the response timed out"),
    "connect_timeout": _("no connection was possible in time"),
    "tls": _("the TLS connection failed"),
    "client_certificate": _("the host requires a client certificate"),
    "http2_only": _("the host speaks HTTP/2 only, which phones support but Gatepass does not"),
    "tls_version": _("the host supports neither TLS 1.2 nor TLS 1.3"),
    "blocked_address": _(
        "Gatepass is not allowed to connect to this address; "
        "if it is private, add its network to PROBE_ALLOWED_NETWORKS"
    ),
    "not_https": _("the address uses HTTP, and only HTTPS is allowed"),
    "too_large": _("the response is larger than Gatepass accepts"),
    "too_many_redirects": _("there is a redirect loop, or there are too many redirects"),
    "bad_answer": _("the response is not valid HTTP"),
    "encoding": _("the response is compressed in a way that Gatepass cannot read"),
    "bad_url": _("the URL is invalid"),
    "proxy": _("the outbound proxy did not connect"),
    "not_sent": _("the request was not sent, because an earlier one failed"),
}
NO_REASON = _("the reason is unknown")


def product_name(product: object) -> str:
    """``Confluence`` for ``confluence``; an unknown product is quoted as it is."""
    return PRODUCT_NAMES.get(str(product)) or printable(product)


def printable(value: object, limit: int = 80) -> str:
    """``value`` as one printable line of at most ``limit`` characters: a server may send anything."""
    if type(value) is str and len(value) <= limit and value.isprintable():
        return value
    text = str(value)[: limit + 1]
    if not text.isprintable():
        text = "".join(character if character.isprintable() else "\ufffd" for character in text)
    return text if len(text) <= limit else text[:limit] + "…"


def host_of(url: object) -> str:
    """The host of a URL, without port; empty if it has none, as in a relative redirect."""
    start, separator, rest = str(url or "").partition("://")
    return _host_of_origin(f"{start}://{rest.partition('/')[0]}") if separator else _host_of_origin(start)


@lru_cache(maxsize=1024)
def _host_of_origin(origin: str) -> str:
    try:
        return printable(urlsplit(origin).hostname or "")
    except ValueError:
        return ""


def without_query(url: str) -> str:
    """The URL without its query and fragment, which may contain the state of a sign-in."""
    return url.partition("?")[0].partition("#")[0]


def redirected_host(answer: Answer) -> str:
    """The other host that a request was redirected to; empty if it stayed on its host."""
    if not answer.location and (not answer.hops or answer.hops[-1] == answer.url):
        return ""
    requested = host_of(answer.url)
    for url in (answer.location, *reversed(answer.hops)):
        host = host_of(url)
        if host and host != requested:
            return host
    return ""


def result_of(answer: Answer) -> str:
    """The status of a response, or why there was none: ``HTTP 404``, ``the host name does not resolve``."""
    if answer.status is not None:
        return f"HTTP {answer.status}"
    return REASONS.get(answer.error or "", printable(answer.error or NO_REASON))
