"""Parsing forms as a browser would."""

from __future__ import annotations

import time

import pytest

from rollout.rehearsal.html_forms import forms_of


def test_it_works() -> None:
    (form,) = forms_of(
        '<form action="/x?a=1&amp;b=2" method="POST"><input type="hidden" name="t" value="&lt;1&gt;">'
        '<input name="scope" value="WRITE"><input type="checkbox" name="on" checked><input type=checkbox name="off">'
        '<input type="submit" value="Cancel"><input type="submit" name="allow" value="Authorize"></form>'
    )
    assert (form.action, form.method) == ("/x?a=1&b=2", "post")
    assert form.fields == [("t", "<1>"), ("scope", "WRITE"), ("on", "on")]
    assert form.data_for(form.button("allow")) == {"t": "<1>", "scope": "WRITE", "on": "on", "allow": "Authorize"}


def test_a_button_is_found_by_its_value_too() -> None:
    (form,) = forms_of('<form method=post><button name="answer" value="allow">Allow</button></form>')
    assert form.data_for(form.button("allow")) == {"answer": "allow"}
    assert form.button("deny") is None
    assert form.data_for(None) == {}


@pytest.mark.parametrize(
    "html",
    [
        "",
        "<form",
        "<form><input",
        "</form></form>",
        "<form>" * 1000,
        "<form>" + "<input name=a>" * 5000,
        "<![if x]><form><!--",
        "<form><input name='a' value='" + "x" * 100_000,
        "\x00<form method=\x00>",
    ],
)
def test_broken_markup_does_not_raise(html) -> None:
    assert len(forms_of(html)) <= 50


def test_controls_that_are_never_sent() -> None:
    (form,) = forms_of(
        "<form><input type=file name=f><input type=reset name=r><input type=image name=i><button type=button name=b>"
        "</button><input disabled name=d><input value=nameless></form><input name=outside>"
    )
    assert (form.fields, form.buttons) == ([], [])


def test_forms_in_comments_and_scripts_are_ignored() -> None:
    page = "<!-- <form><input name=a></form> --><SCRIPT>'<form>'</SCRIPT>İ<form method=post><button name=b></form>"
    (form,) = forms_of(page)
    assert (form.method, form.fields, form.buttons) == ("post", [], [("b", "")])


@pytest.mark.parametrize(
    "seed", ["<a ", "<!", "<!--", "</", "<form ", '<input "', "<input a a", "<script>", "<script></script>"]
)
def test_a_hostile_page_is_parsed_quickly(seed) -> None:
    started = time.monotonic()
    forms_of((seed * 262144)[:262144])
    assert time.monotonic() - started < 2
