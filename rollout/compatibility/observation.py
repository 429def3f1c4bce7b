"""The facts observed of one site at one time, not evaluated.

An observation is stored as JSON, so that rules can be evaluated again later without a request to the site.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field, PlainSerializer, TypeAdapter

FORMAT = 2
READS = frozenset({1, 2})  # format 2 only added fields, whose defaults mean "not requested"
# Fields added since are written only if they have a value, so that observations stored before keep their text.
ADDED = Field(exclude_if=lambda value: not value)
# Errors of requests that Gatepass did not send.
NEVER_SENT = frozenset({"not_sent", "blocked_address", "not_https", "bad_url"})
# Times keep the offset +00:00 where pydantic would write Z: re-evaluation compares new JSON with stored JSON.
Time = Annotated[datetime, PlainSerializer(datetime.isoformat, return_type=str, when_used="json-unless-none")]


@dataclass(frozen=True)
class Hop:
    """One request of a chain of redirects, and its response.

    ``address`` is the class of the address connected to (``public``, ``private``, ``loopback`` and the others of
    ``rollout.http_client.addresses``), empty without a connection.
    """

    url: str
    status: int | None = None
    location: str | None = None
    elapsed_ms: int = 0
    address: str = ""


@dataclass(frozen=True)
class Answer:
    """One HTTP request and its response.

    ``status`` is None without a usable response; ``error`` is then a key of ``http_client.failures.ERRORS``.
    ``location`` is the target of a redirect that was not followed. ``hops`` lists the requested URLs in order, and
    ``trace`` the response of each. ``refusal`` is a ``refusals.RefusalKind`` if the response is a refusal, and
    ``refused_by`` the product that refused, if its response shows it. ``blocked_network`` is the network, as CIDR
    text, that Gatepass's own settings would have to allow. ``headers`` are those of
    ``http_client.evidence_headers.EVIDENCE_HEADERS``, names in lower case. ``size`` is the length of the decompressed
    body in bytes.
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
    refusal: Annotated[str, ADDED] = ""
    refused_by: Annotated[str, ADDED] = ""
    blocked_network: Annotated[str, ADDED] = ""

    @property
    def was_sent(self) -> bool:
        """Whether the request was sent, or at least a connection tried: only then there is evidence."""
        return self.error not in NEVER_SENT

    @property
    def asked(self) -> str:
        """``GET https://wiki.example.com/status``."""
        return f"{self.method} {self.url}"

    @property
    def answered(self) -> str:
        """``302 → https://sso.example.com/login``, ``200 application/json`` or ``no response (timeout)``."""
        if self.status is None:
            return f"no response ({self.error})"
        if self.location:
            return f"{self.status} → {self.location}"
        return f"{self.status} {self.content_type}".rstrip()


@dataclass(frozen=True)
class Manifest:
    """``rest/applinks/1.0/manifest``; fields that the response lacks are None.

    ``form`` is the format it was read from, ``xml`` or ``json``.
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
    """The meta tags of the login page, the second source of version and base URL.

    ``kind``: ``page`` (the site's own), ``intercepted`` (another host, or a page that is not the product's),
    ``script`` (only JavaScript that redirects), ``error`` or ``unreachable``. ``form_action`` is the absolute URL
    that the sign-in form is sent to.
    """

    answer: Answer
    kind: str
    version: str | None = None
    base_url: str | None = None
    context_path: str | None = None
    form_action: Annotated[str | None, ADDED] = None


@dataclass(frozen=True)
class ServerStatus:
    """``/status``: ``state`` is ``RUNNING``, ``MAINTENANCE``, ``FIRST_RUN``, ``ERROR`` …, None if not reported."""

    answer: Answer
    state: str | None = None


@dataclass(frozen=True)
class Fingerprint:
    """The product identified by response headers, and the header that identifies it; None without one."""

    product: str | None = None
    header: str = ""


@dataclass(frozen=True)
class InfoLogin:
    """``rest/nativemobile/1.x/info/login``, requested without sign-in.

    ``kind`` is one of ``json``, ``other_json`` (JSON of another API), ``redirect``, ``login_page``, ``unauthorized``,
    ``refused`` (see ``answer.refusal``), ``disabled``, ``missing``, ``error`` (any other response) and
    ``unreachable``. ``fields`` are the dotted names in the JSON (``oauth.clientId``), without their values;
    ``client_id_field`` is the one with the client ID. ``oddities`` lists what a strict parser may reject:
    ``duplicate_keys``, ``two_client_ids`` (neither is used then), ``not_a_number``, ``not_utf8`` and
    ``byte_order_mark``.
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
    """An OAuth endpoint.

    ``kind``: ``answers`` (the provider responds), ``intercepted`` (another host or a login page responds),
    ``refused`` (see ``answer.refusal``), ``missing``, ``error`` or ``unreachable``. ``oauth_error`` is the error code
    that the provider returned, such as ``invalid_client``. ``leads_to`` is the absolute URL where the response of the
    authorization endpoint sends the browser: by a redirect, or by the form of its page.
    """

    answer: Answer
    kind: str
    oauth_error: str | None = None
    leads_to: Annotated[str | None, ADDED] = None


