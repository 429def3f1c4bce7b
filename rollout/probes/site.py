"""All facts about one site: what the iOS app would meet there, collected without a judgement."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from rollout.compatibility.observation import (
    KnownLinks,
    LoginPage,
    Manifest,
    Metadata,
    Observation,
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
from .status import probe_status
from .tls import tls_facts

SITE_SECONDS = 25.0


@dataclass(frozen=True)
class Target:
    """The site to look at.

    ``client_id`` is its application link's, if it has one, and ``links`` all that Gatepass holds; ``plugins`` what an
    administrator of the site entered by hand. ``ca_bundle`` (PEM) is trusted for this site beside the system's
    authorities, and ``through_proxy`` sends the questions through the door's outbound proxy.
    """

    base_url: str
    product: str
    client_id: str | None = None
    plugins: PluginVersions = field(default_factory=PluginVersions)
    links: KnownLinks = field(default_factory=KnownLinks)
    ca_bundle: str = field(default="", repr=False)
    through_proxy: bool = False


@dataclass(frozen=True)
class _Beside:
    """What is asked once the questions of the app are answered; None where there was no use in asking."""

    login_page: LoginPage | None = None
    metadata: Metadata | None = None
    status: ServerStatus | None = None
    plain_http: PlainHttp | None = None


async def observe(target: Target, *, policy: FetchPolicy, now: Callable[[], datetime]) -> Observation:
    """The observation, complete whatever the site does: what could not be asked is recorded as unreachable.

    One request is under way at a time, seven or eight for a site that is well, and 25 s is all a site gets. ``now``
    returns an aware datetime.
    """
    base_url = str(target.base_url).rstrip("/")
    observed_at = now()
    async with ProbeSession.within(SITE_SECONDS, policy=_policy_of(target, policy), now=now) as session:
        manifest = await probe_manifest(session, base_url)
        info_login = await probe_info_login(session, base_url)
        authorize = await probe_authorize(session, base_url, product=target.product, client_id=target.client_id)
        token = await probe_token(session, base_url, product=target.product, client_id=target.client_id)
        beside = await _probe_rest(session, base_url, target.product, manifest)
    return Observation(
        base_url=base_url,
        product=target.product,
        observed_at=observed_at,
        manifest=manifest,
        info_login=info_login.app,
        info_login_plain=info_login.plain,
        info_login_old=info_login.old,
        authorize=authorize,
        token=token,
        tls=tls_facts(base_url, session.replies),
        plugins=target.plugins,
        login_page=beside.login_page,
        status=beside.status,
        fingerprint=fingerprint_of(session.replies),
        metadata=beside.metadata,
        plain_http=beside.plain_http,
        links=target.links,
    )


async def _probe_rest(session: ProbeSession, base_url: str, product: str, manifest: Manifest) -> _Beside:
    """Second sources and hints, each only of a site that still answers.

    ``/status`` explains why there is no manifest, so it is asked only then; a redirect to a sign-in needs no
    explanation.
    """
    login_page = metadata = status = plain_http = None
    if session.gave_up is None:
        login_page = await probe_login_page(session, base_url, product=product)
    if session.gave_up is None:
        metadata = await probe_metadata(session, base_url)
    if session.gave_up is None and manifest.form is None and not manifest.answer.location:
        status = await probe_status(session, base_url)
    if session.gave_up is None and is_worth_probing(base_url):
        plain_http = await probe_plain_http(session, base_url)
    return _Beside(login_page, metadata, status, plain_http)


def _policy_of(target: Target, policy: FetchPolicy) -> FetchPolicy:
    """The door with what counts for this site only."""
    if not (target.ca_bundle or target.through_proxy):
        return policy
    return replace(policy, ca_bundle=target.ca_bundle or policy.ca_bundle, through_proxy=target.through_proxy)
