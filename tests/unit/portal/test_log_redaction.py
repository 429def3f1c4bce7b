"""Tokens, codes and keys are masked in logged paths and queries."""

from __future__ import annotations

import pytest

from portal.logs import redact


@pytest.mark.parametrize(
    "text",
    [
        "GET /e/SECRET", "GET /E/SECRET/done", '"POST /welcome/SECRET/ HTTP/1.1"',
        "/accounts/password/reset/key/a-SECRET/", "/accounts/confirm-email/SECRET:x/",
        "/rest/oauth2/latest/authorize?code=SECRET", "https://host/at/x?a=1&state=SECRET",
        "/HOST/AT/welcome/SECRET", "('/welcome/SECRET/',)",
    ],
)  # fmt: skip
def test_secrets_are_masked(text: str) -> None:
    assert "SECRET" not in redact(text)
