"""Simulated sites with unusual response bodies: encodings, deep nesting, XML bombs."""

from __future__ import annotations

import codecs
import json
from dataclasses import replace

from .answers import INFO_LOGIN, LOGIN, MANIFEST, NOTICE, as_json, page
from .simulated_site import READY_MDM, READY_NON_MDM, UNKNOWN, Call, Response, SimulatedSite

DEPTH = 60_000  # brackets: far deeper than any parser's stack, yet smaller than the response limit


def as_plain_text(call: Call, response: Response) -> Response:
    """Label every response as plain text, except pages."""
    return response if response.content_type.startswith("text/html") else replace(response, content_type="text/plain")


def with_byte_order_mark(call: Call, response: Response) -> Response:
    return _json_as(response, codecs.BOM_UTF8 + response.content)


def in_utf_16(call: Call, response: Response) -> Response:
    return _json_as(response, response.content.decode().encode("utf-16"))


def deeply_nested(call: Call, response: Response) -> Response:
    if call.path not in INFO_LOGIN:
        return response
    return replace(response, body='{"oauth":' + "[" * DEPTH + "]" * DEPTH + "}", content_type="application/json")


def with_two_client_ids(call: Call, response: Response) -> Response:
    """Return ``clientId`` twice in one object: which one an app reads depends on its parser (RFC 8259 section 4)."""
    if call.path not in INFO_LOGIN:
        return response
    first, second = (json.dumps(f"{call.simulated.client_id}-{name}") for name in ("one", "two"))
    return replace(as_json(200, {}), body=f'{{"oauth": {{"clientId": {first}, "clientId": {second}}}}}')


def with_odd_characters(call: Call, response: Response) -> Response:
    """Return characters that break databases and pages: nulls, half a surrogate pair, a change of text direction."""
    odd = "\x00\ud800\u202e\x1b[31m"
    if call.path == MANIFEST:
        data = {
            "typeId": call.simulated.product,
            "version": call.simulated.version,
            "url": call.base_url,
            "name": f"Odd{odd}",
        }
        return as_json(200, {**data, f"more{odd}": odd})
    if call.path in INFO_LOGIN:
        return as_json(200, {"title": f"Odd{odd}", f"field{odd}": odd, "oauth": {"clientId": "odd-but-fine"}})
    if call.path.startswith("/rest/oauth2/") and response.content_type == "application/json":
        return as_json(400, {"error": "invalid_grant", "error_description": odd, f"more{odd}": odd})
    return replace(response, headers={**response.headers, "X-Odd": "\x80\xff\xfe"})


def billion_laughs(call: Call, response: Response) -> Response:
    """Return a small manifest that a careless parser expands to gigabytes, and a login page without meta tags."""
    if call.path in LOGIN.values():
        return page(200, "Log in", NOTICE, '<form><label>Username <input name="os_username"></label></form>')
    if call.path != MANIFEST:
        return response
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    text = f'<?xml version="1.0"?><!DOCTYPE manifest [<!ENTITY l0 "ha">{entities}]>'
    return replace(response, body=f"{text}<manifest><version>&l9;</version></manifest>")


def _json_as(response: Response, body: bytes) -> Response:
    return replace(response, body=body) if response.content_type == "application/json" else response


ROWS = (
    SimulatedSite(
        name="wrong-content-type",
        title="Glossary",
        description="A filter labels every response as plain text.",
        offset=60,
        mdm=READY_MDM,
        non_mdm=READY_NON_MDM,
        mdm_rule="MANIFEST-REACHABLE",
        non_mdm_rule="INFO-LOGIN-OPEN",
        transform=as_plain_text,
    ),
    SimulatedSite(
        name="byte-order-mark",
        title="Translations",
        description="The JSON starts with a byte order mark.",
        offset=61,
        mdm=READY_MDM,
        non_mdm=READY_NON_MDM,
        mdm_rule="TOKEN-REACHABLE",
        non_mdm_rule="OAUTH-SWITCH",
        warnings=("INFO-LOGIN-JSON",),
        transform=with_byte_order_mark,
    ),
    SimulatedSite(
        name="utf-16",
        title="Regional Offices",
        description="The JSON is encoded in UTF-16.",
        offset=62,
        mdm=READY_MDM,
        non_mdm=READY_NON_MDM,
        mdm_rule="TOKEN-REACHABLE",
        non_mdm_rule="OAUTH-SWITCH",
        warnings=("INFO-LOGIN-JSON",),
        transform=in_utf_16,
    ),
    SimulatedSite(
        name="deep-json",
        title="Nested Folders",
        description="The JSON of info/login is nested 60,000 levels deep.",
        offset=63,
        mdm=READY_MDM,
        non_mdm=UNKNOWN,
        mdm_rule="TOKEN-REACHABLE",
        non_mdm_rule="INFO-LOGIN-OPEN",
        transform=deeply_nested,
    ),
    SimulatedSite(
        name="duplicate-keys",
        title="Twin Towns",
        description="info/login contains two client IDs in the same field.",
        offset=64,
        mdm=READY_MDM,
        non_mdm=UNKNOWN,
        mdm_rule="TOKEN-REACHABLE",
        non_mdm_rule="OAUTH-SWITCH",
        warnings=("INFO-LOGIN-JSON",),
        client_id="20f9ce71twin",
        transform=with_two_client_ids,
    ),
    SimulatedSite(
        name="odd-characters",
        title="Alphabet Museum",
        description="Every name contains null characters and incomplete characters.",
        offset=66,
        mdm=READY_MDM,
        non_mdm=READY_NON_MDM,
        mdm_rule="TOKEN-REACHABLE",
        non_mdm_rule="OAUTH-SWITCH",
        client_id="odd-but-fine",
        transform=with_odd_characters,
    ),
    SimulatedSite(
        name="billion-laughs",
        title="Joke Collection",
        description="The manifest is a small document that expands to gigabytes when it is parsed.",
        offset=65,
        mdm=UNKNOWN,
        non_mdm=UNKNOWN,
        mdm_rule="MANIFEST-REACHABLE",
        non_mdm_rule="MANIFEST-REACHABLE",
        transform=billion_laughs,
    ),
)
