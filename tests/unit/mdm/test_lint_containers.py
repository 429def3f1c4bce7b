"""What a list may be inside of, and where its faults are then placed."""

from __future__ import annotations

import base64
import html
import json
import plistlib
from urllib.parse import quote, quote_plus

import pytest

from tests.support.site_lists import DICT, LINT_CASES, LIST, PLIST, SITES, checked, ids, sentences, sites_of

SETTING = {"appConfigKey": "sites", "appConfigKeyType": "stringType", "appConfigKeyValue": LIST}
OTHER_SETTING = SETTING | {"appConfigKeyValue": LIST.replace("wiki.", "lab.")}
POLICY = {"appConfigKey": "faceID", "appConfigKeyType": "booleanType", "appConfigKeyValue": "true"}
DECLARATION = {
    "Type": "com.apple.configuration.app.managed",
    "Payload": {"AppStoreID": "1288365159", "LegacyAppConfigAssetReference": "asset"},
}


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def asset(url: str) -> dict[str, object]:
    return {"Type": "com.apple.asset.data", "Payload": {"Reference": {"ContentType": "text/xml", "DataURL": url}}}


@pytest.mark.parametrize(
    ("text", "container"),
    [
        (LIST, "list"),
        (DICT, "dict"),
        (PLIST, "plist"),
        (encoded(LIST), "base64/list"),
        (encoded(PLIST), "base64/plist"),
        (json.dumps({"sites": LIST}), "json-object"),
        (json.dumps(PLIST), "json-string/plist"),
        (json.dumps([SETTING]), "settings"),
        (json.dumps({"settings": [SETTING]}), "graph-policy"),
        (json.dumps({"value": [{"settings": [POLICY]}, {"settings": [SETTING]}]}), "graph-policies"),
        (json.dumps({"managedProperty": [{"key": "sites", "valueString": LIST}]}), "settings"),
        (json.dumps({"data": [{"attributes": {"key": "sites", "value_type": "text", "value": LIST}}]}), "settings"),
        (json.dumps({"ApplicationConfiguration": [{"Name": "sites", "Type": 2, "Value": LIST}]}), "settings"),
        (json.dumps([{"app_config_key": "sites", "app_config_key_value": LIST}]), "settings"),
        (json.dumps({"appConfiguration": {"preferences": DICT}}), "dict"),
        (json.dumps([DECLARATION, asset("data:application/xml;base64," + encoded(PLIST))]), "base64/plist"),
        (plistlib.dumps({"Configuration": {"sites": LIST}}).decode(), "plist"),
        (f"<preferences>{html.escape(DICT, quote=False)}</preferences>", "jamf-xml/dict"),
        (f"<preferences>{DICT}</preferences>", "jamf-xml/dict"),
        (DICT.replace("<string>", "<string><![CDATA[").replace("</string>", "]]></string>"), "dict"),
        ("sites\tString\t" + LIST, "rows"),
        ("sites\t" + LIST, "rows"),
        ("Key;Type;Value\nsites;String;" + '"' + LIST.replace('"', '""') + '"', "rows"),
        ('"sites","String","' + LIST.replace('"', '""') + '"', "rows"),
        (f"Configuration key\nsites\nValue type\nString\nConfiguration value\n{LIST}", "rows"),
        (f"Configuration key: sites\nValue type: String\nConfiguration value: {LIST}", "rows"),
        (f'app_config_key = "sites"\napp_config_key_value = {json.dumps(LIST)}', "settings"),
        (f"encodedSettingXml = '{encoded(DICT)}'", "settings/dict"),
    ],
)
def test_a_container_is_recognized(text: str, container: str) -> None:
    result = checked(text)
    assert ids(result) == []
    assert ("/".join(result.containers), result.readable, sites_of(result)) == (container, True, SITES)


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        (quote(DICT), "url-encoded"),
        (quote_plus(LIST), "url-encoded"),
        ("sites=" + quote(LIST), "url-encoded"),
        (html.escape(DICT), "xml-escaped"),
        (f"Here it is:\n~~~\n{DICT}\n~~~\n", "code-fence"),
        (f"`{LIST}`", "code-fence"),
        (f"Please enter:\n{DICT}", "xml-text-around"),
        (f"{DICT}\nThank you", "xml-text-around"),
        (f"<pre>{LIST}</pre>", "text-around"),
        (DICT.removesuffix("</dict>"), "xml-cut-off"),
        (DICT.replace("string>", "String>"), "xml-tag-case"),
        (DICT.replace("</dict>", "</array></dict>"), "xml-end-tag"),
        (f"<plist>{DICT.removesuffix('</dict>')}</plist>", "xml-missing-end-tag"),
        (DICT.replace("<dict>", "<dict a=b>"), "xml-not-well-formed"),
        (json.dumps({"sites": json.loads(LIST)}), "sites-in-object"),
        (json.dumps({"settings": [{**SETTING, "appConfigKeyValue": DICT}]}), "sites-not-text"),
        (json.dumps({"sites": encoded(LIST)}), "sites-not-text"),
        ("sites\tInteger\t" + LIST, "sites-type"),
        ("Site\tString\t" + LIST, "sites-spelling"),
        (json.dumps({"SITES": LIST}), "sites-spelling"),
    ],
)
def test_a_container_that_does_not_work_is_repaired(text: str, finding: str) -> None:
    result = checked(text)
    assert set(ids(result)) == {finding}
    assert (result.readable, sites_of(result)) == (False, SITES)


