"""Request and response schemas. Names and meanings are stable; fields may be added."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Field, Schema

MAX_ROWS = 100
MAX_ID = 2**63 - 1

Id = Annotated[int, Field(ge=1, le=MAX_ID)]
Verdict = Literal["READY_MDM", "READY_NON_MDM", "ACTION_NEEDED", "INCOMPATIBLE", "UNKNOWN"]
Product = Literal["confluence", "jira"]
Provider = Literal["confluence", "gatepass"]


class Failure(Schema):
    """`fields` maps each invalid field to its messages. It is empty if the error concerns the whole request."""

    code: str
    message: str
    fields: dict[str, list[str]]


class Error(Schema):
    error: Failure


class SiteFilters(Schema):
    q: str = Field("", max_length=200, description="Words in the title or base URL")
    verdict: Verdict | None = Field(None, description="Status of the MDM setup or the Non-MDM setup")
    product: Product | None = None
    provider: Provider | None = None
    archived: bool = False
    page: int = Field(1, ge=1, le=1_000_000)
    size: int = Field(50, ge=1, le=MAX_ROWS)


class SiteOut(Schema):
    id: int
    title: str
    product: Product
    base_url: str
    provider: Provider
    slug: str | None
    owners: list[str] = Field(description="E-mail addresses of the owners")
    notes: str
    people: int
    cache_session_in_mobile_browser: bool
    oauth_plugin_version: str
    mobile_plugin_version: str
    server_version: str
    mdm_verdict: Verdict
    non_mdm_verdict: Verdict
    client_id: str | None = Field(description="Client ID of the application link for the MDM setup (not a secret)")
    checked_at: datetime | None
    check_due_at: datetime | None
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime


class SitePage(Schema):
    items: list[SiteOut]
    count: int = Field(description="Number of sites on all pages")
    page: int
    pages: int


class _SiteFields(Schema, extra="forbid"):
    notes: str = Field("", max_length=4000)
    people: int = Field(0, ge=0, le=2_147_483_647)
    cache_session_in_mobile_browser: bool = False
    oauth_plugin_version: str = Field("", max_length=40)
    mobile_plugin_version: str = Field("", max_length=40)


class SiteIn(_SiteFields):
    """A site hosted by Gatepass needs a `slug`, any other site a `base_url`."""

    title: str = Field(min_length=1, max_length=120)
    base_url: str = Field("", max_length=500)
    product: Product = "confluence"
    provider: Provider = "confluence"
    slug: str | None = Field(None, max_length=40)
    owners: list[str] = Field(default_factory=list, max_length=100, description="E-mail addresses of existing people")


class SiteChanges(Schema, extra="forbid"):
    """Only fields that are sent are changed. Only administrators can change owners."""

    title: str = Field(default_factory=str, min_length=1, max_length=120)
    base_url: str = Field(default_factory=str, max_length=500)
    product: Product = Field(default_factory=lambda: "confluence")
    notes: str = Field(default_factory=str, max_length=4000)
    people: int = Field(default_factory=int, ge=0, le=2_147_483_647)
    cache_session_in_mobile_browser: bool = Field(default_factory=bool)
    oauth_plugin_version: str = Field(default_factory=str, max_length=40)
    mobile_plugin_version: str = Field(default_factory=str, max_length=40)
    owners: list[str] = Field(default_factory=list, max_length=100)


class Evidence(Schema):
    summary: str
    asked: str | None
    answered: str | None
    at: str | None


class FindingOut(Schema):
    rule: str
    outcome: Literal["PASS", "WARNING", "UNKNOWN", "ACTION_NEEDED", "INCOMPATIBLE"]
    evidence: Evidence
    remedy: str


class SetupOut(Schema):
    verdict: Verdict
    findings: list[FindingOut]
    first: list[str] = Field(description="Rules to fix first")


class SetupsOut(Schema):
    mdm: SetupOut
    non_mdm: SetupOut


class CheckRunOut(Schema):
    """`url`, `matrix`, `setups` and `observation` are the output of `check_site --json`."""

    id: int
    site: int
    state: Literal["queued", "running", "done", "failed"]
    trigger: str
    failure: str
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    url: str
    matrix: str = Field(description="Edition of the compatibility matrix; empty before the run is done")
    setups: SetupsOut
    observation: dict[str, Any] | None = Field(description="Responses of the site; null before the run is done")


class ListFindingOut(Schema):
    """`line`, `column` and `entry` count from 1. `entry` is null if the finding concerns the whole list."""

    id: str = Field(description="The kind of finding; stable")
    severity: Literal["unreadable", "unknown_effect", "style"]
    line: int
    column: int
    entry: int | None
    message: str
    fix: str


class CheckedConfigurationOut(Schema):
    """The output of `lint_configuration --json`."""

    readable: bool = Field(description="Whether the configuration is usable as it stands")
    container: str | None = Field(description="What was recognized, outermost first, such as plist/profile")
    sites: list[dict[str, Any]] | None = Field(
        description="The sites, repaired where no guess is needed; null if they cannot be read without one"
    )
    kept_keys: list[str] = Field(description="Other keys of the app configuration")
    findings: list[ListFindingOut]
    repaired: str | None = Field(description="The sites as the value of the key sites")
