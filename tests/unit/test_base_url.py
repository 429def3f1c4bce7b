from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout.base_url import REFUSALS, BaseUrl, BaseUrlError, parse_base_url


def test_it_works():
    url = parse_base_url("https://Confluence.Example.com:8443/wiki/")
    assert url == BaseUrl("https", "confluence.example.com", 8443, "/wiki")
    assert str(url) == "https://confluence.example.com:8443/wiki"
    assert url.origin == "https://confluence.example.com:8443"
    assert not url.is_loopback


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("https://confluence.example.com", "https://confluence.example.com"),
        ("https://confluence.example.com/", "https://confluence.example.com"),
        ("HTTPS://CONFLUENCE.EXAMPLE.COM", "https://confluence.example.com"),
        ("https://confluence.example.com:443", "https://confluence.example.com"),
        ("https://confluence.example.com:80", "https://confluence.example.com:80"),
        ("https://confluence.example.com:65535", "https://confluence.example.com:65535"),
        ("https://confluence.example.com.", "https://confluence.example.com"),
        ("https://confluence.example.com.:443/", "https://confluence.example.com"),
        ("https://confluence", "https://confluence"),
        ("https://wiki.example.com/Wiki", "https://wiki.example.com/Wiki"),
        ("https://wiki.example.com/a/b//", "https://wiki.example.com/a/b"),
        ("https://wiki.example.com/%7Eteam", "https://wiki.example.com/~team"),
        ("https://wiki.example.com/%c3%bc", "https://wiki.example.com/%C3%BC"),
        ("https://wiki.example.com/a...b", "https://wiki.example.com/a...b"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("https://BÜCHER.example", "https://xn--bcher-kva.example"),
        ("https://xn--BCHER-kva.example", "https://xn--bcher-kva.example"),
        ("https://xn--fa-hia.example", "https://xn--fa-hia.example"),
        ("https://例え。jp", "https://xn--r8jz45g.jp"),
        ("https://10.1.2.3", "https://10.1.2.3"),
        ("https://[2001:DB8:0:0::1]", "https://[2001:db8::1]"),
        ("https://[2001:db8::1]:443", "https://[2001:db8::1]"),
        ("https://[2001:db8::1]:8443/wiki", "https://[2001:db8::1]:8443/wiki"),
        ("https://3com.example", "https://3com.example"),
        ("https://127.0.0.1.example.com", "https://127.0.0.1.example.com"),
        ("https://localhost.example.com", "https://localhost.example.com"),
    ],
)
def test_one_spelling(text: str, canonical: str):
    assert str(parse_base_url(text)) == canonical
    assert str(parse_base_url(canonical)) == canonical


