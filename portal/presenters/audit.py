"""Sentences, icons and links of audit events.

Every action that the code records needs an entry in ``ACTIONS``; tests/unit/portal/test_audit_messages.py checks that.
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
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from portal.models import User
from rollout.models import AuditEvent, VerdictChoices

from .notices import verdict_label


class _UnknownCount(int):
    """A missing count: shown as ``?``, and selects the plural form."""

    def __str__(self) -> str:
        return "?"


@dataclass(frozen=True)
class ActionText:
    """``sentence`` has placeholders for ``actor``, ``target`` and the keys of ``details``; ``icon`` is an icon name."""

    icon: str
    sentence: str | Promise


ACTIONS: dict[str, ActionText] = {
    "site.created": ActionText("plus", gettext_lazy("%(actor)s added the site %(target)s.")),
    "site.changed": ActionText("edit", gettext_lazy("%(actor)s changed the site %(target)s: %(fields)s.")),
    "site.archived": ActionText("archive", gettext_lazy("%(actor)s archived the site %(target)s.")),
    "site.restored": ActionText("restore", gettext_lazy("%(actor)s restored the site %(target)s.")),
    "site.verdict_changed": ActionText(
        "activity", gettext_lazy("The status of %(target)s changed. MDM setup: %(mdm)s. Non-MDM setup: %(non_mdm)s.")
    ),
    "sites.imported": ActionText(
        "upload",
        gettext_lazy("%(actor)s imported sites: %(created)s added, %(changed)s changed, %(unchanged)s unchanged."),
    ),
    "sites.exported": ActionText(
        "download",
        ngettext_lazy(
            "%(actor)s exported %(sites)s site as CSV.", "%(actor)s exported %(sites)s sites as CSV.", "sites"
        ),
    ),
    "check.requested": ActionText("refresh", gettext_lazy("%(actor)s started a check of %(target)s.")),
    "check.rejudged": ActionText("refresh", gettext_lazy("%(actor)s re-evaluated the latest check of %(target)s.")),
    "checks.rejudged": ActionText(
        "refresh",
        ngettext_lazy(
            "%(actor)s re-evaluated %(sites)s site with the compatibility matrix %(target)s; status changed: "
            "%(changed)s.",
            "%(actor)s re-evaluated %(sites)s sites with the compatibility matrix %(target)s; status "
            "changed: %(changed)s.",
            "sites",
        ),
    ),
    "checks.exported": ActionText("download", gettext_lazy("%(actor)s exported the checks of %(target)s as CSV.")),
    "matrix.copied": ActionText(
        "copy", gettext_lazy("%(actor)s created the compatibility matrix edition %(target)s from %(from)s.")
    ),
    "matrix.edited": ActionText("edit", gettext_lazy("%(actor)s edited the compatibility matrix draft %(target)s.")),
    "matrix.deleted": ActionText(
        "archive", gettext_lazy("%(actor)s deleted the compatibility matrix draft %(target)s.")
    ),
    "matrix.in_force": ActionText(
        "flag",
        gettext_lazy("%(actor)s activated the compatibility matrix edition %(target)s. It replaced %(instead_of)s."),
    ),
    "plugins.entered": ActionText("edit", gettext_lazy("%(actor)s entered the plugin versions of %(target)s.")),
    "plugins.read": ActionText(
        "refresh", gettext_lazy("%(actor)s read the plugin versions of %(target)s from its plugin manager.")
    ),
    "credential.stored": ActionText(
        "key", gettext_lazy("%(actor)s stored a personal access token for daily plugin version updates of %(target)s.")
    ),
    "credential.removed": ActionText(
        "revoke", gettext_lazy("%(actor)s removed the stored personal access token of %(target)s.")
    ),
    "credential.refused": ActionText(
        "lock", gettext_lazy("%(target)s rejected its stored personal access token. Gatepass no longer uses it.")
    ),
    "certificate.stored": ActionText(
        "key", gettext_lazy("%(actor)s stored a client certificate for checks of %(target)s.")
    ),
    "certificate.replaced": ActionText(
        "key", gettext_lazy("%(actor)s replaced the client certificate for checks of %(target)s.")
    ),
    "certificate.removed": ActionText(
        "revoke", gettext_lazy("%(actor)s removed the client certificate for checks of %(target)s.")
    ),
    "phone_result.recorded": ActionText(
        "phone", gettext_lazy("%(actor)s recorded a result of a real phone for %(target)s.")
    ),
    "phone_result.withdrawn": ActionText(
        "revoke", gettext_lazy("%(actor)s withdrew a result of a real phone for %(target)s.")
    ),
    "inventory.imported": ActionText(
        "upload",
        ngettext_lazy(
            "%(actor)s imported the app version of %(phones)s phone: %(target)s.",
            "%(actor)s imported the app versions of %(phones)s phones: %(target)s.",
            "phones",
        ),
    ),
    "inventory.exported": ActionText(
        "download",
        ngettext_lazy(
            "%(actor)s exported %(rows)s phone and its app version as CSV.",
            "%(actor)s exported %(rows)s phones and their app versions as CSV.",
            "rows",
        ),
    ),
    "credentials.rotated": ActionText(
        "key",
        ngettext_lazy(
            "%(actor)s re-encrypted %(sealed)s stored secret with the newest key.",
            "%(actor)s re-encrypted %(sealed)s stored secrets with the newest key.",
            "sealed",
        ),
    ),
    "sweep.started": ActionText(
        "refresh",
        ngettext_lazy(
            "%(actor)s started a bulk check of %(sites)s site.",
            "%(actor)s started a bulk check of %(sites)s sites.",
            "sites",
        ),
    ),
    "sweep.paused": ActionText("pause", gettext_lazy("%(actor)s paused the bulk check %(target)s.")),
    "sweep.resumed": ActionText("play", gettext_lazy("%(actor)s resumed the bulk check %(target)s.")),
    "sweep.finished": ActionText(
        "flag",
        ngettext_lazy(
            "A bulk check of %(sites)s site finished. Status changed: %(changed)s. Unreachable: %(failing)s. "
            "Failed: %(broken)s.",
            "A bulk check of %(sites)s sites finished. Status changed: %(changed)s. Unreachable: "
            "%(failing)s. Failed: %(broken)s.",
            "sites",
        ),
    ),
    "sweeps.exported": ActionText(
        "download",
        ngettext_lazy(
            "%(actor)s exported %(rows)s row of a bulk check as CSV.",
            "%(actor)s exported %(rows)s rows of bulk checks as CSV.",
            "rows",
        ),
    ),
    "link.created": ActionText("link", gettext_lazy("%(actor)s created the application link of %(target)s.")),
    "link.rotated": ActionText(
        "link",
        ngettext_lazy(
            "%(actor)s rotated the client ID of %(target)s; %(sessions)s phone was signed out.",
            "%(actor)s rotated the client ID of %(target)s; %(sessions)s phones were signed out.",
            "sessions",
        ),
    ),
    "link.revoked": ActionText(
        "revoke",
        ngettext_lazy(
            "%(actor)s revoked the application link of %(target)s; %(sessions)s phone was signed out.",
            "%(actor)s revoked the application link of %(target)s; %(sessions)s phones were signed out.",
            "sessions",
        ),
    ),
    "switch.turned_on": ActionText(
        "link", gettext_lazy("%(actor)s turned on OAuth 2.0 for the Non-MDM setup of %(target)s.")
    ),
    "switch.turned_off": ActionText(
        "revoke", gettext_lazy("%(actor)s turned off OAuth 2.0 for the Non-MDM setup of %(target)s.")
    ),
    "rehearsal.requested": ActionText("rehearsal", gettext_lazy("%(actor)s started a sign-in test of %(target)s.")),
    "rehearsal.finished": ActionText(
        "rehearsal", gettext_lazy("The sign-in test of %(target)s that %(actor)s started has finished.")
    ),
    "configuration.published": ActionText(
        "flag",
        ngettext_lazy(
            "%(actor)s published a configuration of %(sites)s site, %(with_oauth)s with OAuth 2.0.",
            "%(actor)s published a configuration of %(sites)s sites, %(with_oauth)s with OAuth 2.0.",
            "sites",
        ),
    ),
    "configuration.rolled_back": ActionText(
        "restore",
        ngettext_lazy(
            "%(actor)s published the list of release %(release)s again, with %(sites)s site.",
            "%(actor)s published the list of release %(release)s again, with %(sites)s sites.",
            "sites",
        ),
    ),
    "configuration.deployed": ActionText("check", gettext_lazy("%(actor)s marked %(target)s as deployed.")),
    "configuration.exported": ActionText(
        "download",
        ngettext_lazy(
            "%(actor)s exported a configuration of %(sites)s site in the format %(format)s.",
            "%(actor)s exported a configuration of %(sites)s sites in the format %(format)s.",
            "sites",
        ),
    ),
    "configuration.release_exported": ActionText(
        "download", gettext_lazy("%(actor)s exported %(target)s in the format %(format)s.")
    ),
    "wave.created": ActionText(
        "wave",
        ngettext_lazy(
            "%(actor)s created the wave %(target)s for %(sites)s site.",
            "%(actor)s created the wave %(target)s for %(sites)s sites.",
            "sites",
        ),
    ),
    "wave.finished": ActionText("flag", gettext_lazy("%(actor)s finished the wave %(target)s.")),
    "wave.sheet_taken": ActionText(
        "print",
        ngettext_lazy(
            "%(actor)s opened the print sheet of %(passes)s pass of the wave %(target)s.",
            "%(actor)s opened the print sheet of %(passes)s passes of the wave %(target)s.",
            "passes",
        ),
    ),
    "pass.issued": ActionText("pass", gettext_lazy("%(actor)s issued a pass for %(target)s.")),
    "pass.renewed": ActionText("refresh", gettext_lazy("%(actor)s created a new link for the pass of %(target)s.")),
    "pass.revoked": ActionText("revoke", gettext_lazy("%(actor)s revoked the pass of %(target)s.")),
    "pass.used": ActionText("phone", gettext_lazy("The pass of %(target)s was used to set up a phone.")),
    "pass.qr_taken": ActionText(
        "qr", gettext_lazy("%(actor)s downloaded the QR code of the pass of %(target)s as %(kind)s.")
    ),
    "passes.exported": ActionText(
        "download",
        ngettext_lazy("%(actor)s exported %(rows)s pass as CSV.", "%(actor)s exported %(rows)s passes as CSV.", "rows"),
    ),
    "people.exported": ActionText(
        "download",
        ngettext_lazy(
            "%(actor)s exported %(rows)s person as CSV.", "%(actor)s exported %(rows)s people as CSV.", "rows"
        ),
    ),
    "person.created": ActionText("person", gettext_lazy("%(actor)s created the account of %(target)s.")),
    "person.added": ActionText("person", gettext_lazy("%(actor)s added %(target)s as %(role)s.")),
    "person.changed": ActionText("edit", gettext_lazy("%(actor)s changed the account of %(target)s: %(fields)s.")),
    "person.rights_changed": ActionText(
        "edit", gettext_lazy("%(actor)s changed the rights of the account of %(target)s.")
    ),
    "person.deactivated": ActionText(
        "revoke",
        ngettext_lazy(
            "%(actor)s deactivated the account of %(target)s; %(phones)s phone was signed out.",
            "%(actor)s deactivated the account of %(target)s; %(phones)s phones were signed out.",
            "phones",
        ),
    ),
    "person.password_set": ActionText(
        "key",
        ngettext_lazy(
            "The password of %(target)s was set; %(phones)s phone was signed out.",
            "The password of %(target)s was set; %(phones)s phones were signed out.",
            "phones",
        ),
    ),
    "person.reactivated": ActionText("restore", gettext_lazy("%(actor)s reactivated the account of %(target)s.")),
    "gateway.credential_made": ActionText(
        "key", gettext_lazy("%(actor)s created a gateway credential for %(target)s.")
    ),
    "gateway.credential_removed": ActionText(
        "revoke", gettext_lazy("%(actor)s removed a gateway credential of %(target)s.")
    ),
    "resource_server.created": ActionText("key", gettext_lazy("%(actor)s created the resource server %(target)s.")),
    "resource_server.rotated": ActionText(
        "key", gettext_lazy("%(actor)s created a new secret for the resource server %(target)s.")
    ),
    "resource_server.removed": ActionText("revoke", gettext_lazy("%(actor)s removed the resource server %(target)s.")),
    "person.factor_added": ActionText(
        "shield", gettext_lazy("%(actor)s added a second factor (%(kind)s) to their account.")
    ),
    "person.factor_removed": ActionText("shield", gettext_lazy("%(actor)s removed a second factor (%(kind)s).")),
    "person.factors_reset": ActionText("shield", gettext_lazy("%(actor)s removed all second factors of %(target)s.")),
    "person.signed_in": ActionText("key", gettext_lazy("%(actor)s signed in.")),
    "person.signed_out": ActionText("sign-out", gettext_lazy("%(actor)s signed out.")),
    "person.signed_out_everywhere": ActionText(
        "sign-out",
        gettext_lazy("%(actor)s signed out %(target)s everywhere (browsers: %(sessions)s, phones: %(phones)s)."),
    ),
    "person.sign_in_failed": ActionText("lock", gettext_lazy("A sign-in as %(target)s failed.")),
    "phone.signed_in": ActionText("phone", gettext_lazy("%(actor)s signed in to %(target)s with the app.")),
    "phone.signed_out": ActionText("sign-out", gettext_lazy("%(actor)s signed out a phone from %(target)s.")),
    "phone.all_signed_out": ActionText(
        "sign-out",
        ngettext_lazy(
            "%(target)s set a new password; %(phones)s phone was signed out.",
            "%(target)s set a new password; %(phones)s phones were signed out.",
            "phones",
        ),
    ),
    "phone.all_ended": ActionText(
        "sign-out",
        ngettext_lazy(
            "%(actor)s signed out all of their phones (%(phones)s phone).",
            "%(actor)s signed out all of their phones (%(phones)s phones).",
            "phones",
        ),
    ),
    "phone.lost": ActionText(
        "phone",
        ngettext_lazy(
            "%(actor)s reported a lost phone; %(phones)s phone was signed out.",
            "%(actor)s reported a lost phone; %(phones)s phones were signed out.",
            "phones",
        ),
    ),
    "phone.code_reused": ActionText(
        "lock", gettext_lazy("A code of %(target)s was used twice. The phone that it had signed in was signed out.")
    ),
    "phone.refresh_token_reused": ActionText(
        "lock",
        gettext_lazy("A copied sign-in of a phone of %(target)s was used. The phone was signed out (site: %(site)s)."),
    ),
    "phone.revoked": ActionText("sign-out", gettext_lazy("%(actor)s signed out a phone of %(target)s.")),
    "phone.many_revoked": ActionText(
        "sign-out",
        ngettext_lazy("%(actor)s signed out %(phones)s phone.", "%(actor)s signed out %(phones)s phones.", "phones"),
    ),
    "phone.exported": ActionText("download", gettext_lazy("%(actor)s exported the signed-in phones as CSV.")),
    "phone.named": ActionText("edit", gettext_lazy("%(actor)s renamed one of their phones.")),
    "limit.reached": ActionText(
        "lock", gettext_lazy("The rate limit %(target)s (%(maximum)s in %(seconds)s seconds) refused requests.")
    ),
    "client.signed_in": ActionText("key", gettext_lazy("%(actor)s allowed the client %(target)s to use the API.")),
    "sign_in_link.welcome_made": ActionText("mail", gettext_lazy("%(actor)s created a sign-in link for %(target)s.")),
    "sign_in_link.rehearsal_made": ActionText("key", gettext_lazy("The sign-in test signed in as %(target)s.")),
    "service_token.created": ActionText(
        "key", gettext_lazy("%(actor)s created the service token %(target)s (%(scopes)s, %(days)s days).")
    ),
    "service_token.revoked": ActionText("revoke", gettext_lazy("%(actor)s revoked the service token %(target)s.")),
    "service_token.expired": ActionText("clock", gettext_lazy("The service token %(target)s expired.")),
    "personal_token.created": ActionText(
        "key", gettext_lazy("%(actor)s created the personal token %(target)s (%(scopes)s, %(days)s days).")
    ),
    "personal_token.revoked": ActionText("revoke", gettext_lazy("%(actor)s revoked the personal token %(target)s.")),
    "personal_token.expired": ActionText("clock", gettext_lazy("The personal token %(target)s expired.")),
    "webhook.created": ActionText("link", gettext_lazy("%(actor)s added the webhook %(target)s.")),
    "webhook.changed": ActionText("edit", gettext_lazy("%(actor)s changed the webhook %(target)s: %(fields)s.")),
    "webhook.rotated": ActionText("key", gettext_lazy("%(actor)s created a new secret for the webhook %(target)s.")),
    "webhook.paused": ActionText("pause", gettext_lazy("%(actor)s paused the webhook %(target)s.")),
    "webhook.resumed": ActionText("play", gettext_lazy("%(actor)s resumed the webhook %(target)s.")),
    "webhook.removed": ActionText("revoke", gettext_lazy("%(actor)s deleted the webhook %(target)s.")),
    "webhook.tested": ActionText("mail", gettext_lazy("%(actor)s sent a test message to the webhook %(target)s.")),
    "webhook.sent_again": ActionText("refresh", gettext_lazy("%(actor)s resent a message to the webhook %(target)s.")),
    "activity.exported": ActionText("download", gettext_lazy("%(actor)s exported the audit log as CSV.")),
    "activity.restored": ActionText(
        "refresh", gettext_lazy("%(actor)s ended restored access after a backup was restored.")
    ),
    "activity.erased": ActionText(
        "shield", gettext_lazy("%(actor)s erased personal data in the audit log after its time (entries: %(halves)s).")
    ),
    "person.erased": ActionText(
        "shield",
        gettext_lazy("%(actor)s erased person %(person)s (entries of the audit log: %(halves)s)."),
    ),
    "person.exported": ActionText(
        "download", gettext_lazy("%(actor)s exported everything that is stored about %(target)s.")
    ),
    "activity.signed": ActionText(
        "shield",
        ngettext_lazy(
            "%(actor)s began to sign the audit log after %(events)s event.",
            "%(actor)s began to sign the audit log after %(events)s events.",
            "events",
        ),
    ),
    "activity.verified": ActionText(
        "shield",
        ngettext_lazy(
            "%(actor)s verified the integrity of %(events)s event.",
            "%(actor)s verified the integrity of %(events)s events.",
            "events",
        ),
    ),
}
FAMILIES: dict[str, tuple[str | Promise, tuple[str, ...]]] = {
    "sites": (gettext_lazy("Sites and checks"), ("site.", "sites.", "check.", "sweep.", "sweeps.", "rehearsal.",
              "credential", "certificate.", "phone_result.", "plugins.", "inventory.")),
    "matrix": (gettext_lazy("Compatibility matrix"), ("matrix.", "checks.")),
    "links": (gettext_lazy("Application links"), ("link.", "switch.", "gateway.")),
    "configurations": (gettext_lazy("Configurations"), ("configuration.",)),
    "passes": (gettext_lazy("Waves and passes"), ("wave.", "pass.", "passes.")),
    "people": (gettext_lazy("People"), ("person.created", "person.added", "person.changed", "person.deactivated",
                                "person.reactivated", "person.password", "person.rights", "person.erased",
                                "person.exported", "people.", "sign_in_link.")),
    "sign_ins": (gettext_lazy("Sign-ins"), ("person.sign", "person.factor", "phone.", "client.", "limit.")),
    "webhooks": (gettext_lazy("Webhooks"), ("webhook.",)),
    "tokens": (gettext_lazy("API tokens"), ("service_token.", "personal_token.", "resource_server.")),
    "trail": (gettext_lazy("Log integrity"), ("activity.",)),
}  # fmt: skip
TARGETS: dict[str, str | Promise] = {
    "site": gettext_lazy("Site"),
    "applicationlink": gettext_lazy("Application link"),
    "configurationrelease": gettext_lazy("Release"),
    "sweep": gettext_lazy("Bulk check"),
    "wave": gettext_lazy("Wave"),
    "enrollmentpass": gettext_lazy("Pass"),
    "user": gettext_lazy("Person"),
    "client": gettext_lazy("OAuth client"),
    "webhook": gettext_lazy("Webhook"),
    "matrixedition": gettext_lazy("Compatibility matrix edition"),
}
_SECRET = re.compile(r"token|secret|passw|digest|code$|verifier|challenge", re.IGNORECASE)
_SPELLINGS = {"mdm": "MDM", "oauth": "OAuth", "id": "ID", "url": "URL", "qr": "QR", "csv": "CSV"}
_WITHOUT_TARGET: dict[str, str | Promise] = {
    "person.sign_in_failed": gettext_lazy("an unknown e-mail address"),
}


def icon_of(event: AuditEvent) -> str:
    """Return the name of the event's icon."""
    return ACTIONS[event.action].icon if event.action in ACTIONS else "activity"


