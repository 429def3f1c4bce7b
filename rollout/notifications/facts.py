"""Finds facts in an observation that need a notice: an expiring certificate, an unexpected client ID."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from rollout.compatibility.observation import Observation

DAYS_BEFORE = (1, 7, 30)  # ascending; one notice for each step
MAX_LENGTH = 80


def certificate_notice(site_id: int, observation: Observation, now: datetime) -> tuple[str, dict[str, Any]] | None:
    """Return subject and details if the site's certificate expires within 30, 7 or 1 days, otherwise None.

    The subject contains the certificate and the step, so there are at most three notices for each certificate.
    """
    ends = observation.tls.expires_at
    if ends is None:
        return None
    left = (ends - now).total_seconds() / 86_400
    step = next((days for days in DAYS_BEFORE if left <= days), None)
    if step is None:
        return None
    chain = observation.tls.chain
    fingerprint = (chain[0].fingerprint if chain else "") or ends.isoformat()
    details = {
        "expires_at": ends.isoformat(),
        "within_days": step,
        "expired": left <= 0,
        "issuer": printable(observation.tls.issuer or ""),
    }
    return f"certificate:{site_id}:{short_digest(fingerprint)}:{step}", details


def client_id_notice(site_id: int, observation: Observation) -> tuple[str, dict[str, Any]] | None:
    """Return subject and details if the site returns a different client ID than Gatepass has stored, otherwise None."""
    returned, stored = observation.info_login.client_id, observation.links.non_mdm
    if not returned or not stored or returned == stored:
        return None
    details = {"handed_out": printable(returned), "held": printable(stored)}
    return f"client_id:{site_id}:{short_digest(returned)}", details


def short_digest(text: str) -> str:
    """Return a fixed-length key for a value of any length and content."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:20]


def printable(text: str) -> str:
    """Return text from an untrusted server as one short printable line."""
    return "".join(character if character.isprintable() else "?" for character in text[:MAX_LENGTH])
