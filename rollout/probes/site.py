"""All facts about one site: what the iOS app would meet there, collected without a judgement."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from rollout.compatibility.observation import Observation, PluginVersions

from .asking import Asking
from .fetch import Door
from .info_login import ask_info_login
from .manifest import ask_manifest
from .oauth_endpoints import ask_authorize, ask_token
from .tls import tls_facts

SITE_SECONDS = 25.0


@dataclass(frozen=True)
class Target:
    """The site to look at. ``client_id`` is its application link's, if it has one; ``plugins`` what an
    administrator of the site entered by hand."""

    base_url: str
    product: str
    client_id: str | None = None
    plugins: PluginVersions = field(default_factory=PluginVersions)


async def observe(target: Target, *, door: Door, now: Callable[[], datetime]) -> Observation:
    """The observation, complete whatever the site does: what could not be asked is recorded as unreachable.

    One request is under way at a time, and 25 s is all a site gets. ``now`` returns an aware datetime.
    """
    base_url = str(target.base_url).rstrip("/")
    asking = Asking.within(SITE_SECONDS, door=door, now=now)
    observed_at = now()
    manifest = await ask_manifest(asking, base_url)
    info_login = await ask_info_login(asking, base_url)
    authorize = await ask_authorize(asking, base_url, product=target.product, client_id=target.client_id)
    token = await ask_token(asking, base_url, product=target.product, client_id=target.client_id)
    return Observation(
        base_url=base_url,
        product=target.product,
        observed_at=observed_at,
        manifest=manifest,
        info_login=info_login,
        authorize=authorize,
        token=token,
        tls=tls_facts(base_url, asking.replies),
        plugins=target.plugins,
    )
