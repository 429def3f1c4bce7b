"""Managed app configuration as a property list: one key, ``sites``, with the site list as its value. Pure."""

from __future__ import annotations

import plistlib
from xml.etree import ElementTree

KEY = "sites"


def bare_dict(site_list: str) -> str:
    """Return a ``<dict>`` without XML declaration and ``<plist>``, indented by two spaces, ending in a newline.

    Intune accepts it as XML data, Jamf Pro as preferences.
    """
    root = ElementTree.Element("dict")
    ElementTree.SubElement(root, "key").text = KEY
    ElementTree.SubElement(root, "string").text = site_list
    ElementTree.indent(root, "  ")
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def plist_file(site_list: str) -> str:
    """Return a complete XML property list, as Ivanti EPMM imports it."""
    return plistlib.dumps({KEY: site_list}, fmt=plistlib.FMT_XML, sort_keys=True).decode("utf-8")
