"""The phone of each sign-in: its User-Agent, IP address and name, of which only the latest values are stored.

The refresh token has the times (``created``, ``updated``), so a refresh writes this row only if User-Agent or address
have changed. Ending the sign-in deletes the row.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from django.db import transaction
from oauth2_provider.models import get_refresh_token_model

from oauth_provider.models import Device


@dataclass(frozen=True)
class Origin:
    """``address`` is an IP address or None; ``user_agent`` is the header in one printable line."""

    user_agent: str = ""
    address: str | None = None


UNKNOWN_ORIGIN = Origin()


def origin_of(meta: Mapping[str, Any]) -> Origin:
    """Return the truncated User-Agent and the address of a request. The User-Agent is for display: it can be forged."""
    user_agent = meta.get("HTTP_USER_AGENT", "")
    return Origin(one_line(user_agent, Device.USER_AGENT_LENGTH), _address(meta.get("REMOTE_ADDR", "")))


def one_line(text: str, length: int) -> str:
    """Return at most ``length`` printable characters: no control, invisible or bidirectional formatting characters."""
    text = text[: length * 4]
    printable = text if text.isprintable() else "".join(char if char.isprintable() else " " for char in text)
    return " ".join(printable.split())[:length].rstrip()


def record_device(refresh_token: Any, origin: Origin) -> None:
    """Store the phone of a new sign-in, in the transaction that writes the token. One statement."""
    Device.objects.create(refresh_token=refresh_token, user_agent=origin.user_agent, address=origin.address)


def name_device(user: Any, pk: int, name: str) -> bool:
    """Rename the phone of a sign-in of this person; return False if it is not theirs or has ended."""
    with transaction.atomic():
        own = get_refresh_token_model().objects.filter(user=user, pk=pk, revoked=None)
        if own.select_for_update(no_key=True).first() is None:  # the lock orders this and the end of the sign-in
            return False
        Device.objects.update_or_create(refresh_token_id=pk, defaults={"name": one_line(name, Device.NAME_LENGTH)})
    return True


@functools.lru_cache(maxsize=1024)
def _address(text: str) -> str | None:
    try:
        return str(ip_address(text.partition("%")[0]))
    except ValueError:  # a Unix socket has no address
        return None
