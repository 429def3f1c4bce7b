"""Simulated sites that public reports describe: something in front of Confluence lets browsers pass, but not phones."""

from __future__ import annotations

import time
from html import escape

from .answers import INFO_LOGIN, MANIFEST, NOTICE, as_json, page, single_sign_on_for, to_single_sign_on
from .http_server import head
from .simulated_site import (
    ACTION_NEEDED,
    INCOMPATIBLE,
    READY_MDM,
    READY_NON_MDM,
    UNKNOWN,
    Call,
    CertificateKind,
    Response,
    SimulatedSite,
    Wire,
)

AUTHORIZE, TOKEN = "/rest/oauth2/latest/authorize", "/rest/oauth2/latest/token"
OPEN_PATHS = (MANIFEST, *INFO_LOGIN, AUTHORIZE, TOKEN)  # the exceptions that guides name
COOKIE = "TSPD_101=simulated"
SECONDS_BETWEEN_REQUESTS = 0.5
RESET = 444  # a status that is never sent: the connection is reset instead
_last_request = [0.0]


def _agent(call: Call) -> str:
    return call.headers.get("user-agent", "")


def certificate_wanted(call: Call) -> Response:
    return page(400, "400 No required SSL certificate was sent", NOTICE)


def cloud_firewall(call: Call) -> Response:
    refusal = page(403, "Attention Required! | Cloudflare", NOTICE, "<p>Sorry, you have been blocked</p>")
    return Response(403, refusal.body, refusal.content_type, {"Server": "cloudflare", "CF-RAY": "simulated-FRA"})


def address_list(call: Call) -> Response:
    return page(403, "HTTP Status 403 – Forbidden", NOTICE)


def cookie_check(call: Call) -> Response | None:
    if COOKIE in call.headers.get("cookie", ""):
        return None
    return Response(307, headers={"Location": call.target, "Set-Cookie": f"{COOKIE}; Path=/"})


def limit_requests(call: Call) -> Response | None:
    now = time.monotonic()
    if now - _last_request[0] < SECONDS_BETWEEN_REQUESTS:
        return Response(429, "", "text/plain", {"Retry-After": "1"})
    _last_request[0] = now
    return None


def saml_post(call: Call) -> Response:
    form = (
        f'<form method="post" action="{escape(single_sign_on_for(call))}">'
        '<input type="hidden" name="SAMLRequest" value="simulated"><button>Continue</button></form>'
    )
    return page(200, "Working…", NOTICE, form)


def second_factor(call: Call) -> Response | None:
    """Redirect requests without a session to a page of the site itself."""
    if call.path == "/plugins/servlet/secondfactor":
        return page(200, "Two-factor login", NOTICE, '<form method="post"><button>Send code</button></form>')
    if not call.path.startswith("/rest/"):
        return None
    return Response(302, headers={"Location": f"{call.base_url}/plugins/servlet/secondfactor"})


def closed_after_sign_in(call: Call) -> Response | None:
    return None if call.path in OPEN_PATHS else to_single_sign_on(call)


def moved(call: Call) -> Response:
    return Response(301, headers={"Location": f"https://docs.example.com{call.target}"})


def root_leads_on(call: Call) -> Response | None:
    return Response(302, headers={"Location": "/confluence/"}) if call.target == "/" else None


def authorize_over_http(call: Call) -> Response | None:
    """Build the redirect from the scheme of the connector behind the proxy."""
    if call.path != AUTHORIZE:
        return None
    plain = call.base_url.replace("https:", "http:")
    return Response(302, headers={"Location": f"{plain}/login.action?os_destination=x"})


def sorry_page(call: Call) -> Response:
    search = '<form action="https://intranet.example.com/search"><input name="q"></form>'
    return page(200, "Scheduled maintenance", "You can sign in again at 18:00.", search)


def cloud(call: Call) -> Response | None:
    if call.path == MANIFEST:
        return None
    return Response(404, '{"message": "null for uri"}', "application/json", {"Server": "AtlassianEdge"})


def gateway(call: Call) -> Response | None:
    return as_json(200, {"code": 40101, "message": "no route"}) if call.path in INFO_LOGIN else None


