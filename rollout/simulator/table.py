"""The simulated sites by name, with their behavior and expected verdicts."""

from __future__ import annotations

from . import bad_certificates, bodies, faults, fronts, gatekeepers, versions
from .simulated_site import (
    ACTION_NEEDED,
    INCOMPATIBLE,
    READY_MDM,
    READY_NON_MDM,
    UNKNOWN,
    InfoLoginStyle,
    SimulatedSite,
)

_FIRST = (
    SimulatedSite(
        name="ready-mdm",
        title="Engineering Wiki",
        description="Confluence 9.2.1 with single sign-on in front of info/login: MDM setup only.",
        offset=0,
        mdm=READY_MDM,
        non_mdm=INCOMPATIBLE,
        mdm_rule="TOKEN-REACHABLE",
        non_mdm_rule="INFO-LOGIN-OPEN",
        client_id="d0e5c1a7b2f84c6e9a31engineering",
        info_login=InfoLoginStyle.SINGLE_SIGN_ON,
        in_demo=True,
        people=420,
    ),
    SimulatedSite(
        name="ready-non-mdm",
        title="People Handbook",
        description="Confluence 9.2.1 that returns its client ID to the app: both setups work.",
        offset=1,
        mdm=READY_MDM,
        non_mdm=READY_NON_MDM,
        mdm_rule="TOKEN-REACHABLE",
        non_mdm_rule="OAUTH-SWITCH",
        client_id="5b8f02d94e1747d0b6c2handbook",
        in_demo=True,
        people=1350,
    ),
    SimulatedSite(
        name="too-old",
        title="Legal Archive",
        description="Confluence 8.5.4, which does not support OAuth 2.0 for the app.",
        offset=2,
        mdm=INCOMPATIBLE,
        non_mdm=INCOMPATIBLE,
        mdm_rule="CONFLUENCE-VERSION",
        non_mdm_rule="CONFLUENCE-VERSION",
        version="8.5.4",
        oauth_plugin="3.0.5",
        mobile_plugin="17.2.0",
        info_login=InfoLoginStyle.SWITCH_OFF,
        in_demo=True,
        people=85,
    ),
    SimulatedSite(
        name="plugin-too-old",
        title="Support Knowledge Base",
        description="Confluence 9.1.0 with OAuth plugin 4.0.2: the sign-in works, then the app gets invalid_client.",
        offset=3,
        mdm=INCOMPATIBLE,
        non_mdm=INCOMPATIBLE,
        mdm_rule="OAUTH-PLUGIN",
        non_mdm_rule="MOBILE-PLUGIN",
        version="9.1.0",
        oauth_plugin="4.0.2",
        mobile_plugin="19.1.40",
        in_demo=True,
        people=610,
    ),
    SimulatedSite(
        name="behind-sso",
        title="Finance Space",
        description="Single sign-on in front of every address, including the manifest and the token endpoint.",
        offset=4,
        mdm=ACTION_NEEDED,
        non_mdm=INCOMPATIBLE,
        mdm_rule="TOKEN-REACHABLE",
        non_mdm_rule="INFO-LOGIN-OPEN",
        client_id="91c3e7f5a60b4d28finance",
        front=fronts.single_sign_on,
        in_demo=True,
        people=240,
    ),
    SimulatedSite(
        name="unreachable",
        title="Plant Documentation",
        description="Nothing listens at this address.",
        offset=5,
        mdm=UNKNOWN,
        non_mdm=UNKNOWN,
        mdm_rule="MANIFEST-REACHABLE",
        non_mdm_rule="MANIFEST-REACHABLE",
        error="refused",
        listens=False,
        in_demo=True,
        people=45,
    ),
    SimulatedSite(
        name="action-needed",
        title="Marketing Hub",
        description="The site's own base URL is still the one before it moved.",
        offset=6,
        mdm=ACTION_NEEDED,
        non_mdm=ACTION_NEEDED,
        mdm_rule="BASE-URL-MATCH",
        non_mdm_rule="BASE-URL-MATCH",
        client_id="27ad4c90marketing",
        canonical_url="https://marketing-old.example.com",
        in_demo=True,
        people=190,
    ),
    SimulatedSite(
        name="switch-off",
        title="Research Notes",
        description="MDM setup ready; OAuth 2.0 is off in the mobile app settings.",
        offset=7,
        mdm=READY_MDM,
        non_mdm=ACTION_NEEDED,
        mdm_rule="TOKEN-REACHABLE",
        non_mdm_rule="OAUTH-SWITCH",
        version="9.5.2",
        oauth_plugin="4.2.0",
        mobile_plugin="19.2.3",
        client_id="c48f1b6d72e0research",
        info_login=InfoLoginStyle.SWITCH_OFF,
        in_demo=True,
        people=130,
    ),
    SimulatedSite(
        name="context-path",
        title="Product Wiki",
        description="Confluence with a context path: both setups work.",
        offset=8,
        mdm=READY_MDM,
        non_mdm=READY_NON_MDM,
        mdm_rule="BASE-URL-MATCH",
        non_mdm_rule="BASE-URL-MATCH",
        version="9.3.0-m05",
        oauth_plugin="4.1.3",
        mobile_plugin="19.1.47.1",
        client_id="e6a90d17product",
        context_path="/wiki",
        in_demo=True,
        people=760,
    ),
)
PERSONAS: dict[str, SimulatedSite] = {
    simulated.name: simulated
    for simulated in (
        *_FIRST,
        *versions.ROWS,
        *fronts.ROWS,
        *bad_certificates.ROWS,
        *bodies.ROWS,
        *faults.ROWS,
        *gatekeepers.ROWS,
    )
}
# The sites of the demo: every kind of problem once, and nothing that takes long to check.
DEMO: dict[str, SimulatedSite] = {name: simulated for name, simulated in PERSONAS.items() if simulated.in_demo}
# Ports that belong to no site, above those of later sites: the redirect from plain http to https, and the identity
# provider of the sites behind single sign-on.
PLAIN_OFFSET = 98
SINGLE_SIGN_ON_OFFSET = 99


def base_url_of(name: str, port_base: int) -> str:
    """Return the base URL of a site of the fleet with the first port ``port_base``. Raises KeyError."""
    simulated = PERSONAS[name]
    return simulated.base_url(port_base + simulated.offset)


def ports(port_base: int) -> list[int]:
    """Return all ports of the demo fleet from ``port_base``, including that of the unreachable site."""
    offsets = [simulated.offset for simulated in DEMO.values()]
    return [port_base + offset for offset in (*offsets, PLAIN_OFFSET, SINGLE_SIGN_ON_OFFSET)]
