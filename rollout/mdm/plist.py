"""The property-list forms of managed app configuration: one key ``sites`` whose value is the site list. Pure."""

from __future__ import annotations

import plistlib
from xml.etree import ElementTree

KEY = "sites"


def bare_dict(site_list: str) -> str:
    """A ``<dict>`` without declaration or ``<plist>`` around it, indented by two spaces, ending in a line break.

    What Intune takes as XML data and Jamf Pro as preferences.
    """
    root = ElementTree.Element("dict")
    ElementTree.SubElement(root, "key").text = KEY
    ElementTree.SubElement(root, "string").text = site_list
    ElementTree.indent(root, "  ")
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def plist_file(site_list: str) -> str:
    """A complete XML property list, as Ivanti EPMM imports it."""
    return plistlib.dumps({KEY: site_list}, fmt=plistlib.FMT_XML, sort_keys=True).decode("utf-8")
