"""Texts as administrators paste them, in five languages and from many products, name the right cause first."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from rollout.troubleshooting.diagnosis import CAUSES, diagnose
from rollout.troubleshooting.indicators import folded_pattern
from rollout.troubleshooting.languages import LANGUAGES, PHRASES
from rollout.troubleshooting.paste import parse_paste
from rollout.troubleshooting.pasted_secrets import redact
from tests.support.paths import ROOT

CASES = tomllib.loads((ROOT / "tests/cases/troubleshooting/texts.toml").read_text())
TEXTS: list[dict[str, Any]] = CASES["text"]
NEAR_MISSES: list[dict[str, Any]] = CASES["near_miss"]
# Causes of which a pasted text is the only evidence that people have.
REFUSALS = {
    "client-certificate", "cookie-defense", "waf-user-agent", "address-list", "rate-limit", "maintenance", "cloud-site",
    "moved-host", "other-product", "probe-blocked", "http2-only", "plain-http", "tls-too-old", "api-blocked",
}  # fmt: skip


def name(row: dict[str, Any]) -> str:
    return f"{row['cause']}: {' '.join(row['text'].split())[:50]}"


@pytest.mark.parametrize("row", TEXTS, ids=name)
def test_a_text_names_its_cause_first(row: dict[str, Any]) -> None:
    suspects = diagnose(redact(row["text"]).text).suspects
    assert [suspect.cause.id for suspect in suspects][:1] == [row["cause"]]


@pytest.mark.parametrize("row", [row for row in TEXTS if row.get("not_likely")], ids=name)
def test_no_cause_that_the_text_contradicts_is_likely(row: dict[str, Any]) -> None:
    likely = {suspect.cause.id for suspect in diagnose(redact(row["text"]).text).suspects if suspect.is_likely}
    assert likely.isdisjoint(row["not_likely"])


@pytest.mark.parametrize("row", NEAR_MISSES, ids=name)
def test_a_similar_text_does_not_make_the_cause_likely(row: dict[str, Any]) -> None:
    likely = {suspect.cause.id for suspect in diagnose(redact(row["text"]).text).suspects if suspect.is_likely}
    assert row["cause"] not in likely


def test_every_cause_has_texts_and_near_misses() -> None:
    ids = {cause.id for cause in CAUSES}
    wordings = [row["cause"] for row in TEXTS]
    assert set(wordings) <= ids
    assert {row["cause"] for row in NEAR_MISSES} <= ids
    assert [cause for cause in REFUSALS if wordings.count(cause) < 2] == []
    assert [cause for cause in REFUSALS if [row["cause"] for row in NEAR_MISSES].count(cause) < 2] == []


@pytest.mark.parametrize("meaning", PHRASES)
def test_every_meaning_is_recognized_in_every_language(meaning: str) -> None:
    """Each pattern matches one of the texts above, so that no language is only claimed."""
    folded = [parse_paste(row["text"]).folded for row in TEXTS]
    assert tuple(PHRASES[meaning]) == LANGUAGES
    for language, pattern in PHRASES[meaning].items():
        assert any(folded_pattern(pattern).search(text) for text in folded), language
