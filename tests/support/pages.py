"""Read the form id, the link or the QR code of a page."""

from __future__ import annotations

import re
from typing import Any

import zxingcpp
from PIL import Image


def form_id_on(page: Any) -> str:
    """Return the id of the one-time form on a page."""
    return re.search(r'name="form_id"\s+value="([^"]+)"', page.content.decode()).group(1)


def link_on(page: Any) -> str:
    """Return the link of the pass on a page."""
    return re.search(r"https?://[^\s<\"]+/e/[A-Z2-7]{26}", page.content.decode()).group()


def code_on(page: Any) -> str:
    """Return the content of the QR code on a page; assert that it is dark on white and has its margin."""
    svg = re.search(r"<svg[^>]*viewBox=\"0 0 (\d+) \d+\"[^>]*shape-rendering.*?</svg>", page.content.decode(), re.S)
    size = int(svg.group(1))
    assert f'<rect width="{size}" height="{size}" fill="#fff"' in svg.group()
    image = Image.new("L", (size, size), 255)
    runs = re.findall(r"M(\d+) (\d+)h(\d+)v1", svg.group())
    for x, y, length in (tuple(map(int, run)) for run in runs):
        assert x >= 4
        assert x + length <= size - 4
        assert 4 <= y < size - 4
        image.paste(0, (x, y, x + length, y + 1))
    barcode = zxingcpp.read_barcode(image.resize((size * 8, size * 8), Image.Resampling.NEAREST))
    assert barcode.ec_level == "M"
    return barcode.text
