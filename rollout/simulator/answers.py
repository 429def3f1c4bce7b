"""The responses of a simulated site: pure functions of the request, as Confluence would respond."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from html import escape
from urllib.parse import quote, urlsplit
from xml.sax.saxutils import escape as xml_escape  # writes XML, parses none  # nosec B406

from .simulated_site import Call, InfoLoginStyle, Response, SimulatedSite

NOTICE = "This is a simulated site for trials. It has no content and no sign-in."
LOGIN = {"confluence": "/login.action", "jira": "/login.jsp"}
MANIFEST = "/rest/applinks/1.0/manifest"
# The response header that identifies a product.
_FINGERPRINTS = {"confluence": "X-Confluence-Request-Time", "jira": "X-AREQUESTID"}
INFO_LOGIN = ("/rest/nativemobile/1.0/info/login", "/rest/nativemobile/1.1/info/login")


def answer(call: Call) -> Response:
    """Return the response to a request: that of the front, or of the site if the front lets the request through."""
    simulated = call.simulated
    response = simulated.front(call) if simulated.front else None
    if response is None:
        response = _identified(simulated, _respond_as_site(call))
    return simulated.transform(call, response) if simulated.transform else response


def _identified(simulated: SimulatedSite, response: Response) -> Response:
    """Add the header that identifies the product; a front does not send it."""
    name = _FINGERPRINTS.get(simulated.actual_product or simulated.product)
    if name is None:
        return response
    return replace(response, headers={name: str(round(time.time() * 1000)), **response.headers})


def inner_path(target: str, context_path: str) -> str | None:
    """Return the path below the context path; None if it is outside. Raises ValueError for an invalid target."""
    path = urlsplit(target).path
    if not (path == context_path or path.startswith(context_path + "/")):
        return None
    return path[len(context_path) :] or "/"


def _respond_as_site(call: Call) -> Response:
    if not call.path:
        return page(404, "Page not found", f"The address of this site is {call.base_url}.")
    methods = ROUTES.get(call.path)
    if methods is None or (call.path.startswith("/rest/oauth2/") and not call.simulated.oauth_enabled):
        return page(404, "Page not found", NOTICE)
    return (
        methods[call.method](call) if call.method in methods else Response(405, headers={"Allow": ", ".join(methods)})
    )


def to_single_sign_on(call: Call, status: int = 302) -> Response:
    """Redirect to the identity provider, as a reverse proxy in front of Confluence does."""
    return Response(status, headers={"Location": single_sign_on_for(call)})


def single_sign_on_for(call: Call) -> str:
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(call.base_url))
    return f"{call.single_sign_on_url}/login?goto={quote(origin + call.target, safe='')}"


def manifest(call: Call) -> Response:
    simulated = call.simulated
    values = {
        "id": "9f2d636e-c842-3388-8a66-17c1b951dd45",
        "name": simulated.title,
        "typeId": simulated.actual_product or simulated.product,
        "version": simulated.version,
        "buildNumber": "9111",
        "applinksVersion": "10.1.1",
        "inboundAuthenticationTypes": "com.atlassian.applinks.api.auth.types.OAuthAuthenticationProvider",
        "publicSignup": "false",
        "url": simulated.canonical_url or call.base_url,
    }
    fields = "".join(f"<{name}>{xml_escape(value)}</{name}>" for name, value in values.items())
    text = f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<manifest>{fields}</manifest>'
    return Response(200, text, "application/xml;charset=UTF-8")


def info_login(call: Call) -> Response:
    """Return version 1.0 or 1.1. Atlassian does not document the field names: these are one of those accepted."""
    simulated = call.simulated
    if simulated.info_login is InfoLoginStyle.SINGLE_SIGN_ON:
        return to_single_sign_on(call)
    if simulated.info_login is InfoLoginStyle.MISSING:
        return page(404, "Page not found", NOTICE)
    if simulated.info_login is InfoLoginStyle.DISABLED:
        return Response(503, "", "text/plain", {"mobile-app-disabled": "true"})
    data: dict[str, object] = {"title": simulated.title, "baseUrl": call.base_url}
    if simulated.info_login is InfoLoginStyle.OPEN and call.path.startswith("/rest/nativemobile/1.1/"):
        data["oauth"] = {"clientId": simulated.client_id or f"simulated-{simulated.name}"}
    return as_json(200, data)


def status(call: Call) -> Response:
    return as_json(200, {"state": "RUNNING"})


def authorize(call: Call) -> Response:
    """Redirect every client to the login page: like Confluence, it detects an unknown client only after consent."""
    login = LOGIN.get(call.simulated.actual_product or call.simulated.product, "/login")
    return Response(302, headers={"Location": f"{call.base_url}{login}?os_destination={quote(call.target, safe='')}"})


def token(call: Call) -> Response:
    """Return an OAuth error (RFC 6749 section 5.2), as no code was ever issued."""
    if call.form.get("grant_type") not in ("authorization_code", "refresh_token"):
        return as_json(400, {"error": "unsupported_grant_type"})
    if call.simulated.client_id and call.form.get("client_id") != call.simulated.client_id:
        return as_json(401, {"error": "invalid_client", "error_description": "Client not found"})
    return as_json(400, {"error": "invalid_grant", "error_description": "Authorization code is invalid"})


def revoke(call: Call) -> Response:
    """Return 200 for an unknown token (RFC 7009 section 2.2)."""
    return Response(200) if call.form.get("token") else as_json(400, {"error": "invalid_request"})


def rest_api(call: Call) -> Response:
    """Reject every access token, as none was ever issued."""
    return as_json(401, {"message": "Client must be authenticated to access this resource.", "status-code": 401})


def login_page(call: Call) -> Response:
    form = (
        '<form method="post" action="dologin.action"><p><label>Username <input name="os_username"></label></p>'
        '<p><label>Password <input type="password" name="os_password"></label></p><p><button>Log in</button></p></form>'
    )
    return page(200, f"Log in – {call.simulated.title}", NOTICE, form, _meta(call))


def refuse_login(call: Call) -> Response:
    return page(401, f"Log in – {call.simulated.title}", NOTICE)


def index(call: Call) -> Response:
    return page(200, call.simulated.title, f"{NOTICE} {call.simulated.description}", head=_meta(call))


Route = dict[str, Callable[[Call], Response]]
ROUTES: dict[str, Route] = {
    "/": {"GET": index},
    "/status": {"GET": status},
    LOGIN["confluence"]: {"GET": login_page},
    LOGIN["jira"]: {"GET": login_page},
    "/dologin.action": {"POST": refuse_login},
    MANIFEST: {"GET": manifest},
    INFO_LOGIN[0]: {"GET": info_login},
    INFO_LOGIN[1]: {"GET": info_login},
    "/rest/oauth2/latest/authorize": {"GET": authorize},
    "/rest/oauth2/latest/token": {"POST": token},
    "/rest/oauth2/latest/revoke": {"POST": revoke},
    "/rest/api/user/current": {"GET": rest_api},
    "/rest/api/2/myself": {"GET": rest_api},
}


def identity_provider(call: Call) -> Response:
    form = '<form method="post"><p><label>Work account <input name="account"></label></p><button>Next</button></form>'
    return page(200, "Single sign-on", NOTICE, form)


def as_json(status: int, data: dict[str, object]) -> Response:
    return Response(status, json.dumps(data), "application/json", {"Cache-Control": "no-store"})


def page(status: int, title: str, text: str, content: str = "", head: str = "") -> Response:
    """An HTML page; ``title`` and ``text`` are escaped here, ``content`` and ``head`` are markup."""
    safe_title = escape(title)
    return Response(
        status,
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{safe_title}</title>{head}</head>'
        f"<body><h1>{safe_title}</h1><p><strong>Simulated site.</strong> {escape(text)}</p>{content}</body></html>",
    )


def _meta(call: Call) -> str:
    """The meta tags with version and address in Confluence's pages."""
    values = {
        "ajs-version-number": call.simulated.version,
        "ajs-base-url": call.simulated.canonical_url or call.base_url,
        "ajs-context-path": call.simulated.context_path,
    }
    return "".join(f'<meta name="{name}" content="{escape(value)}">' for name, value in values.items())
