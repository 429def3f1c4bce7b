"""The API's check of an app configuration: its body is that of the command, in whatever shape it is sent."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from portal.models import User
from rollout.models import AuditEvent
from tests.support.site_lists import DICT, LINT_CASES, LIST, SITES, checked

CHECK = "/api/v1/configurations/lint"


def post(client: Client, body: Any) -> Any:
    return client.post(CHECK, json.dumps(body), content_type="application/json")


def test_a_configuration_is_checked(client_of: Any, alice: User) -> None:
    answer = post(client_of(alice), {"text": DICT.replace("Wiki", "$EMAIL"), "format": "plist-dict"})
    body = answer.json()
    assert (answer.status_code, body["readable"], body["container"]) == (200, True, "dict")
    assert body["sites"] == [{**SITES[0], "title": "$EMAIL"}]
    assert [finding["id"] for finding in body["findings"]] == ["vendor-variable"]
    assert not AuditEvent.objects.filter(action__startswith="configuration").exists()


@pytest.mark.parametrize(
    "content_type", ["application/json", "text/plain", "application/xml", "application/octet-stream"]
)
@pytest.mark.parametrize("text", [LIST, DICT])
def test_the_body_may_be_the_configuration_itself(client_of: Any, alice: User, content_type: str, text: str) -> None:
    for data in (text.encode(), text.encode("utf-16")):
        body = client_of(alice).post(f"{CHECK}?format=intune-xml", data, content_type=content_type).json()
        assert (body["readable"], body["sites"]) == (True, SITES)


def test_the_api_and_the_command_return_the_same(client_of: Any, alice: User) -> None:
    for path in sorted(LINT_CASES.iterdir()):
        answer = client_of(alice).post(CHECK, path.read_bytes(), content_type="application/octet-stream")
        assert answer.json() == checked(path.read_bytes()).as_json()


@pytest.mark.parametrize(
    "value", ["", " ", "\x00", "x" * 5000, "<script>", "\ud800", "[" * 9999, None, 0, 1e400, True, [], {}, {"a": []}]
)
def test_hostile_configurations_get_a_result(client_of: Any, alice: User, value: Any) -> None:
    answer = post(client_of(alice), {"text": value})
    assert answer.status_code == 200
    assert answer.json()["readable"] is False
    assert post(client_of(alice), {"text": "[]", "format": value}).status_code in {200, 422}


def test_an_unknown_format_is_refused(client_of: Any, alice: User) -> None:
    answer = post(client_of(alice), {"text": "[]", "format": "mobileconfig"})
    assert answer.status_code == 422
    assert "intune-xml" in answer.json()["error"]["fields"]["format"][0]
    assert client_of(alice).post(f"{CHECK}?format=mobileconfig", b"[]", content_type="text/plain").status_code == 422
