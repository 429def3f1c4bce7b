"""Any bytes get a result, and every export of Gatepass is read and clean."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rollout.mdm.site_entry import SiteEntry, SiteListError, check_title
from rollout.mdm.site_list import build_site_list
from rollout.mdm.vendor_formats import FORMATS
from tests.support.site_lists import DICT, LINT_CASES, LIST, PLIST, checked, ids

FORMAT_IDS = st.sampled_from(sorted(FORMATS))
SAMPLES = sorted(path.read_bytes() for path in LINT_CASES.iterdir())
PIECES = st.sampled_from(
    ['"', "'", "“", "\\", "[", "]", "{", "}", ",", ":", "<", ">", "&", "&quot;", "<string>", "</dict>", "<![CDATA[",
     "]]>", "<!--", "=3D", "\n", "\x00", "\ufeff", "//", "/*", "`", "```", "%5B", "sites\t", "\ud800", "{{", "$EMAIL"]
)  # fmt: skip


def check_result(data: bytes, format_id: str) -> None:
    result = checked(data, format_id)
    body = json.loads(json.dumps(result.as_json(), allow_nan=False))
    assert list(body) == ["readable", "container", "sites", "kept_keys", "findings", "repaired"]
    assert (body["sites"] is None) == (body["repaired"] is None)
    assert body["findings"] or body["readable"]
    if body["readable"] and body["container"] == "list" and b"\x00" not in data:
        json.loads(data.decode("utf-8-sig"))
    if body["repaired"] is not None:
        assert json.loads(body["repaired"]) == body["sites"]
    for finding in body["findings"]:
        assert finding["line"] >= 1
        assert finding["column"] >= 1
    result.before.encode("utf-8", "surrogatepass")


@given(st.binary(max_size=400), FORMAT_IDS)
def test_any_bytes_get_a_result(data: bytes, format_id: str) -> None:
    check_result(data, format_id)


@given(st.sampled_from(SAMPLES), st.data(), FORMAT_IDS)
@settings(max_examples=300)
def test_damaged_configurations_get_a_result(sample: bytes, data: Any, format_id: str) -> None:
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(sample)))
        end = data.draw(st.integers(at, min(at + 8, len(sample))))
        piece = data.draw(PIECES).encode("utf-8", "surrogatepass")
        sample = sample[:at] + piece + sample[end:]
    check_result(sample, format_id)


@given(st.lists(st.one_of(PIECES, st.sampled_from([LIST, DICT, PLIST, "a", " ", "true", "1"])), max_size=25))
@settings(max_examples=300)
def test_any_tokens_get_a_result(pieces: list[str]) -> None:
    check_result("".join(pieces).encode("utf-8", "surrogatepass"), "json")


def is_title(text: str) -> bool:
    try:
        check_title(text, "")
    except SiteListError:
        return False
    return text == text.strip() and "&" not in text


TITLES = st.one_of(
    st.text(min_size=1, max_size=120).filter(is_title),
    st.sampled_from(
        ['A "quoted" <b> title', "}}", "{{mail}}", "$EMAIL", "%Name%", "%upn%", "${user.mail}", "$FLEET_VAR_X", "שלום",
         "😀", "\\", "{Name}", "// no comment", "[x]", "&", "R&D <Lab>", "'", "”, “", "W" * 120]
    ),
)  # fmt: skip
PATHS = st.sampled_from(["", ":8443", "/c%C3%A9", "/wiki", "/$a$", "/c%C3%A9c%C3%A9"])
HOSTS = st.from_regex(r"[a-z]{3,9}", fullmatch=True).filter(lambda name: name not in {"my", "your"})
CLIENT_IDS = (
    st.none() | st.from_regex(r"[a-f0-9]{8,64}", fullmatch=True) | st.sampled_from(["a}}b", "$EMAIL", "x%Name%"])
)
ENTRIES = st.lists(
    st.builds(
        SiteEntry,
        title=TITLES,
        base_url=st.builds("https://{}.example.net{}".format, HOSTS, PATHS),
        client_id=CLIENT_IDS,
        cache_session_in_mobile_browser=st.booleans(),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda entry: entry.base_url,
)  # fmt: skip


@given(ENTRIES, FORMAT_IDS)
def test_every_export_is_read_and_clean(entries: list[SiteEntry], format_id: str) -> None:
    site_list = build_site_list(entries)
    exported = FORMATS[format_id].build(site_list)
    for checked_for in {format_id, "json"}:
        result = checked(exported, checked_for)
        assert ids(result) == []
        assert result.readable
        assert result.repaired == site_list
