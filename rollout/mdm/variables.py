"""The variables that each MDM replaces in an app configuration. Pure.

Those of Intune, Jamf Pro, and Ivanti EPMM are documented by the vendors. Others come from the named sources, or were
observed in practice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Vendor:
    """``variables`` matches what the vendor's MDM replaces in raw text; ``example`` is one of its real variables."""

    id: str
    name: str
    variables: re.Pattern[str]
    example: str


VENDORS: dict[str, Vendor] = {
    vendor.id: vendor
    for vendor in (
        Vendor("intune", "Microsoft Intune", re.compile(r"\{\{[^{}]*\}\}"), "{{mail}}"),
        # Case-sensitive: uppercase only.
        Vendor("jamf-pro", "Jamf Pro", re.compile(r"\$[A-Z][A-Z0-9_]+"), "$EMAIL"),
        # %C3% is a percent-escape in a URL, not a variable.
        Vendor("jamf-school", "Jamf School", re.compile(r"%(?![0-9A-Fa-f]{2}%)[A-Za-z][A-Za-z0-9]*%"), "%Email%"),
        Vendor("workspace-one", "Workspace ONE UEM", re.compile(r"(?<!\{)\{[A-Za-z]\w*\}(?!\})"), "{EmailAddress}"),
        Vendor("ivanti-epmm", "Ivanti EPMM", re.compile(r"\$[A-Za-z]\w*\$|\$\{[^{}]*\}"), "$EMAIL$"),
        Vendor("addigy", "Addigy", re.compile(r"\{\{\s*\.[^{}]*\}\}"), '{{.User "Email"}}'),
        # Soliton DME manual, configuration of MobiControl's application catalog. Three characters: %C3% is an escape.
        Vendor("soti", "SOTI MobiControl", re.compile(r"%[A-Z][A-Z0-9]*_?[A-Z0-9_]{2,}%"), "%ENROLLEDUSER_USERNAME%"),
        # Token table in SCA's description of the iOS MDM protocol.
        Vendor("manageengine", "ManageEngine MDM", re.compile(r"%(?![0-9a-f]{2}%)[a-z][a-z_]+%"), "%upn%"),
        Vendor(
            "citrix", "Citrix Endpoint Management", re.compile(r"\$\{[A-Za-z]+\.[\w.]+\}"), "${user.userprincipalname}"
        ),
        # Fleet's pull request 44932.
        Vendor("fleet", "Fleet", re.compile(r"\$\{?FLEET_(?:VAR|SECRET)_\w+\}?"), "$FLEET_VAR_HOST_END_USER_EMAIL_IDP"),
    )
}
