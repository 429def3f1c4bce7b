"""The manifest: valid, broken and hostile."""

from __future__ import annotations

import asyncio

import pytest

from rollout.probes.manifest import probe_manifest
from rollout.probes.probe_session import ProbeSession

SAMPLE = b"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<manifest><id>9f2d636e-c842-3388-8a66-17c1b951dd45</id><name>Wiki</name><typeId>confluence</typeId><version>9.2.1</version>
<buildNumber>9111</buildNumber><publicSignup>false</publicSignup><url>https://confluence.example.com</url></manifest>"""
LAUGHS = b"""<!DOCTYPE m [<!ENTITY a "aaaaaaaaaa">%s]><manifest><version>&z;</version></manifest>""" % b"".join(
    b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(25)
)


@pytest.fixture
def read(serve, make_answer, policy, now):
    def call(body: bytes, **headers: str):
        server = serve(make_answer(body, **{"Content_Type": "application/xml", **headers}))
        return asyncio.run(probe_manifest(ProbeSession.within(5, policy=policy, now=now), server.url + "/wiki"))

    return call


def test_it_works(read) -> None:
    manifest = read(SAMPLE)
    assert (manifest.product, manifest.version, manifest.name) == ("confluence", "9.2.1", "Wiki")
    assert manifest.canonical_url == "https://confluence.example.com"
    assert manifest.answer.url.endswith("/wiki/rest/applinks/1.0/manifest")


@pytest.mark.parametrize(
    "body",
    [
        SAMPLE.replace(b"UTF-8", b"utf-16"),
        b"\xef\xbb\xbf" + SAMPLE,
        b"\n " + SAMPLE,
        SAMPLE.replace(b"<manifest>", b"<manifest xmlns='urn:x'>"),
        b'{"typeId": "confluence", "version": "9.2.1", "name": "Wiki", "url": "https://confluence.example.com"}',
        b'{"typeId": "Confluence", "version": "1", "version": "9.2.1", "x": NaN, "url": "https://confluence.example.com"}',
    ],
)
def test_read_tolerantly(read, body) -> None:
    manifest = read(body)
    assert (manifest.product, manifest.version) == ("confluence", "9.2.1")
    assert manifest.canonical_url == "https://confluence.example.com"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>Sign in</body></html>",
        b"<manifest>",
        b"<manifest/>",
        b"<manifest><version></version></manifest>",
        b"[]",
        b"null",
        b'{"version": 9, "typeId": ["confluence"]}',
        LAUGHS,
        b'<!DOCTYPE m [<!ENTITY x SYSTEM "file:///etc/passwd">]><manifest><version>&x;</version></manifest>',
        b'<!DOCTYPE m SYSTEM "http://127.0.0.1:1/x.dtd"><manifest><version>1</version></manifest>',
        b"<a>" * 60_000,
        b"<manifest>" + b"<a>" * 30_000 + b"</a>" * 30_000 + b"</manifest>",
        b"\x00" * 100,
        b"{" * 100_000,
        b'<?xml version="1.0" encoding="nonsense"?><html/>',
    ],
)
def test_hostile_or_other_answers_have_no_facts(read, body) -> None:
    manifest = read(body)
    assert (manifest.product, manifest.version, manifest.canonical_url) == (None, None, None)
    assert manifest.answer.status == 200


def test_values_are_cleaned_and_bounded(read) -> None:
    manifest = read(
        b'{"version": "9.2\\u0000.1\\ud800", "name": "%s", "url": "https://u:p@h/?token=abcdefghijklmno"}'
        % (b"x" * 999)
    )
    assert manifest.version == "9.2 .1"
    assert len(manifest.name) == 200
    assert manifest.canonical_url == "https://h/?token=abcd…"


def test_a_version_is_no_longer_than_a_site_s_field(read) -> None:
    assert len(read(b'{"version": "9.2.%s"}' % (b"1" * 99)).version) == 40


@pytest.mark.parametrize("charset", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
@pytest.mark.parametrize(
    "text",
    [
        '{"typeId": "confluence", "version": "9.2.1", "buildNumber": 9111}',
        '<?xml version="1.0"?><manifest><typeId>confluence</typeId><version>9.2.1</version>'
        "<buildNumber>9111</buildNumber></manifest>",
    ],
    ids=["json", "xml"],
)
def test_every_encoding_and_both_forms(read, charset: str, text: str) -> None:
    manifest = read(text.encode(charset))
    assert (manifest.product, manifest.version, manifest.build) == ("confluence", "9.2.1", "9111")
    assert manifest.form == ("json" if text.startswith("{") else "xml")


def test_a_redirect_has_no_facts(serve, make_answer, policy, now) -> None:
    server = serve(make_answer(SAMPLE, status="302 Found", Location="https://sso.example.com/login"))
    manifest = asyncio.run(probe_manifest(ProbeSession.within(5, policy=policy, now=now), server.url))
    assert manifest.version is None
    assert manifest.answer.location == "https://sso.example.com/login"
