from __future__ import annotations

from dataclasses import replace

from rollout.mdm.diff import FieldChange, diff_site_lists
from rollout.mdm.site_list import SiteEntry

A = SiteEntry("A", "https://a.example.com", "client-a")
B = SiteEntry("B", "https://b.example.com", "client-b", True)
C = SiteEntry("C", "https://c.example.com")


def test_it_works() -> None:
    diff = diff_site_lists([A, B], [replace(A, title="New A"), C])
    assert diff.added == (C,)
    assert diff.removed == (B,)
    assert [(change.base_url, change.fields) for change in diff.changed] == [
        (A.base_url, (FieldChange("title", "A", "New A"),))
    ]
    assert not diff.reordered
    assert not diff.is_empty


def test_equal_lists_have_no_difference() -> None:
    assert diff_site_lists([A, B], iter([A, B])).is_empty
    assert diff_site_lists([], []).is_empty


def test_every_site_can_be_removed() -> None:
    assert diff_site_lists([A, B, C], []).removed == (A, B, C)


def test_a_new_client_id_is_a_change() -> None:
    diff = diff_site_lists([A], [replace(A, client_id="renewed")])
    assert diff.changed[0].fields == (FieldChange("clientID", "client-a", "renewed"),)


def test_removing_oauth_removes_both_of_its_fields() -> None:
    diff = diff_site_lists([B], [replace(B, client_id=None)])
    assert diff.changed[0].fields == (
        FieldChange("clientID", "client-b", None),
        FieldChange("cacheSessionInMobileBrowser", True, None),
    )


def test_the_session_setting_of_a_site_without_oauth_is_ignored() -> None:
    assert diff_site_lists([C], [replace(C, cache_session_in_mobile_browser=True)]).is_empty


def test_another_base_url_is_another_site() -> None:
    moved = replace(A, base_url="https://a.example.com/wiki")
    diff = diff_site_lists([A], [moved])
    assert (diff.added, diff.removed, diff.changed) == ((moved,), (A,), ())


def test_only_the_order_of_common_sites_counts() -> None:
    assert diff_site_lists([A, B], [B, A]).reordered
    assert not diff_site_lists([A, B, C], [A, C]).reordered
    assert not diff_site_lists([A, B], [C, A, B]).reordered
