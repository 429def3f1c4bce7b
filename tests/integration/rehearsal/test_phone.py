"""The sign-in test against a strict provider, and against providers with one fault each."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from rollout.http_client.policy import FetchPolicy
from rollout.rehearsal.phone import STEPS, Plan, StepOutcome, rehearse
from rollout.simulator.fleet import SimulatedFleet
from rollout.simulator.table import PERSONAS

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
POLICY = FetchPolicy(allow_loopback=True, connect_seconds=1, total_seconds=3)
REDIRECT_URI = "confluence-server://oauth-callback"


def _site_list(base_url: str, client_id: str | None) -> str:
    oauth = {"oauth": {"clientID": client_id, "cacheSessionInMobileBrowser": False}} if client_id else {}
    return json.dumps([{"title": "Wiki", "baseURL": base_url, **oauth}])


def _plan(provider, **changes) -> Plan:
    plan = Plan(
        site_list_json=_site_list(provider.base_url, provider.client_id),
        base_url=provider.base_url,
        redirect_uri=REDIRECT_URI,
        sign_in_url=provider.origin + provider.sign_in_path,
    )
    return replace(plan, **changes)


def _rehearse(plan: Plan, policy: FetchPolicy = POLICY):
    return asyncio.run(rehearse(plan, policy=policy, now=lambda: NOW))


def _outcomes(transcript) -> dict[str, str]:
    return {step.id: str(step.outcome) for step in transcript.steps}


def test_it_works(make_provider) -> None:
    provider = make_provider()
    transcript = _rehearse(_plan(provider))
    assert transcript.passed, [step.detail for step in transcript.steps]
    assert transcript.stopped_at is None
    assert _outcomes(transcript) == {
        **{id: "passed" for id, _, _ in STEPS},
        "old-refresh-token": "skipped",
    }
    assert provider.live_refresh == set()
    assert len(provider.replayed) == 1, "only the revoked token was tried again"
    (agent,) = provider.user_agents
    assert "GatepassRehearsal" in agent
    assert agent.endswith("AtlassianMobileApp")


def test_without_mdm_the_client_id_comes_from_the_site(make_provider) -> None:
    transcript = _rehearse(_plan(make_provider(), site_list_json=None))
    assert transcript.passed, [step.detail for step in transcript.steps]
    assert _outcomes(transcript)["parse-site-list"] == "skipped"


def test_the_transcript_is_json_and_every_message_fits_its_values(make_provider) -> None:
    data = json.loads(json.dumps(_rehearse(_plan(make_provider())).to_json()))
    assert data["passed"] is True
    token = next(step for step in data["steps"] if step["id"] == "token")
    assert token["detail"] == "The site returned an access token, valid for 3600 seconds, and a refresh token."
    assert token["exchanges"][0]["method"] == "POST"
    assert token["exchanges"][0]["status"] == 200
    assert token["exchanges"][0]["at"] == NOW.isoformat()
    assert set(token["exchanges"][0]["fields"]) == {"grant_type", "code", "client_id", "redirect_uri", "code_verifier"}


@pytest.mark.parametrize(
    "faults", [(), ("wrong_state",), ("denied",), ("revoke_ignored",), ("no_rotation",), ("narrow_scope",)]
)
def test_no_secret_shows_in_the_evidence(make_provider, faults) -> None:
    provider = make_provider(*faults)
    text = json.dumps(_rehearse(_plan(provider)).to_json(), ensure_ascii=False)
    for secret in provider.issued:
        assert secret not in text
        assert secret[5:15] not in text
    for code in provider.codes.values():
        assert code["state"] not in text


@pytest.mark.parametrize(
    ("fault", "step", "text"),
    [
        ("unknown_client", "authorize", "returned an error (400"),
        ("link_used", "authorize", "already used or has expired"),
        ("no_consent", "authorize", "did not show a consent page"),
        ("denied", "authorize", "access_denied"),
        ("wrong_state", "authorize", "state"),
        ("wrong_issuer", "authorize", "another issuer"),
        ("code_twice", "authorize", "twice"),
        ("no_code", "authorize", "no code"),
        ("invalid_client", "token", "invalid_client"),
        ("html_token", "token", "JSON"),
        ("no_refresh_token", "token", "no refresh token"),
        ("mac_token", "token", "mac"),
        ("no_lifetime", "token", "lifetime of the access token"),
        ("narrow_scope", "token", "READ"),
        ("refresh_fails", "refresh", "server_error"),
        ("no_rotation", "refresh", "not replaced"),
        ("revoke_fails", "revoke", "503"),
        ("revoke_ignored", "refresh-after-revoke", "not rejected"),
    ],
)
def test_a_fault_of_the_provider_is_reported(make_provider, fault, step, text) -> None:
    provider = make_provider(fault)
    transcript = _rehearse(_plan(provider))
    assert (transcript.passed, transcript.stopped_at) == (False, step)
    result = next(result for result in transcript.steps if result.id == step)
    assert result.outcome is StepOutcome.FAILED
    assert text in result.detail
    assert result.exchanges
    assert [entry.id for entry in transcript.steps] == [id for id, _, _ in STEPS]


@pytest.mark.parametrize("fault", ["narrow_scope", "refresh_fails", "no_rotation"])
def test_tokens_that_were_issued_are_revoked_after_a_failure(make_provider, fault) -> None:
    provider = make_provider(fault)
    transcript = _rehearse(_plan(provider))
    assert not transcript.passed
    assert _outcomes(transcript)["revoke"] == "passed"
    assert len(provider.revoked) == 1
    assert provider.revoked[0] not in provider.live_refresh


def test_a_redirect_to_another_host_stops_the_test(make_provider) -> None:
    transcript = _rehearse(_plan(make_provider("other_host"), sign_in_url=None))
    assert transcript.stopped_at == "authorize"
    assert _outcomes(transcript)["authorize"] == "stopped"
    assert "sso.example.com" in transcript.steps[2].detail


def test_a_redirect_to_another_app_fails(make_provider) -> None:
    transcript = _rehearse(_plan(make_provider("wrong_redirect")))
    assert transcript.stopped_at == "authorize"
    assert transcript.steps[2].outcome is StepOutcome.FAILED
    assert "not the app's (evil.example.com)" in transcript.steps[2].detail


def test_without_a_sign_in_link_it_stops_at_the_login_page(make_provider) -> None:
    transcript = _rehearse(_plan(make_provider(), sign_in_url=None))
    assert (transcript.passed, transcript.stopped_at) == (False, "authorize")
    assert _outcomes(transcript)["authorize"] == "stopped"
    assert "login page" in transcript.steps[2].detail
    assert _outcomes(transcript)["token"] == "skipped"


def test_a_blocked_info_login_ends_the_test_only_without_mdm(make_provider) -> None:
    provider = make_provider("info_login_blocked")
    with_mdm = _rehearse(_plan(provider))
    assert with_mdm.passed
    assert _outcomes(with_mdm)["info-login"] == "skipped"
    without = _rehearse(_plan(provider, site_list_json=None))
    assert without.stopped_at == "info-login"
    assert "MDM" in without.steps[1].detail


def test_oauth_switched_off(make_provider) -> None:
    transcript = _rehearse(_plan(make_provider("switch_off"), site_list_json=None))
    assert transcript.stopped_at == "info-login"


@pytest.mark.parametrize(
    ("site_list", "text"),
    [
        ("", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ('[{"title": "Wiki",}]', "not valid JSON"),
        ("{}", "not an array"),
        ("[]", "not an array"),
        ('["x"]', "has no title"),
        ('[{"title": "Wiki"}]', "has no title"),
        ('[{"title": 5, "baseURL": "BASE"}]', "has no title"),
        ('[{"title": "Wiki", "baseURL": "https://other.example.com"}]', "does not contain"),
        ('[{"title": "Wiki", "baseURL": "BASE"}]', "no OAuth settings"),
        ('[{"title": "Wiki", "baseURL": "BASE", "oauth": {"clientId": "abc"}}]', "no clientID"),
        ('[{"title": "Wiki", "baseURL": "BASE", "oauth": []}]', "no clientID"),
        (
            '[{"title": "W", "baseURL": "BASE", "oauth": {"clientID": "a", "cacheSessionInMobileBrowser": "false"}}]',
            "true or false",
        ),
    ],
)
def test_a_site_list_that_the_app_would_reject(make_provider, site_list, text) -> None:
    provider = make_provider()
    transcript = _rehearse(_plan(provider, site_list_json=site_list.replace("BASE", provider.base_url)))
    assert transcript.stopped_at == "parse-site-list"
    assert text in transcript.steps[0].detail
    assert provider.user_agents == set(), "no request was sent"


def test_an_unreachable_site() -> None:
    with SimulatedFleet(["unreachable"]) as fleet:
        base_url = fleet.base_url("unreachable")
        transcript = _rehearse(Plan(_site_list(base_url, "abc"), base_url, REDIRECT_URI))
    assert transcript.stopped_at == "info-login"
    assert "refused the connection" in transcript.steps[1].detail


@pytest.mark.parametrize("name", ["ready-mdm", "ready-non-mdm", "context-path"])
def test_a_site_with_its_own_provider_is_tested_up_to_its_login_page(name) -> None:
    with SimulatedFleet([name]) as fleet:
        base_url = fleet.base_url(name)
        transcript = _rehearse(Plan(_site_list(base_url, PERSONAS[name].client_id), base_url, REDIRECT_URI))
    assert transcript.stopped_at == "authorize"
    assert _outcomes(transcript)["authorize"] == "stopped"


def test_single_sign_on_stops_the_test() -> None:
    with SimulatedFleet(["behind-sso"]) as fleet:
        base_url = fleet.base_url("behind-sso")
        transcript = _rehearse(Plan(_site_list(base_url, "abc"), base_url, REDIRECT_URI))
        assert _outcomes(transcript)["authorize"] == "stopped"
        assert fleet.single_sign_on_url.removeprefix("http://") in transcript.steps[2].detail


def test_a_refused_request_is_a_failed_step_not_an_exception(make_provider) -> None:
    transcript = _rehearse(_plan(make_provider()), policy=FetchPolicy())
    assert transcript.stopped_at == "info-login"
