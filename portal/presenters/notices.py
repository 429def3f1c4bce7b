"""Notices in sentences, for mails and pages."""

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
    """What a notice says, without the site's name; what an older version stored may lack parts."""
    words = {
        NoticeKind.VERDICT: _verdict,
        NoticeKind.CERTIFICATE: _certificate,
        NoticeKind.CLIENT_ID: _client_id,
        NoticeKind.SWEEP: _sweep,
        NoticeKind.WEBHOOK: _webhook,
    }
    return words[NoticeKind(kind)](details) if kind in NoticeKind.values else kind


def _verdict(details: Mapping[str, Any]) -> str:
    was, now = details.get("was") or ["", ""], details.get("now") or ["", ""]
    setups = (_("with MDM"), _("without MDM"))
    changes = [
        _("%(setup)s: %(now)s (was %(was)s)") % {"setup": setup, "now": _label(after), "was": _label(before)}
        for setup, before, after in zip(setups, was, now, strict=False)
        if before != after
    ]
    times = details.get("times", 1)
    if times > 1:
        changes.append(ngettext("changed %(n)d time", "changed %(n)d times", times) % {"n": times})
    return "; ".join(changes) or _("as it was")


def _label(verdict: str) -> str:
    return str(VerdictChoices(verdict).label) if verdict in VerdictChoices.values else verdict or "–"


def _certificate(details: Mapping[str, Any]) -> str:
    try:
        ends = date_format(timezone.localtime(datetime.fromisoformat(details["expires_at"])), "j M Y, H:i e")
    except (KeyError, ValueError, TypeError):
        ends = "–"
    return _("expired %(ends)s") % {"ends": ends} if details.get("expired") else _("expires %(ends)s") % {"ends": ends}


def _client_id(details: Mapping[str, Any]) -> str:
    return _("hands out %(handed_out)s, and Gatepass holds %(held)s") % {
        "handed_out": details.get("handed_out", "–"),
        "held": details.get("held", "–"),
    }


def _sweep(details: Mapping[str, Any]) -> str:
    return _("%(broken)s of %(total)s sites were not judged") % {
        "broken": details.get("broken", "–"),
        "total": details.get("total", "–"),
    }


def _webhook(details: Mapping[str, Any]) -> str:
    because = messages.sentence(str(details.get("because", "")), {})
    return _("%(name)s is paused. %(because)s") % {"name": details.get("name", "–"), "because": because}


def attempt(noted: Mapping[str, Any]) -> str:
    """What became of one attempt at a delivery: the status, or why there is none."""
    status, error = noted.get("status"), noted.get("error")
    if error:
        if error in AttemptError.values:
            return str(AttemptError(error).label)
        return messages.sentence(ERRORS.get(error, error), {})
    if isinstance(status, int) and 300 <= status < 400:
        return _("%(status)s: a redirect, which is not followed") % {"status": status}
    return str(status)
