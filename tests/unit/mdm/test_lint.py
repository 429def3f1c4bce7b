from __future__ import annotations

import pytest

from rollout.mdm.lint import LintFinding, Severity, lint
from rollout.mdm.site_list import SiteEntry, SiteListError, build_site_list
from rollout.mdm.variables import VENDORS
from rollout.mdm.vendor_formats import FORMATS


def summary(findings: tuple[LintFinding, ...]) -> list[tuple[str, str, str]]:
    assert all(str(finding) for finding in findings)
    return [(finding.code, finding.severity.value, finding.values["found"]) for finding in findings]


def raw(title: str) -> str:
    return f'[ {{ "title": "{title}", "baseURL": "https://a.example.com" }} ]'


def test_it_works() -> None:
    assert summary(lint(raw("Wiki of {{mail}}"), "intune-xml")) == [("VENDOR-EXPANDS", "error", "{{mail}}")]


@pytest.mark.parametrize("format_id", FORMATS)
def test_a_plain_list_has_no_findings(format_id: str) -> None:
    entry = SiteEntry("100 % Wiki & $ 5 {", "https://a.example.com/w%C3%A9", "abc-123", True)
    assert lint([entry], format_id) == ()


@pytest.mark.parametrize("format_id", FORMATS)
def test_built_lists_contain_no_variables_with_braces_or_dollar_signs(
    format_id: str, entries: tuple[SiteEntry, ...]
) -> None:
    assert {finding.severity for finding in lint(entries, format_id)} <= {Severity.INFO}


def test_an_escaped_variable_is_reported_for_information() -> None:
    entry = SiteEntry("{{mail}}", "https://a.example.com")
    expected = [("VENDOR-ESCAPED", "info", "{{mail}}")]
    assert summary(lint([entry], "intune-xml")) == expected
    assert summary(lint(build_site_list([entry]), "intune-xml")) == expected


@pytest.mark.parametrize(
    ("format_id", "title", "expected"),
    [
        ("intune-xml", "{{userprincipalname}}", True),
        ("intune-xml", "{mail}", False),
        ("intune-xml", "$EMAIL", False),
        ("plist-dict", "$SERIALNUMBER", True),
        ("plist-dict", "$email", False),
        ("plist-dict", "5 $", False),
        ("plist-dict", "{{mail}}", False),
        ("plist-file", "$EMAIL$", True),
        ("plist-file", "${userDN}", True),
        ("plist-file", "$EMAIL", False),
    ],
)
def test_each_vendor_replaces_its_own_variables(format_id: str, title: str, expected: bool) -> None:
    assert bool(lint(raw(title), format_id)) is expected


@pytest.mark.parametrize("vendor_id", VENDORS)
def test_a_format_for_any_mdm_is_checked_for_the_variables_of_all(vendor_id: str) -> None:
    example = VENDORS[vendor_id].example
    vendors = {
        finding.values["vendor"]
        for finding in lint(raw(example.replace('"', '\\"')), "json")
        if finding.severity is Severity.WARNING
    }
    assert VENDORS[vendor_id].name in vendors


def test_the_field_is_named() -> None:
    findings = lint('[{"title": "A", "oauth": {"clientID": "$EMAIL"}}]', "plist-dict")
    assert findings[0].values == {"field": "clientID", "found": "$EMAIL", "vendor": "Jamf Pro"}


def test_minified_json_is_an_error_for_intune_only() -> None:
    text = '[{"title":"A","baseURL":"https://a.example.com","oauth":{"clientID":"abc"}}]'
    assert summary(lint(text, "intune-xml")) == [("BRACES-ADJACENT", "error", "}}")]
    assert summary(lint(text, "json")) == [("BRACES-ADJACENT", "warning", "}}")]
    assert lint(text, "plist-dict") == ()


def test_adjacent_braces_in_a_title_are_reported() -> None:
    assert summary(lint(raw("a}} b"), "intune-xml")) == [("BRACES-ADJACENT", "error", "}}")]


def test_the_number_of_findings_is_limited() -> None:
    text = "".join(f'"$EMAIL{number}" ' for number in range(50_000))
    assert len(lint(text, "plist-dict")) == 1000


def test_percent_escapes_of_a_url_are_not_jamf_school_variables() -> None:
    assert lint(raw("a%C3%A9%20b"), "json") == ()


@pytest.mark.parametrize("text", ["", "{{", '"', '"\\', "no json at all", '"\\ud800{{x}}"', '{"a": "{{b}}'])
def test_the_text_need_not_be_a_site_list(text: str) -> None:
    for format_id in FORMATS:
        for finding in lint(text, format_id):
            str(finding).encode()


def test_the_most_severe_comes_first() -> None:
    text = '[{"title": "\\u007b\\u007bmail\\u007d\\u007d", "baseURL": "https://a.example.com/{{mail}}"}]'
    assert [finding.severity for finding in lint(text, "intune-xml")] == [Severity.ERROR, Severity.INFO]


def test_an_unknown_format_is_rejected() -> None:
    with pytest.raises(ValueError, match="unknown format"):
        lint([], "mobileconfig")


def test_invalid_entries_are_rejected() -> None:
    with pytest.raises(SiteListError):
        lint([], "json")


def test_a_text_that_is_too_long_is_rejected() -> None:
    with pytest.raises(SiteListError):
        lint(" " * 8_388_609, "json")
