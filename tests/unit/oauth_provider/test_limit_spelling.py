"""The format of limits in settings."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import run_checks

from oauth_provider.limits.limiter import Limit, LimitError, parse_limit

OFF = {f"{endpoint}_{kind}": "off" for endpoint in ("token", "introspection", "authorize", "sign_in")
       for kind in ("address", "principal", "failures")}  # fmt: skip


@pytest.mark.parametrize("text", ["", "5", "5/", "/5", "0/5", "5/0", "-1/5", "5/60/60", "five/60", "99999999/1"])
def test_an_invalid_limit(text: str, settings: Any) -> None:
    with pytest.raises(LimitError):
        parse_limit("some", text)
    settings.RATE_LIMITS = OFF | {"token_address": text}
    assert "gatepass.E012" in {message.id for message in run_checks()}


def test_limits_are_written_as_count_and_seconds() -> None:
    assert parse_limit("some", " 600/60 ") == Limit("some", 600, 60)
    assert parse_limit("some", "Off") is None
