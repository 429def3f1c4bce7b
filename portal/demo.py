"""The demo: simulated sites on this machine, so that the first pages of a trial have content."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction

from portal.accounts.people import create_person
from rollout.compatibility.matrix import redirect_url_for
from rollout.models import Provider, Site
from rollout.services.links import create_link, switch_oauth
from rollout.services.sites import create_site
from rollout.simulator.simulated_site import SimulatedSite
from rollout.simulator.table import DEMO, base_url_of
from rollout.simulator.table import ports as ports_from

from .models import Role, User

ACCOUNTS = (
    ("site-owner@gatepass.local", "Demo site owner", Role.SITE_OWNER),
    ("auditor@gatepass.local", "Demo auditor", Role.AUDITOR),
    ("member@gatepass.local", "Demo member", Role.MEMBER),
)
OWNED = {"ready-non-mdm", "plugin-too-old", "action-needed", "first-supported", "waf-blocks-app"}
PILOT_SLUG = "pilot"


def ports() -> list[int]:
    """Return the ports of this machine that the demo needs."""
    return ports_from(settings.DEMO_PORT_BASE)


def is_wanted() -> bool:
    """Whether the database is still empty: the demo is never mixed with real sites."""
    return not Site.objects.exists()


def is_loaded() -> bool:
    """Whether sites of the demo are in the database, so that the simulator has to run."""
    return Site.objects.filter(base_url__in=[base_url_of(name, settings.DEMO_PORT_BASE) for name in DEMO]).exists()


@transaction.atomic
def load() -> list[Site]:
    """Add missing people and sites of the demo, including links; return the added sites.

    Their first checks are queued as for any new site. No account of the demo has a password.
    """
    owner = _people()[Role.SITE_OWNER]
    there = set(Site.objects.values_list("base_url", flat=True))
    missing = [simulated for name, simulated in DEMO.items() if base_url_of(name, settings.DEMO_PORT_BASE) not in there]
    added = [_add(simulated, [owner] if simulated.name in OWNED else []) for simulated in missing]
    if not Site.objects.filter(slug=PILOT_SLUG).exists():
        added.append(_add_pilot(owner))
    return added


def _people() -> dict[str, User]:
    """The demo's accounts by role, created if missing."""
    found = {}
    for email, name, role in ACCOUNTS:
        person = User.objects.filter(email=email).first()
        found[role.value] = person or create_person(actor=None, email=email, name=name, role=role)
    return found


def _add(simulated: SimulatedSite, owners: list[User]) -> Site:
    site = create_site(
        actor=None,
        title=simulated.title,
        product=simulated.product,
        base_url=base_url_of(simulated.name, settings.DEMO_PORT_BASE),
        owners=owners,
        notes=f"Simulated site. {simulated.description}",
        people=simulated.people,
        oauth_plugin_version=simulated.oauth_plugin or "",
        mobile_plugin_version=simulated.mobile_plugin or "",
    )
    if simulated.link:
        redirect_url = redirect_url_for(simulated.product) or ""
        create_link(actor=None, site=site, redirect_url=redirect_url, client_id=simulated.link)
    return site


def _add_pilot(owner: User) -> Site:
    """Add a site hosted by Gatepass, for sign-in tests and sign-ins with a real phone's browser."""
    site = create_site(
        actor=None,
        title="Pilot Wiki",
        provider=Provider.GATEPASS,
        slug=PILOT_SLUG,
        owners=[owner],
        notes="Hosted by Gatepass. Use this site for sign-in tests.",
        people=25,
    )
    create_link(actor=None, site=site, redirect_url=redirect_url_for(site.product) or "")
    switch_oauth(actor=None, site=site, on=True)
    return site
