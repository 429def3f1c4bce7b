"""Warnings for passes and QR codes whose addresses phones cannot open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _

from rollout.enrollment.reach import MESSAGES, NO_PHONE, Reach, origin_of, reach_problems
from rollout.models import Site

from .messages import sentence

ADDRESSES_SHOWN = 3


@dataclass(frozen=True)
class Reason:
    """Addresses with the same problem: some of them, the number of the others, and the problem."""

    addresses: list[str]
    more: int
    text: str


@dataclass(frozen=True)
class ReachWarning:
    """``kind`` is ``bad`` if no phone can open one of the addresses, ``warn`` if some phones cannot."""

    kind: str
    title: str
    reasons: list[Reason]
    remedies: list[str]


def reach_warning(sites: Iterable[Site] = ()) -> ReachWarning | None:
    """Return the warning for a pass with these sites, one reason a problem; None if phones can open all of them.

    A site that Gatepass does not host may be meant for a private network, so only what stops every phone is reported.
    """
    own = origin_of(settings.PUBLIC_URL)
    origins = {own: set(reach_problems(settings.PUBLIC_URL))}
    hosted, others = list[str](), list[str]()
    for site in sites:
        origin = origin_of(site.base_url)
        problems = set(reach_problems(site.base_url)) & (set(Reach) if site.is_provided else NO_PHONE)
        origins.setdefault(origin, set()).update(problems)
        if problems and origin != own:
            (hosted if site.is_provided else others).append(site.title)
    found = {problem: [origin for origin, problems in origins.items() if problem in problems] for problem in Reach}
    reasons = [_reason(problem, addresses) for problem, addresses in found.items() if addresses]
    if not reasons:
        return None
    no_phone = any(found[problem] for problem in NO_PHONE)
    return ReachWarning(
        kind="bad" if no_phone else "warn",
        title=_("Phones cannot use this address") if no_phone else _("Not every phone can use this address"),
        reasons=reasons,
        remedies=_remedies(hosted, others),
    )


def _reason(problem: Reach, addresses: list[str]) -> Reason:
    return Reason(addresses[:ADDRESSES_SHOWN], len(addresses[ADDRESSES_SHOWN:]), sentence(MESSAGES[problem]))


def _remedies(hosted: list[str], others: list[str]) -> list[str]:
    remedies = []
    own = reach_problems(settings.PUBLIC_URL)
    if NO_PHONE & set(own):
        remedies.append(
            _(
                "On the server, set PUBLIC_URL to the https:// address under which phones reach Gatepass. Links and QR "
                "codes created before keep the old address."
            )
        )
    elif own:
        remedies.append(_("For other phones, set PUBLIC_URL on the server to an address that they can open."))
    if hosted:
        names = {"sites": _names(hosted)}
        remedies.append(_("%(sites)s: hosted under an earlier PUBLIC_URL. Add the site again.") % names)
    if others:
        names = {"sites": _names(others)}
        remedies.append(_("%(sites)s: enter the base URL that people open in a browser.") % names)
    return remedies


def _names(titles: list[str]) -> str:
    shown, more = ", ".join(titles[:ADDRESSES_SHOWN]), len(titles[ADDRESSES_SHOWN:])
    return _("%(names)s and %(count)s more") % {"names": shown, "count": more} if more else shown
