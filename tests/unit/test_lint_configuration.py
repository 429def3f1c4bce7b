"""The command ``lint_configuration``: its output and exit status, without a database."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from tests.support.site_lists import DICT, LINT_CASES, LIST, SITES


def run(*arguments: str) -> tuple[str, int]:
    output = io.StringIO()
    try:
        call_command("lint_configuration", *arguments, stdout=output)
    except SystemExit as stopped:
        return output.getvalue(), int(stopped.code or 0)
    return output.getvalue(), 0


@pytest.fixture
def file(tmp_path: Path):
    """``file(text) -> str``: the name of a file with this text."""

    def create(text: str) -> str:
        path = tmp_path / "configuration"
        path.write_text(text)
        return str(path)

    return create


@pytest.mark.parametrize(
    ("text", "status"),
    [(DICT, 0), (LIST.replace("Wiki", "Wiki {{mail}}"), 1), (LIST.replace("false", "False"), 2), ("", 2)],
)
def test_the_exit_status_tells_the_result(file, text: str, status: int) -> None:
    assert run(file(text))[1] == status
    output, json_status = run(file(text), "--json")
    assert json_status == status
    assert json.loads(output)["readable"] is (status < 2)


def test_json_has_the_same_body_as_the_api(file) -> None:
    body = json.loads(run(file(DICT.replace("Wiki", "$EMAIL")), "--json", "--format", "plist-dict")[0])
    assert body == {
        "readable": True,
        "container": "dict",
        "sites": [{**SITES[0], "title": "$EMAIL"}],
        "kept_keys": [],
        "findings": [
            {
                "id": "vendor-variable",
                "severity": "unknown_effect",
                "line": 3,
                "column": 23,
                "entry": 1,
                "message": "$EMAIL in title is a variable, which the MDM (Jamf Pro) replaces before phones receive the "
                "list.",
                "fix": "Enter the final text. The repaired list keeps the text so that no MDM replaces it.",
            }
        ],
        "repaired": '[ { "title": "\\u0024EMAIL", "baseURL": "https://wiki.example.com", "oauth": '
        '{ "clientID": "c0ffee00", "cacheSessionInMobileBrowser": false } } ]',
    }


def test_text_names_what_was_found_and_the_repair(file) -> None:
    output, _status = run(file(DICT.replace("false", "False").replace("</dict>", "<key>faceID</key><true/></dict>")))
    assert output.splitlines()[:3] == [
        "Not readable. Recognized: dict.",
        "Other keys: faceID.",
        "Line 3, column 136, entry 1: False is not a JSON value. Write false, in lower case and without quotes. "
        "[Not readable, literal-spelling]",
    ]
    assert "Repaired:\n[ { " in output
    assert "Cannot be repaired" in run(file(LIST[:-20]))[0]


def test_a_secret_is_not_printed() -> None:
    name = str(LINT_CASES / "secret_in_other_key.json")
    assert "not-a-real-one" not in run(name)[0] + run(name, "--json")[0]


def test_standard_input_is_read(monkeypatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(LIST.encode())))
    assert run("-") == ("Readable. Recognized: list.\n", 0)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"absent: No such file") as refused:
        run(str(tmp_path / "absent"))
    assert refused.value.returncode == 2
