"""What was observed of one site at one time: plain values, no judgement.

An observation is stored as JSON, so that rules can be replayed on it later without touching the network.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, PlainSerializer, TypeAdapter

FORMAT = 2
READS = frozenset({1, 2})  # format 2 only added fields, each with a value that says "was not asked"
# Times keep the offset +00:00 where pydantic would write Z: rejudging compares new JSON with stored JSON.
Time = Annotated[datetime, PlainSerializer(datetime.isoformat, return_type=str, when_used="json-unless-none")]


@dataclass(frozen=True)
class Hop:
    """One step of a walk along redirects: who was asked, and what that one said.

    ``address`` is the class of the address that was connected to (``public``, ``private``, ``loopback`` and the other
    words of ``rollout.http_client.addresses``), empty when no connection was made.
    """

    url: str
    status: int | None = None
    location: str | None = None
    elapsed_ms: int = 0
    address: str = ""


@dataclass(frozen=True)
class Answer:
    """One question asked over the network and what came back.

    ``status`` is None when nothing usable came back; ``error`` then says why, in the door's vocabulary
    (``http_client.failures.ERRORS``). ``location`` is where a redirect pointed, never followed silently:
    ``hops`` lists the URLs walked, the asked one first, and ``trace`` what each of them said. ``headers`` are the
    chosen ones (``http_client.kept_headers.KEPT_HEADERS``), names in lower case; ``size`` counts the body's bytes
    after decompression.
    """

    method: str
    url: str
    at: Time
    status: int | None = None
    error: str | None = None
    content_type: str = ""
    location: str | None = None
    hops: tuple[str, ...] = ()
    elapsed_ms: int = 0
    excerpt: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    size: int = 0
    address: str = ""
    trace: tuple[Hop, ...] = ()

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
    """``rest/applinks/1.0/manifest``: the fields are None when the answer did not carry them.

    ``form`` is ``xml`` or ``json``, what it was read from.
    """

    answer: Answer
    product: str | None = None
    version: str | None = None
    name: str | None = None
    canonical_url: str | None = None
    build: str | None = None
    form: str | None = None


@dataclass(frozen=True)
class LoginPage:
    """The login page's meta tags, the second source of version and base URL.

    ``kind``: ``page`` (the site's own), ``intercepted`` (another host, or a page that is not the product's),
    ``script`` (nothing but JavaScript that leads elsewhere), ``error`` or ``unreachable``.
    """

    answer: Answer
    kind: str
    version: str | None = None
    base_url: str | None = None
    context_path: str | None = None


@dataclass(frozen=True)
class ServerStatus:
    """``/status``: ``state`` is ``RUNNING``, ``MAINTENANCE``, ``FIRST_RUN``, ``ERROR`` …, None when not told."""

    answer: Answer
    state: str | None = None


@dataclass(frozen=True)
class Fingerprint:
    """Which product the answers' headers speak of: ``product`` None when none does, ``header`` the one that told."""

    product: str | None = None
    header: str = ""


@dataclass(frozen=True)
class InfoLogin:
    """``rest/nativemobile/1.x/info/login``, asked anonymously.

    ``kind`` is one of ``json``, ``redirect``, ``login_page``, ``unauthorized``, ``disabled``, ``missing``,
    ``error`` (any other answer) and ``unreachable``. ``fields`` are the names found in the JSON, dotted
    (``oauth.clientId``), never their values; ``client_id_field`` the one that held the client ID. ``oddities`` says
    what a stricter reader than ours may stumble over: ``duplicate_keys``, ``two_client_ids`` (then none is taken),
    ``not_a_number``, ``not_utf8`` and ``byte_order_mark``.
    """

    answer: Answer
    kind: str
    client_id: str | None = None
    redirect_host: str | None = None
    fields: tuple[str, ...] = ()
    client_id_field: str | None = None
    title: str | None = None
    base_url: str | None = None
    oddities: tuple[str, ...] = ()


