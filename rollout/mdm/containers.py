"""Find the site list in an app configuration, whatever it was copied from. Pure."""

from __future__ import annotations

import re

from rollout.message_ids import gettext_noop as _

from .found_lists import Found
from .json_containers import open_json
from .plist_containers import open_xml
from .source_text import SourceText
from .text_containers import html_unescaped, open_base64, open_fence, open_rows, open_settings, open_url_encoded

MAX_NESTING = 8
MAX_TEXTS = 2000

# Id of a container → its name, after "Recognized:".
CONTAINERS = {
    "list": _("site list (JSON)"),
    "json-string": _("JSON string"),
    "json-object": _("JSON object with the key sites"),
    "dict": _("property list (bare <dict>)"),
    "plist": _("property list"),
    "profile": _("configuration profile (.mobileconfig)"),
    "apple-command": _("Apple MDM command or its response"),
    "declaration": _("Apple declaration"),
    "graph-policy": _("Microsoft Graph: app configuration policy"),
    "graph-policies": _("Microsoft Graph: list of app configuration policies"),
    "settings": _("settings with key, type and value"),
    "rows": _("row of a console: key, type and value"),
    "fleet": _("Fleet API: software title"),
    "jamf-xml": _("Jamf Pro API: mobile device app"),
    "xml": _("XML"),
    "specfile": _("AppConfig specfile"),
    "base64": _("base64"),
}
_XML_INSIDE = re.compile(
    r"<(?:\?xml|!DOCTYPE|plist|dict|mobile_device_application|managedAppConfiguration|html)\b", re.IGNORECASE
)
_FIRST_BRACKET = re.compile(r"[\[{]")


class _Opener:
    def __init__(self) -> None:
        self.depth = self.texts = 0

    def __call__(self, source: SourceText, found: Found) -> None:
        """Read the lists in a text into ``found``."""
        start = len(source.text) - len(source.text.lstrip("\ufeff \t\r\n"))
        source = source.part(start, len(source.text.rstrip("\x00 \t\r\n")))
        self.texts += 1
        if self.depth >= MAX_NESTING or self.texts > MAX_TEXTS:
            found.faults.add("too-nested", source, 0, limit=str(MAX_NESTING))
            return
        self.depth += 1
        self._open(source, found)
        self.depth -= 1

    def _open(self, source: SourceText, found: Found) -> None:
        text = source.text
        if not text:
            found.faults.add("empty", source, 0)
        elif text.startswith("bplist0"):
            found.faults.add("binary-plist", source, 0)
        elif text.startswith("<"):
            open_xml(source, found, self)
        elif text.startswith("&lt;"):
            found.faults.add("xml-escaped", source, 0)
            self(html_unescaped(source), found)
        elif text.startswith(("[", "{")):
            open_json(source, found, self)
        else:
            self._open_wrapped(source, found)

    def _open_wrapped(self, source: SourceText, found: Found) -> None:
        for opener in (open_fence, open_url_encoded, open_rows, open_settings, open_base64):
            if opener(source, found, self):
                return
        xml = _XML_INSIDE.search(source.text)
        bracket = _FIRST_BRACKET.search(source.text)
        if xml and not source.text.startswith('"') and not (bracket and bracket.start() < xml.start()):
            found.faults.add("xml-text-around", source, 0)
            open_xml(source.part(xml.start(), source.text.rfind(">") + 1), found, self)
        else:
            open_json(source, found, self)


def find_lists(source: SourceText, found: Found) -> None:
    """Add to ``found`` what a text contains: the lists, the containers around them, other keys, and faults."""
    _Opener()(source, found)
