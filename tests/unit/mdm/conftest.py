"""The entries of the golden files: without OAuth, with OAuth, and with variables of MDM vendors."""

from __future__ import annotations

import pytest

from rollout.mdm.site_list import SiteEntry


@pytest.fixture
def entries() -> tuple[SiteEntry, ...]:
    return (
        SiteEntry("My Confluence Site", "https://confluence.example.com", "your_clientID"),
        SiteEntry("Wiki für Zürich & Genève", "https://intranet.example.com:8443/wiki"),
        SiteEntry("{{mail}} <b>$EMAIL</b> {Name}", "https://third.example.com/a-b_c", "x{{y}}$Z", True),
    )
