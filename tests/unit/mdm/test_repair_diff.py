"""The diff between a list as it was and as it was repaired."""

from __future__ import annotations

from rollout.mdm.repair_diff import MAX_SHOWN, DiffLine, diff_repair
from tests.support.site_lists import LIST, checked


def signed(before: str, after: str) -> list[str]:
    return [f"{line.sign}{line.text}" for line in diff_repair(before, after).lines]


def test_it_works() -> None:
    text = LIST.replace("false", "False")
    assert signed(text, checked(text).repaired or "") == [
        '     "oauth": {',
        '       "clientID": "c0ffee00",',
        '-      "cacheSessionInMobileBrowser": False',
        '+      "cacheSessionInMobileBrowser": false',
        "     }",
        "   }",
    ]


def test_spacing_is_no_change() -> None:
    assert signed(LIST, LIST.replace(" ", "")) != []  # spaces inside a line count
    assert signed(LIST, (checked(LIST).repaired or "").replace(", ", ",\n\n  ")) == []


def test_lines_far_apart_are_separated() -> None:
    sites = ", ".join(f'{{ "title": "S{n}", "baseURL": "https://s{n}.example.com" }}' for n in range(9))
    after = f"[ {sites} ]"
    before = after.replace('"S0"', "'S0'").replace('"S8"', "'S8'")
    assert DiffLine("@") in diff_repair(before, after).lines


def test_a_large_repair_is_cut() -> None:
    before = "[" + ", ".join(f'{{ "Title": "S{n}" }}' for n in range(5000)) + "]"
    diff = diff_repair(before, before.replace("Title", "title"))
    assert (len(diff.lines), diff.is_cut) == (MAX_SHOWN, True)
