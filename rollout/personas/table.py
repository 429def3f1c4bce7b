"""The simulated sites: what each one is, how it behaves, and the verdicts it must get. Pure data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from rollout.compatibility.verdict import Verdict

READY_MDM, READY_NON_MDM = Verdict.READY_MDM, Verdict.READY_NON_MDM
ACTION_NEEDED, INCOMPATIBLE, UNKNOWN = Verdict.ACTION_NEEDED, Verdict.INCOMPATIBLE, Verdict.UNKNOWN


class InfoLoginStyle(StrEnum):
    """What the persona does with an anonymous ``info/login``."""

    OPEN = "open"  # JSON with the client ID
    SWITCH_OFF = "switch_off"  # JSON without a client ID: OAuth 2.0 is off in the mobile app's settings
    SINGLE_SIGN_ON = "single_sign_on"  # the reverse proxy sends the question to the identity provider


@dataclass(frozen=True)
class Persona:
    """One simulated site.

    ``offset`` is added to the fleet's first port and never changes, so that base URLs stay the same between runs.
    ``oauth_plugin`` and ``mobile_plugin`` are what an administrator would read in the site's *Manage apps*.
    ``client_id`` is the site's application link. ``canonical_url`` is what the site believes its base URL to be,
    where that is wrong. ``mdm`` and ``non_mdm`` are the verdicts that our own rules must come to.
    """

    name: str
    title: str
    story: str
    offset: int
    mdm: Verdict
    non_mdm: Verdict
    version: str = "9.2.1"
    oauth_plugin: str | None = "4.1.1"
    mobile_plugin: str | None = "19.1.47"
    client_id: str = ""
    context_path: str = ""
    canonical_url: str | None = None
    info_login: InfoLoginStyle = InfoLoginStyle.OPEN
    behind_single_sign_on: bool = False
    listens: bool = True
    product: str = "confluence"


PERSONAS: dict[str, Persona] = {
    persona.name: persona
    for persona in (
        Persona(
            name="ready-mdm",
            title="Engineering Wiki",
            story="Confluence 9.2.1 whose reverse proxy asks for single sign-on before info/login: MDM only.",
            offset=0,
            mdm=READY_MDM,
            non_mdm=INCOMPATIBLE,
            client_id="d0e5c1a7b2f84c6e9a31engineering",
            info_login=InfoLoginStyle.SINGLE_SIGN_ON,
        ),
        Persona(
            name="ready-non-mdm",
            title="People Handbook",
            story="Confluence 9.2.1 that hands the client ID to anyone's app: both roads are open.",
            offset=1,
            mdm=READY_MDM,
            non_mdm=READY_NON_MDM,
            client_id="5b8f02d94e1747d0b6c2handbook",
        ),
        Persona(
            name="too-old",
            title="Legal Archive",
            story="Confluence 8.5.4, from before the app's OAuth 2.0.",
            offset=2,
            mdm=INCOMPATIBLE,
            non_mdm=INCOMPATIBLE,
            version="8.5.4",
            oauth_plugin="3.0.5",
            mobile_plugin="17.2.0",
            info_login=InfoLoginStyle.SWITCH_OFF,
        ),
        Persona(
            name="plugin-too-old",
            title="Support Knowledge Base",
            story="Confluence 9.1.0 with OAuth plugin 4.0.2: people could sign in, then the app gets invalid_client.",
            offset=3,
            mdm=INCOMPATIBLE,
            non_mdm=INCOMPATIBLE,
            version="9.1.0",
            oauth_plugin="4.0.2",
            mobile_plugin="19.1.40",
        ),
        Persona(
            name="behind-sso",
            title="Finance Space",
            story="Single sign-on stands before every address, the manifest and the token endpoint included.",
            offset=4,
            mdm=ACTION_NEEDED,
            non_mdm=INCOMPATIBLE,
            client_id="91c3e7f5a60b4d28finance",
            behind_single_sign_on=True,
        ),
        Persona(
            name="unreachable",
            title="Plant Documentation",
            story="Nothing listens at this address.",
            offset=5,
            mdm=UNKNOWN,
            non_mdm=UNKNOWN,
            listens=False,
        ),
        Persona(
            name="action-needed",
            title="Marketing Hub",
            story="The site calls itself by the name it had before it moved.",
            offset=6,
            mdm=ACTION_NEEDED,
            non_mdm=ACTION_NEEDED,
            client_id="27ad4c90marketing",
            canonical_url="https://marketing-old.example.com",
        ),
        Persona(
            name="switch-off",
            title="Research Notes",
            story="Ready by MDM; OAuth 2.0 is off in the mobile app's settings.",
            offset=7,
            mdm=READY_MDM,
            non_mdm=ACTION_NEEDED,
            version="9.5.2",
            oauth_plugin="4.2.0",
            mobile_plugin="19.2.3",
            client_id="c48f1b6d72e0research",
            info_login=InfoLoginStyle.SWITCH_OFF,
        ),
        Persona(
            name="context-path",
            title="Product Wiki",
            story="Confluence under a context path, open on both roads.",
            offset=8,
            mdm=READY_MDM,
            non_mdm=READY_NON_MDM,
            version="9.3.0-m05",
            oauth_plugin="4.1.3",
            mobile_plugin="19.1.47.1",
            client_id="e6a90d17product",
            context_path="/wiki",
        ),
    )
}
# The identity provider of the personas behind single sign-on, out of the way of later personas.
SINGLE_SIGN_ON_OFFSET = 99


def base_url_of(name: str, port_base: int) -> str:
    """The persona's base URL when the fleet's first port is ``port_base``. Raises KeyError."""
    persona = PERSONAS[name]
    return f"http://127.0.0.1:{port_base + persona.offset}{persona.context_path}"


def ports(port_base: int) -> list[int]:
    """Every port that a fleet from ``port_base`` on takes, the silent one included."""
    return [port_base + persona.offset for persona in PERSONAS.values()] + [port_base + SINGLE_SIGN_ON_OFFSET]
