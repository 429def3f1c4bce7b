"""The plugin manager: the token goes to the site's own origin only, once per request, and never into a log."""

from __future__ import annotations

import asyncio
import json
import re

import pytest

from rollout.formats.upm import MOBILE_KEYS, OAUTH_KEY
from rollout.probes.upm import UpmResult, read_plugins

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


@pytest.mark.parametrize(
    ("status", "headers", "problem"),
    [
        ("401 Unauthorized", {}, "token_refused"),
        ("403 Forbidden", {}, "token_refused"),
        ("404 Not Found", {}, "no_manager"),
        ("500 Oops", {}, "failed"),
        ("429 Too Many Requests", {}, "failed"),
        ("200 OK", {}, "not_upm"),
        ("302 Found", {"Location": "/wiki/login.action"}, "redirected"),
    ],
)
def test_every_other_response_is_a_problem(read, serve, make_answer, status, headers, problem) -> None:
    server = serve(make_answer(b"<html>Log in</html>", status=status, **headers))
    assert read(server) == UpmResult(problem=problem, status=int(status[:3]))
    assert len(server.requests) <= 3


def test_a_redirect_does_not_get_the_token(read, serve, make_answer) -> None:
    thief = serve(make_answer(json.dumps(BOTH[OAUTH_KEY]).encode()))
    server = serve(make_answer(status="302 Found", Location=thief.url + "/rest/plugins/1.0/"))
    assert read(server).problem == "redirected"
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
