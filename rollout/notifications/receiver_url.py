"""Validates the URL of a webhook receiver."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from rollout.message_ids import gettext_noop as _

MAX_LENGTH = 500


def url_error(url: str, *, allow_loopback: bool) -> str | None:
    """Return the message id of what is wrong with this URL, or None. Its IP address is checked when a message is sent.

    ``allow_loopback`` permits plain http to a receiver on this machine, for trials.
    """
    if len(url) > MAX_LENGTH or any(not " " < character < "\x7f" for character in url):
        return _("The URL may contain only ASCII characters without spaces, and at most 500 of them.")
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return _("Enter a full URL, for example https://chat.example.com/hooks/gatepass.")
    if parts.scheme not in {"http", "https"} or not host:
        return _("Enter a full URL, for example https://chat.example.com/hooks/gatepass.")
    if parts.username is not None or parts.password is not None:
        return _("Remove the user name and password from the URL. The receiver verifies the signature instead.")
    if parts.fragment:
        return _("Remove the # and the text after it. It is not sent to the server.")
    if parts.scheme == "http" and not (allow_loopback and _is_this_machine(host)):
        return _("Use an https:// URL. Messages over plain HTTP can be read and changed in transit.")
    return None


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
