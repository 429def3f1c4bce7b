"""The print sheet, read back from the PDF's own drawing operators: no PDF renderer is needed for plain rectangles."""

from __future__ import annotations

import base64
import re
import zlib
from dataclasses import replace

import pytest
import zxingcpp
from PIL import Image, ImageDraw

from rollout.enrollment.qr import QrError
from rollout.enrollment.sheet import CARDS_A_PAGE, PassCard, print_sheet, wrap

MM = 72 / 25.4
CARD = PassCard(
    url="https://gatepass.example.com/e/6DUJAZC5YPRXUNSJTXS33JAGMM",
    title="Set up Confluence on your iPhone",
    person="Sales, Zürich",
    expiry="Valid until 1 December 2026",
    steps=("Point the camera at the code.", "Install the app.", "Choose the site and sign in."),
)
OTHER = replace(CARD, url="https://gatepass.example.com/e/AAAAAAAAAAAAAAAAAAAAAAAAAE", person="Marketing")
FILLED = re.compile(r"((?:[-\d.]+ [-\d.]+ [-\d.]+ [-\d.]+ re\s+)+)f\*?\s")
RECTANGLE = re.compile(r"([-\d.]+) ([-\d.]+) ([-\d.]+) ([-\d.]+) re")


def pages(pdf: bytes) -> list[str]:
    """The drawing operators of every page."""
    streams = re.findall(rb"/ASCII85Decode /FlateDecode.*?stream\n(.*?)endstream", pdf, re.DOTALL)
    return [
        zlib.decompress(base64.a85decode(b"<~" + stream.strip(), adobe=True)).decode("latin-1") for stream in streams
    ]


def codes(page: str) -> list[tuple[Image.Image, float]]:
    """Every filled group of rectangles as a picture of its own with 4 modules of white, and its width in mm."""
    pictures = []
    for group in FILLED.findall(page):
        boxes = [tuple(map(float, box)) for box in RECTANGLE.findall(group)]
        left, bottom = min(x for x, *_ in boxes), min(y for _, y, *_ in boxes)
        right, top = max(x + w for x, _, w, _ in boxes), max(y + h for _, y, _, h in boxes)
        module = boxes[0][3]
        scale = 6 / module  # six pixels a module
        size = round((right - left + 8 * module) * scale)
        image = Image.new("L", (size, size), 255)
        draw = ImageDraw.Draw(image)
        for x, y, width, height in boxes:
            x0, y0 = (x - left + 4 * module) * scale, (top - y - height + 4 * module) * scale
            draw.rectangle((round(x0), round(y0), round(x0 + width * scale) - 1, round(y0 + height * scale) - 1), 0)
        assert top - bottom == pytest.approx(right - left, abs=0.01)
        pictures.append((image, (right - left) / MM))
    return pictures


def test_it_works() -> None:
    pdf = print_sheet([CARD, OTHER], heading="Passes")
    assert pdf.startswith(b"%PDF-")
    assert pdf.rstrip().endswith(b"%%EOF")
    assert b"/MediaBox [ 0 0 595.2756 841.8898 ]" in pdf  # A4
    (page,) = pages(pdf)
    for text in (CARD.title, CARD.expiry, "1. Point the camera at the code.", CARD.url, OTHER.url, "Marketing"):
        assert f"({text})" in page


def test_the_codes_read_back_at_level_q_and_at_least_40_mm() -> None:
    (page,) = pages(print_sheet([CARD, OTHER], heading="Passes"))
    read = []
    for image, width in codes(page):
        (code,) = zxingcpp.read_barcodes(image)
        assert (code.ec_level, code.extra["Version"]) == ("Q", "4")
        assert width >= 40
        read.append(code.text)
    assert read == [CARD.url.upper(), OTHER.url.upper()]


def test_the_quiet_zone_stays_free_of_text_and_lines() -> None:
    (page,) = pages(print_sheet([CARD], heading="Passes"))
    boxes = [tuple(map(float, box)) for box in RECTANGLE.findall(FILLED.findall(page)[0])]
    zone = 4 * boxes[0][3]
    right, top = max(x + w for x, _, w, _ in boxes) + zone, max(y + h for _, y, _, h in boxes) + zone
    left, bottom = min(x for x, *_ in boxes) - zone, min(y for _, y, *_ in boxes) - zone
    texts = [(float(x), float(y)) for x, y in re.findall(r"1 0 0 1 ([\d.]+) ([\d.]+) Tm", page)]
    assert len(texts) > 5
    assert not [(x, y) for x, y in texts if x < right and bottom < y < top]
    (border,) = re.findall(r"([\d.]+) ([\d.]+) ([\d.]+) ([\d.]+) re S", page)
    x, y, width, height = map(float, border)
    assert x <= left
    assert y <= bottom
    assert x + width >= right
    assert y + height >= top


@pytest.mark.parametrize(("cards", "count"), [(1, 1), (4, 1), (5, 2), (9, 3)])
def test_four_cards_a_page(cards: int, count: int) -> None:
    pdf = print_sheet([CARD] * cards, heading="Passes")
    assert CARDS_A_PAGE == 4
    assert f"/Count {count} ".encode() in pdf
    assert len(pages(pdf)) == count
    assert sum(len(codes(page)) for page in pages(pdf)) == cards


def test_the_same_cards_give_the_same_bytes() -> None:
    assert print_sheet([CARD, OTHER], heading="Passes") == print_sheet([CARD, OTHER], heading="Passes")


def test_hostile_texts_stay_text() -> None:
    nasty = "\\) Tj (x\0\ud800 \u202e 東京 ł " + "x" * 5000
    card = replace(CARD, title=nasty, person=nasty, expiry=nasty, steps=(nasty,) * 20)
    (page,) = pages(print_sheet([card], heading=nasty))
    assert len(codes(page)) == 1
    assert f"({CARD.url})" in page


def test_a_sheet_without_cards_is_rejected() -> None:
    with pytest.raises(ValueError, match="at least one card"):
        print_sheet([], heading="Passes")


def test_a_link_too_long_for_a_code_is_rejected() -> None:
    with pytest.raises(QrError):
        print_sheet([replace(CARD, url="https://example.com/" + "a" * 3000)], heading="Passes")


def test_long_text_is_broken_and_cut() -> None:
    lines = wrap("word " * 100, "Helvetica", 10, 100, 3)
    assert len(lines) == 3
    assert lines[-1].endswith("…")
    assert "".join(wrap("x" * 60, "Courier", 10, 100, 20)) == "x" * 60
    assert wrap("", "Helvetica", 10, 100, 3) == []
    assert wrap("word", "Helvetica", 10, 100, 0) == []
