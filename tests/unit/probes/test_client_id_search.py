"""The search for a client ID in what ``info/login`` returned."""

from __future__ import annotations

import json

import pytest

from rollout.probes.info_login import host_of, locate_client_id


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ({"clientId": "a"}, "a"),
        ({"clientID": "a"}, "a"),
        ({"client_id": "a"}, "a"),
        ({"x": [{"y": {"client_id": "deep"}}]}, "deep"),
        ({"x": {"clientId": "deep"}, "clientID": "top"}, "top"),
        ({"clientId": " padded "}, "padded"),
        ({"clientId": 5}, None),
        ({"clientId": None}, None),
        ({"clientId": {"clientId": "inner"}}, "inner"),
        ({"clientId": ""}, None),
        ({"clientId": "a b"}, None),
        ({"clientId": "a\x00"}, None),
        ({"clientId": "x" * 256}, None),
        ({"CLIENTID": "a"}, None),
        ({"clientSecret": "a"}, None),
        ([], None),
        ("clientId", None),
    ],
)
def test_the_search_for_a_client_id(data, found) -> None:
    assert locate_client_id(data)[0] == found


def test_the_search_ends_in_deep_and_wide_values() -> None:
    deep = json.loads('{"a":' * 900 + '{"clientId":"x"}' + "}" * 900)
    assert locate_client_id(deep)[0] == "x"
    assert locate_client_id([[]] * 100_000) == (None, None)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://a.example.com/x", "a.example.com"),
        ("https://a.example.com:443/", "a.example.com"),
        ("http://a.example.com:8080/", "a.example.com:8080"),
        ("https://[::1]:8443/", "::1:8443"),
        ("https://[", None),
        ("https://h:99999/", None),
        ("/relative", None),
        (None, None),
    ],
)
def test_host_of(url, host) -> None:
    assert host_of(url) == host
