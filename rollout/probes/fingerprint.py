"""Identifies the product by the headers of a site's responses."""

from __future__ import annotations

from collections.abc import Iterable

from rollout.compatibility.observation import Fingerprint
from rollout.http_client.reply import Reply

HEADERS = {"x-confluence-request-time": "confluence", "x-arequestid": "jira"}


def fingerprint_of(replies: Iterable[Reply]) -> Fingerprint:
    """Return the product identified by the first such header, or none if headers identify both products."""
    identified = {
        name: product for reply in replies for name, product in HEADERS.items() if reply.headers.get(name, "").strip()
    }
    if len(set(identified.values())) != 1:
        return Fingerprint()
    header, product = next(iter(identified.items()))
    return Fingerprint(product, header)
