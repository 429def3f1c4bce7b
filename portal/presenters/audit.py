"""The audit trail in words: a sentence for every action that the code records, and how it is shown and linked.

A new write brings its sentence here; tests/unit/portal/test_audit_messages.py holds the table to the code.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from portal.models import User
from rollout.models import AuditEvent


class _UnknownCount(int):
    """Stands for a detail that an event lacks: reads ``?``, and chooses the plural."""

    def __str__(self) -> str:
        return "?"


@dataclass(frozen=True)
class Words:
    """``sentence`` with places ``%(actor)s``, ``%(target)s`` and those of the event's details; ``icon`` a drawing."""

    icon: str
    sentence: str | Promise


ACTIONS: dict[str, Words] = {
    "site.created": Words("plus", gettext_lazy("%(actor)s added the site %(target)s.")),
    "site.changed": Words("edit", gettext_lazy("%(actor)s changed the site %(target)s: %(fields)s.")),
    "site.archived": Words("archive", gettext_lazy("%(actor)s archived the site %(target)s.")),
    "site.restored": Words("restore", gettext_lazy("%(actor)s restored the site %(target)s.")),
    "site.verdict_changed": Words(
        "activity", gettext_lazy("The verdict of %(target)s changed: with MDM %(mdm)s, without MDM %(non_mdm)s.")
    ),
    "sites.imported": Words(
        "upload",
        gettext_lazy("%(actor)s imported sites: %(created)s new, %(changed)s changed, %(unchanged)s as they were."),
    ),
    "sites.exported": Words(
        "download",
        ngettext_lazy(
            "%(actor)s exported %(sites)s site as CSV.", "%(actor)s exported %(sites)s sites as CSV.", "sites"
        ),
    ),
    "check.requested": Words("refresh", gettext_lazy("%(actor)s asked for a check of %(target)s.")),
    "check.rejudged": Words(
        "refresh", gettext_lazy("%(actor)s judged the newest check of %(target)s by today's rules.")
    ),
    "checks.rejudged": Words(
        "refresh",
        ngettext_lazy(
            "%(actor)s judged %(sites)s site again by the matrix %(target)s; %(changed)s verdicts changed.",
            "%(actor)s judged %(sites)s sites again by the matrix %(target)s; %(changed)s verdicts changed.",
            "sites",
        ),
    ),
    "checks.exported": Words("download", gettext_lazy("%(actor)s exported the checks of %(target)s as CSV.")),
    "matrix.copied": Words("copy", gettext_lazy("%(actor)s began the edition %(target)s of the matrix from %(from)s.")),
    "matrix.edited": Words("edit", gettext_lazy("%(actor)s edited the draft %(target)s of the matrix.")),
    "matrix.deleted": Words("archive", gettext_lazy("%(actor)s deleted the draft %(target)s of the matrix.")),
    "matrix.in_force": Words(
        "flag", gettext_lazy("%(actor)s put the edition %(target)s of the matrix in force, instead of %(instead_of)s.")
    ),
    "plugins.entered": Words("edit", gettext_lazy("%(actor)s entered the plugin versions of %(target)s.")),
    "plugins.read": Words(
        "refresh", gettext_lazy("%(actor)s read the plugin versions of %(target)s from its plugin manager.")
    ),
    "credential.stored": Words(
        "key", gettext_lazy("%(actor)s left a token with which the plugin versions of %(target)s are read every day.")
    ),
    "credential.removed": Words("revoke", gettext_lazy("%(actor)s removed the stored token of %(target)s.")),
    "credential.refused": Words(
        "lock", gettext_lazy("%(target)s did not accept its stored token, which is not tried again.")
    ),
    "inventory.imported": Words(
        "upload",
        ngettext_lazy(
            "%(actor)s imported the app version of %(phones)s phone: %(target)s.",
            "%(actor)s imported the app versions of %(phones)s phones: %(target)s.",
            "phones",
        ),
    ),
    "inventory.exported": Words(
        "download",
        ngettext_lazy(
            "%(actor)s exported %(rows)s phone and its app version as CSV.",
            "%(actor)s exported %(rows)s phones and their app versions as CSV.",
            "rows",
        ),
    ),
    "credentials.rotated": Words(
        "key",
        ngettext_lazy(
            "%(actor)s sealed %(sealed)s stored secret with the newest key.",
            "%(actor)s sealed %(sealed)s stored secrets with the newest key.",
            "sealed",
        ),
    ),
    "sweep.started": Words(
        "refresh",
        ngettext_lazy(
            "%(actor)s started a check of %(sites)s site.", "%(actor)s started a check of %(sites)s sites.", "sites"
        ),
    ),
    "sweep.paused": Words("pause", gettext_lazy("%(actor)s paused the check of many sites (%(target)s).")),
    "sweep.resumed": Words("play", gettext_lazy("%(actor)s resumed the check of many sites (%(target)s).")),
    "sweep.finished": Words(
        "flag",
        ngettext_lazy(
            "A check of %(sites)s site ended: verdicts changed: %(changed)s, not reached: %(failing)s, "
            "not finished: %(broken)s.",
            "A check of %(sites)s sites ended: verdicts changed: %(changed)s, not reached: %(failing)s, "
            "not finished: %(broken)s.",
            "sites",
        ),
    ),
    "sweeps.exported": Words(
        "download",
        ngettext_lazy(
            "%(actor)s exported %(rows)s row of sweeps as CSV.",
            "%(actor)s exported %(rows)s rows of sweeps as CSV.",
            "rows",
        ),
    ),
    "link.created": Words("link", gettext_lazy("%(actor)s created the application link of %(target)s.")),
    "link.rotated": Words(
        "link",
        ngettext_lazy(
            "%(actor)s replaced the client ID of %(target)s; %(sessions)s phone was signed out.",
            "%(actor)s replaced the client ID of %(target)s; %(sessions)s phones were signed out.",
            "sessions",
        ),
    ),
    "link.revoked": Words(
        "revoke",
        ngettext_lazy(
            "%(actor)s revoked the application link of %(target)s; %(sessions)s phone was signed out.",
            "%(actor)s revoked the application link of %(target)s; %(sessions)s phones were signed out.",
            "sessions",
        ),
    ),
    "switch.turned_on": Words("link", gettext_lazy("%(actor)s turned OAuth 2.0 without MDM on for %(target)s.")),
    "switch.turned_off": Words("revoke", gettext_lazy("%(actor)s turned OAuth 2.0 without MDM off for %(target)s.")),
    "rehearsal.requested": Words("rehearsal", gettext_lazy("%(actor)s asked for a rehearsal of %(target)s.")),
    "rehearsal.finished": Words(
        "rehearsal", gettext_lazy("The rehearsal that %(actor)s asked for on %(target)s ended.")
    ),
    "configuration.published": Words(
        "flag",
        ngettext_lazy(
            "%(actor)s published a configuration of %(sites)s site, %(with_oauth)s with OAuth 2.0.",
            "%(actor)s published a configuration of %(sites)s sites, %(with_oauth)s with OAuth 2.0.",
            "sites",
        ),
    ),
    "configuration.exported": Words(
        "download",
        ngettext_lazy(
            "%(actor)s took a configuration of %(sites)s site in the format %(format)s.",
            "%(actor)s took a configuration of %(sites)s sites in the format %(format)s.",
            "sites",
        ),
    ),
    "configuration.release_exported": Words(
        "download", gettext_lazy("%(actor)s took %(target)s in the format %(format)s.")
    ),
    "wave.created": Words(
        "wave",
        ngettext_lazy(
            "%(actor)s planned the wave %(target)s for %(sites)s site.",
            "%(actor)s planned the wave %(target)s for %(sites)s sites.",
            "sites",
        ),
    ),
    "wave.finished": Words("flag", gettext_lazy("%(actor)s finished the wave %(target)s.")),
    "wave.sheet_taken": Words(
        "print",
        ngettext_lazy(
            "%(actor)s took the print sheet of %(passes)s pass of the wave %(target)s.",
            "%(actor)s took the print sheet of %(passes)s passes of the wave %(target)s.",
            "passes",
        ),
    ),
    "pass.issued": Words("pass", gettext_lazy("%(actor)s issued a pass for %(target)s.")),
    "pass.renewed": Words("refresh", gettext_lazy("%(actor)s made a new link for the pass of %(target)s.")),
    "pass.revoked": Words("revoke", gettext_lazy("%(actor)s revoked the pass of %(target)s.")),
    "pass.used": Words("phone", gettext_lazy("The pass of %(target)s was used to set a phone up.")),
    "pass.qr_taken": Words("qr", gettext_lazy("%(actor)s took the QR code of the pass of %(target)s as %(kind)s.")),
    "passes.exported": Words(
        "download",
        ngettext_lazy("%(actor)s exported %(rows)s pass as CSV.", "%(actor)s exported %(rows)s passes as CSV.", "rows"),
    ),
    "people.exported": Words(
        "download",
        ngettext_lazy(
            "%(actor)s exported %(rows)s person as CSV.", "%(actor)s exported %(rows)s people as CSV.", "rows"
        ),
    ),
    "person.created": Words("person", gettext_lazy("%(actor)s created the account of %(target)s.")),
    "person.added": Words("person", gettext_lazy("%(actor)s added %(target)s as %(role)s.")),
    "person.changed": Words("edit", gettext_lazy("%(actor)s changed the account of %(target)s: %(fields)s.")),
    "person.deactivated": Words(
        "revoke",
        ngettext_lazy(
            "%(actor)s deactivated the account of %(target)s; %(phones)s phone was signed out.",
            "%(actor)s deactivated the account of %(target)s; %(phones)s phones were signed out.",
            "phones",
        ),
    ),
    "person.reactivated": Words("restore", gettext_lazy("%(actor)s reactivated the account of %(target)s.")),
    "gateway.credential_made": Words("key", gettext_lazy("%(actor)s made a gateway credential for %(target)s.")),
    "gateway.credential_removed": Words(
        "revoke", gettext_lazy("%(actor)s removed a gateway credential of %(target)s.")
    ),
    "person.factor_added": Words(
        "shield", gettext_lazy("%(actor)s added a second factor (%(kind)s) to their account.")
    ),
    "person.factor_removed": Words("shield", gettext_lazy("%(actor)s removed a second factor (%(kind)s).")),
    "person.factors_reset": Words("shield", gettext_lazy("%(actor)s removed all second factors of %(target)s.")),
    "person.signed_in": Words("key", gettext_lazy("%(actor)s signed in.")),
    "person.signed_out": Words("sign-out", gettext_lazy("%(actor)s signed out.")),
    "person.sign_in_failed": Words("lock", gettext_lazy("Somebody failed to sign in as %(target)s.")),
    "phone.signed_in": Words("phone", gettext_lazy("%(actor)s signed in to %(target)s with the app.")),
    "phone.signed_out": Words("sign-out", gettext_lazy("%(actor)s signed a phone out of %(target)s.")),
    "phone.all_signed_out": Words(
        "sign-out",
        ngettext_lazy(
            "The new password of %(target)s signed %(phones)s phone out.",
            "The new password of %(target)s signed %(phones)s phones out.",
            "phones",
        ),
    ),
    "phone.all_ended": Words(
        "sign-out",
        ngettext_lazy(
            "%(actor)s signed all of their phones out: %(phones)s phone.",
            "%(actor)s signed all of their phones out: %(phones)s phones.",
            "phones",
        ),
    ),
    "phone.lost": Words(
        "phone",
        ngettext_lazy(
            "%(actor)s lost a phone and signed out %(phones)s phone.",
            "%(actor)s lost a phone and signed out %(phones)s phones.",
            "phones",
        ),
    ),
    "phone.revoked": Words("sign-out", gettext_lazy("%(actor)s signed a phone of %(target)s out.")),
    "phone.many_revoked": Words(
        "sign-out",
        ngettext_lazy(
            "%(actor)s signed out %(phones)s phone.", "%(actor)s signed out %(phones)s phones at once.", "phones"
        ),
    ),
    "phone.exported": Words("download", gettext_lazy("%(actor)s exported the phones that are signed in as CSV.")),
    "phone.named": Words("edit", gettext_lazy("%(actor)s named one of their phones.")),
    "client.signed_in": Words("key", gettext_lazy("%(actor)s let the program %(target)s use the API.")),
    "sign_in_link.welcome_made": Words("mail", gettext_lazy("%(actor)s made a sign-in link for %(target)s.")),
    "sign_in_link.rehearsal_made": Words("key", gettext_lazy("The rehearsal's browser was let in as %(target)s.")),
    "webhook.created": Words("link", gettext_lazy("%(actor)s added the webhook %(target)s.")),
    "webhook.changed": Words("edit", gettext_lazy("%(actor)s changed the webhook %(target)s: %(fields)s.")),
    "webhook.rotated": Words("key", gettext_lazy("%(actor)s made a new secret for the webhook %(target)s.")),
    "webhook.paused": Words("pause", gettext_lazy("%(actor)s paused the webhook %(target)s.")),
    "webhook.resumed": Words("play", gettext_lazy("%(actor)s resumed the webhook %(target)s.")),
    "webhook.removed": Words("revoke", gettext_lazy("%(actor)s removed the webhook %(target)s.")),
    "webhook.tested": Words("mail", gettext_lazy("%(actor)s sent a test message to the webhook %(target)s.")),
    "webhook.sent_again": Words("refresh", gettext_lazy("%(actor)s sent a delivery to %(target)s again.")),
    "activity.exported": Words("download", gettext_lazy("%(actor)s exported the activity as CSV.")),
    "activity.verified": Words(
        "shield",
        ngettext_lazy(
            "%(actor)s verified the chain of %(events)s event.",
            "%(actor)s verified the chain of %(events)s events.",
            "events",
        ),
    ),
}
FAMILIES: dict[str, tuple[str | Promise, tuple[str, ...]]] = {
    "sites": (gettext_lazy("Sites and checks"), ("site.", "sites.", "check.", "sweep.", "sweeps.", "rehearsal.",
              "credential", "plugins.", "inventory.")),
    "matrix": (gettext_lazy("Version matrix"), ("matrix.", "checks.")),
    "links": (gettext_lazy("Application links"), ("link.", "switch.", "gateway.")),
    "configurations": (gettext_lazy("Configurations"), ("configuration.",)),
    "passes": (gettext_lazy("Waves and passes"), ("wave.", "pass.", "passes.")),
    "people": (gettext_lazy("People"), ("person.created", "person.added", "person.changed", "person.deactivated",
                                "person.reactivated", "people.", "sign_in_link.")),
    "sign_ins": (gettext_lazy("Sign-ins"), ("person.sign", "person.factor", "phone.", "client.")),
    "webhooks": (gettext_lazy("Webhooks"), ("webhook.",)),
    "trail": (gettext_lazy("This trail"), ("activity.",)),
}  # fmt: skip
TARGETS: dict[str, str | Promise] = {
    "site": gettext_lazy("Site"),
    "applicationlink": gettext_lazy("Application link"),
    "configurationrelease": gettext_lazy("Release"),
    "sweep": gettext_lazy("Check of many sites"),
    "wave": gettext_lazy("Wave"),
    "enrollmentpass": gettext_lazy("Pass"),
    "user": gettext_lazy("Person"),
    "client": gettext_lazy("Program"),
    "webhook": gettext_lazy("Webhook"),
    "matrixedition": gettext_lazy("Edition of the matrix"),
}
_SECRET = re.compile(r"token|secret|passw|digest|code$|verifier|challenge", re.IGNORECASE)
_WITHOUT_TARGET: dict[str, str | Promise] = {
    "person.sign_in_failed": gettext_lazy("an address that nobody here has"),
}


