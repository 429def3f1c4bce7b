"""Turns what the domain says by ids and values into sentences in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from rollout.compatibility import evidence, plugin_rules
from rollout.compatibility.what_to_do import first_things
from rollout.mdm import json_faults, reading
from rollout.models import Finding

# A verdict as a sentence of its own. UNKNOWN and what needs action are said by their gravest finding instead.
READY_SENTENCES: dict[str, Promise] = {
    "READY_MDM": gettext_lazy("MDM setup: ready"),
    "READY_NON_MDM": gettext_lazy("Non-MDM setup: ready"),
}
SETUP_NAMES: dict[str, Promise] = {"mdm": gettext_lazy("MDM setup"), "non_mdm": gettext_lazy("Non-MDM setup")}
PLAIN_BECAUSE: dict[str, Promise] = {
    "": gettext_lazy("Includes OAuth 2.0."),
    "not_ready": gettext_lazy("Without OAuth: the MDM setup is not ready."),
    "no_link": gettext_lazy("Without OAuth: the site has no application link."),
    "both": gettext_lazy("Without OAuth: the MDM setup is not ready and the site has no application link."),
}
# The values of messages that are message ids themselves. What a site or a person wrote is quoted as it is.
WORDS = frozenset(
    (
        *evidence.REASONS.values(),
        evidence.NO_REASON,
        plugin_rules.OAUTH_PLUGIN_NAME,
        plugin_rules.MOBILE_PLUGIN_NAME,
        *reading.TYPE_NAMES.values(),
        *json_faults.REASONS.values(),
    )
)


def sentence(message: str, values: Any = None) -> str:
    """A message id of a pure room in the reader's language, its values put in; never raises for a stored one.

    ``values``: a mapping of texts. What was stored may hold anything else, which counts as none.
    """
    if not message:
        return ""
    try:
        known = values.items() if isinstance(values, Mapping) else ()
        return _(message) % {name: _word(value) for name, value in known}
    except (KeyError, TypeError, ValueError):
        return message  # stored by an older rule whose places no longer match


def _word(value: Any) -> Any:
    return _(value) if isinstance(value, str) and value in WORDS else value


def finding_sentence(finding: Finding) -> str:
    return sentence(finding.message, finding.values)


def finding_remedy(finding: Finding) -> str:
    return sentence(finding.remedy, finding.values)


def most_severe(findings: Iterable[Finding], setup: str = "") -> Finding | None:
    """The finding to act on first on a road (of either road when none is named); None when all passed."""
    mine = [finding for finding in findings if setup in {"", finding.setup}]
    return next(iter(first_things(mine)), None)


def setup_sentence(setup: str, verdict: str, findings: Iterable[Finding]) -> str:
    """``Ready for MDM``, or ``Without MDM: the reverse proxy sends the app to sso.example.com.``"""
    if verdict in READY_SENTENCES:
        return str(READY_SENTENCES[verdict])
    deciding = most_severe(findings, setup)
    said = finding_sentence(deciding) if deciding else _("Unknown until the first check.")
    return _("%(setup)s: %(sentence)s") % {"setup": SETUP_NAMES[setup], "sentence": _in_sentence(said)}


def _in_sentence(text: str) -> str:
    """The text as it goes on after a colon: only an article loses its capital, a name keeps it."""
    first = text.split(" ", 1)[0]
    return text[:1].lower() + text[1:] if first in {"The", "There", "No", "People", "Not"} else text


def plain_because(reason: str) -> str:
    """Why a line of a configuration carries no OAuth part (``services.configurations.Line.plain_because``)."""
    return str(PLAIN_BECAUSE[reason])


def people(count: int) -> str:
    """``1 person``, ``1,204 people``."""
    return ngettext("%(count)s person", "%(count)s people", count) % {"count": intcomma(count)}
