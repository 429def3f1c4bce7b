from __future__ import annotations

import base64
import json
import plistlib

import pytest
from defusedxml import ElementTree

from rollout.mdm.site_list import SiteEntry, build_site_list, parse_site_list
from rollout.mdm.variables import VENDORS
from rollout.mdm.vendor_formats import FORMATS
from tests.support.paths import CASES

GOLDEN = CASES / "mdm"
PLIST = '<plist version="1.0">{}</plist>'


def sites_in(format_id: str, text: str) -> str:
    """The site list in the file that the MDM delivers to the app, read with an independent parser."""
    if format_id in {"json", "json-pretty"}:
        return text
    if format_id == "intune-graph":
        body = json.loads(text)
        assert body["@odata.type"] == "#microsoft.graph.iosMobileAppConfiguration"
        text = base64.b64decode(body["encodedSettingXml"], validate=True).decode()
    if format_id == "plist-file":
        payload = plistlib.loads(text.encode())
    else:
        assert ElementTree.fromstring(text).tag == "dict"
        payload = plistlib.loads(PLIST.format(text).encode(), fmt=plistlib.FMT_XML)
    assert list(payload) == ["sites"]
    return str(payload["sites"])


@pytest.mark.parametrize("format_id", FORMATS)
def test_it_works(format_id: str, entries: tuple[SiteEntry, ...]) -> None:
    text = FORMATS[format_id].build(build_site_list(entries))
    assert text.encode() == (GOLDEN / FORMATS[format_id].filename).read_bytes()


@pytest.mark.parametrize("format_id", FORMATS)
def test_the_file_contains_the_same_sites(format_id: str, entries: tuple[SiteEntry, ...]) -> None:
    text = FORMATS[format_id].build(build_site_list(entries))
    assert parse_site_list(sites_in(format_id, text)) == entries
    assert "{{" not in text
    assert "}}" not in text


@pytest.mark.parametrize("format_id", ["intune-xml", "plist-dict"])
def test_the_bare_dict_is_indented_as_in_vendor_documentation(format_id: str) -> None:
    entry = SiteEntry("My Confluence Site", "https://confluence.example.com", "abc")
    assert FORMATS[format_id].build(build_site_list([entry])) == (
        "<dict>\n"
        "  <key>sites</key>\n"
        '  <string>[ { "title": "My Confluence Site", "baseURL": "https://confluence.example.com", "oauth":'
        ' { "clientID": "abc", "cacheSessionInMobileBrowser": false } } ]</string>\n'
        "</dict>\n"
    )


@pytest.mark.parametrize("format_id", FORMATS)
def test_every_format_is_complete(format_id: str) -> None:
    entry = FORMATS[format_id]
    assert entry.id == format_id
    assert entry.vendor in {*VENDORS, "any"}
    assert all((entry.label, entry.filename, entry.content_type, entry.where))


def test_file_names_are_different() -> None:
    assert len({entry.filename for entry in FORMATS.values()}) == len(FORMATS)
