"""Check one state of a page in Chromium: axe, and the width, in both color schemes and three widths.

``SCREENSHOTS=directory`` saves a screenshot of each.
"""

from __future__ import annotations

import os
from pathlib import Path

from playwright.sync_api import Page

AXE = next((Path(__file__).parents[1] / "system/browser/vendor").glob("axe-core-*.min.js")).read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLORS_AND_SIZES = ["color-contrast", "link-in-text-block", "target-size", "scrollable-region-focusable"]
NO_TRANSITIONS = "*, ::before, ::after { transition: none !important; animation: none !important; }"
SCREENSHOTS = os.environ.get("SCREENSHOTS")


def look(page: Page, name: str) -> None:
    """Check the page with axe, light and dark, 1280, 390 and 320 px wide; later runs repeat color and size rules."""
    page.add_style_tag(content=NO_TRANSITIONS)
    page.evaluate(AXE)
    problems = []
    for width in (1280, 390, 320):
        page.set_viewport_size({"width": width, "height": 900})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            rules = TAGS if (width, scheme) == (1280, "light") else COLORS_AND_SIZES
            result = page.evaluate("options => axe.run(document, options)", {"runOnly": rules})
            problems += [(scheme, width, one["id"], one["nodes"][0]["target"]) for one in result["violations"]]
            if page.evaluate("document.documentElement.scrollWidth") > width:
                problems.append((scheme, width, "scrolls", ""))
            if SCREENSHOTS:
                Path(SCREENSHOTS).mkdir(parents=True, exist_ok=True)
                page.screenshot(path=Path(SCREENSHOTS) / f"{name}-{scheme}-{width}.png", full_page=True)
    assert problems == []
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 900})