def sentence_of(event: AuditEvent) -> str:
    """Return the event as a plain-text sentence; an action without an entry in ``ACTIONS`` is spelled out."""
    return _fill_in(event, {"actor": actor_of(event), "target": _target(event)})


def marked_sentence(event: AuditEvent, reader: User) -> SafeString:
    """Return the sentence as HTML: the actor in bold, the target as a link if ``reader`` may open it."""
    target = conditional_escape(_target(event))
    url = target_url(event, reader)
    parts = {
        "actor": format_html("<strong>{}</strong>", actor_of(event)),
        "target": format_html('<a href="{}">{}</a>', url, target)
        if url
        else format_html("<strong>{}</strong>", target),
    }
    return mark_safe(_fill_in(event, parts))  # nosec B308 B703  # noqa: S308  (every part is escaped)


def _fill_in(event: AuditEvent, parts: Mapping[str, str]) -> str:
    """Fill in the sentence. Details are escaped if the given parts are HTML."""
    escape = conditional_escape if isinstance(parts["actor"], SafeString) else str
    values: defaultdict[str, Any] = defaultdict(_UnknownCount)
    values |= {name: _format_detail(value, escape) for name, value in event.details.items()}
    values |= parts
    if event.action in ACTIONS:
        sentence: Any = ACTIONS[event.action].sentence
        with suppress(TypeError):  # an older version stored text where this one stores a count
            return str(sentence % values)
    action = str(escape(event.action.replace(".", ": ").replace("_", " ")))
    return _("%(actor)s: %(action)s (%(target)s).") % {**parts, "action": action}


