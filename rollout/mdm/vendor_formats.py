"""The export formats of a site list. Labels and click paths are message ids. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rollout.message_ids import gettext_noop as _

from .intune import intune_graph, intune_xml
from .plist import bare_dict, plist_file
from .site_list import prettify


@dataclass(frozen=True)
class Format:
    """An export format.

    ``vendor`` is an id of ``variables.VENDORS``, or ``any``. ``where`` is the click path in the vendor's console.
    ``build`` returns the text of the file (UTF-8) from a result of ``build_site_list``.
    """

    id: str
    label: str
    vendor: str
    filename: str
    content_type: str
    where: str
    build: Callable[[str], str]


def _unchanged(site_list: str) -> str:
    return site_list


FORMATS: dict[str, Format] = {
    entry.id: entry
    for entry in (
        Format(
            id="json",
            label=_("Any MDM (JSON on one line)"),
            vendor="any",
            filename="sites.json",
            content_type="application/json",
            where=_(
                "In your MDM's app configuration for the app, add the key “sites” with type String and "
                "this text as the value."
            ),
            build=_unchanged,
        ),
        Format(
            id="json-pretty",
            label=_("For review (indented JSON)"),
            vendor="any",
            filename="sites-indented.json",
            content_type="application/json",
            where=_("For review only. In your MDM, use the format on one line."),
            build=prettify,
        ),
        Format(
            id="intune-xml",
            label=_("Microsoft Intune (XML data)"),
            vendor="intune",
            filename="intune-sites.xml",
            content_type="application/xml",
            where=_("Apps → App configuration policies → Add → Managed devices → iOS/iPadOS → Enter XML data"),
            build=intune_xml,
        ),
        Format(
            id="intune-graph",
            label=_("Microsoft Intune (Graph request)"),
            vendor="intune",
            filename="intune-sites-graph.json",
            content_type="application/json",
            where=_(
                "POST https://graph.microsoft.com/v1.0/deviceAppManagement/mobileAppConfigurations, with your"
                " app's ID in targetedMobileApps"
            ),
            build=intune_graph,
        ),
        Format(
            id="plist-dict",
            label=_("Jamf Pro (property list)"),
            vendor="jamf-pro",
            filename="jamf-pro-sites.plist",
            content_type="application/xml",
            where=_("Devices → Mobile Device Apps → the Confluence app → App Configuration → Preferences"),
            build=bare_dict,
        ),
        Format(
            id="plist-file",
            label=_("Ivanti EPMM (property list file)"),
            vendor="ivanti-epmm",
            filename="ivanti-epmm-sites.plist",
            content_type="application/x-plist",
            where=_("Policies & Configs → Configurations → Add New → Apple → iOS/tvOS → Managed App Config"),
            build=plist_file,
        ),
    )
}
