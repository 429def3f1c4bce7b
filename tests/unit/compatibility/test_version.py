from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout.compatibility.version import Version

ASCENDING = [
    "0",
    "0.7.5",
    "8.5.31",
    "9.0.999",
    "9.1.0-dev1",
    "9.1.0-alpha1",
    "9.1.0-beta2",
    "9.1.0-m01",
    "9.1.0-m2",
    "9.1.0-m10",
    "9.1.0-rc1-SNAPSHOT",
    "9.1.0-rc1",
    "9.1.0-rc2",
    "9.1.0-SNAPSHOT",
    "9.1.0",
    "9.1.0.1",
    "9.1.1-SNAPSHOT",
    "9.1.1",
    "9.2",
    "9.10",
    "10.0.0-rc1",
    "10",
    "19.1.47",
    "19.1.47.1",
    "19.1.48",
]


def test_it_works():
    assert Version.parse("9.2.1") > Version.parse("9.1")
    assert str(Version.parse(" v4.1.1 ")) == "v4.1.1"


@pytest.mark.parametrize(("lower", "higher"), list(combinations(ASCENDING, 2)))
def test_order(lower: str, higher: str):
    assert Version.parse(lower) < Version.parse(higher)
    assert not Version.parse(higher) <= Version.parse(lower)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("9.1", "9.1.0"),
        ("9", "9.0.0.0"),
        ("9.1.0", "09.01.00"),
        ("9.2.0.qualifier", "9.2"),
        ("9.1.0-jdk17", "9.1.0"),
        ("9.1.0.final", "9.1.0"),
        ("9.1.0+rc1", "9.1.0"),
        ("9.2.0-m05", "9.2-M5"),
        ("10.0.0-rc1", "10.0.0.RC1"),
        ("10.0.0-rc1", "10.0.0_rc-1"),
        ("9.1.1-SNAPSHOT", "9.1.1-snapshot"),
        ("v9.1", "9.1"),
    ],
)
def test_equal(one: str, other: str):
    assert Version.parse(one) == Version.parse(other)
    assert hash(Version.parse(one)) == hash(Version.parse(other))


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        ".",
        "9.",
        ".9",
        "9..1",
        "-9",
        "+9",
        "9.1.",
        "9.1-",
        "9,1",
        "9.1.0 rc1",
        "9.1\n9.2",
        "9.1\x00",
        "latest",
        "v",
        "x9",
        "٩.١",
        "9.1.²",
        "9.1;drop table",
        "9.1<script>",
        "9.1/../..",
        "%(found)s",
        "9" * 10,
        "9" * 5000,
        "1.2.3.4.5.6.7.8.9",
        "9.1-" + "a" * 100,
        "9.1\ud800",
        None,
        9.1,
        ["9", "1"],
    ],
)
def test_hostile_text_is_refused(text: object):
    with pytest.raises(ValueError, match="not a version number"):
        Version.parse(text)  # type: ignore[arg-type]


WORDS = st.sampled_from(
    ["", "-m05", "-rc1", "-rc2", "-SNAPSHOT", ".qualifier", "-jdk17", "-beta", "-alpha3", "-rc1-SNAPSHOT"]
)
VERSIONS = st.builds(
    lambda numbers, word: Version.parse(".".join(map(str, numbers)) + word),
    st.lists(st.integers(0, 12), min_size=1, max_size=5),
    WORDS,
)


@given(VERSIONS, VERSIONS)
def test_order_is_total_and_antisymmetric(one: Version, other: Version):
    assert (one < other) + (one == other) + (one > other) == 1
    assert (one <= other <= one) == (one == other)


@given(VERSIONS, VERSIONS, VERSIONS)
def test_order_is_transitive(one: Version, two: Version, three: Version):
    low, middle, high = sorted([one, two, three])
    assert low <= middle <= high
    assert low <= high


@given(VERSIONS)
def test_text_parses_to_the_same_version(version: Version):
    assert Version.parse(str(version)) == version


@given(st.lists(st.integers(0, 99), min_size=1, max_size=4))
def test_trailing_zeros_do_not_matter(numbers: list[int]):
    text = ".".join(map(str, numbers))
    assert Version.parse(text) == Version.parse(text + ".0")


@given(st.text(max_size=40))
def test_any_text_parses_or_raises_value_error(text: str):
    try:
        version = Version.parse(text)
    except ValueError:
        return
    assert version == Version.parse(str(version))
