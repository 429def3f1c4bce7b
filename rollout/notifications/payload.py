"""What a webhook delivers: a type, a time and data, as the Standard Webhooks specification lays them out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

NOTICES, TEST = "gatepass.notices", "gatepass.test"
MOST_NOTICES = 100  # in one delivery


@dataclass(frozen=True)
class ToldSite:
    id: int
    title: str
    base_url: str
    url: str  # its page on the dashboard


@dataclass(frozen=True)
class ToldNotice:
    """One notice as another system reads it. ``details`` depend on ``kind`` (docs/webhooks.md)."""

    id: int
    kind: str
    at: datetime
    details: dict[str, Any]
    site: ToldSite | None = None


def notices_body(notices: Sequence[ToldNotice], *, made_at: datetime) -> dict[str, Any]:
    """The body of one delivery, as JSON values."""
    return _body(NOTICES, made_at, {"notices": [_notice(notice) for notice in notices]})


def test_body(*, made_at: datetime, webhook: str) -> dict[str, Any]:
    """The body of a test message."""
    return _body(TEST, made_at, {"webhook": webhook, "notices": []})


def to_bytes(body: dict[str, Any]) -> bytes:
    """The body as it is sent and signed: the same bytes in every attempt, whatever order a database keeps keys in."""
    return json.dumps(body, sort_keys=True, ensure_ascii=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def portions(notices: Sequence[ToldNotice]) -> Iterable[Sequence[ToldNotice]]:
    """The notices in portions of at most ``MOST_NOTICES``, oldest first."""
    return (notices[at : at + MOST_NOTICES] for at in range(0, len(notices), MOST_NOTICES))


def _body(kind: str, made_at: datetime, data: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "timestamp": made_at.isoformat(), "data": data}


def _notice(notice: ToldNotice) -> dict[str, Any]:
    site = vars(notice.site) if notice.site else None
    return {"id": notice.id, "kind": notice.kind, "at": notice.at.isoformat(), "site": site, "details": notice.details}
