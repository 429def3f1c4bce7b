"""Opens the stored client certificates of sites, for requests to them."""

from __future__ import annotations

import json
from collections.abc import Collection

import structlog

from rollout.models import SiteCertificate

from . import vault

log = structlog.get_logger(__name__)


def open_certificates(site_ids: Collection[int]) -> dict[int, str]:
    """Return the PEM with its private key by site id, for the sites that have a usable certificate. One query.

    A certificate that no key decrypts, or that was stored for another base URL, is left out and logged: the check then
    shows what the site answers without one.
    """
    rows = SiteCertificate.objects.filter(site__in=site_ids).select_related("site")
    opened = {row.site_id: open_certificate(row) for row in rows}
    return {site_id: pem for site_id, pem in opened.items() if pem}


def open_certificate(row: SiteCertificate) -> str:
    """Return the PEM of one stored certificate; empty if it cannot be used."""
    try:
        content = json.loads(vault.open_(row.sealed))
    except vault.VaultError as error:
        log.warning("client_certificate_not_opened", site_id=row.site_id, reason=str(error))
        return ""
    if content["base_url"] != row.site.base_url:
        log.warning("client_certificate_of_another_base_url", site_id=row.site_id)
        return ""
    return str(content["pem"])


def seal_certificate(pem: str, *, base_url: str) -> str:
    """Encrypt a certificate for one base URL. Raises VaultError without a key."""
    return vault.seal(json.dumps({"pem": pem, "base_url": base_url}))
