"""Digests: grouped by kind and site, most severe first; and the time of the next one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from rollout.notifications.digest import Entry, next_time, sections

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)


def flip(site: int, was: str, now: str) -> Entry:
    details = {"was": [was, "UNKNOWN"], "now": [now, "UNKNOWN"], "times": 1}
    return Entry("verdict", f"verdict:{site}", AT, details, site, f"Site {site}")


def test_it_works():
    result = sections([flip(1, "READY_MDM", "UNKNOWN"), flip(2, "READY_MDM", "INCOMPATIBLE")])

    assert [(section.kind, section.count, section.more) for section in result] == [("verdict", 2, 0)]
    assert [entry.title for entry in result[0].listed] == ["Site 2", "Site 1"]


def test_repeats_are_merged():
    [section] = sections([flip(1, "READY_MDM", "UNKNOWN"), flip(1, "UNKNOWN", "ACTION_NEEDED")])

    assert section.count == 1
    assert section.listed[0].details == {
        "was": ["READY_MDM", "UNKNOWN"], "now": ["ACTION_NEEDED", "UNKNOWN"], "times": 2
    }  # fmt: skip


def test_the_first_twenty_are_listed():
    [section] = sections(flip(site, "READY_MDM", "UNKNOWN") for site in range(200))

    assert (section.count, len(section.listed), section.more) == (200, 20, 180)


def test_the_next_time_is_in_the_time_zone_and_in_the_future():
    zone = ZoneInfo("Europe/Berlin")
    assert next_time(AT, hour=8, zone=zone) == datetime(2026, 6, 2, 6, tzinfo=UTC)
    assert next_time(AT, hour=15, zone=zone) == datetime(2026, 6, 1, 13, tzinfo=UTC)
    assert next_time(AT, hour=14, zone=zone) == AT + timedelta(days=1), "now is not ahead"
    before_summer = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    assert next_time(before_summer, hour=2, zone=zone) > before_summer, "an hour that is skipped"
