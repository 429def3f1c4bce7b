"""What a simulated site is, what it is asked, and what it answers. Pure data."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from rollout.compatibility.verdict import Outcome, Setup, Verdict

READY_MDM, READY_NON_MDM = Verdict.READY_MDM, Verdict.READY_NON_MDM
ACTION_NEEDED, INCOMPATIBLE, UNKNOWN = Verdict.ACTION_NEEDED, Verdict.INCOMPATIBLE, Verdict.UNKNOWN


class InfoLoginStyle(StrEnum):
    """What the persona does with an anonymous ``info/login``."""

    OPEN = "open"  # JSON with the client ID
    SWITCH_OFF = "switch_off"  # JSON without a client ID: OAuth 2.0 is off in the mobile app's settings
    SINGLE_SIGN_ON = "single_sign_on"  # the reverse proxy sends the question to the identity provider
    MISSING = "missing"  # 404: there is no mobile plugin
    DISABLED = "disabled"  # 503 with mobile-app-disabled


class CertificateKind(StrEnum):
    """The certificate an https persona shows; all but ``SELF_SIGNED`` come from the fleet's own authority."""

    VALID = "valid"
    EXPIRING = "expiring"  # valid for ten more days
    EXPIRED = "expired"
    WRONG_HOST = "wrong_host"
    SELF_SIGNED = "self_signed"


@dataclass(frozen=True)
class Response:
    """``body`` as text is sent in UTF-8, as bytes it is sent as it is."""

    status: int
    body: str | bytes = ""
    content_type: str = "text/html; charset=UTF-8"
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        return self.body.encode() if isinstance(self.body, str) else self.body


@dataclass(frozen=True)
class Call:
    """One request: ``path`` without query and context path, ``target`` as it came, ``form`` of a POST body.

    ``headers`` have names in lower case, ``port`` is the persona's own. ``plain_url`` is where the fleet answers plain
    http by sending back here.
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
    """Where bytes go out. ``send`` raises OSError when the other end is gone; ``reset`` ends without goodbye."""

    async def send(self, data: bytes) -> None: ...

    def reset(self) -> None: ...


@dataclass(frozen=True)
class SimulatedSite:
    """One simulated site, and what our own rules must come to.

    ``mdm`` and ``non_mdm`` are the verdicts; ``mdm_rule`` and ``non_mdm_rule`` the rules that must decide them, or
    pass where the road is ready. ``warnings`` are rules that must warn. ``error`` is the door's word for why the
    manifest could not be read, where there must be one.

    ``offset`` is added to the fleet's first port and never changes, so that base URLs stay the same between runs.
    ``oauth_plugin`` and ``mobile_plugin`` are what an administrator would read in the site's *Manage apps*.
    ``client_id`` is the site's application link; ``held_client_id`` what Gatepass holds of it, where that is another,
    and ``held_without_mdm`` says that Gatepass holds it for phones without MDM too. ``canonical_url`` is what the
    site believes its base URL to be, where that is wrong. ``entered_path`` is the context path that somebody entered,
    where that is wrong. ``product`` is what the site was entered as, ``says_product`` what it really is.

    ``front`` answers before the site does, as a reverse proxy: None lets the request through. ``altered`` is what
    becomes of the site's answer on its way. ``sent`` writes it to the wire in a manner of its own.
    """

    name: str
    title: str
    story: str
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
    says_product: str = ""
    version: str = "9.2.1"
    oauth_plugin: str | None = "4.1.1"
    mobile_plugin: str | None = "19.1.47"
    client_id: str = ""
    held_client_id: str = ""
    held_without_mdm: bool = False
    context_path: str = ""
    entered_path: str | None = None
    canonical_url: str | None = None
    info_login: InfoLoginStyle = InfoLoginStyle.OPEN
    oauth_enabled: bool = True
    listens: bool = True
    host: str = "127.0.0.1"
    scheme: str = "http"
    certificate: CertificateKind | None = None
    trusted: bool = True  # whether Gatepass was given the fleet's authority for this site
    front: Callable[[Call], Response | None] | None = None
    altered: Callable[[Call, Response], Response] | None = None
    sent: Callable[[Wire, Response], Awaitable[None]] | None = None

    def reason(self, setup: Setup) -> tuple[str, Outcome]:
        """The rule that must decide a road's verdict, and what it must find."""
        rule, verdict = (self.mdm_rule, self.mdm) if setup is Setup.MDM else (self.non_mdm_rule, self.non_mdm)
        return rule, Outcome.PASS if verdict in (READY_MDM, READY_NON_MDM) else Outcome(verdict.value)

    @property
    def link(self) -> str:
        """The client ID that Gatepass holds; empty when the site has no link there."""
        return self.held_client_id or self.client_id

    def base_url(self, port: int) -> str:
        """The base URL that somebody entered for the site at this port."""
        path = self.context_path if self.entered_path is None else self.entered_path
        return f"{self.origin(port)}{path}"

    def origin(self, port: int) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{port}"
