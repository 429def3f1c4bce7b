"""Microsoft Intune: the XML data of an app configuration policy, by hand or through Microsoft Graph. Pure.

Source: Microsoft Learn, "Add app configuration policies for managed iOS/iPadOS devices" and the Graph resource
``iosMobileAppConfiguration``.
"""

from __future__ import annotations

import base64
import json

from .plist import bare_dict

DISPLAY_NAME = "Confluence sites"


def intune_xml(site_list: str) -> str:
    """What goes into *Enter XML data*: a bare ``<dict>``. Intune checks only that it is well-formed."""
    return bare_dict(site_list)


def intune_graph(site_list: str) -> str:
    """The body of ``POST /deviceAppManagement/mobileAppConfigurations``, the XML base64-encoded inside.

    ``targetedMobileApps`` is left empty: the ID of the app is different in every tenant.
    """
    body = {
        "@odata.type": "#microsoft.graph.iosMobileAppConfiguration",
        "displayName": DISPLAY_NAME,
        "targetedMobileApps": [],
        "encodedSettingXml": base64.b64encode(intune_xml(site_list).encode("utf-8")).decode("ascii"),
    }
    return json.dumps(body, indent=2) + "\n"
