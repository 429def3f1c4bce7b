"""A simulated site, its requests and its responses. Pure data."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from rollout.compatibility.verdict import Outcome, Setup, Verdict

READY_MDM, READY_NON_MDM = Verdict.READY_MDM, Verdict.READY_NON_MDM
ACTION_NEEDED, INCOMPATIBLE, UNKNOWN = Verdict.ACTION_NEEDED, Verdict.INCOMPATIBLE, Verdict.UNKNOWN


class InfoLoginStyle(StrEnum):
    """How the site responds to ``info/login`` without sign-in."""

    OPEN = "open"  # JSON with the client ID
    SWITCH_OFF = "switch_off"  # JSON without a client ID: OAuth 2.0 is off in the mobile app's settings
    SINGLE_SIGN_ON = "single_sign_on"  # the reverse proxy redirects to the identity provider
    MISSING = "missing"  # 404: there is no mobile plugin
    DISABLED = "disabled"  # 503 with mobile-app-disabled


class CertificateKind(StrEnum):
    """The certificate of an https site; all but ``SELF_SIGNED`` come from the fleet's own authority."""

    VALID = "valid"
    EXPIRING = "expiring"  # valid for ten more days
    EXPIRED = "expired"
    WRONG_HOST = "wrong_host"
    SELF_SIGNED = "self_signed"


@dataclass(frozen=True)
class Response:
    """A response. A ``body`` of text is encoded in UTF-8, one of bytes is sent unchanged."""

    status: int
    body: str | bytes = ""
    content_type: str = "text/html; charset=UTF-8"
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        return self.body.encode() if isinstance(self.body, str) else self.body


@dataclass(frozen=True)
class Call:
    """One request: ``path`` without query and context path, ``target`` as received, ``form`` of a POST body.

    Header names are in lower case, ``port`` is that of the site. ``plain_url`` is where the fleet redirects plain http
    back to this site.
    """

    simulated: SimulatedSite
    base_url: str
    port: int
    single_sign_on_url: str
    plain_url: str
    method: str
    path: str
    target: str
    form: Mapping[str, str]
    headers: Mapping[str, str]


class Wire(Protocol):
    """A connection to write to. ``send`` raises OSError if it was closed; ``reset`` ends it with a RST."""

    async def send(self, data: bytes) -> None: ...

    def reset(self) -> None: ...


@dataclass(frozen=True)
class SimulatedSite:
    """One simulated site and the expected result of its check.

    ``mdm`` and ``non_mdm`` are the verdicts; ``mdm_rule`` and ``non_mdm_rule`` are the rules that must decide them, or
    pass if the setup is ready. ``warnings`` are rules that must warn. ``error`` is the expected error of the manifest
    request (``http_client.failures.ERRORS``), if it fails.

    ``offset`` is added to the fleet's first port and never changes, so that base URLs are the same in every run.
    ``oauth_plugin`` and ``mobile_plugin`` are the versions in the site's *Manage apps*. ``client_id`` is that of the
    site's application link; ``stored_client_id`` is the one set in Gatepass, if that differs, and
    ``stored_for_non_mdm`` is whether it is set for the Non-MDM setup, too. ``canonical_url`` is the site's own base
    URL, if that is wrong, and ``entered_path`` the context path set in Gatepass, if that is wrong. ``product`` is the
    product set in Gatepass, ``actual_product`` the real one, if that differs.

    ``front`` responds before the site does, as a reverse proxy; None lets the request through. ``transform`` changes
    the site's response. ``send`` writes it to the connection in a special way.
    """

    name: str
    title: str
    description: str
    offset: int
    mdm: Verdict
    non_mdm: Verdict
    mdm_rule: str
    non_mdm_rule: str
    warnings: tuple[str, ...] = ()
    error: str = ""
    in_demo: bool = False
    people: int = 50
    product: str = "confluence"
    actual_product: str = ""
    version: str = "9.2.1"
    oauth_plugin: str | None = "4.1.1"
    mobile_plugin: str | None = "19.1.47"
    client_id: str = ""
    stored_client_id: str = ""
    stored_for_non_mdm: bool = False
    context_path: str = ""
    entered_path: str | None = None
    canonical_url: str | None = None
    info_login: InfoLoginStyle = InfoLoginStyle.OPEN
    oauth_enabled: bool = True
    listens: bool = True
    host: str = "127.0.0.1"
    scheme: str = "http"
    certificate: CertificateKind | None = None
    trusted: bool = True  # whether the fleet's authority is set as the site's CA in Gatepass
    front: Callable[[Call], Response | None] | None = None
    transform: Callable[[Call, Response], Response] | None = None
    send: Callable[[Wire, Response], Awaitable[None]] | None = None

    def reason(self, setup: Setup) -> tuple[str, Outcome]:
        """Return the rule that must decide the verdict of a setup, and its outcome."""
        rule, verdict = (self.mdm_rule, self.mdm) if setup is Setup.MDM else (self.non_mdm_rule, self.non_mdm)
        return rule, Outcome.PASS if verdict in (READY_MDM, READY_NON_MDM) else Outcome(verdict.value)

    @property
    def link(self) -> str:
        """The client ID set in Gatepass; empty if the site has no link there."""
        return self.stored_client_id or self.client_id

    def base_url(self, port: int) -> str:
        """Return the base URL set in Gatepass for the site at this port."""
        path = self.context_path if self.entered_path is None else self.entered_path
        return f"{self.origin(port)}{path}"

    def origin(self, port: int) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{port}"