@dataclass(frozen=True)
class RestApi:
    """The response to a request of the app after the sign-in, sent with an invalid access token.

    ``kind``: ``answers`` (the product rejects the token), ``intercepted`` (a proxy redirects it or returns a page of
    its own), ``refused`` (see ``answer.refusal``), ``missing``, ``error`` or ``unreachable``.
    """

    answer: Answer
    kind: str


@dataclass(frozen=True)
class Metadata:
    """Authorization server metadata (RFC 8414), if the site offers it. It never decides a verdict."""

    answer: Answer
    offered: bool = False
    issuer: str | None = None
    authorization_endpoint: str | None = None
    token_endpoint: str | None = None
    code_challenge_methods: tuple[str, ...] = ()


@dataclass(frozen=True)
class Certificate:
    """One certificate of the chain that the server sent, its own first."""

    subject: str
    issuer: str
    names: tuple[str, ...] = ()
    not_before: Time | None = None
    expires_at: Time | None = None
    fingerprint: str = ""  # SHA-256, hexadecimal


@dataclass(frozen=True)
class Tls:
    """The site's certificate.

    ``kind``: ``valid``, ``plain`` (the site uses http), ``untrusted``, ``expired``, ``wrong_host``,
    ``client_certificate`` (the site requires one), ``http2_only``, ``old_protocol`` (no TLS version that phones
    accept), ``error`` (the handshake failed for another reason) or ``unreachable``. ``trust`` is the trust store that
    made it valid: ``system``, or ``site`` for the site's own CA bundle. ``chain`` is recorded even if it is not
    trusted.
    """

    kind: str
    protocol: str | None = None
    issuer: str | None = None
    expires_at: Time | None = None
    detail: str = ""
    trust: str = "system"
    chain: tuple[Certificate, ...] = ()


@dataclass(frozen=True)
class PlainHttp:
    """The response of the site's host over plain http.

    ``kind``: ``redirects`` (to https on the same host), ``elsewhere`` (to another host), ``loop``, ``serves``
    (responds without TLS), ``closed`` (nothing listens, which is fine) or ``error``.
    """

    answer: Answer
    kind: str


@dataclass(frozen=True)
class PluginVersions:
    """Versions of the plugins, and whether they are enabled (None if unknown). Only the site's administrators see them.

    ``source``: ``manual``, ``upm_json`` (pasted from the Universal Plugin Manager), ``upm_token`` (read from it with
    a personal access token), ``gatepass`` (the site is hosted by Gatepass) or ``none``.
    """

    oauth: str | None = None
    mobile: str | None = None
    source: str = "none"
    as_of: Time | None = None
    oauth_enabled: bool | None = None
    mobile_enabled: bool | None = None


@dataclass(frozen=True)
class KnownLinks:
    """The client IDs set in Gatepass at the time, to compare with those that the site returns."""

    mdm: str | None = None
    non_mdm: str | None = None


@dataclass(frozen=True)
class PhoneResult:
    """The result of one try with a real phone, which a person recorded.

    ``setup`` is a ``verdict.Setup``; ``step`` is where it failed, empty if it worked. ``client_certificate`` is
    whether the phone presented one, None if that is unknown.
    """

    setup: str
    worked: bool
    at: Time
    step: str = ""
    app_version: str = ""
    client_certificate: bool | None = None


@dataclass(frozen=True)
class Observation:
    """All facts about one site at one time. A part is None if it was not requested, as in earlier formats."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")  # of the parts as well

    base_url: str
    product: str
    observed_at: Time
    manifest: Manifest
    info_login: InfoLogin  # version 1.1 (1.0 if that is missing), with the app's User-Agent
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
    root: Annotated[Answer | None, ADDED] = None  # ``/`` of the host, requested without a manifest
    authorize_plain: Annotated[Endpoint | None, ADDED] = (
        None  # with a plain User-Agent, requested if the browser's is refused
    )
    authorize_unknown: Annotated[Endpoint | None, ADDED] = (
        None  # with a client ID that does not exist, requested if one is set
    )
    rest_api: Annotated[RestApi | None, ADDED] = None
    rate_limited: Annotated[Answer | None, ADDED] = None  # the first response that limits requests
    client_certificate: Annotated[bool, ADDED] = False  # whether the check presented one
    phone_results: Annotated[tuple[PhoneResult, ...], ADDED] = ()  # newest first
    format: int = FORMAT

    def to_json(self) -> dict[str, Any]:
        """The observation as JSON values: datetimes as ISO 8601 text with offset, tuples as lists."""
        return _OBSERVATION.dump_python(self, mode="json")

    def to_json_text(self) -> str:
        """The text of ``to_json``, several times as fast as serializing that."""
        return _OBSERVATION.dump_json(self).decode()

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Observation:
        """Read an observation in the current or an earlier format. Raises ValueError for any other data."""
        if data.get("format") not in READS:
            raise ValueError(f"observation format {data.get('format')!r} is not one of {sorted(READS)}")
        return _OBSERVATION.validate_python({**data, "format": FORMAT})


_OBSERVATION = TypeAdapter(Observation)
