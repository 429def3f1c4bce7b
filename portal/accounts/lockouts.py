"""How long sign-in stays blocked after too many attempts, in seconds and as a sentence for the person."""

from __future__ import annotations

import math

from allauth.account import app_settings
from allauth.core.internal.ratelimit import parse_rates
from django.utils.translation import gettext as _
from django.utils.translation import ngettext


def longest_window(action: str) -> int:
    """Return the seconds after which every one of django-allauth's limits on ``action`` has certainly ended.

    ``action`` is a key of ``ACCOUNT_RATE_LIMITS``; 0 when it has no limit. django-allauth does not report how much of
    a window is left, so this is the longest wait.
    """
    return math.ceil(max((rate.duration for rate in parse_rates(app_settings.RATE_LIMITS.get(action))), default=0))


def smallest_amount(action: str) -> int:
    """Return after how many attempts the strictest of these limits is reached, 0 when there is none."""
    return min((rate.amount for rate in parse_rates(app_settings.RATE_LIMITS.get(action))), default=0)


def try_again(seconds: int) -> str:
    """Return "Try again in 5 minutes.": seconds up to a minute, then minutes and hours, rounded up."""
    if seconds < 60:
        count = max(seconds, 1)
        return ngettext("Try again in %(n)d second.", "Try again in %(n)d seconds.", count) % {"n": count}
    if seconds < 7200:
        count = math.ceil(seconds / 60)
        return ngettext("Try again in %(n)d minute.", "Try again in %(n)d minutes.", count) % {"n": count}
    count = math.ceil(seconds / 3600)
    return ngettext("Try again in %(n)d hour.", "Try again in %(n)d hours.", count) % {"n": count}


def too_many_sign_ins(seconds: int) -> str:
    """Return what happened after too many attempts, when the next one counts, and what works meanwhile."""
    still = _("A passkey still works, and so does a browser in which you have signed in before.")
    return f"{_('Too many failed sign-ins.')} {try_again(seconds)} {still}"