HOSTILE = [
    ("", "empty"),
    ("   ", "empty"),
    ("\n", "empty"),
    ("https://confluence.example.com/" + "a" * 500, "too-long"),
    ("https://" + ".".join(["ü" * 40] * 4) + "/" + "a" * 320, "too-long"),
    (" https://confluence.example.com", "whitespace"),
    ("https://confluence.example.com ", "whitespace"),
    ("https://confluence.example.com\n", "whitespace"),
    ("https://conf\tluence.example.com", "whitespace"),
    ("https://confluence.example.com\r\nX-Injected: 1", "whitespace"),
    ("https://confluence.example.com\u00a0", "whitespace"),
    ("https://confluence.example.com\u2028/wiki", "whitespace"),
    ("https://confluence.example.com\x00", "control-character"),
    ("https://confluence.example.com\x7f", "control-character"),
    ("https://confluence\u200b.example.com", "control-character"),
    ("https://con\u202eflu.example.com", "control-character"),
    ("\ufeffhttps://confluence.example.com", "control-character"),
    ("https://\ud800.example.com", "control-character"),
    ("https://confluence.example.com\\@evil.example", "backslash"),
    ("https:\\\\confluence.example.com", "backslash"),
    ("confluence.example.com", "not-absolute"),
    ("//confluence.example.com", "not-absolute"),
    ("/wiki", "not-absolute"),
    ("https:confluence.example.com", "not-absolute"),
    ("https:/confluence.example.com", "not-absolute"),
    ("javascript:alert(1)", "not-absolute"),
    ("://confluence.example.com", "not-absolute"),
    ("[{'title': 'x'}]", "whitespace"),
    ("ftp://confluence.example.com", "scheme"),
    ("javascript://confluence.example.com/%0aalert(1)", "scheme"),
    ("file:///etc/passwd", "scheme"),
    ("confluence-server://oauth-callback", "scheme"),
    ("http://confluence.example.com", "http"),
    ("http://localhost:8090", "http"),
    ("http://127.0.0.1", "http"),
    ("https://admin@confluence.example.com", "user-info"),
    ("https://admin:hunter2@confluence.example.com", "user-info"),
    ("https://confluence.example.com@evil.example", "user-info"),
    ("https://confluence.example.com?x=1", "query"),
    ("https://confluence.example.com/pages/viewpage.action?pageId=1", "query"),
    ("https://confluence.example.com/wiki?", "query"),
    ("https://confluence.example.com#top", "fragment"),
    ("https://confluence.example.com/#", "fragment"),
    ("https://", "host-missing"),
    ("https:///wiki", "host-missing"),
    ("https://:443", "host-missing"),
    ("https://.", "host"),
    ("https://.example.com", "host"),
    ("https://a..example.com", "host"),
    ("https://-a.example.com", "host"),
    ("https://a-.example.com", "host"),
    ("https://con_fluence.example.com", "host"),
    ("https://*.example.com", "host"),
    ("https://{{userprincipalname}}.example.com", "host"),
    ("https://$EMAIL.example.com", "host"),
    ("https://conf%6Cuence.example.com", "host"),
    ("https://" + "a" * 64 + ".example", "host"),
    ("https://" + ".".join(["a" * 60] * 5), "host"),
    ("https://℀.example.com", "host"),
    ("https://［：：１］", "host"),
    ("https://confluence.example.com：443", "host"),
    ("https://xn--\u00fc.example", "host"),
    ("https://xn--99999999.example", "host"),
    ("https://faß.example", "host-ambiguous"),
    ("https://2130706433", "host-numeric"),
    ("https://0x7f000001", "host-numeric"),
    ("https://0x7f.0.0.1", "host-numeric"),
    ("https://0177.0.0.1", "host-numeric"),
    ("https://127.1", "host-numeric"),
    ("https://10.0.0.1.5", "host-numeric"),
    ("https://192.0.2.256", "host-numeric"),
    ("https://example.0x", "host-numeric"),
    ("https://192.0.2.10.", "host-numeric"),
    ("https://１０．０．１", "host-numeric"),
    ("https://[::1", "host-ipv6"),
    ("https://2001:db8::1", "host-ipv6"),
    ("https://[fe80::1%25eth0]", "host-ipv6"),
    ("https://[v1.x]", "host-ipv6"),
    ("https://[２００１:db8::1]", "host-ipv6"),
    ("https://[2001:db8::1]evil", "host-ipv6"),
    ("https://0.0.0.0", "host-unusable"),
    ("https://[::]", "host-unusable"),
    ("https://169.254.169.254", "host-unusable"),
    ("https://[::ffff:169.254.169.254]", "host-unusable"),
    ("https://224.0.0.1", "host-unusable"),
    ("https://localhost", "loopback"),
    ("https://LOCALHOST.", "loopback"),
    ("https://wiki.localhost", "loopback"),
    ("https://127.8.9.10", "loopback"),
    ("https://１２７.0.0.1", "loopback"),
    ("https://[::1]", "loopback"),
    ("https://[::ffff:127.0.0.1]", "loopback"),
    ("https://confluence.example.com:", "port"),
    ("https://confluence.example.com:0", "port"),
    ("https://confluence.example.com:0443", "port"),
    ("https://confluence.example.com:65536", "port"),
    ("https://confluence.example.com:-1", "port"),
    ("https://confluence.example.com:443:443", "host-ipv6"),
    ("https://confluence.example.com:٤٤٣", "port"),
    ("https://confluence.example.com:https", "port"),
    ("https://confluence.example.com//wiki", "path-doubled-slash"),
    ("https://confluence.example.com/a//b", "path-doubled-slash"),
    ("https://confluence.example.com/./wiki", "path-dots"),
    ("https://confluence.example.com/wiki/../admin", "path-dots"),
    ("https://confluence.example.com/wiki/%2e%2E", "path-dots"),
    ("https://confluence.example.com/wi<ki>", "path-character"),
    ('https://confluence.example.com/"', "path-character"),
    ("https://confluence.example.com/{{mail}}", "path-character"),
    ("https://confluence.example.com/wiki;jsessionid=1F", "path-character"),
    ("https://confluence.example.com/wikí", "path-character"),
    ("https://confluence.example.com/%", "percent-escape"),
    ("https://confluence.example.com/%4", "percent-escape"),
    ("https://confluence.example.com/%zz", "percent-escape"),
    ("https://confluence.example.com/a%2Fb", "percent-escape"),
    ("https://confluence.example.com/a%5Cb", "percent-escape"),
    ("https://confluence.example.com/a%00b", "percent-escape"),
    ("https://confluence.example.com/a%0d%0ab", "percent-escape"),
    ("https://confluence.example.com/%252e%252e", "percent-escape"),
    ("https://confluence.example.com/%c0%ae%c0%ae", "percent-escape"),
    ("https://confluence.example.com/%20", "percent-escape"),
    ("https://confluence.example.com/%e2%80%ae", "percent-escape"),
]