def icon_of(event: AuditEvent) -> str:
    return ACTIONS[event.action].icon if event.action in ACTIONS else "activity"


def sentence_of(event: AuditEvent) -> str:
    """The event as one sentence, plain text; an action of a later version says itself in words."""
    return _filled(event, {"actor": event.actor_label, "target": _target(event)})


def marked_sentence(event: AuditEvent, reader: User) -> SafeString:
    """The same sentence as HTML: who in bold, what as a link where this reader may follow it."""
    target = conditional_escape(_target(event))
    url = target_url(event, reader)
    parts = {
        "actor": format_html("<strong>{}</strong>", event.actor_label),
        "target": format_html('<a href="{}">{}</a>', url, target)
        if url
        else format_html("<strong>{}</strong>", target),
    }
    return mark_safe(_filled(event, parts))  # noqa: S308  (every part is escaped, the templates are our own)


def _filled(event: AuditEvent, parts: Mapping[str, str]) -> str:
    """The sentence with its parts put in; as safe as the parts are, since those of details are always escaped then."""
    escape = conditional_escape if isinstance(parts["actor"], SafeString) else str
    values: defaultdict[str, Any] = defaultdict(_UnknownCount)
    values |= {name: _placed(value, escape) for name, value in event.details.items()}
    values |= parts
    if event.action in ACTIONS:
        sentence: Any = ACTIONS[event.action].sentence
        with suppress(TypeError):  # an older version stored words where this one counts
            return str(sentence % values)
    words = str(escape(event.action.replace(".", ": ").replace("_", " ")))
    return _("%(actor)s: %(words)s (%(target)s).") % {**parts, "words": words}


