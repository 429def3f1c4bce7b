"""What was observed of one site at one time: plain values, no judgement.

An observation is stored as JSON, so that rules can be replayed on it later without touching the network.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

FORMAT = 1


@dataclass(frozen=True)
class Answer:
    """One question asked over the network and what came back.

    ``status`` is None when nothing usable came back; ``error`` then says why, in the door's vocabulary
    (``rollout.probes.fetch.ERRORS``). ``location`` is where a redirect pointed, never followed silently:
    ``hops`` lists the URLs walked, the asked one first.
    """

    method: str
    url: str
    at: datetime
    status: int | None = None
    error: str | None = None
    content_type: str = ""
    location: str | None = None
    hops: tuple[str, ...] = ()
    elapsed_ms: int = 0
    excerpt: str = ""

    @property
    def asked(self) -> str:
        return f"{self.method} {self.url}"

    @property
    def answered(self) -> str:
        """``302 → https://sso.example.com/login``, ``200 application/json`` or ``no answer (timeout)``."""
        if self.status is None:
            return f"no answer ({self.error})"
        if self.location:
            return f"{self.status} → {self.location}"
        return f"{self.status} {self.content_type}".rstrip()


@dataclass(frozen=True)
class Manifest:
    """``rest/applinks/1.0/manifest``: the fields are None when the answer did not carry them."""

    answer: Answer
    product: str | None = None
    version: str | None = None
    name: str | None = None
    canonical_url: str | None = None


@dataclass(frozen=True)
class InfoLogin:
    """``rest/nativemobile/1.1/info/login``, asked anonymously as the app asks it.

    ``kind`` is one of ``json``, ``redirect``, ``login_page``, ``unauthorized``, ``disabled``, ``missing``,
    ``error`` (any other answer) and ``unreachable``.
    """

    answer: Answer
    kind: str
    client_id: str | None = None
    redirect_host: str | None = None


@dataclass(frozen=True)
class Endpoint:
    """An OAuth endpoint. ``kind``: ``answers`` (the provider itself), ``intercepted`` (another host took the
    request), ``missing``, ``error`` or ``unreachable``."""

    answer: Answer
    kind: str


@dataclass(frozen=True)
class Tls:
    """``kind``: ``valid``, ``plain`` (the site is http), ``untrusted``, ``expired``, ``wrong_host``, ``error``
    (the handshake failed otherwise) or ``unreachable``."""

    kind: str
    protocol: str | None = None
    issuer: str | None = None
    expires_at: datetime | None = None
    detail: str = ""


@dataclass(frozen=True)
class PluginVersions:
    """Versions that only an administrator of the site can know. ``source``: ``manual``, ``gatepass`` or ``none``."""

    oauth: str | None = None
    mobile: str | None = None
    source: str = "none"
    as_of: datetime | None = None


@dataclass(frozen=True)
class Observation:
    """All facts about one site at one time."""

    base_url: str
    product: str
    observed_at: datetime
    manifest: Manifest
    info_login: InfoLogin
    authorize: Endpoint
    token: Endpoint
    tls: Tls
    plugins: PluginVersions = PluginVersions()
    format: int = FORMAT

    def to_json(self) -> dict[str, Any]:
        """The observation as JSON values: datetimes as ISO 8601 text with offset, tuples as lists."""
        return _plain(asdict(self))

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Observation:
        """The observation that ``to_json`` wrote. Raises ValueError on another format."""
        if data.get("format") != FORMAT:
            raise ValueError(f"observation format {data.get('format')!r} is not {FORMAT}")
        return cls(
            base_url=data["base_url"],
            product=data["product"],
            observed_at=datetime.fromisoformat(data["observed_at"]),
            manifest=Manifest(**_with_answer(data["manifest"])),
            info_login=InfoLogin(**_with_answer(data["info_login"])),
            authorize=Endpoint(**_with_answer(data["authorize"])),
            token=Endpoint(**_with_answer(data["token"])),
            tls=Tls(**_with_time(data["tls"], "expires_at")),
            plugins=PluginVersions(**_with_time(data["plugins"], "as_of")),
        )


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, datetime) else value


def _with_time(data: dict[str, Any], name: str) -> dict[str, Any]:
    return {**data, name: datetime.fromisoformat(data[name]) if data[name] else None}


def _with_answer(data: dict[str, Any]) -> dict[str, Any]:
    answer = _with_time(data["answer"], "at")
    return {**data, "answer": Answer(**{**answer, "hops": tuple(answer["hops"])})}
