"""Checking an app configuration on the page: recognized, findings, repair; the input stays on the page."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from portal.models import User
from rollout.mdm.checked_configuration import MAX_BYTES
from tests.support.site_lists import DICT, LINT_CASES, LIST

LINT = "/configurations/lint/"


def page_of(client: Any, text: str, format_id: str = "json", status: int = 200) -> str:
    response = client.post(LINT, {"text": text, "format": format_id})
    assert response.status_code == status
    return html.unescape(response.content.decode())


def visible(page: str) -> str:
    """The text of the page without tags and the textarea of the form."""
    page = re.sub(r"<textarea[^>]*name=\"text\".*?</textarea>", "", page, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


def test_it_works(client_of: Any, alice: User) -> None:
    page = page_of(client_of(alice), DICT.replace("</dict>", "<key>faceID</key><true/></dict>"), "intune-xml")
    assert "The configuration is usable. No findings." in page
    assert "property list (bare <dict>)" in page
    assert "<code>faceID</code>" in page
    assert "https://wiki.example.com" in page
    assert "Repaired list" not in page


def test_findings_are_grouped_with_place_and_remedy(client_of: Any, alice: User) -> None:
    text = LIST.replace('"Wiki"', "'Wiki {{mail}}'").replace("example.com", "example.com/")
    page = page_of(client_of(alice), text, "intune-xml")
    words = visible(page)
    assert "The configuration is not usable as it stands: 3 findings." in words
    headings = [words.index(f"{name} 1") for name in ("Not readable for the app or the MDM", "Effect unknown", "Style")
                if f"{name} 1" in words]  # fmt: skip
    assert headings == sorted(headings)
    assert "There are single quotes around a text." in words
    assert 'Use straight double quotes (").' in words
    assert "line 1, column 13, entry 1 · Repaired below" in words
    assert "{{mail}} in title is a variable" in words


def test_the_repair_is_shown_as_a_diff_with_a_field_to_copy(client_of: Any, alice: User) -> None:
    page = page_of(client_of(alice), LIST.replace("clientID", "clientId"))
    assert '<span class="diff-remove">-       "clientId": "c0ffee00",</span>' in page
    assert '<span class="diff-add">+       "clientID": "c0ffee00",</span>' in page
    assert '"Wiki"' not in page[page.index("repair-diff") : page.index("</pre>")]
    assert 'id="copy-repaired"' in page
    assert '[ { "title": "Wiki", "baseURL"' in page[page.index('id="copy-repaired"') :]


def test_what_needs_a_guess_is_left_to_the_person(client_of: Any, alice: User) -> None:
    words = visible(page_of(client_of(alice), (LINT_CASES / "many_faults.json").read_text()))
    assert "It cannot be repaired without a guess: fix 3 findings yourself." in words
    assert words.count("Cannot be repaired without a guess") == 3
    assert words.count("Repaired when the others are fixed") == 3
    assert "Repaired list" not in words
    assert "Repaired below" not in words


def test_a_file_is_checked(client_of: Any, alice: User) -> None:
    upload = SimpleUploadedFile("sites.plist", DICT.encode("utf-16"))
    response = client_of(alice).post(LINT, {"file": upload, "format": "json"})
    assert response.status_code == 200
    assert "The file is UTF-16." in response.content.decode()


@pytest.mark.parametrize("case", sorted(LINT_CASES.iterdir()), ids=lambda path: path.name)
def test_every_case_gets_a_page(client_of: Any, alice: User, case: Any) -> None:
    upload = SimpleUploadedFile(case.name, case.read_bytes())
    assert client_of(alice).post(LINT, {"file": upload, "format": "json"}).status_code == 200


def test_a_secret_is_shown_only_in_the_input(client_of: Any, alice: User) -> None:
    text = LIST.replace('"oauth"', '"client_secret": "hunter2hunter2", "oauth"')
    page = page_of(client_of(alice), text)
    assert page.count("hunter2hunter2") == 1  # in the text field
    assert "•••" in page


def test_a_configuration_over_one_mebibyte_is_explained(client_of: Any, alice: User) -> None:
    upload = SimpleUploadedFile("sites.json", b" " * (MAX_BYTES + 1))
    page = client_of(alice).post(LINT, {"file": upload, "format": "json"}).content.decode()
    assert "The text is larger than 1 MiB" in page


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"text": "", "format": "json"},
        {"text": "[]", "format": "nope"},
        {"text": "a\x00b", "format": "json"},
        {"text": "x" * (MAX_BYTES + 1), "format": "json"},
        {"text": "[]"},
        {"text": "[]", "format": "json", "file": True},
    ],
    ids=["nothing", "empty", "format", "null", "too long", "no format", "text and file"],
)
def test_invalid_input_is_rejected_and_stays_in_the_form(client_of: Any, alice: User, data: dict[str, Any]) -> None:
    if "file" in data:
        data = data | {"file": SimpleUploadedFile("sites.json", b"[]")}
    response = client_of(alice).post(LINT, data)
    assert response.status_code == 422
    if data.get("text") == "[]":
        assert ">\n[]</textarea>" in response.content.decode()
