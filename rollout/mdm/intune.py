"""Microsoft Intune: an app configuration policy as XML data, or as a Microsoft Graph request. Pure.

Source: Microsoft Learn, "Add app configuration policies for managed iOS/iPadOS devices" and the Graph resource
``iosMobileAppConfiguration``.
"""

from __future__ import annotations

import base64
import json

from .plist import bare_dict

DISPLAY_NAME = "Confluence sites"


def intune_xml(site_list: str) -> str:
    """Return the value of *Enter XML data*: a ``<dict>`` alone. Intune checks only that it is well-formed."""
    return bare_dict(site_list)


def intune_graph(site_list: str) -> str:
    """Return the body of ``POST /deviceAppManagement/mobileAppConfigurations``, with the XML base64-encoded.

    ``targetedMobileApps`` is empty because the app has a different ID in each tenant.
    """
    body = {
        "@odata.type": "#microsoft.graph.iosMobileAppConfiguration",
        "displayName": DISPLAY_NAME,
        "targetedMobileApps": [],
        "encodedSettingXml": base64.b64encode(intune_xml(site_list).encode("utf-8")).decode("ascii"),
    }
    return json.dumps(body, indent=2) + "\n"
