"""The landing page of a pass, which a phone opens from the QR code.

1. A token has 128 random bits, so guessing needs no rate limit: at a million guesses a second against a million passes
   the first hit is expected after ten million million years. Limiting requests is left to the web server.
2. Any invalid token gets the same response by the same look-up, well formed or not. Only the holder of a pass's token
   learns its state.
3. GET and HEAD change nothing: mail scanners and chat previews open links. Only the button uses the pass.
4. The page is never stored, never indexed and never sent in a Referer.
"""

from __future__ import annotations

from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.vary import vary_on_headers

from portal.accounts.access import View
from portal.pages.actions import action, page_view
from portal.presenters.user_agents import Device, device_of
from rollout.enrollment.qr import qr_svg, qr_text_url
from rollout.models import EnrollmentPass, PassState, Product, Site, VerdictChoices
from rollout.services.passes import find_pass, pass_url, redeem_pass

PHONE_COOKIES = ("gatepass_phone", "gatepass_phone_qr")  # below the path of the link, and of the QR code in capitals
REMEMBERED = 90 * 24 * 3600  # seconds; as long as the lifetime of a refresh token
JIRA_APP_STORE_URL = "https://apps.apple.com/app/jira-data-center/id1405353949"
UNKNOWN = "unknown"


def _private(view: View) -> View:
    """Set the headers of every response to a token."""

    @wraps(view)
    @never_cache
    @vary_on_headers("User-Agent", "Cookie")
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        response["Referrer-Policy"] = "no-referrer"
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return answered


@login_not_required
@_private
@page_view
def landing(request: HttpRequest, token: str) -> HttpResponse:
    """The steps for this device; opening the page does not count as a use."""
    found = find_pass(token)
    if found is None:
        return _closed(request, UNKNOWN, status=404)
    state, is_set_up = found.state(timezone.now()), _is_set_up(request, found)
    if state != PassState.VALID and not (is_set_up and state != PassState.REVOKED):
        return _closed(request, state, found)
    sites = list(found.sites.active().order_by("title", "pk"))
    if not sites:
        return _closed(request, "no_sites", found)
    device = device_of(request.headers.get("User-Agent", ""), request.GET.get("device", ""))
    context = {"row": found, "token": token, "is_set_up": is_set_up, **_what_to_do(sites)}
    if device == Device.DESKTOP:
        context |= _code_of(token)
    return render(request, f"enrollment/{device}.html", context)


# No CSRF token: the page sets no-referrer, so browsers send "Origin: null" and the check would reject everyone. It is
# not needed: the token in the URL authorizes this action, not a cookie that another site could misuse.
@login_not_required
@csrf_exempt
@_private
@action("landing", "token")
def done(request: HttpRequest, token: str) -> HttpResponse:
    """Use the pass once for this phone; repeating it on the same phone changes nothing."""
    found = find_pass(token)
    if found is None:
        return _closed(request, UNKNOWN, status=404)
    if not found.sites.active().exists():
        return _closed(request, "no_sites", found)
    user_agent = request.headers.get("User-Agent", "")
    if not _is_set_up(request, found) and redeem_pass(enrollment_pass=found, user_agent=user_agent) is None:
        found.refresh_from_db()
        return _closed(request, found.state(timezone.now()), found)
    path = reverse("landing", args=[token.upper()])
    response = redirect(f"{path}?device={Device.IPHONE}")
    for name, cookie_path in zip(PHONE_COOKIES, (path, path.upper()), strict=True):
        response.set_signed_cookie(
            name,
            str(found.pk),
            salt=PHONE_COOKIES[0],
            max_age=REMEMBERED,
            path=cookie_path,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    return response


def _is_set_up(request: HttpRequest, found: EnrollmentPass) -> bool:
    """Whether this phone has used the pass before."""
    values = [
        request.get_signed_cookie(name, default=None, salt=PHONE_COOKIES[0], max_age=REMEMBERED)
        for name in PHONE_COOKIES
    ]
    return str(found.pk) in values


def _closed(request: HttpRequest, state: str, row: EnrollmentPass | None = None, *, status: int = 410) -> HttpResponse:
    """The page of a link that sets up no phone: the reason, and what to do next."""
    return render(request, "enrollment/closed.html", {"state": str(state), "row": row}, status=status)


def _what_to_do(sites: list[Site]) -> dict[str, Any]:
    """Return the app to install for each product, and for each site whether only managed phones can use it."""
    stores = {
        Product.CONFLUENCE: (_("Confluence Data Center"), settings.IOS_APP_STORE_URL),
        Product.JIRA: (_("Jira Data Center"), JIRA_APP_STORE_URL),
    }
    products = dict.fromkeys(Product(site.product) for site in sites)
    shut = {VerdictChoices.ACTION_NEEDED, VerdictChoices.INCOMPATIBLE}
    return {
        "apps": [{"name": stores[product][0], "url": stores[product][1]} for product in products],
        "sites": [
            {
                "title": site.title,
                "base_url": site.base_url,
                "managed_only": site.mdm_verdict == VerdictChoices.READY_MDM and site.non_mdm_verdict in shut,
            }
            for site in sites
        ],
    }


def _code_of(token: str) -> dict[str, Any]:
    url = pass_url(token.upper())
    code = qr_svg(qr_text_url(url), title=_("QR code of this page"))
    return {"url": url, "code": mark_safe(code)}  # noqa: S308  (our own drawing)
