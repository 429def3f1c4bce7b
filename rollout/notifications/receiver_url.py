"""Checks where a webhook may lead: https, a host, nothing that only looks like an address."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from rollout.message_ids import gettext_noop as _

MOST = 500


def fault(url: str, *, allow_loopback: bool) -> str | None:
    """What is wrong with this URL, as a message id; None when nothing is. Its address is judged when it is asked.

    Plain http is for a receiver on this machine, in a trial.
    """
    if len(url) > MOST or any(not " " < character < "\x7f" for character in url):
        return _("A URL has no spaces, no letters outside ASCII and at most 500 characters.")
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return _("This is no URL. It looks like https://chat.example.com/hooks/gatepass.")
    if parts.scheme not in {"http", "https"} or not host:
        return _("This is no URL. It looks like https://chat.example.com/hooks/gatepass.")
    if parts.username is not None or parts.password is not None:
        return _("Leave user name and password out of the URL: deliveries are signed instead.")
    if parts.fragment:
        return _("Leave out what follows the #: a server never sees it.")
    if parts.scheme == "http" and not (allow_loopback and _is_this_machine(host)):
        return _("Only https: a message on plain http can be read and changed on its way.")
    return None


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
