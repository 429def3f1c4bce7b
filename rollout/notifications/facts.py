"""What in an observation is worth a notice: a certificate that ends soon, another client ID than the one held."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from rollout.compatibility.observation import Observation

DAYS_BEFORE = (1, 7, 30)  # the soonest first: each is told once
MOST_CHARACTERS = 80


def certificate_notice(site_id: int, observation: Observation, now: datetime) -> tuple[str, dict[str, Any]] | None:
    """Subject and details when the site's certificate ends within 30, 7 or 1 days; None when it does not.

    The subject names the certificate and the step, so that each certificate is told of at most three times.
    """
    ends = observation.tls.expires_at
    if ends is None:
        return None
    left = (ends - now).total_seconds() / 86_400
    step = next((days for days in DAYS_BEFORE if left <= days), None)
    if step is None:
        return None
    chain = observation.tls.chain
    which = (chain[0].fingerprint if chain else "") or ends.isoformat()
    details = {
        "expires_at": ends.isoformat(),
        "within_days": step,
        "expired": left <= 0,
        "issuer": readable(observation.tls.issuer or ""),
    }
    return f"certificate:{site_id}:{short_digest(which)}:{step}", details


def client_id_notice(site_id: int, observation: Observation) -> tuple[str, dict[str, Any]] | None:
    """Subject and details when the site hands out another client ID than the one Gatepass holds; None otherwise."""
    handed, held = observation.info_login.client_id, observation.links.non_mdm
    if not handed or not held or handed == held:
        return None
    return f"client_id:{site_id}:{short_digest(handed)}", {"handed_out": readable(handed), "held": readable(held)}


def short_digest(text: str) -> str:
    """A short name of a value that may be long or odd."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:20]


def readable(text: str) -> str:
    """What a stranger's server said, as one short line that any database, mail and page takes."""
    return "".join(character if character.isprintable() else "?" for character in text[:MOST_CHARACTERS])
