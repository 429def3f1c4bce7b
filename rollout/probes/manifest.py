"""Requests the application manifest: product, version and the site's own base URL."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element, ParseError  # types only, parsing is defusedxml's  # nosec B405

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from rollout.compatibility.observation import Manifest
from rollout.http_client.redaction import clean, safe_url
from rollout.http_client.reply import Reply

from .json_body import read_json
from .probe_session import ProbeSession

PATH = "/rest/applinks/1.0/manifest"
ACCEPT = "application/xml, application/json;q=0.5"


async def probe_manifest(session: ProbeSession, base_url: str) -> Manifest:
    """Request the manifest without sign-in."""
    return read_manifest(await session.request("GET", base_url + PATH, headers={"Accept": ACCEPT}, follow=True))


def read_manifest(reply: Reply) -> Manifest:
    """Read the fields from XML or JSON; all are None if the response is neither, or its status is not 200."""
    if reply.status != 200:
        return Manifest(reply.answer)
    fields, form = _json_fields(reply), "json"
    if not fields:
        fields, form = _xml_fields(reply), "xml"
    return Manifest(
        reply.answer,
        product=clean(fields["typeId"], 40).lower() if "typeId" in fields else None,
        version=clean(fields["version"], 40) if "version" in fields else None,
        name=clean(fields["name"], 200) if "name" in fields else None,
        canonical_url=safe_url(fields["url"], 500) if "url" in fields else None,
        build=clean(fields["buildNumber"], 40) if "buildNumber" in fields else None,
        form=form if fields else None,
    )


def _json_fields(reply: Reply) -> dict[str, str]:
    try:
        data, _oddities = read_json(reply)
    except ValueError:
        return {}
    if not isinstance(data, dict):
        return {}
    build = data.get("buildNumber")  # custom manifests may contain a number
    return _texts(data | ({"buildNumber": str(build)} if type(build) is int else {}))


def _xml_fields(reply: Reply) -> dict[str, str]:
    """Parse the bytes first, as XML declares its encoding, then the text in case the declaration is wrong."""
    text = reply.text().lstrip("\ufeff \t\r\n")
    for source in (reply.body, text.partition("?>")[2] if text.startswith("<?xml") else text):
        try:
            root = fromstring(source, forbid_dtd=True)
        except (ParseError, DefusedXmlException, ValueError, LookupError):
            continue
        return _texts({_local(child): child.text for child in root}) if _local(root) == "manifest" else {}
    return {}


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _texts(data: dict[str, Any]) -> dict[str, str]:
    return {key: value.strip() for key, value in data.items() if isinstance(value, str) and value.strip()}
