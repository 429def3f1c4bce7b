"""The nginx configuration of a gateway: the provider's paths to Gatepass, everything else to the application behind it.

What is behind gets a request only with a living access token of this realm (``introspect/status``), and learns whose it
is from a header that no client can set. Pure: text in, text out.
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
    """The address cannot stand in the configuration; the text says why, for a person."""


@dataclass(frozen=True)
class Gateway:
    """``base_url``: of the site, as phones see it; the two others: where nginx reaches each side, without a query."""

    title: str
    base_url: str
    gatepass: str
    application: str


def parse_upstream(text: str) -> str:
    """Return the address, without a slash at its end. Raises GatewayError for what is not a plain http(s) address."""
    address = text.strip().rstrip("/")
    if not _UPSTREAM.fullmatch(address) or len(address) > 300:
        raise GatewayError(
            "Write an address such as https://confluence.internal:8443/wiki: no query, no user, no blank."
        )
    port = address.rpartition(":")[2].partition("/")[0]
    if port.isdigit() and not 0 < int(port) < 65536:
        raise GatewayError("The port is not between 1 and 65535.")
    return address


def credential_file(client_id: str, secret: str) -> str:
    """The one line that nginx includes to authenticate at Gatepass. It is the secret."""
    pair = f"{quote(client_id, safe='')}:{quote(secret, safe='')}"  # RFC 6749 section 2.3.1
    return f'proxy_set_header Authorization "Basic {base64.b64encode(pair.encode()).decode()}";\n'


def nginx_configuration(gateway: Gateway, *, credential_path: str) -> str:
    """Return what the server block of the site's host includes. Raises GatewayError for addresses that do not fit."""
    base, host = urlsplit(gateway.base_url).path, urlsplit(gateway.base_url).netloc
    if not _BASE_PATH.fullmatch(base):
        raise GatewayError("The site has no path of its own below its host.")
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
# A token travels in the body of the subrequest, never in an address. ``proxy_set_header`` of one location replaces all
# of the levels above it, so each says everything it needs. nginx drops headers with underscores by itself, which would
# otherwise be read like those with hyphens; ``underscores_in_headers`` must stay off.
_TEMPLATE = """\
# Gateway of {title}
# Include this file in the server block of {host}, and reload nginx. It needs nginx 1.18 or later with
# http_auth_request_module, which Debian's nginx has. Gatepass must trust this proxy: TRUSTED_PROXIES.

set ${name}_asked "";
if ($http_authorization ~ "^[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9_-]+)$") {{
    set ${name}_asked "token=$1";
}}

# What Gatepass answers itself: the OAuth paths, and what the app asks before it signs in.
location ^~ {base}/rest/oauth2/latest/ {{{to_gatepass}}}
location = {base}/rest/nativemobile/1.0/info/login {{{to_gatepass}}}
location = {base}/rest/nativemobile/1.1/info/login {{{to_gatepass}}}

# Is the token alive? Asked at every request; nothing of the client gets here but its token.
location = /_gatepass/{name} {{
    internal;
    proxy_pass {gatepass}{base}/rest/oauth2/latest/introspect/status;
    proxy_method POST;
    proxy_pass_request_headers off;
    proxy_set_header Host {host};
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header Content-Type application/x-www-form-urlencoded;
    include {credential_path};
    proxy_set_body ${name}_asked;
    proxy_connect_timeout 5s;
    proxy_read_timeout 10s;
}}

# Everything else belongs to the application, which sees who it is and never the token.
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
