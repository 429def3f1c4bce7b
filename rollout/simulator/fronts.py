"""Simulated sites behind single sign-on, passwords, firewalls or redirects."""

from __future__ import annotations

from html import escape

from .answers import INFO_LOGIN, LOGIN, MANIFEST, NOTICE, as_json, page, single_sign_on_for, to_single_sign_on
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
)

APP = "AtlassianMobileApp"  # how the app's User-Agent ends
METADATA_SERVICE = "http://169.254.169.254/latest/meta-data/"  # of cloud machines: no probe may send a request there


def single_sign_on(call: Call) -> Response:
    return to_single_sign_on(call)


def see_other(call: Call) -> Response:
    return to_single_sign_on(call, 303)


def temporary_redirect(call: Call) -> Response:
    """Redirect with 307, which keeps the method: a careless client would forward the token request's form."""
    return to_single_sign_on(call, 307)


def meta_refresh(call: Call) -> Response:
    head = f'<meta http-equiv="refresh" content="0;url={escape(single_sign_on_for(call))}">'
    return page(200, "Single sign-on", NOTICE, head=head)


def javascript(call: Call) -> Response:
    content = (
        f'<noscript>Turn on JavaScript to sign in.</noscript><script src="{call.single_sign_on_url}/app.js"></script>'
    )
    return page(200, "Sign in", NOTICE, content)


def basic_auth(call: Call) -> Response:
    refusal = page(401, "Unauthorized", NOTICE)
    return Response(401, refusal.body, refusal.content_type, {"WWW-Authenticate": 'Basic realm="Intranet"'})


def refuse_app(call: Call) -> Response | None:
    return page(403, "Request blocked", NOTICE) if call.headers.get("user-agent", "").endswith(APP) else None


def refuse_app_at_info_login(call: Call) -> Response | None:
    return refuse_app(call) if call.path in INFO_LOGIN else None


def refuse_all_but_app(call: Call) -> Response | None:
    if call.path not in INFO_LOGIN or call.headers.get("user-agent", "").endswith(APP):
        return None
    return page(403, "Request blocked", NOTICE)


def redirect_to_itself(call: Call) -> Response:
    """Redirect https to https: TLS ends at a proxy, and the site does not know."""
    return Response(302, headers={"Location": call.simulated.origin(call.port) + call.target})


def redirect_to_http(call: Call) -> Response:
    """Redirect to http, from where the fleet redirects back."""
    return Response(301, headers={"Location": call.plain_url + call.target})


def into_private_network(call: Call) -> Response:
    return Response(302, headers={"Location": METADATA_SERVICE})


def maintenance(call: Call) -> Response:
    if call.path == "/status":
        return as_json(503, {"state": "MAINTENANCE"})
    refusal = page(503, "Down for maintenance", NOTICE)
    return Response(503, refusal.body, refusal.content_type, {"Retry-After": "3600"})


def internal_error(call: Call) -> Response:
    return page(500, "Oops – an error has occurred", NOTICE)


def shut_manifest(call: Call) -> Response | None:
    return page(403, "Forbidden", NOTICE) if call.path == MANIFEST else None


def shut_version(call: Call) -> Response | None:
    """Block the manifest and the login page."""
    return page(403, "Forbidden", NOTICE) if call.path in (MANIFEST, "/", *LOGIN.values()) else None


