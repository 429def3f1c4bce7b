"""Clean-up deletes expired rows in small batches and keeps valid ones."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from oauth2_provider.models import get_access_token_model, get_grant_model, get_refresh_token_model

from oauth_provider.models import Device
from oauth_provider.tokens import clean_up

MODELS = (get_grant_model(), get_refresh_token_model(), get_access_token_model(), Device)


def rows() -> list[int]:
    return [model.objects.count() for model in MODELS]


def removed_after(**delta: float) -> dict[str, int]:
    with time_machine.travel(timezone.now() + timedelta(**delta), tick=False):
        return {name: count for name, count in clean_up.remove_expired().items() if count}


def test_valid_rows_stay(phone: Any) -> None:
    phone.code()
    token = phone.tokens()["refresh_token"]
    assert removed_after() == {}
    assert removed_after(days=60) == {"codes": 1}
    assert phone.refresh(token).status_code == 200


def test_a_lapsed_sign_in_is_deleted_completely(phone: Any) -> None:
    phone.tokens()
    assert removed_after(days=92) == {"lapsed": 1, "access_tokens": 1}
    assert rows() == [0, 0, 0, 0]


def test_an_ended_sign_in_is_deleted_after_a_day_and_stays_refused(phone: Any) -> None:
    token = phone.tokens()["refresh_token"]
    phone.revoke(token)
    assert removed_after(hours=23) == {}
    assert removed_after(hours=25) == {"ended": 1}
    assert phone.refresh(token).json()["error"] == "invalid_grant"


def test_rows_are_deleted_in_batches(phone: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clean_up, "BATCH", 2)
    for _ in range(5):
        phone.revoke(phone.tokens()["refresh_token"])
    with CaptureQueriesContext(connection) as queries:
        assert removed_after(hours=25) == {"ended": 5}
    deletes = [
        query["sql"] for query in queries if query["sql"].startswith('DELETE FROM "oauth2_provider_refreshtoken"')
    ]
    assert len(deletes) == 3
