"""Which product the headers of a site's answers speak of."""

from __future__ import annotations

from collections.abc import Iterable

from rollout.compatibility.observation import Fingerprint
from rollout.http_client.reply import Reply

HEADERS = {"x-confluence-request-time": "confluence", "x-arequestid": "jira"}


def fingerprint_of(replies: Iterable[Reply]) -> Fingerprint:
    """The product that the first telling header names; a site that says both says nothing."""
    found = {
        name: product for reply in replies for name, product in HEADERS.items() if reply.headers.get(name, "").strip()
    }
    if len(set(found.values())) != 1:
        return Fingerprint()
    header, product = next(iter(found.items()))
    return Fingerprint(product, header)