ROWS = (
    SimulatedSite(
        name="sso-303",
        title="Treasury Space",
        description="Single sign-on redirects every request with 303.",
        offset=30,
        mdm=ACTION_NEEDED,
        non_mdm=INCOMPATIBLE,
        mdm_rule="TOKEN-REACHABLE",
        non_mdm_rule="INFO-LOGIN-OPEN",
        front=see_other,
    ),
    SimulatedSite(
        name="sso-307",
        title="Audit Space",
        description="Single sign-on redirects every request with 307, which forwards forms, too.",
        offset=31,
        mdm=ACTION_NEEDED,
        non_mdm=INCOMPATIBLE,
        mdm_rule="TOKEN-REACHABLE",
        non_mdm_rule="INFO-LOGIN-OPEN",
        front=temporary_redirect,
    ),
    SimulatedSite(
        name="sso-meta-refresh",
        title="Insurance Space",
        description="Single sign-on returns 200 with a page that redirects by a meta tag.",
        offset=32,
        mdm=ACTION_NEEDED,
        non_mdm=INCOMPATIBLE,
        mdm_rule="TOKEN-REACHABLE",
        non_mdm_rule="INFO-LOGIN-OPEN",
        front=meta_refresh,
    ),
    SimulatedSite(
        name="sso-javascript",
        title="Travel Desk",
        description="Every address returns a sign-in page that requires JavaScript.",
        offset=33,
        mdm=ACTION_NEEDED,
        non_mdm=INCOMPATIBLE,
        mdm_rule="TOKEN-REACHABLE",
        non_mdm_rule="INFO-LOGIN-OPEN",
        front=javascript,
        in_demo=True,
        people=110,
    ),
    SimulatedSite(
        name="basic-auth",
        title="Test Bench Wiki",
        description="A reverse proxy requires a password (401) for every request.",
        offset=34,
        mdm=ACTION_NEEDED,
        non_mdm=INCOMPATIBLE,
        mdm_rule="TOKEN-REACHABLE",
        non_mdm_rule="INFO-LOGIN-OPEN",
        front=basic_auth,
        in_demo=True,
        people=30,
    ),
    SimulatedSite(
        name="waf-blocks-app",
        title="Branch Offices",
        description="A firewall blocks the app's User-Agent on every address, but no other clients.",
        offset=35,
        mdm=ACTION_NEEDED,
        non_mdm=ACTION_NEEDED,
        mdm_rule="TOKEN-REACHABLE",
        non_mdm_rule="INFO-LOGIN-OPEN",
        client_id="15f6a3d0branches",
        front=refuse_app,
        in_demo=True,
        people=640,
    ),
    SimulatedSite(
        name="waf-lets-app-only",
        title="Call Centre",
        description="A firewall allows info/login for the app only.",
        offset=36,
        mdm=READY_MDM,
        non_mdm=READY_NON_MDM,
        mdm_rule="TOKEN-REACHABLE",
        non_mdm_rule="INFO-LOGIN-OPEN",
        warnings=("USER-AGENT",),
        front=refuse_all_but_app,
    ),
    SimulatedSite(
        name="waf-shuts-info-login",
        title="Delegates' Handbook",
        description="A firewall blocks the app's User-Agent on info/login only.",
        offset=43,
        mdm=READY_MDM,
        non_mdm=ACTION_NEEDED,
        mdm_rule="TOKEN-REACHABLE",
        non_mdm_rule="INFO-LOGIN-OPEN",
        warnings=("USER-AGENT",),
        front=refuse_app_at_info_login,
    ),
    SimulatedSite(
        name="redirect-circle",
        title="Logistics Wiki",
        description="Redirects https to https in a loop: the connector behind the proxy is not marked as secure.",
        offset=37,
        mdm=ACTION_NEEDED,
        non_mdm=ACTION_NEEDED,
        mdm_rule="REDIRECTS",
        non_mdm_rule="REDIRECTS",
        scheme="https",
        certificate=CertificateKind.VALID,
        front=redirect_to_itself,
    ),
    SimulatedSite(
        name="http-https-circle",
        title="Fleet Management",
        description="The site redirects https to http, and the proxy redirects http to https.",
        offset=44,
        mdm=ACTION_NEEDED,
        non_mdm=ACTION_NEEDED,
        mdm_rule="REDIRECTS",
        non_mdm_rule="REDIRECTS",
        scheme="https",
        certificate=CertificateKind.VALID,
        front=redirect_to_http,
    ),
    SimulatedSite(
        name="leads-inside",
        title="Partner Portal",
        description="Redirects every request to an internal address, which probes must not request.",
        offset=38,
        mdm=ACTION_NEEDED,
        non_mdm=INCOMPATIBLE,
        mdm_rule="TOKEN-REACHABLE",
        non_mdm_rule="INFO-LOGIN-OPEN",
        front=into_private_network,
    ),
    SimulatedSite(
        name="maintenance",
        title="Warehouse Manual",
        description="In maintenance, and reports it.",
        offset=39,
        mdm=UNKNOWN,
        non_mdm=UNKNOWN,
        mdm_rule="SERVER-STATUS",
        non_mdm_rule="SERVER-STATUS",
        front=maintenance,
        in_demo=True,
        people=140,
    ),
    SimulatedSite(
        name="internal-error",
        title="Reporting Wiki",
        description="Returns 500 for every request.",
        offset=40,
        mdm=UNKNOWN,
        non_mdm=UNKNOWN,
        mdm_rule="MANIFEST-REACHABLE",
        non_mdm_rule="MANIFEST-REACHABLE",
        front=internal_error,
    ),
    SimulatedSite(
        name="login-page-only",
        title="Brand Guidelines",
        description="The manifest is blocked, but the login page shows version and base URL.",
        offset=41,
        mdm=READY_MDM,
        non_mdm=READY_NON_MDM,
        mdm_rule="CONFLUENCE-VERSION",
        non_mdm_rule="CONFLUENCE-VERSION",
        warnings=("MANIFEST-REACHABLE",),
        client_id="d77e02c5brand",
        front=shut_manifest,
        in_demo=True,
        people=75,
    ),
    SimulatedSite(
        name="tells-no-version",
        title="Innovation Lab",
        description="Both the manifest and the login page are blocked.",
        offset=42,
        mdm=UNKNOWN,
        non_mdm=UNKNOWN,
        mdm_rule="CONFLUENCE-VERSION",
        non_mdm_rule="CONFLUENCE-VERSION",
        front=shut_version,
    ),
)
