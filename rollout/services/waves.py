"""Create and finish waves, and issue their passes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from rollout.actor import Actor
from rollout.enrollment.token import digest
from rollout.models import EnrollmentPass, Site, Wave

from . import audit, passes

MAX_PASSES = 500  # per call; the passes of a larger wave are issued in several calls


def create_wave(*, actor: Actor, title: str, sites: Iterable[Site]) -> Wave:
    """Create a wave for these sites. Raises ValidationError by field."""
    sites = list(sites)
    wave = Wave(title=title.strip(), created_by_id=actor.pk, created_at=timezone.now())
    wave.full_clean(exclude=["created_by"])
    if not sites:
        raise ValidationError({"sites": _("Select at least one site.")})
    try:
        with transaction.atomic():
            wave.save()
            wave.sites.set(sites)
            audit.record(actor=actor, action="wave.created", target=wave, details={"sites": len(sites)})
    except IntegrityError as error:  # the form was sent twice
        raise ValidationError({"title": _("Another wave already has this name.")}) from error
    return wave


def issue_wave_passes(
    *, actor: Actor, wave: Wave, labels: Iterable[str], expires_at: datetime
) -> list[tuple[EnrollmentPass, str]]:
    """Issue a single-use pass for each label, all or none, and return each pass with its token.

    If a label is the e-mail address of an active account, the pass belongs to that person, so that their sign-in is
    counted. Raises ValidationError.
    """
    labels = list(dict.fromkeys(label.strip() for label in labels if label.strip()))
    if not labels:
        raise ValidationError({"labels": _("Enter at least one person, one per line.")})
    if len(labels) > MAX_PASSES:
        raise ValidationError(
            {
                "labels": _("%(count)s people are too many for one step. Enter at most %(most)s.")
                % {"count": len(labels), "most": MAX_PASSES}
            }
        )
    if wave.finished_at:
        raise ValidationError(_("This wave is finished. Create a new wave for more people."))
    sites = list(wave.sites.active())
    people = _people(labels)
    with audit.gathered():
        return [
            passes.issue_pass(
                actor=actor,
                label=label,
                sites=sites,
                expires_at=expires_at,
                max_uses=1,
                person=people.get(label.lower()),
                wave=wave,
            )
            for label in labels
        ]


def _people(labels: Iterable[str]) -> dict[str, Any]:
    addresses = [label.lower() for label in labels if "@" in label and "\x00" not in label]
    users = get_user_model().objects.filter(email__in=addresses, is_active=True)
    return {user.email.lower(): user for user in users}


def record_sheet(*, actor: Actor, wave: Wave, tokens: Iterable[str]) -> list[tuple[EnrollmentPass, str]]:
    """Record the download of a print sheet, and return each pass with its link, in the order of the tokens.

    Raises ValidationError unless every token belongs to a pass of the wave.
    """
    tokens = list(tokens)
    digests = list(dict.fromkeys(digest(token) for token in tokens))
    links = {digest(token): passes.pass_url(token.upper()) for token in tokens}
    rows = {row.token_digest: row for row in wave.passes.filter(token_digest__in=digests)}
    if not digests or len(digests) > MAX_PASSES or len(rows) != len(digests):
        raise ValidationError(_("These links no longer belong to the passes of this wave. Create new links."))
    audit.record(actor=actor, action="wave.sheet_taken", target=wave, details={"passes": len(digests)})
    return [(rows[name], links[name]) for name in digests]


def finish_wave(*, actor: Actor, wave: Wave) -> None:
    """Finish the wave. Its passes do not change."""
    with transaction.atomic():
        if Wave.objects.filter(pk=wave.pk, finished_at=None).update(finished_at=timezone.now()):
            audit.record(actor=actor, action="wave.finished", target=wave)
