"""Every sentence of the pure packages is marked for translation, so that ``make messages`` collects it.

xgettext finds literals passed to functions of these names, and so does this test.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from rollout.base_url import REFUSALS
from rollout.compatibility import phone_rules
from rollout.compatibility.evidence import REASONS, result_of
from rollout.compatibility.matrix import MATRIX, Matrix
from rollout.compatibility.observation import (
    Answer,
    Certificate,
    Endpoint,
    Fingerprint,
    InfoLogin,
    KnownLinks,
    LoginPage,
    Manifest,
    Metadata,
    Observation,
    PhoneResult,
    PlainHttp,
    PluginVersions,
    RestApi,
    ServerStatus,
    Tls,
)
from rollout.compatibility.refusals import RefusalKind
from rollout.compatibility.rules import RULES, evaluate
from rollout.compatibility.verdict import Setup
from rollout.formats.site_csv import read_sites_csv
from rollout.http_client.failures import ERRORS
from rollout.mdm.containers import CONTAINERS
from rollout.mdm.entry_objects import TYPE_NAMES
from rollout.mdm.finding_kinds import KINDS
from rollout.mdm.found_lists import VALUE_NAMES
from rollout.mdm.site_list import SiteListError, parse_site_list
from rollout.mdm.vendor_formats import FORMATS
from rollout.message_ids import gettext_noop
from rollout.rehearsal.phone import NOT_RUN, STEPS
from tests.support.paths import ROOT

MARKERS = {"_", "gettext_noop"}
PURE = (
    "base_url.py",
    "formats/site_csv.py",
    "formats/site_cells.py",
    "compatibility",
    "mdm",
    "pasted_url",
    "rehearsal",
    "http_client/failures.py",
    "troubleshooting",
)

NOW = datetime(2025, 3, 4, 12, 30, tzinfo=UTC)
BASE = "https://confluence.example.com/wiki"


def is_marker(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKERS


def sources(*names: str) -> Iterator[Path]:
    for name in names:
        path = ROOT / "rollout" / name
        yield from [path] if path.suffix else sorted(path.glob("*.py"))


def marked(*paths: Path) -> set[str]:
    """Every literal that is marked for translation."""
    calls = (node for path in paths for node in ast.walk(ast.parse(path.read_text())) if is_marker(node))
    return {
        call.args[0].value
        for call in calls
        if isinstance(call, ast.Call) and call.args and isinstance(call.args[0], ast.Constant)
    }


MARKED = marked(*sources(*PURE))


def test_it_works() -> None:
    assert gettext_noop("The site is %(product)s.") == "The site is %(product)s."
    assert "The site is %(product)s." in MARKED


# --- The sentences of findings ------------------------------------------------------------------------------
def answers() -> Iterator[Answer]:
    ok = Answer("GET", f"{BASE}/x", NOW, status=200, content_type="application/json", hops=(f"{BASE}/x",))
    yield ok
    for status in (302, 400, 401, 403, 404, 500, 503):
        yield replace(ok, status=status)
    yield replace(ok, status=302, location="https://sso.example.com/login")
    yield replace(ok, status=302, location="/wiki/login.action")
    yield replace(ok, status=301, location="http://confluence.example.com/wiki/x")
    for error in (*ERRORS, "never heard of", None):
        yield replace(ok, status=None, error=error)


def refusals() -> Iterator[Answer]:
    ok = next(answers())
    for refusal in RefusalKind:
        yield replace(ok, status=403, refusal=refusal.value)
    yield replace(ok, status=301, refusal="moved", location="https://docs.example.com/wiki/x")


def observations() -> Iterator[Observation]:
    """A ready site of each product, with one part changed in every way that a rule evaluates."""
    ok = next(answers())
    for product in ("confluence", "jira", "bamboo"):
        ready = Observation(
            base_url=BASE,
            product=product,
            observed_at=NOW,
            manifest=Manifest(ok, product=product, version="10.1.0", name="Wiki", canonical_url=BASE),
            info_login=InfoLogin(ok, "json", client_id="abc"),
            authorize=Endpoint(ok, "answers"),
            token=Endpoint(ok, "answers"),
            tls=Tls("valid", expires_at=NOW + timedelta(days=90)),
            plugins=PluginVersions(oauth="4.1.1", mobile="19.1.47", source="manual"),
        )
        yield ready
        for change in (parts, main_parts, optional_parts):
            yield from (replace(ready, **{name: part}) for name, part in change(ready))
        yield from combinations(ready)
        yield from refused(ready)


def parts(ready: Observation) -> Iterator[tuple[str, Any]]:
    for url in ("http://127.0.0.1:8090", "http://confluence.example.com"):
        yield "base_url", url
    for kind in ("plain", "untrusted", "expired", "wrong_host", "error", "unreachable", "new"):
        yield "tls", Tls(kind)
    yield "tls", Tls("valid", expires_at=NOW + timedelta(days=2))
    for version in (None, "nine", "9.0", "9.12.14", "9.13.0", "10.0.1"):
        yield "manifest", replace(ready.manifest, version=version)
    for found in (None, "jira", "confluence", "bamboo"):
        yield "manifest", replace(ready.manifest, product=found)
    for canonical in (None, "nonsense", "https://other.example.com"):
        yield "manifest", replace(ready.manifest, canonical_url=canonical)
    for entered in (None, "new", "1.0"):
        yield "plugins", PluginVersions(oauth=entered, mobile=entered)
    yield "plugins", PluginVersions(source="gatepass")
    for source in ("manual", "upm_json", "upm_token"):
        for days in (1, 100):
            yield "plugins", PluginVersions("4.1.1", source=source, as_of=NOW - timedelta(days=days))
    for enabled in (True, False):
        yield "plugins", PluginVersions(oauth_enabled=enabled, mobile_enabled=enabled)


def main_parts(ready: Observation) -> Iterator[tuple[str, Any]]:
    """Responses to the four requests that are sent to every site."""
    info = ready.info_login
    yield "info_login", replace(info, client_id=None)
    yield "info_login", replace(info, client_id=None, fields=("oauth.clientKey",))
    yield "info_login", replace(info, client_id=None, answer=replace(info.answer, url=f"{BASE}/nativemobile/1.0/x"))
    for odd in ("duplicate_keys", "two_client_ids", "not_a_number", "not_utf8", "byte_order_mark"):
        yield "info_login", replace(info, client_id=None, oddities=(odd,))
    for answer in answers():
        yield "manifest", Manifest(answer)
        for kind in ("redirect", "login_page", "unauthorized", "disabled", "missing", "error", "unreachable"):
            yield "info_login", InfoLogin(answer, kind)
        for kind in ("intercepted", "missing", "error", "unreachable"):
            yield "authorize", Endpoint(answer, kind)
            yield "token", Endpoint(answer, kind)


def optional_parts(ready: Observation) -> Iterator[tuple[str, Any]]:
    """Parts that are requested of some sites only."""
    answer = ready.info_login.answer
    yield "tls", Tls("valid", trust="site", chain=(Certificate("a", "b"), Certificate("b", "c", expires_at=NOW)))
    for kind in ("redirects", "elsewhere", "loop", "serves", "closed", "error"):
        yield "plain_http", PlainHttp(answer, kind)
    for state in ("RUNNING", "MAINTENANCE", "FIRST_RUN", "STARTING", "ERROR"):
        yield "status", ServerStatus(answer, state)
    for kind, client_id in (("json", "abc"), ("json", "other"), ("error", None)):
        yield "info_login_plain", InfoLogin(answer, kind, client_id=client_id)
    for version, base_url in (("10.1.0", BASE), ("10.1.0", "https://other.example.com"), ("10.2.0", BASE)):
        yield "login_page", LoginPage(answer, "page", version, base_url)
    for issuer, methods in ((BASE, ("S256",)), ("https://other.example.com", ()), (BASE, ("plain",))):
        yield "metadata", Metadata(answer, True, issuer, code_challenge_methods=methods)


def combinations(ready: Observation) -> Iterator[Observation]:
    """Changes of two parts: a manifest behind a sign-in and its second sources, links and the responses for them."""
    answer = replace(ready.info_login.answer, status=401)
    behind = replace(ready, manifest=Manifest(answer))
    for version in ("8.5", "10.1.0"):
        for product in ("confluence", "jira", None):
            page = LoginPage(answer, "page", version, BASE)
            yield replace(behind, login_page=page, fingerprint=Fingerprint(product, "x-a"))
    for links in (KnownLinks("abc"), KnownLinks("other"), KnownLinks("other", "abc"), KnownLinks("other", "other")):
        for error in ("invalid_client", "invalid_grant"):
            yield replace(ready, links=links, token=replace(ready.token, oauth_error=error))
    yield replace(
        ready,
        info_login=InfoLogin(answer, "unauthorized"),
        info_login_plain=ready.info_login,
    )


def refused(ready: Observation) -> Iterator[Observation]:
    """Refusals of one request or of all, and what phones and further requests show."""
    ok = ready.manifest.answer
    for answer in (*refusals(), *(answer for answer in answers() if answer.status is None)):
        everywhere = replace(ready, manifest=Manifest(answer), info_login=InfoLogin(answer, "refused"))
        yield everywhere
        yield replace(everywhere, authorize=Endpoint(answer, "refused"), token=Endpoint(answer, "refused"))
        yield replace(ready, manifest=Manifest(answer))
        yield replace(ready, info_login=InfoLogin(answer, "refused"), authorize=Endpoint(answer, "refused"))
        yield replace(ready, token=Endpoint(answer, "refused"), rest_api=RestApi(answer, "refused"))
        yield replace(ready, rest_api=RestApi(answer, "unreachable"))
    for kind in ("answers", "intercepted", "missing", "error"):
        for answer in answers():
            yield replace(ready, rest_api=RestApi(answer, kind))
    yield replace(ready, rest_api=RestApi(ok, "answers"), plugins=PluginVersions(source="gatepass"))
    for location in ("/confluence/", "/login.action"):
        missing = Manifest(replace(ok, status=404))
        yield replace(
            ready, manifest=missing, root=Answer("GET", "https://confluence.example.com/", NOW, 302, location=location)
        )
        yield replace(ready, manifest=missing, info_login=InfoLogin(missing.answer, "missing"))
    for version in ("1000.0.0", "8.19.2"):
        yield replace(ready, manifest=replace(ready.manifest, version=version, product="stash"))
    for target in (
        "http://confluence.example.com/x",
        "https://confluence.example.com:1/login.action",
        "https://node1/",
    ):
        yield replace(ready, authorize=Endpoint(ok, "answers", leads_to=target))
    yield replace(ready, authorize=Endpoint(ok, "answers", leads_to=BASE))
    for unknown in (ok, replace(ok, status=400)):
        yield replace(ready, authorize_unknown=Endpoint(unknown, "answers"))
    yield replace(ready, authorize=Endpoint(ok, "answers", "invalid_client"), authorize_unknown=Endpoint(ok, "answers"))
    yield replace(ready, authorize=Endpoint(ok, "refused"), authorize_plain=Endpoint(ok, "answers"))
    yield replace(ready, rate_limited=replace(ok, status=429))
    yield replace(ready, tls=Tls("old_protocol"))
    yield replace(ready, info_login=InfoLogin(ok, "other_json", fields=("code",)))
    for worked in (True, False):
        for setup in Setup:
            result = PhoneResult(setup, worked, NOW)
            yield replace(ready, phone_results=(result,), client_certificate=True)


# An edition may leave versions out.
SHORT = Matrix(MATRIX.as_of, MATRIX.source, tuple(row for row in MATRIX.requirements if row.below))


def test_findings() -> None:
    texts = {
        text
        for observation in observations()
        for matrix in (MATRIX, SHORT)
        for setup in evaluate(observation, matrix).setups()
        for finding in setup.findings
        for text in (finding.message, finding.remedy)
        if text
    }
    assert len(texts) > 60
    assert texts <= MARKED
    # And vice versa: every marked text of the rules' modules occurs, or is put into a sentence.
    all_marked = marked(*(path for path in sources("compatibility") if path.stem != "matrix_text"))
    parts_of_sentences = {*REASONS.values(), "the reason is unknown", "OAuth 2.0 provider plugin", "mobile plugin"}
    parts_of_sentences |= set(phone_rules.STEPS.values())
    assert all_marked - texts == parts_of_sentences | {entry.title for entry in RULES}


def test_reasons_without_a_response() -> None:
    assert set(REASONS) == set(ERRORS)
    assert {result_of(answer) for answer in answers() if answer.status is None} - {"never heard of"} <= MARKED


# --- The other tables --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "messages",
    [
        REFUSALS.values(),
        ERRORS.values(),
        [entry.title for entry in RULES],
        [text for entry in FORMATS.values() for text in (entry.label, entry.where)],
        [NOT_RUN, *(title for _, title, _ in STEPS)],
    ],
    ids=["refused base URLs", "HTTP client", "rules", "formats", "rehearsal"],
)
def test_table(messages: Any) -> None:
    assert set(messages) <= MARKED


def test_refused_base_urls_need_no_escaping() -> None:
    assert not [message for message in REFUSALS.values() if "%" in message]


@pytest.mark.parametrize(
    "text",
    [
        "", "title", "title,base_url,base_url", "title,base_url,colour", "title,base_url\nA,", "title,base_url\nA,x",
        "title,base_url\nA,http://a.example.com", 'title,base_url\n"A', "title,base_url\nA,https://a.example.com,x",
        "title,base_url\nA,https://a.example.com\nB,https://a.example.com", "title,base_url,people\nA,x,many",
        "title,base_url,owners,product\nA,x,unknown,sharepoint", "title,base_url,oauth_plugin_version\nA,x,new",
        "title,base_url,cache_session_in_mobile_browser\nA,x,perhaps", "title,base_url\n\x07,x", "a\0",
    ],
)  # fmt: skip
def test_errors_of_a_csv_file(text: str) -> None:
    errors = read_sites_csv(text.encode(), allow_loopback_http=False).errors
    assert errors
    assert {error.message for error in errors} <= MARKED


@pytest.mark.parametrize(
    "text", ["", '[{"title": "", "baseURL": "x"}]', '[{"title": "A", "baseURL": "x"}]', '[{"title": "A"}]']
)
def test_errors_of_a_site_list(text: str) -> None:
    with pytest.raises(SiteListError) as refused:
        parse_site_list(text)
    assert refused.value.message in MARKED


@pytest.mark.parametrize("kind_id", KINDS)
def test_findings_in_a_configuration(kind_id: str) -> None:
    kind = KINDS[kind_id]
    assert {kind.message, kind.fix} <= MARKED
    assert kind.message.endswith(".")
    assert kind.fix.endswith(".")


def test_names_in_findings_of_a_configuration() -> None:
    names = {*TYPE_NAMES, *VALUE_NAMES.values(), *CONTAINERS.values()} - {"null"}
    assert {name for name in names if " " in name} <= MARKED


# --- Sentences that no table lists ------------------------------------------------------------------------------------
SENTENCE = re.compile(r"[A-Z%].* .*[.?]", re.DOTALL)
# Raised for programmers and the command line; no page shows it.
INTERNAL = {"This is not a version number. Write it like 9.1.0."}


@pytest.mark.parametrize("path", list(sources(*PURE)), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_sentence_is_left_unmarked(path: Path) -> None:
    tree = ast.parse(path.read_text())
    skipped = {
        id(inner)
        for node in ast.walk(tree)
        if is_marker(node) or isinstance(node, ast.JoinedStr) or is_docstring(node)
        for inner in ast.walk(node)
    }
    literals = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in skipped]
    sentences = {node.value for node in literals if isinstance(node.value, str) and SENTENCE.fullmatch(node.value)}
    assert sentences <= INTERNAL


def is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
