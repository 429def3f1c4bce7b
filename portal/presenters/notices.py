"""Sentences for notices and webhook deliveries, for mails and pages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rollout.http_client.failures import ERRORS
from rollout.models import AttemptError, NoticeKind, VerdictChoices

from . import messages


def sentence(kind: str, details: Mapping[str, Any]) -> str:
    """Return a notice as a sentence without the site's name. Notices from older versions may lack some details."""
    sentences = {
        NoticeKind.VERDICT: _verdict,
        NoticeKind.CERTIFICATE: _certificate,
        NoticeKind.CLIENT_ID: _client_id,
        NoticeKind.SWEEP: _sweep,
        NoticeKind.WEBHOOK: _webhook,
    }
    return sentences[NoticeKind(kind)](details) if kind in NoticeKind.values else kind


def _verdict(details: Mapping[str, Any]) -> str:
    was, now = details.get("was") or ["", ""], details.get("now") or ["", ""]
    setups = (_("MDM setup"), _("Non-MDM setup"))
    changes = [
        _("%(setup)s: %(now)s (was %(was)s)")
        % {"setup": setup, "now": verdict_label(after), "was": verdict_label(before)}
        for setup, before, after in zip(setups, was, now, strict=False)
        if before != after
    ]
    times = details.get("times", 1)
    if times > 1:
        changes.append(ngettext("changed %(n)d time", "changed %(n)d times", times) % {"n": times})
    return "; ".join(changes) or _("unchanged")


def verdict_label(verdict: str) -> str:
    """Return the label of a verdict beside the name of its setup: both ready verdicts are "Ready"."""
    if verdict in {VerdictChoices.READY_MDM, VerdictChoices.READY_NON_MDM}:
        # Translators: status of a site.
        return _("Ready")
    return str(VerdictChoices(verdict).label) if verdict in VerdictChoices.values else verdict or "–"


def _certificate(details: Mapping[str, Any]) -> str:
    try:
        ends = date_format(timezone.localtime(datetime.fromisoformat(details["expires_at"])), "j M Y, H:i e")
    except (KeyError, ValueError, TypeError):
        ends = "–"
    if details.get("expired"):
        return _("certificate expired on %(date)s") % {"date": ends}
    return _("certificate expires on %(date)s") % {"date": ends}


def _client_id(details: Mapping[str, Any]) -> str:
    return _("the site returns client ID %(returned)s, but Gatepass has %(stored)s") % {
        "returned": details.get("handed_out", "–"),
        "stored": details.get("held", "–"),
    }


def _sweep(details: Mapping[str, Any]) -> str:
    return _("%(failed)s of %(total)s site checks failed") % {
        "failed": details.get("broken", "–"),
        "total": details.get("total", "–"),
    }


def _webhook(details: Mapping[str, Any]) -> str:
    reason = messages.sentence(str(details.get("because", "")), {})
    return _("%(name)s is paused. %(reason)s") % {"name": details.get("name", "–"), "reason": reason}


def attempt_result(attempt: Mapping[str, Any]) -> str:
    """Return the result of one delivery attempt: the HTTP status, or why there is none."""
    status, error = attempt.get("status"), attempt.get("error")
    if error:
        if error in AttemptError.values:
            return str(AttemptError(error).label)
        return messages.sentence(ERRORS.get(error, error), {})
    if isinstance(status, int) and 300 <= status < 400:
        return _("%(status)s: redirect, not followed") % {"status": status}
    return str(status)
