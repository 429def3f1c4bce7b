"""The cases that a strict provider for native apps must pass, over HTTP, on PostgreSQL and on SQLite.

A case is a function of a running Gatepass, numbered, with its RFCs and sections; `make conformance` prints them as a
matrix. Other tests cover each topic in more depth; this list is complete.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import sync_playwright

from tests.support.conformance import CHALLENGE, FORM, PERSON, REDIRECT_URI, Portal, Reply, SharedPortal, path_of

IPHONE_WEB_VIEW = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"
)
GRANT = (400, "invalid_grant")
REQUEST = (400, "invalid_request")
CLIENT = (401, "invalid_client")


@dataclass(frozen=True)
class Case:
    number: int
    reference: str
    title: str
    check: Callable[[Portal], None]


CASES: list[Case] = []


def case(number: int, reference: str, title: str) -> Callable[[Callable[[Portal], None]], Callable[[Portal], None]]:
    def add(check: Callable[[Portal], None]) -> Callable[[Portal], None]:
        CASES.append(Case(number, reference, title, check))
        return check

    return add


# --- A. Authorization endpoint -----------------------------------------------------------------------------------


@case(1, "7636 4.3, B", "S256 with the challenge of Appendix B")
def _(portal: Portal) -> None:
    assert portal.press().callback["code"]


@case(2, "7636 4.6", "The verifier of Appendix B redeems")
def _(portal: Portal) -> None:
    assert portal.tokens()["token_type"] == "Bearer"


@case(3, "6749 4.1.2", "state is returned byte by byte")
def _(portal: Portal) -> None:
    for state in ("a b+c%20&d=e/?#[]", "é漢字🙂", '{"a": "\'<>"}', "iss=evil&code=1"):
        assert portal.press("cancel", state=state).callback["state"] == state


@case(4, "9207 2", "iss in a success is the issuer of the metadata")
def _(portal: Portal) -> None:
    metadata = portal.send("GET", portal.url(".well-known/oauth-authorization-server")).json
    assert portal.press().callback["iss"] == metadata["issuer"] == portal.issuer


@case(5, "9207 2", "iss in an error")
def _(portal: Portal) -> None:
    assert portal.open(scope="READ").callback["iss"] == portal.issuer


def refused_before_consent(portal: Portal, **changes: str | None) -> None:
    callback = portal.open(**changes).callback
    assert (callback["error"], callback["state"]) == ("invalid_request", "a state")


@case(6, "9700 2.1.1; 7636 4.4.1", "Method plain is refused before consent")
def _(portal: Portal) -> None:
    refused_before_consent(portal, code_challenge_method="plain")


@case(7, "8252 8.1; 7636 4.4.1", "No challenge")
def _(portal: Portal) -> None:
    refused_before_consent(portal, code_challenge=None)
    refused_before_consent(portal, code_challenge=None, code_challenge_method=None)


@case(8, "7636 4.3", "A challenge without a method")
def _(portal: Portal) -> None:
    refused_before_consent(portal, code_challenge_method=None)


@case(9, "7636 4.4.1", "An unknown method")
def _(portal: Portal) -> None:
    refused_before_consent(portal, code_challenge_method="S512")


@case(10, "7636 4.2", "A malformed challenge")
def _(portal: Portal) -> None:
    for challenge in ("short", "x" * 42, "x" * 44, "x" * 42 + "=", "x" * 42 + "+", "x" * 42 + "é"):
        refused_before_consent(portal, code_challenge=challenge)


@case(11, "6749 4.1.2.1", "An unknown client: a page, no redirect")
def _(portal: Portal) -> None:
    for client_id in ("unknown", "", None, "' OR 1=1 --"):
        assert portal.open(client_id=client_id).has_no_redirect


def never_redirected(portal: Portal, *addresses: str) -> None:
    for address in addresses:
        assert portal.open(redirect_uri=address).has_no_redirect, address


@case(12, "6749 3.1.2.4; 9700 4.11.2", "An unregistered redirect URI")
def _(portal: Portal) -> None:
    never_redirected(portal, "https://evil.example/", "confluence-server://evil", "jira-server://oauth-callback")


@case(13, "9700 2.1", "Registered with more path, query or a slash")
def _(portal: Portal) -> None:
    never_redirected(portal, f"{REDIRECT_URI}/", f"{REDIRECT_URI}/x", f"{REDIRECT_URI}?a=b")


@case(14, "6749 3.1.2", "Registered with a fragment")
def _(portal: Portal) -> None:
    never_redirected(portal, f"{REDIRECT_URI}#", f"{REDIRECT_URI}#x")


@case(15, "9700 2.1; 3986 6.2.1", "Scheme or host in another case")
def _(portal: Portal) -> None:
    never_redirected(portal, "CONFLUENCE-SERVER://oauth-callback", "confluence-server://OAuth-Callback")


@case(16, "9700 2.1", "User information, a single slash")
def _(portal: Portal) -> None:
    never_redirected(portal, "confluence-server://a@oauth-callback", "confluence-server:/oauth-callback")


@case(17, "6749 3.1.2.3", "Left out with one registered: that one only")
def _(portal: Portal) -> None:
    assert portal.press(redirect_uri=None).callback["code"]


@case(18, "6749 3.1.2.3", "Left out with two registered")
def _(portal: Portal) -> None:
    other = portal.call("client", slug="pilot")
    portal.call("register_second_redirect", client_id=other)
    assert portal.open(client_id=other, redirect_uri=None).has_no_redirect


@case(19, "9700 2.1.2", "Response types other than code")
def _(portal: Portal) -> None:
    for kind in ("token", "id_token", "code token", "code id_token"):
        told = portal.open(response_type=kind).callback
        assert told["error"] in {"unsupported_response_type", "unauthorized_client"}


@case(20, "6749 4.1.2.1", "No response type")
def _(portal: Portal) -> None:
    refused_before_consent(portal, response_type=None)


@case(21, "6749 3.3", "An unknown scope")
def _(portal: Portal) -> None:
    for scope in ("READ", "ADMIN", "WRITE ADMIN", "nonsense"):
        assert portal.open(scope=scope).callback["error"] == "invalid_scope"


@case(22, "6749 3.1", "An empty scope is none")
def _(portal: Portal) -> None:
    assert portal.redeem(portal.code(scope="")).json["scope"] == "WRITE"


@case(23, "6749 3.1", "Repeated client_id, redirect_uri, state, scope")
def _(portal: Portal) -> None:
    for name in ("client_id", "redirect_uri", "state", "scope"):
        assert portal.open(f"{portal.authorize_url()}&{name}=x").has_no_redirect


@case(24, "6749 3.1", "Repeated challenge or method")
def _(portal: Portal) -> None:
    for name, value in (("code_challenge", CHALLENGE), ("code_challenge_method", "S256")):
        assert portal.open(f"{portal.authorize_url()}&{name}={value}").has_no_redirect


@case(25, "6749 3.1", "Unknown parameters are ignored")
def _(portal: Portal) -> None:
    assert portal.press(unknown="x", response_mode="fragment", prompt="none").callback["code"]


@case(26, "9700 4.11.2", "A bad request without a session: sign-in first")
def _(portal: Portal) -> None:
    for changes in ({"scope": "READ"}, {"prompt": "none"}, {"redirect_uri": "https://evil.example"}):
        reply = portal.send("GET", portal.authorize_url(**changes))
        assert reply.status == 302
        assert path_of(reply.header("Location")) == "/accounts/login/"
        assert reply.header("Location").startswith("/")


@case(27, "6749 4.1.2.1", "The person denies")
def _(portal: Portal) -> None:
    told = portal.press("cancel").callback
    assert (told["error"], told["state"], told["iss"]) == ("access_denied", "a state", portal.issuer)


@case(28, "9700 4.12", "The redirect after a form is 302 or 303, never 307")
def _(portal: Portal) -> None:
    assert portal.press().status in {302, 303}


@case(29, "9700 4.2.4", "The redirect with a code is not stored and sends no referrer")
def _(portal: Portal) -> None:
    reply = portal.press()
    assert (reply.header("Cache-Control"), reply.header("Referrer-Policy")) == ("no-store", "no-referrer")


@case(30, "9700 2.6", "No CORS at the authorization endpoint")
def _(portal: Portal) -> None:
    for origin in ("https://evil.example", "null"):
        assert not portal.send("GET", portal.authorize_url(), Cookie=portal.cookie, Origin=origin).has("Access-Control")


@case(31, "9700 4.16; 6749 10.13", "The consent page cannot be framed")
def _(portal: Portal) -> None:
    page = portal.open()
    assert page.header("X-Frame-Options") == "DENY"
    assert "frame-ancestors 'none'" in page.header("Content-Security-Policy")


@case(32, "9700 4.2.4", "The consent page is not stored and loads nothing from elsewhere")
def _(portal: Portal) -> None:
    page = portal.open()
    assert page.header("Cache-Control") == "no-store"
    assert page.header("Referrer-Policy") == "same-origin"
    assert "default-src 'none'" in page.header("Content-Security-Policy")
    assert 'src="http' not in page.text
    assert 'href="http' not in page.text


@case(33, "CSP3", "Chromium follows the strict form to the app's scheme")
def _(portal: Portal) -> None:
    name, _, value = portal.cookie.partition("=")
    address = f"http://127.0.0.1:{portal.port}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 390, "height": 844})
        context.add_cookies([{"name": name, "value": value, "url": address}])
        page = context.new_page()
        page.goto(address + portal.authorize_url())
        with page.expect_event("requestfailed", lambda one: one.url.startswith(REDIRECT_URI)) as left:
            page.get_by_role("button", name="Allow").click(no_wait_after=True)
        assert "code=" in left.value.url
        browser.close()


@case(34, "6749 10.12", "A consent without the form's own token")
def _(portal: Portal) -> None:
    for body in ("answer=allow", f"answer=allow&csrfmiddlewaretoken={'x' * 64}"):
        reply = portal.send("POST", portal.authorize_url(), body, Cookie=portal.cookie, Content_Type=FORM)
        assert reply.status == 403
        assert not reply.header("Location")


@case(35, "8252 8.6", "Consent is required every time, as others may own the scheme")
def _(portal: Portal) -> None:
    portal.tokens()
    assert "Allow" in portal.open().text
    assert "Allow" in portal.open(approval_prompt="auto").text


@case(36, "6749 10.6", "Values added to the form are ignored")
def _(portal: Portal) -> None:
    forged = "&scope=ADMIN&redirect_uri=confluence-server://evil&state=forged&code_challenge=" + "x" * 43
    told = portal.press(more=forged).callback
    assert told["state"] == "a state"
    assert portal.redeem(told["code"]).json["scope"] == "WRITE"


@case(37, "6749 10.10", "Codes are long and unique")
def _(portal: Portal) -> None:
    codes = {portal.code() for _ in range(10)}
    assert len(codes) == 10
    assert min(map(len, codes)) >= 22


@case(38, "robustness", "An unreadable query string")
def _(portal: Portal) -> None:
    for query in ("client_id=%00", "client_id=%ZZ", "%FF=%FF", "client_id=%ED%A0%80", "&&&==", "scope=" + "x" * 20_000):
        assert portal.open(f"{portal.url('authorize')}?{query}").has_no_redirect, query


@case(39, "8252 8.12", "A warning in a browser inside another app")
def _(portal: Portal) -> None:
    page = portal.send("GET", portal.authorize_url(), Cookie=portal.cookie, User_Agent=IPHONE_WEB_VIEW)
    assert "inside another app" in page.text
    assert "inside another app" not in portal.open().text


# --- B. Token endpoint: code -------------------------------------------------------------------------------------


@case(40, "6749 3.2", "GET")
def _(portal: Portal) -> None:
    reply = portal.send("GET", portal.url("token"))
    assert (reply.status, reply.header("Allow")) == (405, "POST")


@case(41, "6749 5.1", "JSON, not stored")
def _(portal: Portal) -> None:
    reply = portal.redeem(portal.code())
    assert reply.header("Content-Type") == "application/json"
    assert (reply.header("Cache-Control"), reply.header("Pragma")) == ("no-store", "no-cache")


@case(42, "7636 4.6", "A wrong verifier")
def _(portal: Portal) -> None:
    assert portal.redeem(portal.code(), code_verifier="x" * 43).error == GRANT


@case(43, "7636 4.5", "A missing verifier")
def _(portal: Portal) -> None:
    assert portal.redeem(portal.code(), code_verifier=None).error in {GRANT, REQUEST}


def challenge_of(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


@case(44, "7636 4.1", "A malformed verifier whose challenge fits")
def _(portal: Portal) -> None:
    for verifier in ("a" * 42, "a" * 129, "a" * 43 + "+"):
        assert portal.redeem(portal.code(code_challenge=challenge_of(verifier)), code_verifier=verifier).error == GRANT


@case(45, "7636 4.1", "A verifier of 128 characters")
def _(portal: Portal) -> None:
    verifier = "b" * 128
    assert portal.redeem(portal.code(code_challenge=challenge_of(verifier)), code_verifier=verifier).status == 200


@case(46, "9700 2.1.1, 4.8.2", "A verifier for a code without a challenge")
def _(portal: Portal) -> None:
    code = portal.code()
    portal.call("forget_challenges")
    assert portal.redeem(code).error == GRANT


@case(47, "9700 4.5", "A wrong verifier invalidates the code")
def _(portal: Portal) -> None:
    code = portal.code()
    portal.redeem(code, code_verifier="x" * 43)
    assert portal.redeem(code).error == GRANT


@case(48, "6749 4.1.3, 5.2", "Another redirect URI is invalid_grant")
def _(portal: Portal) -> None:
    assert portal.redeem(portal.code(), redirect_uri="https://evil.example").error == GRANT


@case(49, "6749 4.1.3; OAuth 2.1", "A redirect URI left out: the documented mode of OAuth 2.1")
def _(portal: Portal) -> None:
    assert portal.redeem(portal.code(), redirect_uri=None).status == 200


@case(50, "6749 4.1.3", "The code of another client, which stays valid")
def _(portal: Portal) -> None:
    other, code = portal.call("client", slug="pilot"), portal.code()
    assert portal.redeem(code, client_id=other).error == GRANT
    assert portal.redeem(code).status == 200


@case(51, "6749 4.1.2", "Unknown and expired codes; a minute at most")
def _(portal: Portal) -> None:
    assert portal.redeem("unknown").error == GRANT
    code = portal.code()
    assert 0 < portal.call("code_lifetime") <= 60
    portal.call("expire_codes")
    assert portal.redeem(code).error == GRANT


@case(52, "6749 4.1.2", "A code works once")
def _(portal: Portal) -> None:
    code = portal.code()
    assert [portal.redeem(code).status for _ in range(2)] == [200, 400]


@case(53, "6749 10.5", "A replayed code ends its family")
def _(portal: Portal) -> None:
    code = portal.code()
    tokens = portal.redeem(code).json
    assert portal.redeem(code).error == GRANT
    assert portal.refresh(tokens["refresh_token"]).error == GRANT
    assert not portal.is_alive(tokens["access_token"])


@case(54, "6749 4.1.2", "Eight at once: one winner, no 5xx")
def _(portal: Portal) -> None:
    for _ in range(5):
        code = portal.code()
        replies = portal.run_concurrently([lambda code=code: portal.redeem(code)] * 8)
        assert sorted(reply.status for reply in replies) == [200] + [400] * 7


@case(55, "6749 5.2", "Missing code, grant_type, client_id")
def _(portal: Portal) -> None:
    assert portal.redeem("x", code=None).error == REQUEST
    assert portal.redeem("x", grant_type=None).error == REQUEST
    assert portal.redeem("x", client_id=None).error == CLIENT


@case(56, "6749 5.2", "An unknown client; WWW-Authenticate when Basic was used")
def _(portal: Portal) -> None:
    assert portal.redeem("x", client_id="unknown").error == CLIENT
    basic = base64.b64encode(b"unknown:x").decode()
    reply = portal.send("POST", portal.url("token"), "grant_type=x", Content_Type=FORM, Authorization=f"Basic {basic}")
    assert reply.status == 401
    assert reply.header("WWW-Authenticate").startswith("Basic")


@case(57, "6749 5.2; 9700 2.4", "Other grants")
def _(portal: Portal) -> None:
    for grant in ("password", "client_credentials", "implicit", "urn:ietf:params:oauth:grant-type:device_code"):
        reply = portal.post("token", grant_type=grant, client_id=portal.client_id, username="x", password="x")
        assert reply.error == (400, "unsupported_grant_type")


@case(58, "6749 3.2", "Repeated code or client_id, in both orders")
def _(portal: Portal) -> None:
    body = f"grant_type=authorization_code&client_id={portal.client_id}&code={portal.code()}&code_verifier={'x' * 43}"
    for name in ("code", "client_id"):
        assert portal.raw(f"{name}=other&{body}").error == REQUEST
        assert portal.raw(f"{body}&{name}=other").error == REQUEST


@case(59, "6749 4.1.3, B", "JSON, and parameters in the URL")
def _(portal: Portal) -> None:
    assert portal.raw('{"grant_type": "authorization_code"}', content_type="application/json").status in {400, 415}
    reply = portal.send("POST", f"{portal.url('token')}?grant_type=authorization_code&code=x", "", Content_Type=FORM)
    assert reply.error == REQUEST


@case(60, "6749 4.1.3", "A multipart body")
def _(portal: Portal) -> None:
    body = '--x\r\nContent-Disposition: form-data; name="grant_type"\r\n\r\nauthorization_code\r\n--x--\r\n'
    assert portal.raw(body, content_type="multipart/form-data; boundary=x").status in {400, 415}


@case(61, "robustness", "NUL, bytes that are not UTF-8, 100 kB")
def _(portal: Portal) -> None:
    start = f"grant_type=authorization_code&client_id={portal.client_id}&code="
    for value in ("%00", "%FF", "%ED%A0%80", "%", "x" * 100_000):
        assert portal.raw(start + value).status in {400, 413}
    assert portal.raw(start.encode() + b"\xff\x00").status == 400


@case(62, "6749 5.1", "scope in the response")
def _(portal: Portal) -> None:
    assert portal.redeem(portal.code(scope=None)).json["scope"] == "WRITE"


@case(63, "9700 2.6", "No CORS at the token endpoint")
def _(portal: Portal) -> None:
    reply = portal.send("POST", portal.url("token"), "grant_type=x", Content_Type=FORM, Origin="https://evil.example")
    assert not reply.has("Access-Control")


# --- C. Refresh --------------------------------------------------------------------------------------------------


@case(64, "9700 2.2.2, 4.14.2", "The refresh token rotates")
def _(portal: Portal) -> None:
    first = portal.tokens()["refresh_token"]
    assert portal.refresh(first).json["refresh_token"] != first


@case(65, "9700 4.14.2", "A replayed refresh token ends its family")
def _(portal: Portal) -> None:
    first = portal.tokens()["refresh_token"]
    second = portal.refresh(first).json
    third = portal.refresh(second["refresh_token"]).json
    assert portal.refresh(first).error == GRANT
    assert portal.refresh(third["refresh_token"]).error == GRANT
    assert not portal.is_alive(third["access_token"])


@case(66, "9700 4.14.2", "Eight refreshes at once: one pair, no fork, no 5xx")
def _(portal: Portal) -> None:
    for _ in range(5):
        token = portal.tokens()["refresh_token"]
        replies = portal.run_concurrently([lambda token=token: portal.refresh(token)] * 8)
        assert {reply.status for reply in replies} <= {200, 400}
        assert len({reply.json["refresh_token"] for reply in replies if reply.status == 200}) == 1


@case(67, "6749 6", "The refresh token of another client, which stays valid")
def _(portal: Portal) -> None:
    other, token = portal.call("client", slug="pilot"), portal.tokens()["refresh_token"]
    assert portal.refresh(token, client_id=other).error == GRANT
    assert portal.refresh(token).status == 200


@case(68, "6749 6", "A wider scope is refused, the same one may be sent")
def _(portal: Portal) -> None:
    token = portal.tokens()["refresh_token"]
    assert portal.refresh(token, scope="WRITE ADMIN").error == (400, "invalid_scope")
    assert portal.refresh(token, scope="WRITE").json["scope"] == "WRITE"


@case(69, "9700 4.14.2", "Idle and absolute lifetime")
def _(portal: Portal) -> None:
    for field, days in (("updated", 91), ("created", 366)):
        token = portal.tokens()["refresh_token"]
        portal.call("age", field=field, days=days)
        assert portal.refresh(token).error == GRANT


@case(70, "9700 4.14.2", "Person deactivated, password changed, phone signed out")
def _(portal: Portal) -> None:
    for action in ("deactivate", "change_password", "sign_out_phones"):
        tokens = portal.tokens()
        portal.call(action, email=PERSON)
        assert portal.refresh(tokens["refresh_token"]).error == GRANT, action
        assert portal.introspect(tokens["access_token"]) == {"active": False}
        portal.cookie = portal.call("person", email=PERSON)


@case(71, "6749 5.2", "A disabled client is unknown at once")
def _(portal: Portal) -> None:
    other = portal.call("client", slug="pilot")
    tokens = portal.redeem(portal.code(client_id=other), client_id=other).json
    portal.call("revoke_client", client_id=other)
    assert portal.refresh(tokens["refresh_token"], client_id=other).error == CLIENT
    assert not portal.is_alive(tokens["access_token"])


@case(72, "compatibility", "redirect_uri at a refresh is ignored")
def _(portal: Portal) -> None:
    assert portal.refresh(portal.tokens()["refresh_token"], redirect_uri=REDIRECT_URI).status == 200


# --- D. Metadata, revocation, introspection ----------------------------------------------------------------------


def metadata_of(portal: Portal, **headers: str) -> dict[str, Any]:
    reply = portal.send("GET", f"/.well-known/oauth-authorization-server{portal.base}", **headers)
    assert (reply.status, reply.header("Content-Type")) == (200, "application/json")
    return reply.json


@case(73, "8414 3.1, 3.2", "Metadata at both URLs, regardless of the Host header")
def _(portal: Portal) -> None:
    told = metadata_of(portal)
    assert told["issuer"] == portal.issuer
    assert told == portal.send("GET", portal.url(".well-known/oauth-authorization-server")).json
    for host in ("evil.example", f"localhost:{portal.port}"):
        reply = portal.send("GET", f"/.well-known/oauth-authorization-server{portal.base}", Host=host)
        assert reply.status == 400 or reply.json == told


@case(74, "8414 2; 9207 3", "Metadata is truthful")
def _(portal: Portal) -> None:
    told = metadata_of(portal)
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert told["token_endpoint_auth_methods_supported"] == ["none"]
    assert told["response_types_supported"] == ["code"]
    assert told["grant_types_supported"] == ["authorization_code", "refresh_token"]
    assert told["authorization_response_iss_parameter_supported"] is True
    assert not {"registration_endpoint", "device_authorization_endpoint", "userinfo_endpoint", "jwks_uri"} & set(told)
    for endpoint in ("authorization", "token", "revocation", "introspection"):
        assert portal.send("HEAD", path_of(told[f"{endpoint}_endpoint"])).status in {302, 400, 405}
    assert portal.send("GET", "/.well-known/openid-configuration", Cookie=portal.cookie).status == 404


@case(75, "7009 2.1, 2.2", "Revoking either token ends both")
def _(portal: Portal) -> None:
    for kind in ("refresh_token", "access_token"):
        tokens = portal.tokens()
        assert portal.revoke(tokens[kind]).status == 200
        assert portal.refresh(tokens["refresh_token"]).error == GRANT
        assert not portal.is_alive(tokens["access_token"])


@case(76, "7009 2.2", "An unknown token 200, none 400, GET 405")
def _(portal: Portal) -> None:
    assert portal.revoke("unknown").status == 200
    assert portal.post("revoke", client_id=portal.client_id).error == REQUEST
    assert portal.send("GET", portal.url("revoke")).status == 405


@case(77, "7009 2.1", "Another client cannot revoke; a wrong hint is ignored")
def _(portal: Portal) -> None:
    other, tokens = portal.call("client", slug="pilot"), portal.tokens()
    portal.revoke(tokens["refresh_token"], client_id=other)
    assert portal.is_alive(tokens["access_token"])
    portal.revoke(tokens["refresh_token"], token_type_hint="access_token")
    assert not portal.is_alive(tokens["access_token"])


@case(78, "7009 2.1", "Nothing outlives a revocation that raced a refresh")
def _(portal: Portal) -> None:
    for _ in range(5):
        token = portal.tokens()["refresh_token"]
        requests: list[Callable[[], Reply]] = [lambda token=token: portal.refresh(token)] * 6
        requests += [lambda token=token: portal.revoke(token)] * 2
        replies = portal.run_concurrently(requests)
        assert all(reply.status in {200, 400} for reply in replies)
        for reply in replies[:6]:
            if reply.status == 200:
                assert portal.refresh(reply.json["refresh_token"]).error == GRANT
                assert not portal.is_alive(reply.json["access_token"])


@case(79, "7662 2.1", "Introspection without a credential, or a wrong one")
def _(portal: Portal) -> None:
    assert portal.post("introspect", token="x").status == 401
    assert portal.post("introspect", token="x", client_id=portal.server[0], client_secret="wrong").status == 401
    assert portal.post("introspect", token="x", client_id=portal.client_id).status == 401


@case(80, "7662 2.2", "An active token is described")
def _(portal: Portal) -> None:
    told = portal.introspect(portal.tokens()["access_token"])
    assert told["active"] is True
    assert (told["client_id"], told["scope"], told["iss"]) == (portal.client_id, "WRITE", portal.issuer)
    assert told["exp"] - told["iat"] == 3600
    assert told["sub"]


@case(81, "7662 2.2", "All others are inactive, without details")
def _(portal: Portal) -> None:
    revoked, expired = portal.tokens(), portal.tokens()
    portal.revoke(revoked["refresh_token"])
    portal.call("expire_access_tokens")
    foreign = secrets.token_urlsafe(64)
    for token in ("unknown", foreign, revoked["access_token"], expired["access_token"], expired["refresh_token"]):
        assert portal.introspect(token) == {"active": False}


@case(82, "7662 2.1", "Introspection by GET")
def _(portal: Portal) -> None:
    assert portal.send("GET", f"{portal.url('introspect')}?token=x").status == 405


# --- The tests ---------------------------------------------------------------------------------------------------


def _references(reference: str) -> list[Any]:
    """Return a mark for each RFC; references without a number have none."""
    parts = [part.strip().partition(" ") for part in reference.split(";")]
    return [pytest.mark.rfc(rfc, sections) for rfc, _, sections in parts if rfc.isdigit()]


@pytest.fixture
def portal(shared: SharedPortal) -> Portal:
    return shared.portal


def record(property_of: Callable[[str, object], None], number: int, reference: str, title: str, database: str) -> None:
    for name, value in (("case", number), ("reference", reference), ("title", title), ("database", database)):
        property_of(name, value)


@pytest.mark.parametrize(
    "one", [pytest.param(one, id=f"{one.number}", marks=_references(one.reference)) for one in CASES]
)
def test_case(one: Case, portal: Portal, shared: SharedPortal, record_property: Any) -> None:
    record(record_property, one.number, one.reference, one.title, shared.kind)
    one.check(portal)


@pytest.mark.rfc("6749", "10.10")
def test_limits(shared: SharedPortal, portal: Portal, record_property: Any) -> None:
    """Case 83 needs limits that would stop the other cases, so it runs a separate portal on the same database."""
    record(
        record_property, 83, "6749 10.10; 9700", "Limits: 429 and Retry-After, parallel guesses counted", shared.kind
    )
    strict = {
        "RATE_LIMIT_TOKEN_FAILURES": "5/86400",
        "RATE_LIMIT_AUTHORIZE_PRINCIPAL": "5/86400",
        "RATE_LIMIT_SIGN_IN_PRINCIPAL": "5/86400",
    }
    if shared.kind == "sqlite":
        strict["REDIS_URL"] = ""  # without Redis the database counts
    with shared.another(**strict) as limited:
        limited.client_id, limited.cookie = portal.client_id, portal.cookie
        replies = limited.run_concurrently([lambda: limited.redeem("guess")] * 8)
        assert sorted(reply.status for reply in replies) == [400] * 5 + [429] * 3
        assert int(next(reply for reply in replies if reply.status == 429).header("Retry-After")) > 0
        assert [limited.open().status for _ in range(7)] == [200] * 5 + [429] * 2
        page = limited.send("GET", "/accounts/login/")
        csrf = page.header("Set-Cookie").partition(";")[0]
        body = f"login={quote(PERSON)}&password=wrong&csrfmiddlewaretoken={csrf.partition('=')[2]}"
        guesses = limited.run_concurrently(
            [lambda: limited.send("POST", "/accounts/login/", body, Cookie=csrf, Content_Type=FORM)] * 8
        )
        assert sorted(reply.status for reply in guesses) == [200] * 5 + [429] * 3


def test_no_case_is_missing() -> None:
    assert [one.number for one in CASES] == list(range(1, 83))
