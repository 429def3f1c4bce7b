"""nginx configuration of a gateway: OAuth paths go to Gatepass, all other paths to the application behind nginx.

The application receives only requests with a valid access token of this realm (``introspect/status``), with the person
in a header that clients cannot set. Pure.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

USER_HEADER, SUBJECT_HEADER = "X-Gatepass-User", "X-Gatepass-Subject"
_UPSTREAM = re.compile(
    r"https?://(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?"
)
_BASE_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)+")


class GatewayError(ValueError):
    """The address cannot be used in the configuration; the text states why."""


@dataclass(frozen=True)
class Gateway:
    """``base_url`` is the site's URL on phones; nginx connects to the URLs ``gatepass`` and ``application``."""

    title: str
    base_url: str
    gatepass: str
    application: str


def parse_upstream(text: str) -> str:
    """Return the URL without a trailing slash. Raises GatewayError unless it is a plain http(s) URL."""
    address = text.strip().rstrip("/")
    if not _UPSTREAM.fullmatch(address) or len(address) > 300:
        raise GatewayError(
            "Enter a URL such as https://confluence.internal:8443/wiki, without query, user name or spaces."
        )
    port = address.rpartition(":")[2].partition("/")[0]
    if port.isdigit() and not 0 < int(port) < 65536:
        raise GatewayError("The port must be between 1 and 65535.")
    return address


def credential_file(client_id: str, secret: str) -> str:
    """Return the line that nginx includes to authenticate to Gatepass. It contains the secret."""
    pair = f"{quote(client_id, safe='')}:{quote(secret, safe='')}"  # RFC 6749 section 2.3.1
    return f'proxy_set_header Authorization "Basic {base64.b64encode(pair.encode()).decode()}";\n'


def nginx_configuration(gateway: Gateway, *, credential_path: str) -> str:
    """Return what to include in the server block of the site's host. Raises GatewayError for invalid URLs."""
    base, host = urlsplit(gateway.base_url).path, urlsplit(gateway.base_url).netloc
    if not _BASE_PATH.fullmatch(base):
        raise GatewayError("The site’s base URL needs a path, such as https://example.com/wiki.")
    name = re.sub(r"[^a-z0-9]+", "_", base.lower()).strip("_")
    title = "".join(char if char.isprintable() else " " for char in gateway.title)
    gatepass, application = parse_upstream(gateway.gatepass), parse_upstream(gateway.application)
    return _TEMPLATE.format(
        title=title,
        to_gatepass=_TO_GATEPASS.format(gatepass=gatepass, host=host),
        base=base,
        host=host,
        name=name,
        gatepass=gatepass,
        application=application,
        credential_path=credential_path,
        user_header=USER_HEADER,
        subject_header=SUBJECT_HEADER,
    )


_TO_GATEPASS = """
    proxy_pass {gatepass};
    proxy_set_header Host {host};
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Proto $scheme;
"""
# The token is sent in the body of the subrequest, never in a URL. ``proxy_set_header`` in a location replaces those of
# outer levels, so each location repeats all it needs. nginx drops headers with underscores, which applications would
# read like those with hyphens; ``underscores_in_headers`` must stay off.
_TEMPLATE = """\
# Gateway for {title}
# Include this file in the server block of {host} and reload nginx. Requires nginx 1.18 or later with
# http_auth_request_module (included in Debian's nginx). Add this proxy to TRUSTED_PROXIES of Gatepass.

set ${name}_token "";
if ($http_authorization ~ "^[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9_-]+)$") {{
    set ${name}_token "token=$1";
}}

# Paths that Gatepass serves: OAuth, and the app's requests before sign-in.
location ^~ {base}/rest/oauth2/latest/ {{{to_gatepass}}}
location = {base}/rest/nativemobile/1.0/info/login {{{to_gatepass}}}
location = {base}/rest/nativemobile/1.1/info/login {{{to_gatepass}}}

# Checks the token of every request. Receives only the token from the client's request.
location = /_gatepass/{name} {{
    internal;
    proxy_pass {gatepass}{base}/rest/oauth2/latest/introspect/status;
    proxy_method POST;
    proxy_pass_request_headers off;
    proxy_set_header Host {host};
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header Content-Type application/x-www-form-urlencoded;
    include {credential_path};
    proxy_set_body ${name}_token;
    proxy_connect_timeout 5s;
    proxy_read_timeout 10s;
}}

# All other paths go to the application, with the person in headers and without the token.
location {base}/ {{
    auth_request /_gatepass/{name};
    auth_request_set ${name}_user $upstream_http_x_gatepass_user;
    auth_request_set ${name}_subject $upstream_http_x_gatepass_subject;
    proxy_pass {application}/;
    proxy_set_header Host $host;
    proxy_set_header Authorization "";
    proxy_set_header {user_header} ${name}_user;
    proxy_set_header {subject_header} ${name}_subject;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Proto $scheme;
}}
"""
