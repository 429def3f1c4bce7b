"""Web views inside other apps are distinguished from browsers by their User-Agent."""

from __future__ import annotations

import pytest

from oauth_provider.endpoints.embedded import is_embedded

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
WEB_VIEWS = [
    f"{IPHONE} Mobile/15E148",
    f"{IPHONE} Mobile/15E148 [FBAN/FBIOS;FBAV/1]",
    "Mozilla/5.0 (Linux; Android 14; Pixel 8 Build/A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "
    "Chrome/120.0 Mobile Safari/537.36",
    f"{IPHONE} Version/18.5 Mobile/15E148 Safari/604.1 Instagram 1.2",
]
BROWSERS = [
    f"{IPHONE} Version/18.5 Mobile/15E148 Safari/604.1",
    f"{IPHONE} CriOS/120.0 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605",
    "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Mobile Safari/537.36",
    "",
    "Confluence/2.0 (iPhone)",
    "(" * 5000,
]


@pytest.mark.rfc("8252", "8.12")
@pytest.mark.parametrize(
    ("agent", "embedded"), [*((one, True) for one in WEB_VIEWS), *((one, False) for one in BROWSERS)]
)
def test_web_views_are_distinguished_from_browsers(agent: str, embedded: bool) -> None:
    assert is_embedded(agent) is embedded
