"""The sentences of a page, to check that none is printed twice."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser

BLOCKS = re.compile(
    r"main|section|header|nav|div|p|[ou]l|li|d[ltd]|h[1-3]|table|t[rhd]|caption|form|label|summary|details|button"
    r"|noscript|textarea"
)
MIN_WORDS = 5


class _Main(HTMLParser):
    """Collects the text of <main>, one item per block, without times, choices and lists of events (class ``feed``)."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = [""]
        self._in_main = False
        self._skipped = ""  # the open element whose text is left out

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_main |= tag == "main"
        if not self._skipped and (tag in {"time", "select"} or ("class", "feed") in attrs):
            self._skipped = tag
        if BLOCKS.fullmatch(tag):
            self.blocks.append("")

    def handle_endtag(self, tag: str) -> None:
        self._in_main &= tag != "main"
        if tag == self._skipped:
            self._skipped = ""
        if BLOCKS.fullmatch(tag):
            self.blocks.append("")

    def handle_data(self, data: str) -> None:
        if self._in_main and not self._skipped:
            self.blocks[-1] += data


def sentences(html: str) -> list[str]:
    """Return the sentences of <main> with at least five words, folded ones too, in the order of the page."""
    parser = _Main()
    parser.feed(html)
    blocks = (" ".join(block.split()) for block in parser.blocks)
    split = (sentence for block in blocks for sentence in re.split(r"(?<=[.!?])\s+", block))
    return [sentence for sentence in split if len(sentence.split()) >= MIN_WORDS]


def repeated(html: str) -> list[str]:
    """Return the sentences that <main> has more than once."""
    return [sentence for sentence, count in Counter(sentences(html)).items() if count > 1]
