"""The simulated sites, observed through the real door and judged by the real rules."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from rollout.compatibility.observation import PluginVersions
from rollout.compatibility.rules import judge
from rollout.personas.fleet import PersonaFleet
from rollout.personas.table import PERSONAS, base_url_of, ports
from rollout.probes.fetch import Door, fetch
from rollout.probes.site import Target, observe

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DOOR = Door(allow_loopback=True, connect_seconds=1, total_seconds=3)


@pytest.fixture(scope="module")
def fleet():
    with PersonaFleet() as running:
        yield running


def _observe(fleet: PersonaFleet, name: str):
    persona = PERSONAS[name]
    plugins = PluginVersions(oauth=persona.oauth_plugin, mobile=persona.mobile_plugin, source="manual", as_of=NOW)
    target = Target(fleet.base_url(name), persona.product, persona.client_id or None, plugins)
    return asyncio.run(observe(target, door=DOOR, now=lambda: NOW))


def _get(url: str, **options):
    return asyncio.run(fetch(DOOR, options.pop("method", "GET"), url, **options))


@pytest.mark.parametrize("name", PERSONAS)
def test_each_persona_gets_its_verdicts(fleet, name) -> None:
    judgement = judge(_observe(fleet, name))
    said = [f"{f.rule} {f.outcome}: {f.evidence()['summary']}" for road in judgement.roads() for f in road.findings]
    assert (judgement.mdm.verdict, judgement.non_mdm.verdict) == (PERSONAS[name].mdm, PERSONAS[name].non_mdm), said


def test_what_a_ready_site_answers(fleet) -> None:
    observation = _observe(fleet, "context-path")
    assert observation.base_url.endswith("/wiki")
    assert observation.manifest.canonical_url == observation.base_url
    assert observation.manifest.answer.content_type == "application/xml"
    assert observation.info_login.client_id == PERSONAS["context-path"].client_id
    assert observation.authorize.answer.location.startswith(observation.base_url + "/login.action?os_destination=")
    assert observation.token.answer.status == 400


def test_single_sign_on_lives_on_another_host(fleet) -> None:
    observation = _observe(fleet, "behind-sso")
    assert observation.info_login.redirect_host == fleet.single_sign_on_url.removeprefix("http://")
    assert (observation.authorize.kind, observation.token.kind) == ("intercepted", "intercepted")
    assert _get(fleet.base_url("behind-sso"), follow=2).text().count("Single sign-on") == 2


def test_an_unreachable_site_refuses_at_once(fleet) -> None:
    assert _observe(fleet, "unreachable").manifest.answer.error == "refused"


@pytest.mark.parametrize("name", [name for name in PERSONAS if PERSONAS[name].listens])
def test_every_page_says_that_it_is_simulated(fleet, name) -> None:
    page = _get(fleet.base_url(name), follow=2)
    assert page.status == 200
    assert "simulated site" in page.text()
    assert page.headers["x-confluence-request-time"].isdecimal()


def test_the_login_page_tells_the_version(fleet) -> None:
    page = _get(fleet.base_url("ready-non-mdm") + "/login.action").text()
    assert '<meta name="ajs-version-number" content="9.2.1">' in page
    assert (
        _get(fleet.base_url("ready-non-mdm") + "/dologin.action", method="POST", form={"os_username": "a"}).status
        == 401
    )


def test_status(fleet) -> None:
    assert _get(fleet.base_url("ready-mdm") + "/status").json() == {"state": "RUNNING"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/rest/oauth2/latest/token", 405),
        ("POST", "/status", 405),
        ("GET", "/%00%ff<script>", 404),
        ("DELETE", "/", 501),
    ],
)
def test_other_requests_are_refused(fleet, method, path, status) -> None:
    assert _get(fleet.base_url("ready-mdm") + path, method=method).status == status


def test_outside_the_context_path(fleet) -> None:
    assert _get(fleet.base_url("context-path").removesuffix("/wiki") + "/status").status == 404


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "unsupported_grant_type"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "authorization_code", "client_id": "stranger"}, "invalid_client"),
    ],
)
def test_the_token_endpoint_speaks_oauth(fleet, form, error) -> None:
    url = fleet.base_url("ready-mdm") + "/rest/oauth2/latest/token"
    assert _get(url, method="POST", form=form).json()["error"] == error


def test_ports_are_fixed_by_the_base() -> None:
    assert base_url_of("ready-mdm", 8101) == "http://127.0.0.1:8101"
    assert base_url_of("context-path", 8101) == "http://127.0.0.1:8109/wiki"
    assert len(set(ports(8101))) == len(PERSONAS) + 1


def test_the_program_serves_until_sigterm() -> None:
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        base = min(chosen.getsockname()[1], 65000)
    command = [sys.executable, "-m", "rollout.personas", "--port-base", str(base)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        try:
            lines = [program.stdout.readline() for _ in PERSONAS]
            assert lines[0].split() == ["ready-mdm", base_url_of("ready-mdm", base)]
            assert _get(base_url_of("ready-mdm", base) + "/status").status == 200
        finally:
            program.send_signal(signal.SIGTERM)
        assert program.wait(timeout=10) == 0


def test_a_taken_port_is_an_error_and_leaves_nothing_running() -> None:
    with PersonaFleet(["ready-mdm"]) as running:
        port = int(running.base_url("ready-mdm").rpartition(":")[2])
        with pytest.raises(OSError, match="in use"):
            PersonaFleet(["ready-mdm"], port_base=port)
