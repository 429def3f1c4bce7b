"""JSON with the faults of copying and typing: what is found, where, and what is repaired."""

from __future__ import annotations

import json

import pytest

from tests.support.site_lists import LIST, SITES, checked, ids, sites_of

ONE = LIST[1:-1]
TWO_SITES = [*SITES, {**SITES[0], "baseURL": "https://lab.example.com"}]
OTHER = ONE.replace("wiki.", "lab.")


@pytest.mark.parametrize(
    ("text", "finding", "place"),
    [
        (LIST.replace('"title"', "“title”"), "typographic-quotes", (1, 4)),
        (LIST.replace('"title"', '"title”'), "typographic-quotes", (1, 10)),
        (LIST.replace('"Wiki"', '"Wiki”'), "typographic-quotes", (1, 18)),
        (LIST.replace('"Wiki"', "'Wiki'"), "single-quotes", (1, 13)),
        (LIST.replace('"Wiki"', "`Wiki`"), "backtick-quotes", (1, 13)),
        (LIST.replace('"title"', "title"), "unquoted-key", (1, 4)),
        (LIST.replace("false", "False"), "literal-spelling", (1, 126)),
        (LIST.replace('", "base', '" "base'), "missing-comma", (1, 20)),
        (LIST.replace('", "base', '"\n "base'), "missing-comma", (2, 2)),
        (LIST.replace('", "base', '",, "base'), "extra-comma", (1, 20)),
        (LIST.replace("[{", "[,{"), "extra-comma", (1, 2)),
        (LIST.replace("}]", "},]"), "trailing-comma", (1, 135)),
        (LIST.replace("false }", "false, }"), "trailing-comma", (1, 131)),
        (LIST.replace('", "base', '"; "base'), "wrong-separator", (1, 19)),
        (LIST.replace('"title":', '"title" ='), "wrong-separator", (1, 12)),
        (LIST.replace('"title":', '"title"'), "missing-colon", (1, 12)),
        (LIST.replace("}]", "]"), "missing-bracket", (1, 134)),
        (LIST[:-1], "missing-bracket", (1, 134)),
        (LIST + "]", "extra-bracket", (1, 136)),
        (LIST[:-1] + " }", "wrong-bracket", (1, 136)),
        ("/* sites */ " + LIST, "comment", (1, 1)),
        ("# sites\n" + LIST, "comment", (1, 1)),
        (LIST.replace("[{", "[\u200b{"), "invisible-space", (1, 2)),
        ("sites = " + LIST, "text-around", (1, 1)),
        (LIST + ";", "text-around", (1, 136)),
        (LIST + ",", "text-around", (1, 136)),
        (f"{LIST}\n{LIST}", "several-lists", (2, 1)),
        (LIST + " kind regards", "text-around", (1, 137)),
        (ONE, "single-object", (1, 1)),
        (json.dumps(LIST), "double-encoded", (1, 1)),
        (json.dumps(LIST)[1:-1], "escaped-quotes", (1, 4)),
        (LIST.replace('"', '""'), "doubled-quotes", (1, 4)),
        (LIST.replace('"', "&#34;"), "html-escaped", (1, 4)),
        (LIST.replace('"', "&amp;quot;"), "html-escaped", (1, 4)),
        (LIST.replace('"Wiki"', '"Wiki", "title": "Wiki"'), "duplicate-key", (1, 21)),
    ],
)
def test_a_fault_with_one_repair_is_repaired(text: str, finding: str, place: tuple[int, int]) -> None:
    result = checked(text, "plist-dict")
    first = result.findings[0]
    assert set(ids(result)) == {finding}
    assert (first.line, first.column) == place
    assert not result.readable
    assert sites_of(result) == SITES


