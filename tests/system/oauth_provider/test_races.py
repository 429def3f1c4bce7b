"""Eight requests at once for one code or one token, against several web processes, on PostgreSQL and on SQLite."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest

from tests.support.conformance import CHALLENGE, VERIFIER, Portal, Reply, SharedPortal
from tests.support.environment import LONG

AT_ONCE = 8
TRIALS = 200 if LONG else 25  # of each test


@dataclass
class Race:
    """A portal whose root is the issuer, and codes that no trial has used yet."""

    portal: Portal
    codes: list[str]
    refresh_tokens: list[str]

    def run_concurrently(self, *requests: Callable[[], Reply]) -> list[Reply]:
        return self.portal.run_concurrently(list(requests))

    def redeem(self, code: str) -> Reply:
        return self.portal.redeem(code, redirect_uri=None)

    def refresh(self, token: str) -> Reply:
        return self.portal.refresh(token)


@pytest.fixture(scope="module")
def race(shared: SharedPortal) -> Race:
    made = shared.portal.call("codes", count=5 * TRIALS, challenge=CHALLENGE)
    client_id, codes = made["client_id"], made["codes"]
    tokens = shared.portal.call("redeem", client_id=client_id, codes=codes[TRIALS:], verifier=VERIFIER)
    return Race(replace(shared.portal, base="", client_id=client_id), codes[:TRIALS], tokens)


@pytest.fixture(scope="module")
def strict_race(shared: SharedPortal, race: Race) -> Iterator[Race]:
    """At a portal that accepts no retries."""
    with shared.another(REFRESH_RETRY_SECONDS="0") as portal:
        yield replace(race, portal=replace(portal, base="", client_id=race.portal.client_id))


@pytest.mark.rfc("6749", "4.1.2")
@pytest.mark.rfc("6749", "10.5")
def test_a_code_has_one_winner(race: Race) -> None:
    for code in race.codes:
        answers = race.run_concurrently(*[lambda code=code: race.redeem(code)] * AT_ONCE)  # type: ignore[misc]
        assert Counter(answer.status for answer in answers) == {200: 1, 400: AT_ONCE - 1}
        assert {answer.error for answer in answers if answer.status == 400} == {(400, "invalid_grant")}
        (won,) = [answer.json for answer in answers if answer.status == 200]
        # The losers replayed the code, which ended its family.
        assert race.refresh(won["refresh_token"]).status == 400


@pytest.mark.rfc("9700", "4.14.2")
def test_a_double_fired_refresh_gets_one_pair_and_never_a_fork(race: Race) -> None:
    for token in race.refresh_tokens[:TRIALS]:
        answers = race.run_concurrently(*[lambda token=token: race.refresh(token)] * AT_ONCE)  # type: ignore[misc]
        assert {answer.status for answer in answers} == {200}
        assert len({answer.json["refresh_token"] for answer in answers}) == 1
        assert len({answer.json["access_token"] for answer in answers}) == 1
        following = race.refresh(answers[0].json["refresh_token"])
        assert following.status == 200
        assert race.refresh(token).status == 400  # its successor was used, so this is a reuse, not a retry
        assert race.refresh(following.json["refresh_token"]).status == 400


@pytest.mark.rfc("7009", "2.1")
def test_no_token_outlives_a_revoke_that_raced_its_refresh(race: Race) -> None:
    for token in race.refresh_tokens[TRIALS : 2 * TRIALS]:
        requests: list[Callable[[], Reply]] = [lambda token=token: race.refresh(token)] * (AT_ONCE // 2)  # type: ignore[misc]
        requests += [lambda token=token: race.portal.revoke(token)] * (AT_ONCE // 2)  # type: ignore[misc]
        answers = race.run_concurrently(*requests)
        assert {answer.status for answer in answers} <= {200, 400}
        given = [answer.json["refresh_token"] for answer in answers if b"refresh_token" in answer.body]
        for one in {token, *given}:
            assert race.refresh(one).status == 400


@pytest.mark.rfc("9700", "4.14.2")
def test_without_retries_a_refresh_has_one_winner(strict_race: Race) -> None:
    for token in strict_race.refresh_tokens[2 * TRIALS : 3 * TRIALS]:
        answers = strict_race.run_concurrently(*[lambda token=token: strict_race.refresh(token)] * AT_ONCE)  # type: ignore[misc]
        assert Counter(answer.status for answer in answers) == {200: 1, 400: AT_ONCE - 1}


@pytest.mark.rfc("9700", "4.14.2")
def test_a_token_of_the_first_form_gets_one_pair(race: Race) -> None:
    """As a phone sends it after an update, on an unreliable network."""
    for token in race.portal.call("first_form", refresh_tokens=race.refresh_tokens[3 * TRIALS :]):
        answers = race.run_concurrently(*[lambda token=token: race.refresh(token)] * AT_ONCE)  # type: ignore[misc]
        assert {answer.status for answer in answers} == {200}
        assert len({answer.json["refresh_token"] for answer in answers}) == 1
        following = race.refresh(answers[0].json["refresh_token"])
        assert following.status == 200
        assert race.refresh(token).status == 400
        assert race.refresh(following.json["refresh_token"]).status == 400
