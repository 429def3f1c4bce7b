"""The landing page of a pass, which a phone opens from the link or the QR code.

1. A token has 128 random bits, so there is no rate limit against guessing: at a million guesses per second against a
   million passes, the first hit is expected after some ten million million years. The web server limits request rates.
2. Every invalid token, well formed or not, gets the same response after the same query. Only the holder of a valid
   token sees the state of its pass.
3. GET and HEAD change nothing, because mail scanners and chat previews open links. Only the button uses the pass.
4. The page is not cached, not indexed, and not sent as a referrer.
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

PHONE_COOKIES = (
    "gatepass_phone",
    "gatepass_phone_qr",
)  # for the path of the link and of the QR code (upper case)
COOKIE_MAX_AGE = 90 * 24 * 3600  # seconds; the lifetime of a refresh token
JIRA_APP_STORE_URL = "https://apps.apple.com/app/jira-data-center/id1405353949"
UNKNOWN = "unknown"


def _private(view: View) -> View:
    """Set the headers of every response to a token."""

    @wraps(view)
    @never_cache
    @vary_on_headers("User-Agent", "Cookie")
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        response["Referrer-Policy"] = "no-referrer"
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return wrapper


@login_not_required
@_private
@page_view
def landing(request: HttpRequest, token: str) -> HttpResponse:
    """Show the steps for this device. Does not count as a use."""
    enrollment_pass = find_pass(token)
    if enrollment_pass is None:
        return _closed(request, UNKNOWN, status=404)
    state, is_set_up = enrollment_pass.state(timezone.now()), _is_set_up(request, enrollment_pass)
    if state != PassState.VALID and not (is_set_up and state != PassState.REVOKED):
        return _closed(request, state, enrollment_pass)
    sites = list(enrollment_pass.sites.active().order_by("title", "pk"))
    if not sites:
        return _closed(request, "no_sites", enrollment_pass)
    device = device_of(request.headers.get("User-Agent", ""), request.GET.get("device", ""))
    context = {"row": enrollment_pass, "token": token, "is_set_up": is_set_up, **_instructions(sites)}
    if device == Device.DESKTOP:
        context |= _qr_context(token)
    return render(request, f"enrollment/{device}.html", context)


# No CSRF token: because of the page's no-referrer policy browsers send "Origin: null", which the check would reject.
# It is not needed: the token in the URL authorizes this action, not a cookie that another page could use.
@login_not_required
@csrf_exempt
@_private
@action("landing", "token")
def done(request: HttpRequest, token: str) -> HttpResponse:
    """Use the pass for this phone. Has no effect if the same phone sends it again."""
    enrollment_pass = find_pass(token)
    if enrollment_pass is None:
        return _closed(request, UNKNOWN, status=404)
    if not enrollment_pass.sites.active().exists():
        return _closed(request, "no_sites", enrollment_pass)
    user_agent = request.headers.get("User-Agent", "")
    if (
        not _is_set_up(request, enrollment_pass)
        and redeem_pass(enrollment_pass=enrollment_pass, user_agent=user_agent) is None
    ):
        enrollment_pass.refresh_from_db()
        return _closed(request, enrollment_pass.state(timezone.now()), enrollment_pass)
    path = reverse("landing", args=[token.upper()])
    response = redirect(f"{path}?device={Device.IPHONE}")
    for name, cookie_path in zip(PHONE_COOKIES, (path, path.upper()), strict=True):
        response.set_signed_cookie(
            name,
            str(enrollment_pass.pk),
            salt=PHONE_COOKIES[0],
            max_age=COOKIE_MAX_AGE,
            path=cookie_path,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    return response


def _is_set_up(request: HttpRequest, enrollment_pass: EnrollmentPass) -> bool:
    """Whether this phone has used this pass before, by its signed cookie."""
    values = [
        request.get_signed_cookie(name, default=None, salt=PHONE_COOKIES[0], max_age=COOKIE_MAX_AGE)
        for name in PHONE_COOKIES
    ]
    return str(enrollment_pass.pk) in values


def _closed(request: HttpRequest, state: str, row: EnrollmentPass | None = None, *, status: int = 410) -> HttpResponse:
    """Render the page of a link that cannot set up a phone: the reason, and what to do next."""
    return render(request, "enrollment/closed.html", {"state": str(state), "row": row}, status=status)


def _instructions(sites: list[Site]) -> dict[str, Any]:
    """Return the app to install for each product, and for each site whether it works on managed phones only."""
    stores = {
        Product.CONFLUENCE: (_("Confluence Data Center"), settings.IOS_APP_STORE_URL),
        Product.JIRA: (_("Jira Data Center"), JIRA_APP_STORE_URL),
    }
    products = dict.fromkeys(Product(site.product) for site in sites)
    blocked = {VerdictChoices.ACTION_NEEDED, VerdictChoices.INCOMPATIBLE}
    return {
        "apps": [{"name": stores[product][0], "url": stores[product][1]} for product in products],
        "sites": [
            {
                "title": site.title,
                "base_url": site.base_url,
                "managed_only": site.mdm_verdict == VerdictChoices.READY_MDM and site.non_mdm_verdict in blocked,
            }
            for site in sites
        ],
    }


def _qr_context(token: str) -> dict[str, Any]:
    url = pass_url(token.upper())
    code = qr_svg(qr_text_url(url), title=_("QR code of this page"))
    return {"url": url, "code": mark_safe(code)}  # nosec B308 B703  # noqa: S308  (our own drawing)
