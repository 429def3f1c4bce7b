"""Files with the QR code of a pass: SVG, PNG, or a PDF sheet to print."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from rollout.enrollment.qr import qr_png, qr_svg, qr_text_url
from rollout.enrollment.sheet import PassCard, print_sheet
from rollout.models import EnrollmentPass


def _svg(row: EnrollmentPass, url: str) -> bytes:
    return qr_svg(qr_text_url(url), title=row.label).encode()


def _png(_row: EnrollmentPass, url: str) -> bytes:
    return qr_png(qr_text_url(url), box_size=16)


def _sheet(row: EnrollmentPass, url: str) -> bytes:
    return sheet_of([(row, url)])


def sheet_of(rows: Iterable[tuple[EnrollmentPass, str]]) -> bytes:
    """Return a PDF of passes and their links, four cards per page."""
    heading = _("Sign in to Confluence on your iPhone")
    return print_sheet([_card(row, url, heading) for row, url in rows], heading=heading)


def _card(row: EnrollmentPass, url: str, heading: str) -> PassCard:
    last_day = date_format(timezone.localtime(row.expires_at), "j F Y")
    steps = (
        _("Scan the code with your iPhone's camera."),
        _("Follow the three steps on the page."),
        _("Sign in as usual and tap Allow."),
    )
    expiry = _("Valid until %(day)s.") % {"day": last_day}
    return PassCard(url=url, title=heading, person=row.label, expiry=expiry, steps=steps)


# Kind → content type, and the function that builds the file from the pass and its link.
FILES: dict[str, tuple[str, Callable[[EnrollmentPass, str], bytes]]] = {
    "svg": ("image/svg+xml", _svg),
    "png": ("image/png", _png),
    "pdf": ("application/pdf", _sheet),
}
