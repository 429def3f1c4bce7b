"""The plugin manager: the token goes to the site's own origin only, once per request, and never into a log."""

from __future__ import annotations

import asyncio
import json
import re

import pytest

from rollout.formats.upm import MOBILE_KEYS, OAUTH_KEY
from rollout.http_client.failures import ERRORS
from rollout.probes import upm
from rollout.probes.upm import UpmResult, read_plugins
from rollout.services.plugin_problems import PROBLEMS, error_message
from tests.support.plugin_manager import TOMCAT_PAGE, Manager

TOKEN = "NjM0OTg3MjE6Qk5mZ2hqa2zDqWFiY2RlZmdo"
MOBILE_KEY = MOBILE_KEYS["confluence"]


def described(key: str, version: str, **more: object) -> dict[str, object]:
    return {"key": key, "version": version, "enabled": True, "name": "A plugin", **more}


BOTH = {OAUTH_KEY: described(OAUTH_KEY, "4.1.1"), MOBILE_KEY: described(MOBILE_KEY, "19.1.47", enabled=False)}


@pytest.fixture
def read(policy):
    def call(server, *, path: str = "/wiki", token: str = TOKEN) -> UpmResult:
        return asyncio.run(read_plugins(policy, base_url=server.url + path, product="confluence", token=token))

    return call


@pytest.fixture
def manager(serve, make_answer):
    """A plugin manager with these plugins and this token; ``listed`` are the plugins of its list."""

    def start(plugins=BOTH, listed=(), status="200 OK"):
        def respond(request: bytes, _handler: object) -> bytes:
            if f"authorization: bearer {TOKEN}".encode().lower() not in request.lower():
                return make_answer(b"{}", status="401 Unauthorized")
            path = request.split(b" ")[1].decode()
            key = re.fullmatch(r"/wiki/rest/plugins/1\.0/(.*)-key", path)
            if key and key[1] in plugins:
                return make_answer(json.dumps(plugins[key[1]]).encode(), status=status)
            if path == "/wiki/rest/plugins/1.0/":
                return make_answer(json.dumps({"plugins": list(listed)}).encode())
            return make_answer(b'{"subCode":"upm.plugin.notfound"}', status="404 Not Found")

        return serve(respond)

    return start


def test_it_works(read, manager) -> None:
    server = manager()
    result = read(server)
    assert result.problem == ""
    assert (result.plugins.oauth.version, result.plugins.oauth.enabled) == ("4.1.1", True)
    assert (result.plugins.mobile.version, result.plugins.mobile.enabled) == ("19.1.47", False)
    assert len(server.requests) == 2


def test_a_plugin_under_another_key_is_found_in_the_list(read, manager) -> None:
    renamed = described("com.atlassian.renamed", "4.2.0", name="OAuth 2.0 Provider")
    others = [described(f"com.example.{number}", "1.0", text="x" * 1000) for number in range(500)]
    result = read(manager({MOBILE_KEY: BOTH[MOBILE_KEY]}, listed=[*others, renamed]))
    assert (result.plugins.oauth.version, result.plugins.mobile.version) == ("4.2.0", "19.1.47")


def test_a_site_without_either_plugin_is_no_error(read, manager) -> None:
    result = read(manager({}, listed=[described("com.example", "1.0")]))
    assert (result.problem, result.plugins.oauth, result.plugins.mobile) == ("", None, None)


@pytest.fixture
def strict_manager():
    server = Manager()
    yield server
    server.stop()


@pytest.mark.parametrize("json_only", [False, True])
def test_the_managers_media_types_and_json(read, strict_manager, json_only: bool) -> None:
    strict_manager.json_only = json_only
    result = read(strict_manager)
    assert result.problem == ""
    assert (result.plugins.oauth.version, result.plugins.mobile.version) == ("4.1.1", "19.1.47")


def test_the_list_has_a_media_type_of_its_own(read, strict_manager) -> None:
    renamed = described("com.atlassian.renamed", "4.2.0", name="OAuth 2.0 Provider")
    strict_manager.plugins = {MOBILE_KEY: BOTH[MOBILE_KEY], "": {"plugins": [renamed]}}
    assert read(strict_manager).plugins.oauth.version == "4.2.0"


def test_a_server_that_serves_anything_if_asked(read, serve, make_answer) -> None:
    """A proxy that rewrites media types serves neither the manager's types nor JSON."""

    def respond(request: bytes, _handler: object) -> bytes:
        if b"*/*" not in request:
            return make_answer(status="406 Not Acceptable")
        key = request.split(b" ")[1].decode().rpartition("/")[2].removesuffix("-key")
        return make_answer(json.dumps(BOTH[key]).encode(), Content_Type="text/plain")

    assert read(serve(respond)).problem == ""


OWN = {"X-Confluence-Request-Time": "1"}
PAGE = {"Content-Type": "text/html"}
CONFLUENCE_LOGIN = b'<html><meta name="ajs-version-number" content="9.2.1"><form><input type="password"></form></html>'
SAML = b"<html><form method=post onload='x'><input name=\"SAMLRequest\"></form></html>"


