"""Reading the environment: types, files, and one error that names everything that is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from portal.environment import Environment


def faults(environment: Environment) -> str:
    with pytest.raises(ImproperlyConfigured) as raised:
        environment.require_valid()
    return str(raised.value)


@pytest.mark.parametrize(
    ("method", "text", "value"),
    [
        ("text", "  wiki  ", "wiki"),
        ("flag", "1", True),
        ("flag", " Yes ", True),
        ("flag", "off", False),
        ("flag", "", False),
        ("items", " administrator , auditor ,, ", ["administrator", "auditor"]),
        ("items", "first\nsecond\n", ["first", "second"]),
        ("items", "", []),
    ],
)
def test_values_are_read_without_white_space(method: str, text: str, value: Any) -> None:
    environment = Environment({"NAME": text})
    assert getattr(environment, method)("NAME") == value
    environment.require_valid()


def test_numbers_choices_pairs_and_urls() -> None:
    environment = Environment(
        {
            "HOURS": "12", "PAUSE": " 0.5", "LEVEL": "debug", "GROUPS": "administrator = it;ops, auditor=audit",
            "URL": "https://gatepass.example.com/", "ZONE": "Europe/Berlin", "REDIS": "rediss://:secret@redis:6380/1",
        }
    )  # fmt: skip
    assert environment.integer("HOURS", 24) == 12
    assert environment.number("PAUSE", 0.2) == 0.5
    assert environment.choice("LEVEL", "INFO", ("DEBUG", "INFO")) == "DEBUG"
    assert environment.pairs("GROUPS", example="a=b") == {"administrator": "it;ops", "auditor": "audit"}
    assert environment.url("URL", example="") == "https://gatepass.example.com"
    assert environment.time_zone("ZONE", "UTC") == "Europe/Berlin"
    assert environment.server("REDIS", "", schemes=("redis", "rediss"), example="").endswith("/1")
    environment.require_valid()


def test_an_empty_value_counts_as_not_set() -> None:
    environment = Environment({"HOURS": " ", "URL": ""})
    assert environment.integer("HOURS", 24) == 24
    assert environment.url("URL", example="") == ""
    environment.require_valid()


@pytest.mark.parametrize(
    ("read", "text", "fault"),
    [
        (lambda e: e.flag("NAME"), "maybe", "NAME is 'maybe', which is neither 1 nor 0. Example: NAME=1"),
        (lambda e: e.integer("NAME", 24), "12h", "NAME is '12h', which is not a whole number. Example: NAME=24"),
        (lambda e: e.number("NAME", 0.2), "nan", "NAME is 'nan', which is not a number. Example: NAME=0.2"),
        (lambda e: e.number("NAME", 0.2), "inf", "is not a number"),
        (lambda e: e.choice("NAME", "INFO", ("DEBUG", "INFO")), "loud", "is not one of DEBUG, INFO"),
        (lambda e: e.time_zone("NAME", "UTC"), "Mars/North", "is not the name of a time zone"),
        (lambda e: e.time_zone("NAME", "UTC"), "../../etc/passwd", "is not the name of a time zone"),
        (lambda e: e.url("NAME", example="https://a.example"), "gatepass.example.com", "is not an absolute http"),
        (lambda e: e.url("NAME", example="https://a.example"), "ftp://a.example", "is not an absolute http"),
        (lambda e: e.url("NAME", example="https://a.example"), "https://a.example:port", "is not an absolute http"),
        (lambda e: e.pairs("NAME", example="a=b"), "administrator", "is not a list of key=value pairs"),
        (lambda e: e.server("NAME", "", schemes=("redis",), example=""), "localhost:6379", "schemes redis"),
        (lambda e: e.database("NAME", "sqlite:///x"), "postgres", "NAME is not the URL of a database"),
        (lambda e: e.email("NAME", "consolemail://"), "mail.example.com", "NAME is not the URL of a mail server"),
    ],
)
def test_a_value_that_cannot_be_read_is_named_and_not_guessed(read: Any, text: str, fault: str) -> None:
    environment = Environment({"NAME": text})
    read(environment)
    assert fault in faults(environment)


def test_all_faults_are_named_at_once() -> None:
    environment = Environment({"FIRST": "maybe", "SECOND": "x"})
    environment.flag("FIRST")
    environment.integer("SECOND", 1)
    environment.url("THIRD", example="https://a.example", required=True)
    environment.refuse("FOURTH", "is too short", "")
    text = faults(environment)
    assert text.splitlines()[1:] == [
        "- FIRST is 'maybe', which is neither 1 nor 0. Example: FIRST=1",
        "- SECOND is 'x', which is not a whole number. Example: SECOND=1",
        "- THIRD is not set. Example: THIRD=https://a.example",
        "- FOURTH is too short.",
    ]


@pytest.mark.parametrize(
    "read",
    [
        lambda e: e.url("NAME", example="https://a.example"),
        lambda e: e.server("NAME", "", schemes=("redis",), example=""),
        lambda e: e.database("NAME", "sqlite:///x"),
        lambda e: e.email("NAME", "consolemail://"),
    ],
)
def test_no_password_of_a_url_is_quoted(read: Any) -> None:
    environment = Environment({"NAME": "gopher://person:hunter2@host.example:x"})
    read(environment)
    assert "hunter2" not in faults(environment)


def test_a_value_may_be_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text("first key\nsecond key\n")
    environment = Environment({"KEYS_FILE": str(path), "KEY_FILE": str(path), "LIST": "", "LIST_FILE": str(path)})
    assert environment.items("KEYS") == environment.items("LIST") == ["first key", "second key"]
    assert environment.text("KEY") == "first key\nsecond key"
    environment.require_valid()


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe\x00")
    environment = Environment({"A_FILE": str(tmp_path / "nowhere"), "B_FILE": str(tmp_path), "C_FILE": str(binary)})
    for name in "ABC":
        environment.text(name)
    text = faults(environment)
    assert "A cannot be read from the file in A_FILE: No such file or directory." in text
    assert "B cannot be read from the file in B_FILE: Is a directory." in text
    assert "C cannot be read from the file in C_FILE: it is not text." in text


def test_a_value_in_both_places_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("one")
    environment = Environment({"KEY": "other", "KEY_FILE": str(path)})
    environment.text("KEY")
    assert "KEY and KEY_FILE are both set, and only one can count." in faults(environment)


def test_a_child_gets_another_value_in_place_of_a_file() -> None:
    environment = Environment({"SECRET_KEY_FILE": "/run/key", "DATABASE_URL_FILE": "/run/url", "DEMO": "1"})
    assert environment.for_child(DATABASE_URL="postgres://host/new") == {
        "SECRET_KEY_FILE": "/run/key",
        "DATABASE_URL": "postgres://host/new",
        "DEMO": "1",
    }
    assert (environment.file_of("SECRET_KEY"), environment.file_of("DEMO")) == ("/run/key", "")
