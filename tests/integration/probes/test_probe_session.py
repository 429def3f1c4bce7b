"""The requests of one check: cookies, limits of requests, repetitions, and what is not sent any more."""

from __future__ import annotations

import asyncio
import time

import pytest

from rollout.probes.imitated_clients import USER_AGENTS, Client
from rollout.probes.probe_session import ProbeSession


@pytest.fixture
def session_of(serve, policy, now):
    """``session_of(respond, work, seconds=5)``: the result of ``work(session, url)`` and the server."""

    def call(respond, work, seconds=5.0):
        server = serve(respond)

        async def run():
            async with ProbeSession.within(seconds, policy=policy, now=now) as session:
                return await work(session, server.url)

        return asyncio.run(run()), server

    return call


def header(request: bytes, name: str) -> str:
    for line in request.split(b"\r\n\r\n")[0].split(b"\r\n")[1:]:
        key, _, value = line.partition(b": ")
        if key.decode().lower() == name:
            return value.decode()
    return ""


@pytest.mark.parametrize("client", list(Client))
def test_each_client_has_its_user_agent(session_of, make_answer, client) -> None:
    reply, server = session_of(make_answer(), lambda session, url: session.request("GET", url + "/", client=client))
    assert reply.status == 200
    assert header(server.requests[0], "user-agent") == USER_AGENTS[client].value


def test_the_strings_of_the_phone_are_those_of_an_iphone() -> None:
    app, browser = USER_AGENTS[Client.APP].value, USER_AGENTS[Client.BROWSER].value
    assert app.startswith("Mozilla/5.0 (iPhone; CPU iPhone OS ")
    assert app.endswith(" AtlassianMobileApp")
    assert "AtlassianMobileApp" not in browser
    assert "Safari/" in browser
    assert "Gatepass" in USER_AGENTS[Client.GATEPASS].value


def test_a_cookie_check_is_passed_also_by_a_form(session_of, make_answer) -> None:
    def defense(request, handler):
        if b"Cookie: TSPD=1" in request:
            return make_answer(b"welcome")
        target = request.split(b" ")[1].decode()
        return make_answer(status="307 Temporary Redirect", Location=target, Set_Cookie="TSPD=1; Path=/")

    async def work(session, url):
        first = await session.request("POST", url + "/token", client=Client.APP, form={"code": "x"})
        second = await session.request("GET", url + "/info", client=Client.APP)
        return first, second, await session.request("GET", url + "/info", client=Client.BROWSER)

    (first, second, other), server = session_of(defense, work)
    assert (first.status, second.status, other.status) == (200, 200, 200)
    assert [request.split(b" ")[0] for request in server.requests] == [b"POST", b"POST", b"GET", b"GET", b"GET"]
    assert first.answer.refusal == ""


def test_a_cookie_check_that_never_ends_is_named(session_of, make_answer) -> None:
    def defense(request, handler):
        target = request.split(b" ")[1].decode()
        return make_answer(status="307 Temporary Redirect", Location=target, Set_Cookie=f"TSPD={time.time()}; Path=/")

    reply, server = session_of(defense, lambda session, url: session.request("GET", url + "/a", follow=True))
    assert (reply.status, reply.answer.refusal) == (307, "cookie_check")
    assert len(server.requests) <= 6


def test_a_limit_of_requests_is_kept(session_of, make_answer) -> None:
    times = []

    def limited(request, handler):
        times.append(time.monotonic())
        if len(times) > 1 and times[-1] - times[-2] < 0.9:
            return make_answer(status="429 Too Many Requests", Retry_After="1")
        return make_answer()

    async def work(session, url):
        replies = [await session.request("GET", url + "/") for _ in range(3)]
        return [reply.status for reply in replies], session.rate_limited

    (statuses, limited_by), _server = session_of(limited, work)
    assert statuses == [200, 200, 200]
    assert limited_by.status == 429


@pytest.mark.parametrize("retry_after", ["3600", "Wed, 21 Oct 2099 07:28:00 GMT"])
def test_a_wait_beyond_the_deadline_is_not_waited_for(session_of, make_answer, retry_after) -> None:
    started = time.monotonic()
    reply, server = session_of(
        make_answer(status="429 Too Many Requests", Retry_After=retry_after),
        lambda session, url: session.request("GET", url + "/"),
    )
    assert (reply.status, reply.answer.refusal, len(server.requests)) == (429, "rate_limit", 1)
    assert time.monotonic() - started < 3


def test_a_slow_first_response_is_requested_again(session_of, make_answer, policy) -> None:
    seen = []

    def cold(request, handler):
        seen.append(1)
        if len(seen) == 1:
            handler.connection.close()
            return b""
        return make_answer(b"warm")

    reply, _server = session_of(cold, lambda session, url: session.request("GET", url + "/"))
    assert reply.status == 200


def test_a_request_that_must_not_be_repeated_is_sent_once(session_of, make_answer) -> None:
    async def work(session, url):
        return await session.request("GET", url + "/rest/api", client=Client.APP, repeat=False)

    reply, server = session_of(make_answer(status="429 Too Many Requests", Retry_After="0"), work)
    assert (reply.status, len(server.requests)) == (429, 1)


def test_only_the_client_that_is_dropped_stops(session_of, make_answer) -> None:
    """A firewall that drops the app's requests: the others are still answered, the app's are not sent again."""

    def firewall(request, handler):
        if b"AtlassianMobileApp" in request:
            handler.connection.close()
            return b""
        return make_answer()

    async def work(session, url):
        clients = (Client.GATEPASS, Client.APP, Client.APP, Client.BROWSER)
        return [await session.request("GET", url + "/", client=client) for client in clients], session.is_stopped

    (replies, is_stopped), server = session_of(firewall, work)
    assert [reply.error for reply in replies] == [None, "reset", "not_sent", None]
    assert not is_stopped
    assert sum(b"AtlassianMobileApp" in request for request in server.requests) == 2
    assert not replies[2].answer.was_sent


def test_a_refusal_is_classified(session_of, make_answer) -> None:
    page = b"<html><head><title>Attention Required! | Cloudflare</title></head></html>"
    reply, _server = session_of(
        make_answer(page, status="403 Forbidden", Content_Type="text/html"),
        lambda session, url: session.request("GET", url + "/"),
    )
    assert (reply.answer.refusal, reply.answer.refused_by) == ("firewall", "Cloudflare")