def _format_detail(value: Any, escape: Callable[[str], str]) -> Any:
    """Format a detail for a sentence: a count stays a number for the plural form, a verdict becomes its label."""
    if value in VerdictChoices.values:
        return verdict_label(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else str(escape(_format_value(value)))


def actor_of(event: AuditEvent) -> str:
    """Return the name of the actor, or that it was erased."""
    return _named(event.actor_name)


def target_of(event: AuditEvent) -> str:
    """Return the name of the object, or that it was erased; empty if there is none."""
    return _named(event.target_name)


def _named(name: str | None) -> str:
    return _("(erased)") if name is None else name


def _target(event: AuditEvent) -> str:
    if event.target_type == "applicationlink":  # "site: origin"
        return event.target_label.rpartition(": ")[0] or event.target_label
    return target_of(event) or str(_WITHOUT_TARGET.get(event.action, _("a deleted object")))


def _format_value(value: Any) -> str:
    if isinstance(value, dict) and value.keys() == {"old", "new"}:
        return f"{_format_value(value['old'])} → {_format_value(value['new'])}"
    if isinstance(value, list) and value:
        return ", ".join(str(item).replace("_", " ") for item in value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return "–" if value is None or value == [] else str(value)


def details_of(event: AuditEvent) -> list[tuple[str, str]]:
    """Return name and value of each recorded detail. A value whose name looks like a secret is not shown."""
    return [
        (name.replace("_", " "), _("hidden") if _SECRET.search(name) else _format_value(value))
        for name, value in event.details.items()
    ]


def detail_label(name: str) -> str:
    """Return the name of a detail in sentence case, with the usual spelling of acronyms."""
    words = [_SPELLINGS.get(word, word) for word in name.split()]
    return capfirst(" ".join(words))


def target_url(event: AuditEvent, reader: User) -> str:
    """Return the URL of the target's page, or an empty string if there is none or ``reader`` may not open it."""
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
