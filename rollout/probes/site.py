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
from rollout.http_client.policy import Door

from .asking import Asking
from .fingerprint import fingerprint_of
from .info_login import ask_info_login
from .login_page import ask_login_page
from .manifest import ask_manifest
from .metadata import ask_metadata
from .oauth_endpoints import ask_authorize, ask_token
from .plain_http import ask_plain_http, is_worth_asking
from .status import ask_status
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


async def observe(target: Target, *, door: Door, now: Callable[[], datetime]) -> Observation:
    """The observation, complete whatever the site does: what could not be asked is recorded as unreachable.

    One request is under way at a time, seven or eight for a site that is well, and 25 s is all a site gets. ``now``
    returns an aware datetime.
    """
    base_url = str(target.base_url).rstrip("/")
    observed_at = now()
    async with Asking.within(SITE_SECONDS, door=_door_of(target, door), now=now) as asking:
        manifest = await ask_manifest(asking, base_url)
        info_login = await ask_info_login(asking, base_url)
        authorize = await ask_authorize(asking, base_url, product=target.product, client_id=target.client_id)
        token = await ask_token(asking, base_url, product=target.product, client_id=target.client_id)
        beside = await _ask_beside(asking, base_url, target.product, manifest)
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
        tls=tls_facts(base_url, asking.replies),
        plugins=target.plugins,
        login_page=beside.login_page,
        status=beside.status,
        fingerprint=fingerprint_of(asking.replies),
        metadata=beside.metadata,
        plain_http=beside.plain_http,
        links=target.links,
    )


async def _ask_beside(asking: Asking, base_url: str, product: str, manifest: Manifest) -> _Beside:
    """Second sources and hints, each only of a site that still answers.

    ``/status`` explains why there is no manifest, so it is asked only then; a redirect to a sign-in needs no
    explanation.
    """
    login_page = metadata = status = plain_http = None
    if asking.gave_up is None:
        login_page = await ask_login_page(asking, base_url, product=product)
    if asking.gave_up is None:
        metadata = await ask_metadata(asking, base_url)
    if asking.gave_up is None and manifest.form is None and not manifest.answer.location:
        status = await ask_status(asking, base_url)
    if asking.gave_up is None and is_worth_asking(base_url):
        plain_http = await ask_plain_http(asking, base_url)
    return _Beside(login_page, metadata, status, plain_http)


def _door_of(target: Target, door: Door) -> Door:
    """The door with what counts for this site only."""
    if not (target.ca_bundle or target.through_proxy):
        return door
    return replace(door, ca_bundle=target.ca_bundle or door.ca_bundle, through_proxy=target.through_proxy)
