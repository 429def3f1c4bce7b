"""What an app says of the phone it runs on, and from where it came: kept once for each sign-in, with its latest values.

The times are the refresh token's own (``created``, ``updated``), so a refresh writes here only when the app was updated
or the phone came from another address. Whatever ends the sign-in deletes the row.
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
    """``address`` is an IP address or None; ``user_agent`` is what the app claims, one printable line."""

    user_agent: str = ""
    address: str | None = None


UNKNOWN_ORIGIN = Origin()


def origin_of(meta: Mapping[str, Any]) -> Origin:
    """Where a request comes from, by its WSGI environment, bounded; nobody vouches for the User-Agent."""
    claimed = meta.get("HTTP_USER_AGENT", "")
    return Origin(one_line(claimed, Device.USER_AGENT_LENGTH), _address(meta.get("REMOTE_ADDR", "")))


def one_line(text: str, length: int) -> str:
    """The text in at most ``length`` printable characters: no control, no invisible and no turned-around ones."""
    text = text[: length * 4]
    printable = text if text.isprintable() else "".join(char if char.isprintable() else " " for char in text)
    return " ".join(printable.split())[:length].rstrip()


def record_device(refresh_token: Any, origin: Origin) -> None:
    """Keep the phone of a new sign-in. Runs in the transaction that writes the token; one statement."""
    Device.objects.create(refresh_token=refresh_token, user_agent=origin.user_agent, address=origin.address)


def name_device(user: Any, pk: int, name: str) -> bool:
    """Name the phone of one sign-in of this person; False when it is not theirs or over."""
    with transaction.atomic():
        mine = get_refresh_token_model().objects.filter(user=user, pk=pk, revoked=None)
        if mine.select_for_update(no_key=True).first() is None:  # whoever ends it deletes the row behind this lock
            return False
        Device.objects.update_or_create(refresh_token_id=pk, defaults={"name": one_line(name, Device.NAME_LENGTH)})
    return True


@functools.lru_cache(maxsize=1024)
def _address(text: str) -> str | None:
    try:
        return str(ip_address(text.partition("%")[0]))
    except ValueError:  # a socket of this machine has none
        return None
