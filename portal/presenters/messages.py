"""Translates message IDs and values of the domain packages into sentences in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from rollout.compatibility import evidence, phone_rules, plugin_rules
from rollout.compatibility.next_steps import findings_to_fix
from rollout.mdm.entry_objects import TYPE_NAMES
from rollout.mdm.found_lists import VALUE_NAMES
from rollout.models import Finding

# Other verdicts are described by their most severe finding instead.
READY_SENTENCES: dict[str, Promise] = {
    "READY_MDM": gettext_lazy("MDM setup: ready"),
    "READY_NON_MDM": gettext_lazy("Non-MDM setup: ready"),
}
SETUP_NAMES: dict[str, Promise] = {"mdm": gettext_lazy("MDM setup"), "non_mdm": gettext_lazy("Non-MDM setup")}
# Values that are themselves message IDs and are translated. Text from a site or a person is never translated.
TRANSLATED_VALUES = frozenset(
    (
        *evidence.REASONS.values(),
        evidence.NO_REASON,
        plugin_rules.OAUTH_PLUGIN_NAME,
        plugin_rules.MOBILE_PLUGIN_NAME,
        *phone_rules.STEPS.values(),
        *TYPE_NAMES,
        *VALUE_NAMES.values(),
    )
)


def sentence(message: str, values: Any = None) -> str:
    """Translate a message ID and insert its values. Never raises for stored messages.

    ``values``: a mapping of names to texts. Stored data of another type is treated as empty.
    """
    if not message:
        return ""
    try:
        known = values.items() if isinstance(values, Mapping) else ()
        return _(message) % {name: _translated(value) for name, value in known}
    except (KeyError, TypeError, ValueError):
        return message  # stored by an older rule whose placeholders no longer match


def _translated(value: Any) -> Any:
    return _(value) if isinstance(value, str) and value in TRANSLATED_VALUES else value


def finding_sentence(finding: Finding) -> str:
    """Return what the finding states, translated."""
    return sentence(finding.message, finding.values)


def finding_remedy(finding: Finding) -> str:
    """Return what to do about the finding, translated; empty if there is nothing to do."""
    return sentence(finding.remedy, finding.values)


def most_severe(findings: Iterable[Finding], setup: str = "") -> Finding | None:
    """Return the finding to fix first for a setup (for either one if none is given); None if all passed."""
    mine = [finding for finding in findings if setup in {"", finding.setup}]
    return next(iter(findings_to_fix(mine)), None)


def setup_sentence(setup: str, verdict: str, findings: Iterable[Finding]) -> str:
    """Return the status of a setup as a sentence.

    For example ``MDM setup: ready`` or ``Non-MDM setup: the reverse proxy redirects the app to sso.example.com.``
    """
    if verdict in READY_SENTENCES:
        return str(READY_SENTENCES[verdict])
    deciding = most_severe(findings, setup)
    text = finding_sentence(deciding) if deciding else _("Unknown until the first check.")
    return _("%(setup)s: %(sentence)s") % {"setup": SETUP_NAMES[setup], "sentence": _after_colon(text)}


_NO_NAMES = frozenset({"A", "An", "No", "Not", "People", "Phones", "The", "There", "Two", "Unknown"})


def _after_colon(text: str) -> str:
    """Lowercase the first word of a sentence that follows a colon, unless it may be a name."""
    first = text.split(" ", 1)[0]
    return text[:1].lower() + text[1:] if first in _NO_NAMES else text


def people(count: int) -> str:
    """Return a number of people in words, for example ``1 person`` or ``1,204 people``."""
    return ngettext("%(count)s person", "%(count)s people", count) % {"count": intcomma(count)}
