"""QR codes read back by zxing-cpp. It is lenient, so version, level and quiet zone are asserted as well."""

from __future__ import annotations

import io
import re
from typing import get_args

import pytest
import zxingcpp
from defusedxml import ElementTree
from PIL import Image, ImageDraw

from rollout.enrollment.qr import Level, QrError, qr_matrix, qr_png, qr_svg, qr_text_url

TOKEN = "6DUJAZC5YPRXUNSJTXS33JAGMM"
LINK = f"https://gatepass.example.com/e/{TOKEN}"
CAPITALS = f"HTTPS://GATEPASS.EXAMPLE.COM/E/{TOKEN}"
SVG = "{http://www.w3.org/2000/svg}"


def read(image: Image.Image) -> tuple[str, str, int]:
    """``(text, error correction, version)`` of the one code in the image."""
    (code,) = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCode)
    assert code.valid
    return code.text, code.ec_level, int(code.extra["Version"])


def from_png(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("L")


def from_svg(text: str, module: int = 4) -> Image.Image:
    """The SVG drawn as a browser would: the white square, then each run of the path."""
    root = ElementTree.fromstring(text)
    size = int(root.get("viewBox").split()[2])
    rect, path = root.find(f"{SVG}rect"), root.find(f"{SVG}path")
    assert (rect.get("width"), rect.get("height"), rect.get("fill")) == (str(size), str(size), "#fff")
    assert path.get("fill") == "#000"
    image = Image.new("L", (size * module, size * module), 128)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, size * module, size * module), fill=255)
    runs = re.findall(r"M(\d+) (\d+)h(\d+)v1h-(\d+)z", path.get("d"))
    assert "".join(f"M{x} {y}h{right}v1h-{left}z" for x, y, right, left in runs) == path.get("d")
    for x, y, length, back in runs:
        assert length == back
        left, top = int(x) * module, int(y) * module
        draw.rectangle((left, top, left + int(length) * module - 1, top + module - 1), fill=0)
    return image


def quiet_zone(image: Image.Image, modules: int) -> float:
    """The white border in modules: the narrowest of the four sides."""
    left, top, right, bottom = image.point(lambda value: 255 - value).getbbox()
    pixels = image.width / modules
    return min(left, top, image.width - right, image.height - bottom) / pixels


def test_it_works() -> None:
    assert read(from_png(qr_png(LINK))) == (LINK, "M", 4)
    assert read(from_svg(qr_svg(LINK))) == (LINK, "M", 4)


@pytest.mark.parametrize("level", get_args(Level))
@pytest.mark.parametrize("url", [LINK, CAPITALS])
def test_svg_and_png_read_back_at_every_level(level: Level, url: str) -> None:
    version = (len(qr_matrix(url, error_correction=level)) - 8 - 17) // 4
    for image in (from_png(qr_png(url, error_correction=level)), from_svg(qr_svg(url, error_correction=level))):
        assert read(image) == (url, level, version)
        assert quiet_zone(image, version * 4 + 17 + 8) == 4


@pytest.mark.parametrize(("level", "plain", "capitals"), [("L", 3, 3), ("M", 4, 3), ("Q", 5, 4)])
def test_capitals_save_a_version(level: Level, plain: int, capitals: int) -> None:
    assert len(qr_matrix(LINK, error_correction=level)) == plain * 4 + 17 + 8
    assert len(qr_matrix(qr_text_url(LINK), error_correction=level)) == capitals * 4 + 17 + 8


@pytest.mark.parametrize("box_size", [1, 3, 10])
def test_the_png_has_the_requested_size(box_size: int) -> None:
    image = Image.open(io.BytesIO(qr_png(LINK, box_size=box_size)))
    assert image.size == (41 * box_size, 41 * box_size)
    assert image.mode == "1"


def test_the_svg_fits_a_strict_content_security_policy() -> None:
    text = qr_svg(LINK)
    root = ElementTree.fromstring(text)
    for element in root.iter():
        assert not {"style", "id", "class", "onload"} & set(element.attrib)
    assert {element.tag for element in root.iter()} == {SVG + name for name in ("svg", "title", "rect", "path")}
    assert len(text) < 6000


def test_the_svg_has_a_name() -> None:
    root = ElementTree.fromstring(qr_svg(LINK, title="Pass for Zoë"))
    assert root.get("role") == "img"
    assert root.get("aria-label") == root.find(f"{SVG}title").text == "Pass for Zoë"


@pytest.mark.parametrize("title", ["</title><script>alert(1)</script>", "\" onload='x' &amp; <b>", "a]]>b", "&quot;"])
def test_a_hostile_title_stays_text(title: str) -> None:
    text = qr_svg(LINK, title=title)
    root = ElementTree.fromstring(text)
    assert root.get("aria-label") == root.find(f"{SVG}title").text == title
    assert "<script" not in text
    assert "<b>" not in text


def test_invisible_characters_of_a_title_become_spaces() -> None:
    assert ElementTree.fromstring(qr_svg(LINK, title="a\0b\nc\ud800")).get("aria-label") == "a b c "


def test_the_same_link_gives_the_same_bytes() -> None:
    assert qr_svg(LINK) == qr_svg(LINK)
    assert qr_png(LINK) == qr_png(LINK)


@pytest.mark.parametrize("make", [qr_svg, qr_png, qr_matrix])
@pytest.mark.parametrize("url", ["", "https://example.com/" + "a" * 3000])
def test_empty_or_too_long_text_is_rejected(make: object, url: str) -> None:
    with pytest.raises(QrError):
        make(url)  # type: ignore[operator]


@pytest.mark.parametrize("box_size", [0, -1, 65, 10**9])
def test_an_invalid_box_size_is_rejected(box_size: int) -> None:
    with pytest.raises(QrError):
        qr_png(LINK, box_size=box_size)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (LINK, CAPITALS),
        (LINK.lower(), CAPITALS),
        (f"http://127.0.0.1:8000/e/{TOKEN}", f"HTTP://127.0.0.1:8000/E/{TOKEN}"),
        (CAPITALS, CAPITALS),
    ],
)
def test_a_pass_link_is_written_in_capitals(url: str, expected: str) -> None:
    assert qr_text_url(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        f"https://example.com/portal/e/{TOKEN}",  # the path in front may be case-sensitive
        f"{LINK}/done",
        f"{LINK}?next=a",
        f"{LINK}#a",
        f"{LINK}\n",
        f"https://user@example.com/e/{TOKEN}",
        f"https://example.com/e/{TOKEN}A",
        f"https://example.com/welcome/{TOKEN}",
        f"confluence-server://example.com/e/{TOKEN}",
        f"https://exämple.com/e/{TOKEN}",
        "https://confluence.example.com/wiki",
        "",
    ],
)
def test_any_other_url_stays_as_it_is(url: str) -> None:
    assert qr_text_url(url) == url
