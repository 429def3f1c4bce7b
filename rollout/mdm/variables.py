"""What each MDM replaces inside an app configuration before a phone gets it: dated data, no judgement. Pure.

The tokens of Intune and the variables of Jamf Pro and Ivanti are in the vendors' documentation; the others are patterns
seen in the field. So they only ever warn: nothing is refused because of a pattern here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# A JSON string, quotes included; one that is never closed goes to the end. Possessive, so that time stays linear.
STRING = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)


@dataclass(frozen=True)
class Vendor:
    """``variables`` finds what this vendor would replace in raw text; ``example`` is one of its real variables."""

    id: str
    name: str
    variables: re.Pattern[str]
    example: str


VENDORS: dict[str, Vendor] = {
    vendor.id: vendor
    for vendor in (
        Vendor("intune", "Microsoft Intune", re.compile(r"\{\{[^{}]*\}\}"), "{{mail}}"),
        # Case-sensitive, capitals only.
        Vendor("jamf-pro", "Jamf Pro", re.compile(r"\$[A-Z][A-Z0-9_]+"), "$EMAIL"),
        # %C3% and the like are percent-escapes of a URL, not a name.
        Vendor("jamf-school", "Jamf School", re.compile(r"%(?![0-9A-Fa-f]{2}%)[A-Za-z][A-Za-z0-9]*%"), "%Email%"),
        Vendor("workspace-one", "Workspace ONE UEM", re.compile(r"(?<!\{)\{[A-Za-z]\w*\}(?!\})"), "{EmailAddress}"),
        Vendor("ivanti-epmm", "Ivanti EPMM", re.compile(r"\$[A-Za-z]\w*\$|\$\{[^{}]*\}"), "$EMAIL$"),
        Vendor("addigy", "Addigy", re.compile(r"\{\{\s*\.[^{}]*\}\}"), '{{.User "Email"}}'),
    )
}

# Vendors whose variables cannot be mistaken for something a title or URL has by chance; per cent signs can.
UNMISTAKABLE = tuple(vendor for vendor in VENDORS.values() if vendor.id != "jamf-school")
