"""Any bytes of a server result in an observation and a verdict, and both can be stored."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout.compatibility.next_steps import next_steps
from rollout.compatibility.observation import Answer, Endpoint, Observation, PlainHttp
from rollout.compatibility.rules import evaluate
from rollout.compatibility.verdict import Verdict
from rollout.http_client.redaction import clean, safe_url
from rollout.http_client.reply import Reply
from rollout.probes.fingerprint import fingerprint_of
from rollout.probes.info_login import read_info_login
from rollout.probes.login_page import read_login_page
from rollout.probes.manifest import read_manifest
from rollout.probes.metadata import read_metadata
from rollout.probes.oauth_endpoints import authorize_kind, oauth_error, token_kind
from rollout.probes.plain_http import read_plain_http
from rollout.probes.status import read_status
from rollout.probes.tls import tls_facts

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BASE = "https://wiki.example.com"

WORDS = [
    b"<manifest>", b"</manifest>", b"<version>9.2.1</version>", b"<typeId>confluence</typeId>", b"<url>", b"</url>",
    b"<!DOCTYPE m [<!ENTITY a 'b'>]>", b"<?xml version='1.0' encoding='utf-16'?>", b"&a;", b"<![CDATA[", b"]]>",
    b"<html>", b"<meta name='ajs-version-number' content='", b"<meta name=ajs-base-url content=", b"'>", b"<form",
    b'{"clientId":', b'"abc"', b'"oauth":', b"{", b"}", b"[", b"]", b",", b":", b"NaN", b"1e999", b"9" * 5000, b"null",
    b'"state":', b'"issuer":', b'"error":', b'"\\ud800"', b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\x00", b"\x1b[",
    b"https://[", b"https://admin:x@h", b"http-equiv=refresh content='0;url=", b"%s%(x)s", b"\xff\xfe\x00\x00",
    b"<script>location.replace(",
]  # fmt: skip
BODIES = st.binary(max_size=200) | st.lists(st.sampled_from(WORDS), max_size=12).map(b"".join)
TYPES = ["", "application/json", "application/xml", "text/html; charset=utf-16", "text/html;charset=punycode", "x"]
PLACES = [
    "",
    "/x",
    "//h/x",
    "https://sso.example.com/?code=1",
    "http://wiki.example.com/",
    "confluence-server://x",
    "https://[",
    "\x00",
]


@st.composite
def replies(draw: st.DrawFn) -> Reply:
    """A reply, including some that the HTTP client would not return."""
    status = draw(st.none() | st.sampled_from([200, 200, 200, 301, 302, 400, 401, 403, 404, 500, 503, 999]))
    error = draw(st.sampled_from(["dns", "timeout", "tls", "too_many_redirects", "too_large", "odd"]))
    pairs = [("Content-Type", draw(st.sampled_from(TYPES)))]
    if draw(st.booleans()):
        pairs.append(("Location", draw(st.sampled_from(PLACES) | st.text(max_size=20))))
    pairs += draw(st.lists(st.sampled_from([("X-AREQUESTID", "1"), ("X-Confluence-Request-Time", "")]), max_size=1))
    bare = Reply(Answer("GET", BASE, NOW, status=status, error=None if status else error), BASE, draw(BODIES), pairs)
    location = safe_url(bare.location) if bare.location else None
    kind = clean(pairs[0][1].partition(";")[0])
    answer = Answer("GET", BASE, NOW, status, bare.error, kind, location, (BASE,), excerpt=clean(bare.text(), 200))
    return Reply(answer, BASE, bare.body, pairs)


def observed(replies: list[Reply]) -> Observation:
    """The observation of these nine replies, in the order of the requests."""
    manifest, app, plain, authorize, token, login, metadata, status, http = replies
    return Observation(
        base_url=BASE,
        product="confluence",
        observed_at=NOW,
        manifest=read_manifest(manifest),
        info_login=read_info_login(app),
        info_login_plain=read_info_login(plain),
        authorize=Endpoint(authorize.answer, authorize_kind(authorize, BASE)),
        token=Endpoint(token.answer, token_kind(token), oauth_error(token)),
        login_page=read_login_page(login),
        metadata=read_metadata(metadata),
        status=read_status(status),
        fingerprint=fingerprint_of(replies),
        plain_http=PlainHttp(http.answer, read_plain_http(http, leads_back=False).kind),
        tls=tls_facts(BASE, replies),
    )


@given(st.lists(replies(), min_size=9, max_size=9))
def test_any_response_gets_a_verdict(replies: list[Reply]) -> None:
    observation = observed(replies)
    stored = json.dumps(observation.to_json())
    assert "\\u0000" not in stored  # PostgreSQL takes no NUL in JSON
    assert Observation.from_json(json.loads(stored)) == observation
    evaluation = evaluate(observation)
    for setup in evaluation.setups():
        assert setup.verdict in Verdict
        assert bool(next_steps(setup)) == (not setup.verdict.startswith("READY"))
        assert all(found.to_json()["evidence"]["summary"].isprintable() for found in setup.findings)


@pytest.mark.parametrize("read", [read_manifest, read_info_login, read_login_page, read_metadata, read_status])
@given(body=st.binary(max_size=2000))
def test_each_reader_accepts_any_body(read: Any, body: bytes) -> None:
    found = read(Reply(Answer("GET", BASE, NOW, 200), BASE, body, [("Content-Type", "text/html")]))
    assert json.dumps(found.answer.url)