def _placed(value: Any, escape: Callable[[str], str]) -> Any:
    """A detail as it goes into a sentence: a count stays a number, since it chooses between singular and plural."""
    return value if isinstance(value, int) and not isinstance(value, bool) else str(escape(_shown(value)))


def _target(event: AuditEvent) -> str:
    if event.target_type == "applicationlink":  # "the site: who made it"
        return event.target_label.rpartition(": ")[0] or event.target_label
    return event.target_label or str(_WITHOUT_TARGET.get(event.action, _("something that is gone")))


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(item).replace("_", " ") for item in value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return "–" if value is None else str(value)


def details_of(event: AuditEvent) -> list[tuple[str, str]]:
    """Name and value of what was recorded beside the sentence. A value under a name of a secret is never shown."""
    return [
        (name.replace("_", " "), _("not shown") if _SECRET.search(name) else _shown(value))
        for name, value in event.details.items()
    ]


def target_url(event: AuditEvent, reader: User) -> str:
    """The page of what the event is about; empty when there is none, or none for this reader."""
    if event.target_type == "applicationlink" and isinstance(event.details.get("site"), int):
        return reverse("site", args=[event.details["site"]])
    if event.target_type == "configurationrelease" and isinstance(event.details.get("release"), int):
        return reverse("configuration_release", args=[event.details["release"]])
    routes = {"site": "site", "wave": "wave", "enrollmentpass": "pass"}
    if reader.reads_all_sites:
        routes["sweep"] = "sweep"
    if reader.is_administrator:
        routes |= {"user": "person", "webhook": "webhook"}
    route = routes.get(event.target_type)
    return reverse(route, args=[int(event.target_id)]) if route and event.target_id.isdigit() else ""
