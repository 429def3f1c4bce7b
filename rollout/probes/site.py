"""Collects all facts about one site: the responses that the iOS app would get, not evaluated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from rollout.compatibility.main_requests import Report, no_report
from rollout.compatibility.observation import (
    Answer,
    KnownLinks,
    LoginPage,
    Manifest,
    Metadata,
    Observation,
    PhoneResult,
    PlainHttp,
    PluginVersions,
    ServerStatus,
)
from rollout.http_client.policy import FetchPolicy

from .fingerprint import fingerprint_of
from .info_login import probe_info_login
from .login_page import probe_login_page
from .manifest import probe_manifest
from .metadata import probe_metadata
from .oauth_endpoints import probe_authorize, probe_token
from .plain_http import is_worth_probing, probe_plain_http
from .probe_session import ProbeSession
from .rest_api import probe_rest_api
from .root import probe_root
from .status import probe_status
from .tls import tls_facts

SITE_SECONDS = 25.0


@dataclass(frozen=True)
class Target:
    """The site to check.

    ``client_id`` is that of its application link, if it has one, and ``links`` are all client IDs set in Gatepass;
    ``plugins`` are the versions known of its plugins. ``ca_bundle`` (PEM) is trusted for this site in addition to the
    system's trust store, and ``through_proxy`` sends the requests through the outbound proxy. ``client_certificate``
    (PEM, with its key) is presented to this site only. ``phone_results`` are stored with the observation.
    """

    base_url: str
    product: str
    client_id: str | None = None
    plugins: PluginVersions = field(default_factory=PluginVersions)
    links: KnownLinks = field(default_factory=KnownLinks)
    ca_bundle: str = field(default="", repr=False)
    through_proxy: bool = False
    client_certificate: str = field(default="", repr=False)
    phone_results: tuple[PhoneResult, ...] = ()


@dataclass(frozen=True)
class _ExtraFacts:
    """Facts from requests that the app does not send; None if they were not requested."""

    root: Answer | None = None
    login_page: LoginPage | None = None
    metadata: Metadata | None = None
    status: ServerStatus | None = None
    plain_http: PlainHttp | None = None


async def observe(
    target: Target, *, policy: FetchPolicy, now: Callable[[], datetime], report: Report = no_report
) -> Observation:
    """Return a complete observation, however the site behaves: failed requests are recorded as unreachable.

    Requests are sent one at a time, eight to ten to a healthy site, within 25 seconds. ``now`` returns an aware
    datetime. ``report`` is called with each of ``MAIN_REQUESTS`` and its answer when that is known.
    """
    base_url = str(target.base_url).rstrip("/")
    observed_at = now()
    async with ProbeSession.within(SITE_SECONDS, policy=_policy_of(target, policy), now=now) as session:
        manifest = await probe_manifest(session, base_url)
        await report("manifest", manifest.answer)
        info_login = await probe_info_login(session, base_url)
        await report("info_login", info_login.app.answer)
        authorize = await probe_authorize(session, base_url, product=target.product, client_id=target.client_id)
        await report("authorize", authorize.browser.answer)
        token = await probe_token(session, base_url, product=target.product, client_id=target.client_id)
        await report("token", token.answer)
        rest_api = await probe_rest_api(session, base_url, product=target.product)
        await report("rest_api", rest_api.answer)
        extra = await _probe_extra_facts(session, base_url, target.product, manifest)
    return Observation(
        base_url=base_url,
        product=target.product,
        observed_at=observed_at,
        manifest=manifest,
        info_login=info_login.app,
        info_login_plain=info_login.plain,
        info_login_old=info_login.old,
        authorize=authorize.browser,
        token=token,
        tls=tls_facts(base_url, session.replies),
        plugins=target.plugins,
        login_page=extra.login_page,
        status=extra.status,
        fingerprint=fingerprint_of(session.replies),
        metadata=extra.metadata,
        plain_http=extra.plain_http,
        links=target.links,
        root=extra.root,
        authorize_plain=authorize.plain,
        authorize_unknown=authorize.unknown,
        rest_api=rest_api,
        rate_limited=session.rate_limited,
        client_certificate=bool(target.client_certificate),
        phone_results=target.phone_results,
    )


async def _probe_extra_facts(session: ProbeSession, base_url: str, product: str, manifest: Manifest) -> _ExtraFacts:
    """Request second sources and hints, each only if the site still responds.

    ``/`` and ``/status`` are requested only without a manifest, to explain why; a redirect needs no explanation.
    """
    root = login_page = metadata = status = plain_http = None
    has_no_manifest = manifest.form is None and not manifest.answer.location
    if not session.is_stopped and has_no_manifest:
        root = await probe_root(session, base_url)
    if not session.is_stopped:
        login_page = await probe_login_page(session, base_url, product=product)
    if not session.is_stopped:
        metadata = await probe_metadata(session, base_url)
    if not session.is_stopped and has_no_manifest:
        status = await probe_status(session, base_url)
    if not session.is_stopped and is_worth_probing(base_url):
        plain_http = await probe_plain_http(session, base_url)
    return _ExtraFacts(root, login_page, metadata, status, plain_http)


def _policy_of(target: Target, policy: FetchPolicy) -> FetchPolicy:
    """The policy with the settings of this site."""
    if not (target.ca_bundle or target.through_proxy or target.client_certificate):
        return policy
    return replace(
        policy,
        ca_bundle=target.ca_bundle or policy.ca_bundle,
        through_proxy=target.through_proxy,
        client_certificate=target.client_certificate,
    )
