"""What a check needs beside the site's own row: its client certificate, and the results of real phones."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, time

from rollout.compatibility import observation
from rollout.models import PhoneResult
from rollout.services.sealed_certificates import open_certificates

MAX_RESULTS = 20  # the newest of each site
_USED = {PhoneResult.Certificate.YES: True, PhoneResult.Certificate.NO: False}


@dataclass(frozen=True)
class TargetExtras:
    """``client_certificate``: PEM with its private key, empty without one. ``phone_results``: newest first."""

    client_certificate: str = field(default="", repr=False)
    phone_results: tuple[observation.PhoneResult, ...] = ()


def extras_of(site_ids: Collection[int]) -> dict[int, TargetExtras]:
    """Return the extras of these sites by id, with two queries however many they are."""
    certificates = open_certificates(site_ids)
    results: dict[int, list[observation.PhoneResult]] = {site_id: [] for site_id in site_ids}
    for row in PhoneResult.objects.counting().filter(site__in=site_ids).order_by("-tried_on", "-pk"):
        if len(results[row.site_id]) < MAX_RESULTS:
            results[row.site_id].append(as_evidence(row))
    return {site_id: TargetExtras(certificates.get(site_id, ""), tuple(results[site_id])) for site_id in results}


def as_evidence(row: PhoneResult) -> observation.PhoneResult:
    """Return the result as the rules read it; its day as midnight UTC."""
    return observation.PhoneResult(
        setup=row.setup,
        worked=row.outcome == PhoneResult.Outcome.WORKED,
        step=row.failed_step,
        at=datetime.combine(row.tried_on, time(), UTC),
        app_version=row.app_version,
        client_certificate=_USED.get(PhoneResult.Certificate(row.client_certificate)),
    )
