"""QR codes of links as SVG and PNG: dark on white in every theme, with the quiet zone of four modules. Pure.

Error correction M is for screens, Q for paper. Source: ISO/IEC 18004.
"""

from __future__ import annotations

import io
import re
from itertools import groupby
from typing import Literal
from xml.etree import ElementTree

import qrcode
from PIL import Image
from qrcode.constants import ERROR_CORRECT_H, ERROR_CORRECT_L, ERROR_CORRECT_M, ERROR_CORRECT_Q
from qrcode.exceptions import DataOverflowError

Level = Literal["L", "M", "Q", "H"]
Matrix = tuple[tuple[bool, ...], ...]

QUIET_ZONE = 4  # modules, on each side
DARK, LIGHT = "#000", "#fff"
MAX_BOX_SIZE = 64  # pixels per module; a version 10 code is then 4,160 pixels wide

_LEVELS = {"L": ERROR_CORRECT_L, "M": ERROR_CORRECT_M, "Q": ERROR_CORRECT_Q, "H": ERROR_CORRECT_H}
# Matches a pass link only, whose route accepts any case. Any other URL may be case-sensitive.
_PASS_LINK = re.compile(r"https?://[a-z0-9.-]+(?::[0-9]+)?/e/[a-z2-7]{26}", re.IGNORECASE | re.ASCII)


class QrError(ValueError):
    """The text cannot be encoded as a QR code, because it is empty or too long."""


def qr_text_url(url: str) -> str:
    """Return a pass link in upper case, any other URL unchanged.

    Upper case allows alphanumeric mode, which makes the code one version smaller. Scheme and host are case-insensitive
    (RFC 3986 §6.2.2.1).
    """
    return url.upper() if _PASS_LINK.fullmatch(url) else url


def qr_matrix(url: str, *, error_correction: Level = "M") -> Matrix:
    """Return the modules by row, True for dark, including the quiet zone. Raises QrError."""
    if not url:
        raise QrError("the text is empty")
    code = qrcode.QRCode(error_correction=_LEVELS[error_correction], border=QUIET_ZONE)
    try:
        code.add_data(url)
        code.make(fit=True)
    except (DataOverflowError, ValueError) as error:  # qrcode raises ValueError for a version above 40
        raise QrError("the text is too long for a QR code") from error
    return tuple(tuple(bool(module) for module in row) for row in code.get_matrix())


def dark_runs(matrix: Matrix) -> list[tuple[int, int, int]]:
    """Return ``(x, y, length)`` of every horizontal run of dark modules, in modules from the top left."""
    runs = []
    for y, row in enumerate(matrix):
        x = 0
        for dark, modules in groupby(row):
            length = len(list(modules))
            if dark:
                runs.append((x, y, length))
            x += length
    return runs


def qr_svg(url: str, *, error_correction: Level = "M", title: str = "QR code") -> str:
    """Return an ``<svg>`` element for a page: one path on a white square, without style, script or id.

    ``title`` is its accessible name. The page sets the size. Raises QrError.
    """
    matrix = qr_matrix(url, error_correction=error_correction)
    size = str(len(matrix))
    name = "".join(character if character.isprintable() else " " for character in title)
    attributes = {
        "xmlns": "http://www.w3.org/2000/svg",
        "viewBox": f"0 0 {size} {size}",
        "role": "img",
        "aria-label": name,
        "shape-rendering": "crispEdges",
    }
    svg = ElementTree.Element("svg", attributes)
    ElementTree.SubElement(svg, "title").text = name
    ElementTree.SubElement(svg, "rect", {"width": size, "height": size, "fill": LIGHT})
    path = "".join(f"M{x} {y}h{length}v1h-{length}z" for x, y, length in dark_runs(matrix))
    ElementTree.SubElement(svg, "path", {"d": path, "fill": DARK})
    return ElementTree.tostring(svg, encoding="unicode")


def qr_png(url: str, *, error_correction: Level = "M", box_size: int = 10) -> bytes:
    """Return a black and white PNG with ``box_size`` (1 to 64) pixels per module. Raises QrError."""
    if not 1 <= box_size <= MAX_BOX_SIZE:
        raise QrError(f"a module is 1 to {MAX_BOX_SIZE} pixels wide")
    matrix = qr_matrix(url, error_correction=error_correction)
    size = len(matrix)
    image = Image.new("1", (size, size), 1)
    image.putdata([0 if dark else 1 for row in matrix for dark in row])
    image = image.resize((size * box_size, size * box_size), Image.Resampling.NEAREST)
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()
