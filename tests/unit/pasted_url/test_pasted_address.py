"""What a person pastes becomes a base URL, every change is reported, and nothing that could be right is cut."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rollout.base_url import parse_base_url
from rollout.pasted_url.pasted_address import CHANGES, MAX_LENGTH, PROBLEMS, PastedUrlError, read_pasted_url

HOST = "https://wiki.example.com"
# pasted address → base URL, changes
READ = [
    ("https://wiki.example.com", HOST, ()),
    ("HTTPS://Wiki.Example.COM:443/", HOST, ()),
    ("  https://wiki.example.com \n", HOST, ()),
    ("<https://wiki.example.com/>.", HOST, ()),
    ("“https://wiki.example.com”", HOST, ()),
    ("\ufeffhttps://wiki.example.com\u200b", HOST, ()),
    ("wiki.example.com", HOST, ("scheme",)),
    ("wiki.example.com:8443/wiki/", f"{HOST}:8443/wiki", ("scheme",)),
    ("wiki:8443", "https://wiki:8443", ("scheme",)),
    ("192.0.2.10/wiki", "https://192.0.2.10/wiki", ("scheme",)),
    ("[2001:db8::1]:8443/wiki", "https://[2001:db8::1]:8443/wiki", ("scheme",)),
    ("//wiki.example.com", HOST, ("scheme",)),
    ("://wiki.example.com", HOST, ("scheme",)),
    ("bücher.example.com", "https://xn--bcher-kva.example.com", ("scheme",)),
    ("http.example.com", "https://http.example.com", ("scheme",)),
    ("https.example.com//", "https://https.example.com", ("scheme",)),
    ("wiki.example.com/wiki/login.action?os_destination=%2Findex.action", f"{HOST}/wiki", ("scheme", "sign-in")),
    (f"{HOST}/dologin.action", HOST, ("sign-in",)),
    (f"{HOST}/login.jsp?os_destination=%2Fsecure", HOST, ("sign-in",)),
    (f"{HOST}/wiki/login", f"{HOST}/wiki", ("sign-in",)),
    (f"{HOST}/login.action;jsessionid=4711?x=1", HOST, ("sign-in",)),
    (f"{HOST}/index.action#all-updates", HOST, ("page",)),
    (f"{HOST}/wiki/dashboard.action", f"{HOST}/wiki", ("page",)),
    (f"{HOST}/confluence/pages/viewpage.action?pageId=65537", f"{HOST}/confluence", ("page",)),
    (f"{HOST}/display/KEY", HOST, ("page",)),
    (f"{HOST}/wiki/display/~alice/My+Page?focusedCommentId=1#c", f"{HOST}/wiki", ("page",)),
    (f"{HOST}/display/KEY/Two words", HOST, ("page",)),
    (f"{HOST}/apps/wiki/display/KEY/A/B", f"{HOST}/apps/wiki", ("page",)),
    (f"{HOST}/spaces/KEY/pages/65537/Title", HOST, ("page",)),
    (f"{HOST}/x/AbCd", HOST, ("page",)),
    (f"{HOST}/label/KEY/howto", HOST, ("page",)),
    (f"{HOST}/download/attachments/65537/a.pdf?version=1", HOST, ("page",)),
    (f"{HOST}/s/-abc/9012/1/_/download/batch/x.css", HOST, ("page",)),
    (f"{HOST}/secure/Dashboard.jspa", HOST, ("page",)),
    (f"{HOST}/jira/browse/KEY-1?focusedId=2", f"{HOST}/jira", ("page",)),
    (f"{HOST}/projects/KEY/issues", HOST, ("page",)),
    (f"{HOST}/issues/?jql=project%20%3D%20X", HOST, ("page",)),
    (f"{HOST}/servicedesk/customer/portal/2", HOST, ("page",)),
    (f"{HOST}/plugins/servlet/samlsso?SAMLRequest=x", HOST, ("page",)),
    (f"{HOST}/wiki/rest/applinks/1.0/manifest", f"{HOST}/wiki", ("page",)),
    (f"{HOST}/admin/users/browseusers.action", HOST, ("page",)),
    (f"{HOST}/wiki/index.html", f"{HOST}/wiki", ("page",)),
    (f"{HOST}/login/login", HOST, ("sign-in",)),
    (f"{HOST}/wiki?x=1", f"{HOST}/wiki", ("query",)),
    (f"{HOST}/#top", HOST, ("fragment",)),
    (f"{HOST}/wiki;jsessionid=4711", f"{HOST}/wiki", ("parameter",)),
    # Paths that could be context paths are kept.
    *[
        (f"{HOST}/{path}", f"{HOST}/{path}", ())
        for path in (
            "display", "spaces", "x", "pages", "browse", "projects", "issues", "rest", "plugins", "admin", "secure",
            "download", "s", "label", "wiki", "confluence", "apps/wiki", "display-wiki", "pages/wiki", "plugins/wiki",
            "download/wiki", "servicedesk/wiki", "x/a/b", "s/wiki", "loginaction", "wiki.action.d", "displays/KEY",
        )
    ],
    (f"{HOST}/display/login.action", f"{HOST}/display", ("sign-in",)),
    (f"{HOST}/display/display/KEY", f"{HOST}/display", ("page",)),
    (f"{HOST}/display/pages/viewpage.action?pageId=1", f"{HOST}/display", ("page",)),
    # Names that only look like Atlassian Cloud.
    ("https://myatlassian.net/wiki", "https://myatlassian.net/wiki", ()),
    ("https://acme.atlassian.net.example.com", "https://acme.atlassian.net.example.com", ()),
]  # fmt: skip
SSO = "https://login.example.net/oauth2/authorize?response_type=code&client_id=x"
# pasted address → code, suggested base URL
REFUSED = [
    *[
        (f"{start}wiki.example.com/wiki/login.action", "scheme-typo", f"{HOST}/wiki")
        for start in (
            "htps://", "http//", "https//", "https:/", "hhtps://", "htttps://", "httpss://", "httsp://", "hptts://",
            "ttps://", "tps://", "s://", "htp://", "hhtp://", "htpp://", "https;//", "https:", "https/", "https.//",
            "https : //", "https:\\\\", "https:///", "https://https://", "http://https://", "https://http//",
            "httpx://", "https：／／",
        )
    ],
    ("http://wiki.example.com/wiki", "http", f"{HOST}/wiki"),
    ("http://wiki.example.com:8090/login.action", "http", HOST),
    ("http://wiki.example.com:8443", "http", f"{HOST}:8443"),
    ("https%3A%2F%2Fwiki.example.com%2Fwiki", "encoded", f"{HOST}/wiki"),
    ("Our wiki: https://wiki.example.com/wiki", "whitespace", f"{HOST}/wiki"),
    ("Wiki: https://wiki.example.com", "scheme", HOST),
    (f"{HOST}\\wiki", "backslash", f"{HOST}/wiki"),
    (f"{HOST}/a//b", "path-doubled-slash", f"{HOST}/a/b"),
    ("wiki", "no-scheme", "https://wiki"),
    ("wiki/wiki", "no-scheme", "https://wiki/wiki"),
    ("/wiki", "no-scheme", ""),
    ("", "empty", ""),
    (" <> ", "empty", ""),
    *[
        (f"{scheme}://wiki.example.com", "scheme", "")
        for scheme in ("ftp", "ftps", "sftp", "smtp", "file", "ldap", "ws", "wss", "ssh", "confluence-server")
    ],
    ("javascript:alert(1)", "scheme", ""),
    ("mailto:alice@example.com", "scheme", ""),
    ("alice@example.com", "user-info", ""),
    ("https://alice:secret@wiki.example.com", "user-info", ""),
    ("https://acme.atlassian.net/wiki/spaces/KEY", "cloud", ""),
    ("acme.Atlassian.NET.:443", "cloud", ""),
    ("htps://acme.atlassian.net", "cloud", ""),
    (f"{SSO}&redirect_uri=https%3A%2F%2Fwiki.example.com%2Fwiki%2Fplugins%2Fservlet%2Foidc%2Fcallback",
     "sign-in-service", f"{HOST}/wiki"),
    (f"{SSO}&redirect_uri=myapp%3A%2F%2Fback", "sign-in-service", ""),
    ("https://adfs.example.com/adfs/ls/?SAMLRequest=abc&RelayState=https%3A%2F%2Fwiki.example.com%2Flogin.action",
     "sign-in-service", HOST),
    ("https://", "host-missing", ""),
    ("https://wiki.example.com:99999", "port", ""),
    ("https://wiki.example.com/../x", "path-dots", ""),
    ("https://localhost", "loopback", ""),
    ("https://" + "w" * MAX_LENGTH, "too-long", ""),
    ("https://wiki.example.com/" + "w" * 600, "too-long", ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "base_url", "changes"), READ)
def test_an_address_is_read(text: str, base_url: str, changes: tuple[str, ...]) -> None:
    pasted = read_pasted_url(text)
    assert str(pasted.base_url) == base_url
    assert tuple(change.code for change in pasted.changes) == changes


@pytest.mark.parametrize(("text", "code", "suggestion"), REFUSED)
def test_an_address_is_refused_with_a_suggestion(text: str, code: str, suggestion: str) -> None:
    with pytest.raises(PastedUrlError) as refused:
        read_pasted_url(text)
    assert (refused.value.code, refused.value.suggestion) == (code, suggestion)
    assert refused.value.message % refused.value.values


@pytest.mark.parametrize("suggestion", sorted({suggestion for _text, _code, suggestion in REFUSED if suggestion}))
def test_a_suggestion_is_a_base_url_that_needs_no_repair(suggestion: str) -> None:
    assert str(read_pasted_url(suggestion).base_url) == suggestion
    assert not read_pasted_url(suggestion).changes


def test_the_removed_page_is_named_without_its_query_and_not_in_full_length() -> None:
    (change,) = read_pasted_url(f"{HOST}/display/KEY/{'Long' * 50}?token=secret").changes
    shown = change.message % change.values
    assert shown.startswith("removed the page /display/KEY/Long")
    assert len(shown) < 90
    assert "secret" not in shown


def test_loopback_is_for_trials_only() -> None:
    assert str(read_pasted_url("http://127.0.0.1:8000/x/AbCd", allow_loopback_http=True).base_url) == (
        "http://127.0.0.1:8000"
    )
    with pytest.raises(PastedUrlError) as refused:
        read_pasted_url("http://127.0.0.1:8000")
    assert refused.value.code == "http"


def test_every_message_is_used() -> None:
    assert {code for _text, code, _suggestion in REFUSED} >= set(PROBLEMS)
    assert {code for _text, _url, codes in READ for code in codes} == set(CHANGES)


PIECES = st.lists(
    st.sampled_from(
        [
            "https", "http", "htps", ":", "/", "//", "\\", "?", "#", ";", "@", "%", " ", ".", "wiki", "example.com",
            "display", "pages", "login.action", "login", "x", "s", "_", "[::1]", ":8443", "os_destination=",
            "SAMLRequest=a&redirect_uri=https://h.example.com", "acme.atlassian.net", "%2F", "\u202e", "\x00", "é",
        ]
    ),
    max_size=14,
).map("".join)  # fmt: skip


@given(st.one_of(PIECES, st.text(max_size=60)))
@example("https://h.example.com/" + "display/" * 400)
def test_any_text_is_read_or_refused_and_reading_again_changes_nothing(text: str) -> None:
    try:
        pasted = read_pasted_url(text)
    except PastedUrlError as error:
        suggestion = error.suggestion
    else:
        suggestion = str(pasted.base_url)
        assert read_pasted_url(suggestion).base_url == pasted.base_url
    if suggestion:
        again = read_pasted_url(suggestion)
        assert str(again.base_url) == str(parse_base_url(suggestion)) == suggestion
        assert again.changes == ()


@pytest.mark.parametrize("part", ["/login", "/display", "https://", "htps://", "https%3A%2F%2F", "/a;b", "?a&", "\\"])
def test_a_long_hostile_text_takes_little_time(part: str) -> None:
    text = (f"{HOST}" if part[0] in "/?\\" else "") + part * (MAX_LENGTH // len(part) - 10)
    started = time.perf_counter()
    with contextlib.suppress(PastedUrlError):
        read_pasted_url(text)
    assert time.perf_counter() - started < 1