@pytest.mark.parametrize(
    ("text", "title"), [("R&D", "R&D"), ("A <Lab>", "A <Lab>"), ("A &#38; B", "A & B"), ("A &#x26; B", "A & B")]
)
def test_characters_that_are_not_escaped_in_xml_are_read(text: str, title: str) -> None:
    result = checked(DICT.replace("Wiki", text))
    assert (sites_of(result) or [{}])[0]["title"] == title
    assert result.readable is ("#" in text)


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("", "empty"),
        ("\ufeff \n", "empty"),
        ("hello world", "not-recognized"),
        (b"PK\x03\x04\x00\x00", "not-recognized"),
        (json.dumps({"encodedSettingXml": encoded(DICT)[:-7]}), "base64-invalid"),
        ("12", "not-recognized"),
        ("{}", "sites-missing"),
        ("<dict><key>other</key><true/></dict>", "sites-missing"),
        ("[]", "no-sites"),
        ("<html><body>Sign in</body></html>", "html-page"),
        (plistlib.dumps({"sites": LIST}, fmt=plistlib.FMT_BINARY), "binary-plist"),
        (json.dumps(DECLARATION), "asset-missing"),
        (json.dumps([DECLARATION, asset("https://example.com/asset.plist")]), "asset-missing"),
        (json.dumps({"value": [{"settings": [SETTING]}, {"settings": [OTHER_SETTING]}]}), "several-configurations"),
        (DICT.replace("Wiki", "Wiki&nbsp;1"), "xml-entity"),
        ("<dict>" * 100, "xml-too-large"),
    ],
)  # fmt: skip
def test_what_holds_no_list_is_refused(text: str | bytes, finding: str) -> None:
    result = checked(text)
    assert finding in ids(result)
    assert (result.readable, result.sites, result.repaired) == (False, None, None)


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE plist [<!ENTITY a "b">]>',
        '<!DOCTYPE plist SYSTEM "x" [<!ENTITY % a SYSTEM "file:///etc/passwd"> %a;]>',
        '<!DOCTYPE dict SYSTEM "https://example.com/x.dtd">',
        '<!ENTITY a "b">',
    ],
)
def test_entities_are_never_resolved(doctype: str) -> None:
    result = checked(doctype + DICT.replace("Wiki", "&a;"))
    assert (ids(result), result.sites) == (["xml-declarations"], None)


def test_base64_in_base64_has_a_limit() -> None:
    text = LIST
    for _ in range(10):
        text = json.dumps({"configuration": encoded(text)})
    assert "too-nested" in ids(checked(text))


def test_other_keys_are_named() -> None:
    assert checked(DICT.replace("</dict>", "<key>faceID</key><true/></dict>")).kept_keys == ("faceID",)
    assert checked(json.dumps({"settings": [SETTING, POLICY]})).kept_keys == ("faceID",)
    assert checked(json.dumps({"sites": LIST, "faceID": True})).kept_keys == ("faceID",)
    rows = f"Key\tType\tValue\nfaceID\tBoolean\ttrue\nsites\tString\t{LIST}\nclipboard\tInteger\t1"
    assert checked(rows).kept_keys == ("faceID", "clipboard")


@pytest.mark.parametrize(
    "text",
    [
        DICT.replace("</dict>", "<key>adminPassword</key><string>hunter22</string></dict>"),
        json.dumps({"sites": LIST, "api_key": "hunter22"}),
        json.dumps({"settings": [SETTING, {**POLICY, "appConfigKey": "token", "appConfigKeyValue": "hunter22"}]}),
        f"sites\tString\t{LIST}\nclient_secret\tString\thunter22",
    ],
)
def test_a_secret_beside_the_list_is_refused_and_not_shown(text: str) -> None:
    result = checked(text)
    assert ids(result) == ["secret-beside"]
    assert not result.readable
    assert "hunter22" not in json.dumps(result.as_json())


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        (DICT.replace('"Wiki"', '"A &amp; B", "x": 1'), 3, 36),
        (DICT.replace('{ "title"', '{\n    "x": 1, "title"'), 4, 5),
        (json.dumps({"sites": LIST.replace('"Wiki"', '"Wiki", "x": 1')}), 1, 36),
        ("Key\tValue\nsites\t" + LIST.replace('"Wiki"', '"Wiki", "x": 1'), 2, 27),
    ],
)
def test_places_are_those_of_the_pasted_text(text: str, line: int, column: int) -> None:
    finding = checked(text).findings[0]
    assert (finding.id, finding.line, finding.column, finding.entry) == ("unknown-key", line, column, 1)


def test_a_signed_profile_is_named() -> None:
    profile = (LINT_CASES / "mobileconfig_profile.xml").read_bytes()
    result = checked(b"0\x82\x0b\xa1\x06\x09*\x86" + profile + b"\xa0\x82\x01\xff")
    assert ids(result) == ["not-utf-8", "profile"]
    assert not result.readable


def test_the_message_names_what_the_value_is() -> None:
    assert "is base64, but the app reads a string" in sentences(checked(json.dumps({"sites": encoded(LIST)})))