@pytest.mark.parametrize(
    ("status", "headers", "body", "problem"),
    [
        ("401 Unauthorized", {}, b"{}", "token_refused"),
        ("401 Unauthorized", {"WWW-Authenticate": "OAuth realm=x"}, b"{}", "token_refused"),
        ("401 Unauthorized", {"WWW-Authenticate": "Basic realm=x", **OWN}, b"", "token_refused"),
        ("401 Unauthorized", {"WWW-Authenticate": "Basic realm=x"}, b'{"status-code":401}', "token_refused"),
        ("401 Unauthorized", {"WWW-Authenticate": "Basic realm=x", **PAGE}, b"<html>401</html>", "proxy_sign_in"),
        ("401 Unauthorized", {"WWW-Authenticate": "Negotiate"}, b"", "proxy_sign_in"),
        ("403 Forbidden", {}, b'{"message":"no admin"}', "forbidden"),
        ("403 Forbidden", OWN, b"<html>WebSudo</html>", "forbidden"),
        ("403 Forbidden", PAGE, b"<html><title>403 Forbidden</title></html>", "forbidden"),
        ("403 Forbidden", {"Server": "cloudflare", **OWN}, b'{"message":"no admin"}', "forbidden"),
        ("403 Forbidden", {"Server": "cloudflare", **PAGE}, b"<html>Sorry, you have been blocked</html>", "firewall"),
        ("403 Forbidden", {"Server": "cloudflare"}, b"error code: 1020", "firewall"),
        ("403 Forbidden", PAGE, b"<html>Your IP address is not allowed</html>", "address_list"),
        ("400 Bad Request", PAGE, b"<html>No required SSL certificate was sent</html>", "certificate_required"),
        ("404 Not Found", {}, b"{}", "no_manager"),
        ("404 Not Found", PAGE, b"<html><title>HTTP Status 404</title></html>", "no_manager"),
        ("406 Not Acceptable", PAGE, TOMCAT_PAGE, "not_acceptable"),
        ("406 Not Acceptable", {}, b"", "not_acceptable"),
        ("406 Not Acceptable", PAGE, b"<html>Not Acceptable! By Mod_Security</html>", "firewall"),
        ("429 Too Many Requests", {}, b"", "rate_limit"),
        ("500 Oops", {}, b"", "failed"),
        ("502 Bad Gateway", PAGE, b"<html>502</html>", "maintenance"),
        ("503 Service Unavailable", PAGE, b"<html><h1>Scheduled maintenance</h1></html>", "maintenance"),
        ("200 OK", {}, b"", "not_upm"),
        ("200 OK", {}, b'{"results":[]}', "not_upm"),
        ("200 OK", PAGE, b"<html><title>Sign in</title></html>", "sign_in"),
        ("200 OK", PAGE, SAML, "sign_in"),
        ("200 OK", PAGE, CONFLUENCE_LOGIN, "sign_in"),
        ("200 OK", PAGE, b"<html><title>Intranet</title></html>", "web_page"),
        ("200 OK", PAGE, b"<html><title>The request was blocked</title></html>", "firewall"),
        ("302 Found", {"Location": "/wiki/login.action?os_destination=x"}, b"", "sign_in"),
        ("302 Found", {"Location": "https://sso.example.com/authorize?client_id=x"}, b"", "sign_in"),
        ("301 Moved", {"Location": f"https://wiki.example.com/wiki/rest/plugins/1.0/{OAUTH_KEY}-key"}, b"", "moved"),
        ("301 Moved", {"Location": f"https://127.0.0.1/wiki/rest/plugins/1.0/{OAUTH_KEY}-key"}, b"", "moved"),
        ("301 Moved", {"Location": "https://example.atlassian.net/"}, b"", "cloud"),
    ],
)  # fmt: skip
def test_every_other_response_is_a_problem(read, serve, make_answer, status, headers, body, problem) -> None:
    headers = {name.replace("-", "_"): value for name, value in headers.items()}
    server = serve(make_answer(body, status=status, **headers))
    result = read(server)
    assert result == UpmResult(problem=problem, status=int(status[:3]))
    assert len(server.requests) <= 3
    assert f"HTTP {status[:3]}" in error_message(result)


def test_every_problem_has_a_message_of_its_own() -> None:
    problems = {*upm._BY_KIND.values(), *filter(None, upm._BY_STATUS.values())}
    assert problems | upm.REFUSED <= set(PROBLEMS)
    assert set(PROBLEMS).isdisjoint(ERRORS)
    texts = [error_message(UpmResult(problem=problem, status=400)) for problem in (*PROBLEMS, *ERRORS)]
    assert len(set(texts)) == len(texts)


def test_a_redirect_does_not_get_the_token(read, serve, make_answer) -> None:
    thief = serve(make_answer(json.dumps(BOTH[OAUTH_KEY]).encode()))
    server = serve(make_answer(status="302 Found", Location=thief.url + "/rest/plugins/1.0/"))
    assert read(server).problem in {"sign_in", "moved"}
    assert thief.requests == []


def test_a_refused_token_is_sent_once(read, serve, make_answer) -> None:
    server = serve(make_answer(b"{}", status="401 Unauthorized"))
    read(server)
    assert len(server.requests) == 1


def test_an_endless_response_times_out(read, serve) -> None:
    def respond(_request: bytes, handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            handler.wfile.write(b" " * 65536)

    assert read(serve(respond)).problem == "too_large"


def test_unreachable(read, serve) -> None:
    server = serve(b"")
    server.stop()
    assert read(server).problem == "refused"


@pytest.mark.parametrize("version", [f"1-{TOKEN[:30]}", f"1.0.{TOKEN[8:24]}", f"9.2-m{TOKEN[-12:]}"])
def test_a_version_that_repeats_the_token_is_rejected(read, manager, version: str) -> None:
    result = read(manager({OAUTH_KEY: described(OAUTH_KEY, version)}))
    assert result.problem == "not_upm"
    assert TOKEN[8:16] not in repr(result)


@pytest.mark.parametrize("token", ["", "short", "with space here", "line\r\nbreak: x", "ünïcode-token", "x" * 501])
def test_an_invalid_token_is_never_sent(read, manager, token: str) -> None:
    server = manager()
    with pytest.raises(ValueError, match="not a personal access token"):
        read(server, token=token)
    assert server.requests == []
