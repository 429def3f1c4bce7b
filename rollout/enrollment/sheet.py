"""Draw the print sheet of passes: A4, four cards per page, to cut out and hand out. Pure.

The caller passes translated texts. The same cards produce the same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from .qr import QUIET_ZONE, dark_runs, qr_matrix, qr_text_url

CARDS_A_PAGE = 4
QR_SIZE = 42 * mm  # the dark square itself; the quiet zone is added

_MARGIN = 15 * mm
_HEADING = 12 * mm
_CARD_WIDTH = A4[0] - 2 * _MARGIN
_CARD_HEIGHT = 62 * mm
_TEXT_X = 62 * mm  # from the left edge of the card
_TEXT_WIDTH = _CARD_WIDTH - _TEXT_X - 5 * mm
_GRAY = 0.35
_MAX_TEXT_LENGTH = 1000  # characters per text; more do not fit on a card


@dataclass(frozen=True)
class PassCard:
    """A card of the sheet. ``expiry`` is a sentence; ``steps`` are short sentences, numbered on the card."""

    url: str
    title: str
    person: str
    expiry: str
    steps: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Fonts:
    regular: str
    bold: str
    write: Callable[[str], str]  # replaces characters that the font does not have


@dataclass
class _Column:
    """A column of text, filled from the top down to ``bottom``; text that does not fit ends in an ellipsis."""

    canvas: Canvas
    x: float
    y: float
    bottom: float
    width: float

    def write(self, text: str, font: str, size: float, *, lines: int, gray: float = 0.0) -> None:
        leading = size * 1.25
        max_lines = max(0, int((self.y - self.bottom) // leading))
        self.canvas.setFillGray(gray)
        self.canvas.setFont(font, size)
        for line in wrap(text, font, size, self.width, min(lines, max_lines)):
            self.y -= leading
            self.canvas.drawString(self.x, self.y, line)


def print_sheet(cards: Sequence[PassCard], *, heading: str, font_file: str | None = None) -> bytes:
    """Return the sheet as PDF with four cards per page. Raises ValueError without cards, QrError for a too long link.

    Without ``font_file`` (a TrueType font), the built-in Helvetica is used. It has Western European letters; others are
    printed as question marks.
    """
    if not cards:
        raise ValueError("a sheet needs at least one card")
    fonts = _fonts(font_file)
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A4, invariant=1, pageCompression=1)
    canvas.setTitle(heading[:_MAX_TEXT_LENGTH].encode("utf-8", "replace").decode("utf-8"))
    pages = -(-len(cards) // CARDS_A_PAGE)
    for page in range(pages):
        _draw_heading(canvas, fonts, heading, f"{page + 1} / {pages}")
        for row, card in enumerate(cards[page * CARDS_A_PAGE : (page + 1) * CARDS_A_PAGE]):
            _draw_card(canvas, fonts, card, A4[1] - _MARGIN - _HEADING - (row + 1) * _CARD_HEIGHT)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def wrap(text: str, font: str, size: float, width: float, lines: int) -> list[str]:
    """Wrap the text to at most ``lines`` lines of ``width`` points; break words that are too long for a line."""

    def fits(candidate: str) -> bool:
        return pdfmetrics.stringWidth(candidate, font, size) <= width

    wrapped: list[str] = []
    rest = " ".join(text[:_MAX_TEXT_LENGTH].split())
    while rest and len(wrapped) < lines:
        end = len(rest)
        while end > 1 and not fits(rest[:end]):
            space = rest.rfind(" ", 0, end)
            end = space if space > 0 else end - 1
        wrapped.append(rest[:end])
        rest = rest[end:].lstrip()
    if rest and wrapped:
        last = wrapped[-1]
        while last and not fits(last + "…"):
            last = last[:-1]
        wrapped[-1] = last + "…"
    return wrapped


def _fonts(font_file: str | None) -> _Fonts:
    if font_file is None:
        return _Fonts("Helvetica", "Helvetica-Bold", lambda text: text.encode("cp1252", "replace").decode("cp1252"))
    name = "PassSheet"
    pdfmetrics.registerFont(TTFont(name, font_file))
    return _Fonts(name, name, lambda text: text.encode("utf-8", "replace").decode("utf-8"))


def _draw_heading(canvas: Canvas, fonts: _Fonts, heading: str, page: str) -> None:
    y = A4[1] - _MARGIN - 5 * mm
    canvas.setFillGray(0)
    canvas.setFont(fonts.bold, 12)
    for line in wrap(fonts.write(heading), fonts.bold, 12, _CARD_WIDTH - 20 * mm, 1):
        canvas.drawString(_MARGIN, y, line)
    canvas.setFont(fonts.regular, 9)
    canvas.drawRightString(A4[0] - _MARGIN, y, page)


def _draw_card(canvas: Canvas, fonts: _Fonts, card: PassCard, bottom: float) -> None:
    canvas.setStrokeGray(0.6)
    canvas.setLineWidth(0.5)
    canvas.setDash(3, 3)  # where to cut
    canvas.rect(_MARGIN, bottom, _CARD_WIDTH, _CARD_HEIGHT, stroke=1, fill=0)
    canvas.setDash()
    _draw_qr(canvas, card.url, _MARGIN + 4 * mm, bottom + _CARD_HEIGHT / 2)
    column = _Column(canvas, _MARGIN + _TEXT_X, bottom + _CARD_HEIGHT - 4 * mm, bottom + 15 * mm, _TEXT_WIDTH)
    column.write(fonts.write(card.title), fonts.bold, 14, lines=2)
    column.write(fonts.write(card.person), fonts.regular, 11, lines=2)
    column.write(fonts.write(card.expiry), fonts.regular, 9, lines=1, gray=_GRAY)
    column.y -= 2 * mm
    for number, step in enumerate(card.steps, 1):
        column.write(fonts.write(f"{number}. {step}"), fonts.regular, 9.5, lines=3)
    # The link to type, at a fixed position below the steps.
    column.y, column.bottom = bottom + 14 * mm, bottom + 2 * mm
    column.write(fonts.write(card.url), "Courier", 8.5, lines=3)


def _draw_qr(canvas: Canvas, url: str, left: float, middle: float) -> None:
    """Draw the code at error correction Q, centered vertically on ``middle``; its quiet zone starts at ``left``."""
    matrix = qr_matrix(qr_text_url(url), error_correction="Q")
    module = QR_SIZE / (len(matrix) - 2 * QUIET_ZONE)
    top = middle + len(matrix) * module / 2
    path = canvas.beginPath()
    for x, y, length in dark_runs(matrix):
        path.rect(left + x * module, top - (y + 1) * module, length * module, module)
    canvas.setFillGray(0)
    canvas.drawPath(path, stroke=0, fill=1)  # one fill, so that no hairlines appear between rows
