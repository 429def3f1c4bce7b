"""The variables that each MDM replaces in an app configuration. Pure.

Those of Intune, Jamf Pro, and Ivanti EPMM are documented by the vendors; the other patterns were observed in practice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# A JSON string with its quotes; an unclosed one extends to the end. Possessive, so that matching takes linear time.
STRING = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)


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
    )
}

# Vendors whose variables do not occur in titles and URLs by chance, as those with percent signs do.
UNMISTAKABLE = tuple(vendor for vendor in VENDORS.values() if vendor.id != "jamf-school")