def windows_sign_on(call: Call) -> Response | None:
    """Challenge whatever looks like a browser, as AD FS with Windows Integrated Authentication does."""
    if call.path == MANIFEST or "Mozilla/5.0" not in _agent(call):
        return None
    return Response(401, headers={"WWW-Authenticate": "Negotiate"})


def drop_app(call: Call) -> Response | None:
    return Response(RESET) if "AtlassianMobileApp" in _agent(call) else None


async def reset_or_send(wire: Wire, response: Response) -> None:
    if response.status == RESET:
        wire.reset()
        return
    headers = {"Content-Type": response.content_type, "Content-Length": str(len(response.content))}
    await wire.send(head(response.status, {**headers, "Connection": "close", **response.headers}) + response.content)


def info_login_loop(call: Call) -> Response | None:
    return Response(302, headers={"Location": call.target}) if call.path in INFO_LOGIN else None


ROWS = (
    SimulatedSite(
        name="client-certificate",
        title="Clinical Trials",
        description="The reverse proxy requires a client certificate (nginx, 400).",
        offset=79,
        mdm=UNKNOWN,
        non_mdm=UNKNOWN,
        mdm_rule="CLIENT-CERTIFICATE",
        non_mdm_rule="CLIENT-CERTIFICATE",
        front=certificate_wanted,
        in_demo=True,
        people=260,
    ),
    SimulatedSite(
        name="cloud-firewall",
        title="Media Relations",
        description="A firewall of a cloud provider blocks every request with its own page.",
        offset=80,
        mdm=UNKNOWN,
        non_mdm=UNKNOWN,
        mdm_rule="SITE-ACCESS",
        non_mdm_rule="SITE-ACCESS",
        front=cloud_firewall,
        in_demo=True,
        people=95,
    ),
    SimulatedSite(
        name="address-list",
        title="Plant Safety",
        description="Only certain addresses may connect; others get Tomcat's 403.",
        offset=81,
        mdm=UNKNOWN,
        non_mdm=UNKNOWN,
        mdm_rule="SITE-ACCESS",
        non_mdm_rule="SITE-ACCESS",
        front=address_list,
    ),
    SimulatedSite(
        name="cookie-check",
        title="Dealer Portal",
        description="A bot defense redirects to the same address until its cookie comes back: both setups work.",
        offset=82,
        mdm=READY_MDM,
        non_mdm=READY_NON_MDM,
        mdm_rule="TOKEN-REACHABLE",
        non_mdm_rule="INFO-LOGIN-OPEN",
        front=cookie_check,
    ),
    SimulatedSite(
        name="limits-requests",
        title="Tender Archive",
        description="Allows two requests per second and returns 429 to others: both setups work.",
        offset=83,
        mdm=READY_MDM,
        non_mdm=READY_NON_MDM,
        mdm_rule="TOKEN-REACHABLE",
        non_mdm_rule="INFO-LOGIN-OPEN",
        warnings=("RATE-LIMIT",),
        front=limit_requests,
    ),
    SimulatedSite(
        name="saml-post",
        title="Staff Union",
        description="Every address returns a page that posts itself to the identity provider (SAML).",
        offset=84,
        mdm=ACTION_NEEDED,
        non_mdm=INCOMPATIBLE,
        mdm_rule="TOKEN-REACHABLE",
        non_mdm_rule="INFO-LOGIN-OPEN",
        front=saml_post,
    ),
    SimulatedSite(
        name="second-factor",
        title="Security Operations",
        description="A filter redirects REST requests without a session to a page of the site for a second factor.",
        offset=85,
        mdm=ACTION_NEEDED,
        non_mdm=INCOMPATIBLE,
        mdm_rule="TOKEN-REACHABLE",
        non_mdm_rule="INFO-LOGIN-OPEN",
        front=second_factor,
    ),
    SimulatedSite(
        name="closed-after-sign-in",
        title="Field Service",
        description="The proxy lets the sign-in pass, but redirects the requests that follow it.",
        offset=86,
        mdm=ACTION_NEEDED,
        non_mdm=ACTION_NEEDED,
        mdm_rule="REST-API",
        non_mdm_rule="REST-API",
        front=closed_after_sign_in,
        in_demo=True,
        people=310,
    ),
    SimulatedSite(
        name="moved",
        title="Old Intranet",
        description="Redirects every request to the same path on another host.",
        offset=87,
        mdm=ACTION_NEEDED,
        non_mdm=ACTION_NEEDED,
        mdm_rule="SITE-ACCESS",
        non_mdm_rule="SITE-ACCESS",
        front=moved,
        in_demo=True,
        people=45,
    ),
    SimulatedSite(
        name="root-leads-on",
        title="Standards Library",
        description="The context path is missing from the base URL, and the root redirects to it.",
        offset=88,
        mdm=ACTION_NEEDED,
        non_mdm=ACTION_NEEDED,
        mdm_rule="MANIFEST-REACHABLE",
        non_mdm_rule="MANIFEST-REACHABLE",
        context_path="/confluence",
        entered_path="",
        front=root_leads_on,
    ),
    SimulatedSite(
        name="authorize-over-http",
        title="Ground Operations",
        description="The authorization endpoint redirects from https to http on the same host.",
        offset=89,
        mdm=ACTION_NEEDED,
        non_mdm=ACTION_NEEDED,
        mdm_rule="AUTHORIZE-TARGET",
        non_mdm_rule="AUTHORIZE-TARGET",
        warnings=("TLS-PRIVATE-CA",),
        scheme="https",
        certificate=CertificateKind.VALID,
        front=authorize_over_http,
    ),
    SimulatedSite(
        name="sorry-page",
        title="Tariff Tables",
        description="A load balancer returns a maintenance page with 200.",
        offset=90,
        mdm=UNKNOWN,
        non_mdm=UNKNOWN,
        mdm_rule="SITE-ACCESS",
        non_mdm_rule="SITE-ACCESS",
        front=sorry_page,
    ),
    SimulatedSite(
        name="cloud",
        title="Start-up Wiki",
        description="A site of Atlassian Cloud.",
        offset=91,
        mdm=INCOMPATIBLE,
        non_mdm=INCOMPATIBLE,
        mdm_rule="PRODUCT",
        non_mdm_rule="PRODUCT",
        version="1000.0.0-60b5e2e6d6c9",
        front=cloud,
    ),
    SimulatedSite(
        name="gateway-json",
        title="Interface Catalog",
        description="A gateway responds to info/login with JSON of its own.",
        offset=92,
        mdm=READY_MDM,
        non_mdm=UNKNOWN,
        mdm_rule="TOKEN-REACHABLE",
        non_mdm_rule="INFO-LOGIN-OPEN",
        warnings=("INFO-LOGIN-MDM",),
        front=gateway,
    ),
    SimulatedSite(
        name="windows-sign-on",
        title="Ministry Handbook",
        description="Single sign-on challenges everything that looks like a browser with Negotiate.",
        offset=93,
        mdm=ACTION_NEEDED,
        non_mdm=ACTION_NEEDED,
        mdm_rule="USER-AGENT",
        non_mdm_rule="USER-AGENT",
        front=windows_sign_on,
        in_demo=True,
        people=880,
    ),
    SimulatedSite(
        name="drops-app",
        title="Pipeline Control",
        description="An intrusion prevention resets connections of the app's User-Agent.",
        offset=94,
        mdm=ACTION_NEEDED,
        non_mdm=ACTION_NEEDED,
        mdm_rule="USER-AGENT",
        non_mdm_rule="INFO-LOGIN-OPEN",
        front=drop_app,
        send=reset_or_send,
    ),
    SimulatedSite(
        name="info-login-loop",
        title="Kitchen Recipes",
        description="Only info/login redirects to itself.",
        offset=95,
        mdm=READY_MDM,
        non_mdm=ACTION_NEEDED,
        mdm_rule="TOKEN-REACHABLE",
        non_mdm_rule="INFO-LOGIN-OPEN",
        warnings=("INFO-LOGIN-MDM",),
        front=info_login_loop,
    ),
    SimulatedSite(
        name="bitbucket",
        title="Source Code",
        description="Bitbucket, entered as Confluence.",
        offset=96,
        mdm=ACTION_NEEDED,
        non_mdm=ACTION_NEEDED,
        mdm_rule="PRODUCT",
        non_mdm_rule="PRODUCT",
        actual_product="stash",
        version="8.19.2",
    ),
)
