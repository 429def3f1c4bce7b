"""Simulated sites whose answers arrive in another shape than they left Confluence: encodings, nesting, bombs of XML."""

from __future__ import annotations

import codecs
import json
from dataclasses import replace

from .answers import INFO_LOGIN, LOGIN, MANIFEST, NOTICE, as_json, page
from .simulated_site import READY_MDM, READY_NON_MDM, UNKNOWN, Call, Response, SimulatedSite

DEPTH = 60_000  # brackets: far deeper than any parser's stack, and below what the door reads


def as_plain_text(call: Call, response: Response) -> Response:
    """A filter that calls everything plain text; pages stay what they are."""
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
    """``clientId`` twice in one object: which one an app takes depends on its parser (RFC 8259 section 4)."""
    if call.path not in INFO_LOGIN:
        return response
    first, second = (json.dumps(f"{call.simulated.client_id}-{name}") for name in ("one", "two"))
    return replace(as_json(200, {}), body=f'{{"oauth": {{"clientId": {first}, "clientId": {second}}}}}')


def with_odd_characters(call: Call, response: Response) -> Response:
    """Null characters, half a surrogate pair and a turn of direction: what databases and pages choke on."""
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
        return as_json(400, {"error": f"invalid_grant{odd}", "error_description": odd})
    return replace(response, headers={**response.headers, "X-Odd": "\x80\xff\xfe"})


def billion_laughs(call: Call, response: Response) -> Response:
    """A manifest of a few hundred bytes that a careless parser expands to gigabytes; the login page tells nothing."""
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
        story="A filter calls every answer plain text.",
        offset=60,
        mdm=READY_MDM,
        non_mdm=READY_NON_MDM,
        mdm_rule="MANIFEST-REACHABLE",
        non_mdm_rule="INFO-LOGIN-OPEN",
        altered=as_plain_text,
    ),
    SimulatedSite(
        name="byte-order-mark",
        title="Translations",
        story="Its JSON starts with a byte order mark.",
        offset=61,
        mdm=READY_MDM,
        non_mdm=READY_NON_MDM,
        mdm_rule="TOKEN-REACHABLE",
        non_mdm_rule="OAUTH-SWITCH",
        warnings=("INFO-LOGIN-JSON",),
        altered=with_byte_order_mark,
    ),
    SimulatedSite(
        name="utf-16",
        title="Regional Offices",
        story="Its JSON is encoded in UTF-16.",
        offset=62,
        mdm=READY_MDM,
        non_mdm=READY_NON_MDM,
        mdm_rule="TOKEN-REACHABLE",
        non_mdm_rule="OAUTH-SWITCH",
        warnings=("INFO-LOGIN-JSON",),
        altered=in_utf_16,
    ),
    SimulatedSite(
        name="deep-json",
        title="Nested Folders",
        story="Its info/login is nested 60,000 levels deep.",
        offset=63,
        mdm=READY_MDM,
        non_mdm=UNKNOWN,
        mdm_rule="TOKEN-REACHABLE",
        non_mdm_rule="INFO-LOGIN-OPEN",
        altered=deeply_nested,
    ),
    SimulatedSite(
        name="duplicate-keys",
        title="Twin Towns",
        story="Its info/login names two client IDs under one name.",
        offset=64,
        mdm=READY_MDM,
        non_mdm=UNKNOWN,
        mdm_rule="TOKEN-REACHABLE",
        non_mdm_rule="OAUTH-SWITCH",
        warnings=("INFO-LOGIN-JSON",),
        client_id="20f9ce71twin",
        altered=with_two_client_ids,
    ),
    SimulatedSite(
        name="odd-characters",
        title="Alphabet Museum",
        story="Puts null characters and halves of characters into every name it gives.",
        offset=66,
        mdm=READY_MDM,
        non_mdm=READY_NON_MDM,
        mdm_rule="TOKEN-REACHABLE",
        non_mdm_rule="OAUTH-SWITCH",
        client_id="odd-but-fine",
        altered=with_odd_characters,
    ),
    SimulatedSite(
        name="billion-laughs",
        title="Joke Collection",
        story="Its manifest is a small document that grows to gigabytes when it is read.",
        offset=65,
        mdm=UNKNOWN,
        non_mdm=UNKNOWN,
        mdm_rule="MANIFEST-REACHABLE",
        non_mdm_rule="MANIFEST-REACHABLE",
        altered=billion_laughs,
    ),
)
