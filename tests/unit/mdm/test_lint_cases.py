"""Configurations as consoles, APIs, chats and web pages hand them over: each is read, repaired or refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from rollout.mdm.site_list import build_site_list
from rollout.mdm.vendor_formats import FORMATS
from tests.support.site_lists import LINT_CASES, OAUTH, SITE, SITES, checked, ids, sentences, sites_of

TWO = [
    *SITES,
    {
        "title": "R&D <Lab>",
        "baseURL": "https://lab.example.com/wiki",
        "oauth": {"clientID": "c0ffee01", "cacheSessionInMobileBrowser": True},
    },
]
PLAIN = [SITE]
AS_READ: Any = ...  # the entries as they stand


@dataclass(frozen=True)
class Case:
    """``usable`` as it stands or not. ``findings`` are all of them; ``text`` is in a message or in what to do."""

    file: str
    container: str | None
    usable: bool = True
    sites: Any = None
    findings: tuple[str, ...] = ()
    text: str = ""
    format: str = "json"
    kept: tuple[str, ...] = ()


def clean(file: str, container: str, sites: Any = TWO, **more: Any) -> Case:
    return Case(file, container, sites=sites, **more)


def noted(file: str, sites: Any, finding: str, text: str, container: str = "list", **more: Any) -> Case:
    return Case(file, container, sites=sites, findings=(finding,), text=text, **more)


def refused(file: str, container: str | None, sites: Any, finding: str, text: str, **more: Any) -> Case:
    return Case(file, container, usable=False, sites=sites, findings=(finding,), text=text, **more)


CASES = (
    clean("intune_xml_data.xml", "dict", format="intune-xml"),
    clean("intune_full_plist_document.xml", "plist", format="intune-xml"),
    clean("graph_encoded_xml.json", "graph-policy/base64/dict", format="intune-graph"),
    clean("graph_list_of_two.json", "graph-policies/base64/dict", format="intune-graph"),
    clean("jamf_cdata_preferences.xml", "jamf-xml/dict", format="plist-dict"),
    clean("fleet_json_string.json", "json-string/dict"),
    clean("fleet_title_answer.json", "fleet/dict"),
    clean("settings_command.xml", "plist/apple-command"),
    clean("install_application.xml", "plist/apple-command"),
    clean("appconfig_specfile.xml", "specfile"),
    clean("workspace_one_row.txt", "rows"),
    clean("meraki_row.txt", "rows"),
    clean("dsc_configuration_item.txt", "settings"),
    clean("base64_of_dict.txt", "base64/dict"),
    clean(
        "plist_with_policy_keys.xml", "plist", format="plist-file",
        kept=("example.policy.requireFaceID", "example.policy.clipboard"),
    ),
    clean("jamf_variable_for_intune.json", "list", [{**SITE, "title": "Costs in $USD"}], format="intune-xml"),
    noted(
        "jamf_escaped_twice.xml", [{"title": "A & B", "baseURL": "https://ab.example.com"}], "html-entity", "&amp;",
        "dict", format="plist-dict",
    ),
    noted("copied_out_of_xml.json", [{"title": "R&D", "baseURL": "https://lab.example.com"}], "html-entity", "&amp;"),
    noted("documentation_host.json", AS_READ, "base-url-placeholder", "example"),
    noted("trailing_slash.json", PLAIN, "trailing-slash", "slash"),
    noted("missing_cache_flag.json", SITES, "missing-flag", "cacheSessionInMobileBrowser"),
    noted("intune_token_mixed_case.json", AS_READ, "vendor-variable", "{{UserPrincipalName}}", format="intune-xml"),
    noted("jamf_variable_for_jamf.json", AS_READ, "vendor-variable", "$UDID", format="plist-dict"),
    noted("soti_variable.json", AS_READ, "vendor-variable", "%ENROLLEDUSER_USERNAME%"),
    noted("manageengine_variable.json", AS_READ, "vendor-variable", "%upn%"),
    noted("citrix_variable.json", AS_READ, "vendor-variable", "${user.userprincipalname}"),
    noted("minified_for_intune.json", SITES, "adjacent-braces", "}}", format="intune-xml"),
    refused("graph_wrong_type.json", "graph-policy", TWO, "sites-type", "stringType", format="intune-graph"),
    refused("graph_wrong_key.json", "graph-policy", TWO, "sites-spelling", "must be sites", format="intune-graph"),
    refused("dict_key_capital.xml", "dict", TWO, "sites-spelling", "must be sites"),
    refused("dict_key_site.xml", "dict", TWO, "sites-spelling", "must be sites"),
    refused("sites_as_array_of_dicts.xml", "dict", PLAIN, "sites-not-text", "string"),
    refused("sites_as_data.xml", "dict/list", PLAIN, "sites-not-text", "string"),
    refused("cut_off_dict.xml", "dict", TWO, "xml-cut-off", "well-formed"),
    refused("html_page_instead.xml", None, None, "html-page", "web page"),
    refused("external_entity.xml", None, None, "xml-declarations", "DOCTYPE"),
    refused("mobileconfig_profile.xml", "plist/profile", TWO, "profile", ".mobileconfig"),
    refused("quotes_copied_out_of_xml.json", "list", PLAIN, "html-escaped", "&quot;"),
    refused(
        "cloud_policy_with_sites_array.json", "json-object", PLAIN, "sites-in-object", "inside an object",
        kept=("atlassian.devicePolicyLocalAuthRequired",),
    ),
    refused("markdown_fence.txt", "list", PLAIN, "code-fence", "backticks"),
    refused("url_encoded.txt", "list", PLAIN, "url-encoded", "percent-encoded"),
    refused("quoted_printable.json", "list", None, "quoted-printable", "=3D"),
    refused("javascript_comment.json", "list", PLAIN, "comment", "comment"),
    refused("redirect_as_client_id.json", "list", None, "client-id-redirect", "redirect"),
    refused("misspelled_cache_flag.json", "list", SITES, "key-spelling", "cacheSessionInMobileBrowser"),
    refused("secret_in_other_key.json", "list", SITES, "secret", "secret"),
    Case("unquoted_keys.json", "list", False, PLAIN, ("unquoted-key",) * 2, "quotes"),
    Case("page_with_nbsp.json", "list", False, PLAIN, ("invisible-space",) * 2, "U+00A0"),
    Case("dashboard_address.json", "list", True, AS_READ, ("base-url-page", "base-url-placeholder"), "Dashboard.jspa"),
    Case(
        "many_faults.json", "list", False, None,
        ("title-empty", "base-url-http", "key-spelling", "boolean-as-text", "key-spelling", "base-url-not-absolute"),
        "https",
    ),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.file)
def test_a_case_is_read_repaired_or_refused(case: Case) -> None:
    result = checked((LINT_CASES / case.file).read_bytes(), case.format)
    assert result.readable is case.usable
    assert tuple(ids(result)) == case.findings
    assert case.text in sentences(result)
    assert "/".join(result.containers) == (case.container or "")
    assert result.kept_keys == case.kept
    if case.sites is AS_READ:
        assert result.sites
    else:
        assert sites_of(result) == case.sites


@pytest.mark.parametrize("case", [case for case in CASES if case.sites], ids=lambda case: case.file)
def test_the_repaired_list_is_clean_for_its_mdm(case: Case) -> None:
    result = checked((LINT_CASES / case.file).read_bytes(), case.format)
    again = checked(result.repaired or "", case.format)
    assert again.readable
    assert again.sites == result.sites
    assert set(ids(again)) <= {"base-url-placeholder", "base-url-page"}


def test_every_case_has_a_row() -> None:
    assert {case.file for case in CASES} == {path.name for path in LINT_CASES.iterdir()}


def test_advice_does_not_mislead() -> None:
    for case in CASES:
        text = sentences(checked((LINT_CASES / case.file).read_bytes(), case.format))
        assert "between <string>" not in text
        assert ("square brackets" in text) is False
        assert "not-a-real-one" not in text


def test_a_large_list_is_read_with_a_note_on_its_size() -> None:
    sites = [{"title": f"Site {n}", "baseURL": f"https://s{n}.example.com", "oauth": OAUTH} for n in range(5000)]
    text = str(sites).replace("'", '"').replace("False", "false").replace("}}", "} }")
    result = checked(text)
    assert (result.readable, ids(result), len(result.sites or ())) == (True, ["large-value"], 5000)
    assert "KB" in sentences(result)


def test_a_text_over_one_mebibyte_is_refused() -> None:
    result = checked(b" " * 1_048_577)
    assert (result.readable, result.sites, ids(result)) == (False, None, ["too-large"])


def test_an_unknown_format_is_an_error() -> None:
    with pytest.raises(ValueError, match="unknown format"):
        checked("[]", "mobileconfig")


@pytest.mark.parametrize("format_id", FORMATS)
def test_an_export_is_clean(format_id: str, entries: Any) -> None:
    built = FORMATS[format_id].build(build_site_list(entries[1:]))
    result = checked(built, format_id)
    assert result.readable
    assert ids(result) == []
    assert result.repaired == build_site_list(entries[1:])
