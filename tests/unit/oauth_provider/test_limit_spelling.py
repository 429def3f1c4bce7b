"""The format of limits in settings."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
from django.core.checks import run_checks

from oauth_provider.limits.limiter import Limit, LimitError, parse_limit
from tests.support.paths import ROOT

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


def test_an_earlier_name_of_a_setting_still_works_and_is_reported() -> None:
    earlier = {"RATE_LIMIT_TOKEN_WHO": "invalid", "RATE_LIMIT_SIGN_IN_WHO": "3/60"}
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("RATE_LIMIT_")},
        **earlier, "RATE_LIMIT_SIGN_IN_PRINCIPAL": "also invalid",
    }  # fmt: skip
    command = [sys.executable, "manage.py", "check", "--tag", "security"]
    checked = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert "RATE_LIMIT_TOKEN_WHO is now RATE_LIMIT_TOKEN_PRINCIPAL." in checked.stderr
    assert "RATE_LIMIT_TOKEN_PRINCIPAL is 'invalid', which is not a rate limit." in checked.stderr
    assert "RATE_LIMIT_SIGN_IN_WHO is now RATE_LIMIT_SIGN_IN_PRINCIPAL." in checked.stderr
    assert "RATE_LIMIT_SIGN_IN_PRINCIPAL is 'also invalid'" in checked.stderr  # the present name wins