@pytest.mark.parametrize("text", [f"{ONE}, {OTHER}", f"{ONE}\n{OTHER}", f"[{ONE}\n{OTHER}]", f"sites:\n{ONE}\n{OTHER}"])
def test_several_sites_become_one_list(text: str) -> None:
    result = checked(text)
    assert sites_of(result) == TWO_SITES
    assert not result.readable


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        (LIST[:-20], "cut-off"),
        (LIST[:-3], "cut-off"),
        ('[{"title": "Wi', "cut-off"),
        (LIST + LIST.replace("wiki.", "lab."), "several-lists"),
        (LIST.replace('"Wiki"', '"Wiki", "title": "Lab"'), "duplicate-key"),
        (LIST.replace('"Wiki"', "Wiki"), "unquoted-value"),
        (LIST.replace('"Wiki"', "NaN"), "not-a-value"),
        (LIST.replace('"Wiki"', "1e999"), "long-number"),
        (LIST.replace('"Wiki"', "1" * 400), "long-number"),
        (LIST.replace('"Wiki"', ""), "missing-value"),
        (LIST.replace("Wiki", "Wi\\ki"), "invalid-escape"),
        (LIST.replace("Wiki", "Wi=\nki"), "quoted-printable"),
        ("[" * 100, "too-deep"),
        ("[" + "1," * 40_000 + "1]", "too-many-values"),
    ],
)
def test_a_fault_with_several_repairs_is_not_repaired(text: str, finding: str) -> None:
    result = checked(text)
    assert finding in ids(result)
    assert (result.readable, result.sites, result.repaired) == (False, None, None)


def test_all_faults_are_found_at_once() -> None:
    text = """// Sites
[
  {title: 'Wiki', “baseURL”: "https://wiki.example.com",},
  {"title": "Lab",, "baseURL": "lab" "x": True}
]"""
    found = [(finding.id, finding.line, finding.entry) for finding in checked(text).findings]
    assert found == [
        ("comment", 1, None),
        ("unquoted-key", 3, 1),
        ("single-quotes", 3, 1),
        ("typographic-quotes", 3, 1),
        ("trailing-comma", 3, 1),
        ("extra-comma", 4, 2),
        ("missing-comma", 4, 2),
        ("literal-spelling", 4, 2),
        ("base-url-not-absolute", 4, 2),
        ("unknown-key", 4, 2),
    ]


def test_an_apostrophe_does_not_end_a_text_in_single_quotes() -> None:
    result = checked("[{'title': 'Bob's Wiki', 'baseURL': 'https://wiki.example.com'}]")
    assert (sites_of(result) or [{}])[0]["title"] == "Bob's Wiki"


def test_quotes_inside_a_text_are_kept() -> None:
    result = checked('[{"title": "The "best" wiki", "baseURL": "https://wiki.example.com"}]')
    assert (ids(result), (sites_of(result) or [{}])[0]["title"]) == (["inner-quotes"], 'The "best" wiki')


def test_typographic_quotes_in_a_title_are_no_fault() -> None:
    text = LIST.replace("Wiki", "The “best”, wiki")
    assert ids(checked(text)) == []


def test_escapes_are_read_as_json_has_them() -> None:
    title = 'Wiki "é" \\ / 😀'
    text = json.dumps([{"title": title, "baseURL": "https://wiki.example.com"}])
    assert (sites_of(checked(text)) or [{}])[0]["title"] == title


def test_faults_of_one_kind_are_listed_up_to_a_limit() -> None:
    text = "[" + ",".join(f'{{title: "{n}", "baseURL": "https://s{n}.example.com"}}' for n in range(300)) + "]"
    result = checked(text)
    assert (len(result.findings), result.not_listed, len(result.sites or ())) == (100, 200, 300)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_other_encodings_are_read_with_a_note(encoding: str) -> None:
    result = checked(LIST.encode(encoding))
    assert ids(result) == ["byte-order-mark" if encoding == "utf-8-sig" else "utf-16"]
    assert (result.readable, sites_of(result)) == (True, SITES)


def test_a_file_that_is_no_text_has_no_further_findings() -> None:
    assert ids(checked(b"\x89PNG\r\n\x1a\n\x00\x00[{,,}]" + bytes(range(256)))) == ["not-utf-8", "not-recognized"]


def test_a_file_that_is_not_utf_8_is_not_repaired() -> None:
    result = checked(LIST.replace("Wiki", "Zürich").encode("latin-1"))
    assert (ids(result), result.sites) == (["not-utf-8"], None)
