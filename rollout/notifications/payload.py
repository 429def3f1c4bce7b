"""Bodies of webhook deliveries (type, timestamp, data), as the Standard Webhooks specification defines them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

NOTICES, TEST = "gatepass.notices", "gatepass.test"
MAX_NOTICES = 100  # per delivery


@dataclass(frozen=True)
class SitePayload:
    """A site in a delivery."""

    id: int
    title: str
    base_url: str
    url: str  # of its page in Gatepass


@dataclass(frozen=True)
class NoticePayload:
    """A notice in a delivery. ``details`` depend on ``kind`` (docs/webhooks.md)."""

    id: int
    kind: str
    at: datetime
    details: dict[str, Any]
    site: SitePayload | None = None


def notices_body(notices: Sequence[NoticePayload], *, created_at: datetime) -> dict[str, Any]:
    """Return the body of one delivery as JSON values."""
    return _body(NOTICES, created_at, {"notices": [_notice(notice) for notice in notices]})


def test_body(*, created_at: datetime, webhook: str) -> dict[str, Any]:
    """Return the body of a test message."""
    return _body(TEST, created_at, {"webhook": webhook, "notices": []})


def to_bytes(body: dict[str, Any]) -> bytes:
    """Serialize the body for sending and signing. Sorted keys make the bytes the same in every attempt."""
    return json.dumps(body, sort_keys=True, ensure_ascii=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def batches(notices: Sequence[NoticePayload]) -> Iterable[Sequence[NoticePayload]]:
    """Split the notices into batches of at most ``MAX_NOTICES``, oldest first."""
    return (notices[at : at + MAX_NOTICES] for at in range(0, len(notices), MAX_NOTICES))


def _body(kind: str, created_at: datetime, data: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "timestamp": created_at.isoformat(), "data": data}


def _notice(notice: NoticePayload) -> dict[str, Any]:
    site = vars(notice.site) if notice.site else None
    return {"id": notice.id, "kind": notice.kind, "at": notice.at.isoformat(), "site": site, "details": notice.details}
