"""Title and product that were left empty when a site was added: taken from what the site reports."""

from __future__ import annotations

from django.utils import timezone

from rollout.compatibility.observation import Observation
from rollout.compatibility.site_preview import TITLE_LENGTH
from rollout.models import Product, Site

FIELDS = ("title", "product", "title_entered", "product_entered", "updated_at")


def fill_in(site: Site, observation: Observation) -> list[str]:
    """Set title and product that nothing was entered for, in memory only; return the names of changed fields.

    A value that a person entered is never changed. Without a manifest, the next check tries again.
    """
    manifest = observation.manifest
    is_open = not (site.title_entered and site.product_entered)
    if not is_open or manifest.form is None or observation.base_url != site.base_url:
        return []
    changed = []
    title = (manifest.name or "")[:TITLE_LENGTH].strip()
    if not site.title_entered and title:
        site.title_entered = True
        if site.title != title:
            site.title = title
            changed.append("title")
    if not site.product_entered and manifest.product in Product.values:
        site.product_entered = True
        if site.product != manifest.product:
            site.product = manifest.product
            changed.append("product")
    site.updated_at = timezone.now()
    return changed