@dataclass(frozen=True)
class Endpoint:
    """An OAuth endpoint. ``kind``: ``answers`` (the provider itself), ``intercepted`` (another host took the
    request), ``missing``, ``error`` or ``unreachable``. ``oauth_error`` is the provider's own word, as
    ``invalid_client``, when it used one."""

    answer: Answer
    kind: str
    oauth_error: str | None = None


@dataclass(frozen=True)
class Metadata:
    """Authorization server metadata (RFC 8414), where a site offers it: a hint, never decisive."""

    answer: Answer
    offered: bool = False
    issuer: str | None = None
    authorization_endpoint: str | None = None
    token_endpoint: str | None = None
    code_challenge_methods: tuple[str, ...] = ()


@dataclass(frozen=True)
class Certificate:
    """One certificate of the chain the server sent, its own first."""

    subject: str
    issuer: str
    names: tuple[str, ...] = ()
    not_before: Time | None = None
    expires_at: Time | None = None
    fingerprint: str = ""  # SHA-256, hexadecimal


@dataclass(frozen=True)
class Tls:
    """``kind``: ``valid``, ``plain`` (the site is http), ``untrusted``, ``expired``, ``wrong_host``, ``error``
    (the handshake failed otherwise) or ``unreachable``. ``trust`` says by what a valid one was trusted: ``system``
    or ``site`` (the site's own CA bundle). ``chain`` is read even where it is not trusted."""

    kind: str
    protocol: str | None = None
    issuer: str | None = None
    expires_at: Time | None = None
    detail: str = ""
    trust: str = "system"
    chain: tuple[Certificate, ...] = ()


@dataclass(frozen=True)
class PlainHttp:
    """What the site's address says on plain http.

    ``kind``: ``redirects`` (to https of the same host), ``elsewhere`` (to another host), ``loop``, ``serves``
    (answers without TLS), ``closed`` (nobody listens: fine) or ``error``.
    """

    answer: Answer
    kind: str


@dataclass(frozen=True)
class PluginVersions:
    """Versions that only an administrator of the site can know, and whether each plugin is enabled (None: unknown).

    ``source``: ``manual``, ``upm_json`` (pasted from the Universal Plugin Manager), ``upm_token`` (read from it with
    a personal access token), ``gatepass`` (Gatepass provides the site) or ``none``.
    """

    oauth: str | None = None
    mobile: str | None = None
    source: str = "none"
    as_of: Time | None = None
    oauth_enabled: bool | None = None
    mobile_enabled: bool | None = None


@dataclass(frozen=True)
class KnownLinks:
    """The client IDs that Gatepass holds of the site's links at the time, to compare with what the site hands out."""

    mdm: str | None = None
    non_mdm: str | None = None


@dataclass(frozen=True)
class Observation:
    """All facts about one site at one time. What is None was not asked: an earlier format, or no use in asking."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")  # of the parts as well

    base_url: str
    product: str
    observed_at: Time
    manifest: Manifest
    info_login: InfoLogin  # version 1.1 (1.0 where that is not there), with the app's User-Agent
    authorize: Endpoint
    token: Endpoint
    tls: Tls
    plugins: PluginVersions = PluginVersions()
    info_login_plain: InfoLogin | None = None  # version 1.1 with a plain User-Agent
    info_login_old: InfoLogin | None = None  # version 1.0 with the app's User-Agent
    login_page: LoginPage | None = None
    status: ServerStatus | None = None
    fingerprint: Fingerprint = Fingerprint()
    metadata: Metadata | None = None
    plain_http: PlainHttp | None = None
    links: KnownLinks = KnownLinks()
    format: int = FORMAT

    def to_json(self) -> dict[str, Any]:
        """The observation as JSON values: datetimes as ISO 8601 text with offset, tuples as lists."""
        return _OBSERVATION.dump_python(self, mode="json")

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Observation:
        """The observation that ``to_json`` wrote, now or in an earlier format. Raises ValueError on another."""
        if data.get("format") not in READS:
            raise ValueError(f"observation format {data.get('format')!r} is not one of {sorted(READS)}")
        return _OBSERVATION.validate_python({**data, "format": FORMAT})


_OBSERVATION = TypeAdapter(Observation)
