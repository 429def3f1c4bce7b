"""The observation of a ready site, and a way to change one thing about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from rollout.compatibility.observation import (
    Answer,
    Certificate,
    Endpoint,
    Fingerprint,
    InfoLogin,
    KnownLinks,
    LoginPage,
    Manifest,
    Metadata,
    Observation,
    PlainHttp,
    PluginVersions,
    RestApi,
    ServerStatus,
    Tls,
)

NOW = datetime(2025, 3, 4, 12, 30, tzinfo=UTC)
BASE = "https://confluence.example.com/wiki"


def answer(path: str = "", *, base: str = BASE, method: str = "GET", **changes: Any) -> Answer:
    """The response for ``path``: 200 JSON unless changed."""
    url = f"{base}/{path}"
    fields: dict[str, Any] = {"status": 200, "content_type": "application/json", "hops": (url,), **changes}
    return Answer(method, url, NOW, **fields)


def ready_observation(base: str = BASE, product: str = "confluence") -> Observation:
    """A Confluence 9.2.1 with every part of an observation; it passes every rule of both setups."""
    info_login = InfoLogin(
        answer("rest/nativemobile/1.1/info/login", base=base),
        "json",
        client_id="abc123",
        fields=("title", "baseUrl", "oauth.clientId"),
        client_id_field="oauth.clientId",
    )
    return Observation(
        base_url=base,
        product=product,
        observed_at=NOW,
        manifest=Manifest(
            answer("rest/applinks/1.0/manifest", base=base, content_type="application/xml"),
            product=product,
            version="9.2.1",
            name="Wiki",
            canonical_url=base,
        ),
        info_login=info_login,
        info_login_plain=info_login,
        authorize=Endpoint(
            answer("rest/oauth2/latest/authorize", base=base),
            "answers",
            leads_to=f"{base}/login.action?os_destination=x",
        ),
        authorize_unknown=Endpoint(answer("rest/oauth2/latest/authorize", base=base, status=400), "answers"),
        rest_api=RestApi(answer("rest/api/user/current", base=base, status=401), "answers"),
        token=Endpoint(
            answer("rest/oauth2/latest/token", base=base, method="POST", status=400), "answers", "invalid_grant"
        ),
        tls=Tls(
            "valid",
            protocol="TLSv1.3",
            issuer="Example CA",
            expires_at=NOW + timedelta(days=90),
            chain=(
                Certificate("confluence.example.com", "Example CA", expires_at=NOW + timedelta(days=90)),
                Certificate("Example CA", "Example Root", expires_at=NOW + timedelta(days=900)),
            ),
        ),
        plugins=PluginVersions(
            oauth="4.1.1",
            mobile="19.1.47",
            source="manual",
            as_of=NOW - timedelta(days=2),
            oauth_enabled=True,
            mobile_enabled=True,
        ),
        login_page=LoginPage(
            answer("login.action", base=base, content_type="text/html"), "page", version="9.2.1", base_url=base
        ),
        status=ServerStatus(answer("status", base=base), "RUNNING"),
        fingerprint=Fingerprint(product, "x-confluence-request-time"),
        metadata=Metadata(answer("metadata", base=base), True, issuer=base, code_challenge_methods=("S256",)),
        plain_http=PlainHttp(answer("", base=base.replace("https", "http"), status=301, location=base), "redirects"),
        links=KnownLinks(mdm="abc123"),
    )


def changed(original: Any, **changes: Any) -> Any:
    """``original`` with parts changed, dicts reaching into parts: ``changed(ready, manifest={"version": "9.0"})``."""
    parts = {
        name: changed(getattr(original, name), **value) if isinstance(value, dict) else value
        for name, value in changes.items()
    }
    return replace(original, **parts)