@pytest.mark.parametrize(("text", "code"), HOSTILE)
def test_refused(text: str, code: str):
    with pytest.raises(BaseUrlError) as refusal:
        parse_base_url(text)
    assert refusal.value.code == code
    assert refusal.value.message == str(refusal.value) == REFUSALS[code]


def test_every_refusal_is_reached():
    assert {code for _, code in HOSTILE} == set(REFUSALS)


def test_a_refusal_says_what_is_wrong_and_what_to_do():
    assert all(message.count(". ") >= 1 and message.endswith(".") for message in REFUSALS.values())


def test_a_refusal_does_not_repeat_a_password():
    with pytest.raises(BaseUrlError) as refusal:
        parse_base_url("https://admin:hunter2@confluence.example.com")
    assert "hunter2" not in repr(refusal.value)


def test_a_refusal_survives_pickling():
    with pytest.raises(BaseUrlError) as refusal:
        parse_base_url("ftp://x")
    assert pickle.loads(pickle.dumps(refusal.value)).code == "scheme"


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("http://127.0.0.1:8090/wiki/", "http://127.0.0.1:8090/wiki"),
        ("http://localhost:80", "http://localhost"),
        ("http://wiki.localhost:9000", "http://wiki.localhost:9000"),
        ("http://[::1]:8090", "http://[::1]:8090"),
        ("https://localhost:8443", "https://localhost:8443"),
        ("https://confluence.example.com", "https://confluence.example.com"),
    ],
)
def test_loopback_for_a_trial(text: str, canonical: str):
    assert str(parse_base_url(text, allow_loopback_http=True)) == canonical


@pytest.mark.parametrize(
    "text",
    [
        "http://confluence.example.com",
        "http://10.0.0.1",
        "http://localhost.example.com",
        "http://127.0.0.1.nip.example",
    ],
)
def test_http_beyond_loopback_stays_refused(text: str):
    with pytest.raises(BaseUrlError) as refusal:
        parse_base_url(text, allow_loopback_http=True)
    assert refusal.value.code == "http"


NEARLY_URLS = st.builds(
    "{}://{}{}{}".format,
    st.sampled_from(["https", "HTTPS", "http"]),
    st.one_of(
        st.text("aB1-.üß0x[]:", max_size=20),
        st.text(max_size=10),
        st.ip_addresses().map(lambda a: f"[{a}]" if a.version == 6 else str(a)),
    ),
    st.one_of(st.just(""), st.integers(0, 70000).map(":{}".format)),
    st.text("/aZ~.%24eFcC3 ;é", max_size=20).map(lambda path: "/" + path),
)


@given(st.one_of(st.text(max_size=60), NEARLY_URLS), st.booleans())
def test_normalising_twice_changes_nothing(text: str, loopback: bool):
    try:
        url = parse_base_url(text, allow_loopback_http=loopback)
    except BaseUrlError:
        return
    again = parse_base_url(str(url), allow_loopback_http=loopback)
    assert again == url
    assert str(again) == str(url)
    assert str(url).isascii()
